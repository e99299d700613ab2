"""The page of one message, the pages of reasons that it leads to, and who looked."""

from __future__ import annotations

import html
import re

import pytest
from tests.web.mail import HOSTILE
from tests.web.served import PASSWORD, Served, form_key

from postroad.model.delivery import Delivery
from postroad.model.status import Status
from postroad.reasons import Reason
from postroad.web.headers import headers


@pytest.fixture(scope="module")
def reader(served: Served):
    """The owner of example.com, signed in."""
    with served.reader("shop") as client:
        yield client


def text(page: str) -> str:
    """What a page says, without markup."""
    plain = re.sub(r"<[^>]*>", " ", re.sub(r"</?(?:bdi|wbr)[^>]*>", "", page))
    return html.unescape(re.sub(r"\s+", " ", plain))


def test_a_permalink_asks_for_sign_in_and_goes_there(served: Served):
    """Whoever opens the link of a message without a session is asked, and then sees it."""
    path = f"/message/{served.ids['failed']}?print=1"
    with served.visitor() as client:
        asked = client.get(path).headers["location"]
        page = client.get(asked).text
        there = html.unescape(re.search(r'name="next" value="([^"]*)"', page)[1])
        form = {"name": "shop", "password": PASSWORD, "form_key": form_key(page), "next": there}
        answer = client.post("/sign-in", data=form)
        assert answer.headers["location"] == path
        assert "<h1>Failed</h1>" in client.get(path).text


def test_what_is_not_there_and_what_is_not_ones_own_are_the_same(served: Served, reader):
    """Somebody else's message is as unknown as one that never was, on every page of it."""
    foreign = served.ids["foreign 0"]
    for path in ("/message/{}", "/message/{}?print=1", "/reasons/mailbox_full?of={}"):
        answers = [reader.get(path.format(each)) for each in (foreign, "0" * 24, "x", "../x")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers[:2]}) <= 2
        assert foreign not in answers[0].text
        assert "There is no such message, or none that you may see." in text(answers[0].text)


def test_the_print_view_is_the_message_alone(reader, served: Served):
    """No navigation and no form: what it is about, for whom it was shown, and when."""
    whole = reader.get(f"/message/{served.ids['failed']}").text
    page = reader.get(f"/message/{served.ids['failed']}?print=1").text

    for gone in ("<nav", "<form", "/sign-out", 'class="skip"'):
        assert gone in whole
        assert gone not in page
    for heading in ("Attempts", "Facts", "Headers", "What the server logged"):
        assert f">{heading}</h2>" in page
    assert "Shown to shop at" in text(page)


def test_a_failure_leads_to_its_reason(reader, served: Served):
    """From the message to what its reason means; there the server's own words come first."""
    page = reader.get(f"/message/{served.ids['failed']}").text
    [link] = re.findall(r'href="(/reasons/mailbox_unknown\?of=[0-9a-f]{24})"', page)
    assert "On the sender's side" in text(page)

    said = text(reader.get(link).text.split("<main")[1])
    order = [
        "No such mailbox",
        "550 5.1.1 The email account that you tried to reach does not exist.",
        "What it means",
        "What it usually comes from",
        "If you sent it",
        "If it was for you",
        "If you run a mail server",
    ]
    places = [said.index(each) for each in order]
    assert places == sorted(places)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_page(reader, reason: Reason):
    """It can be read without a message, and is in the table of contents."""
    assert reader.get(f"/reasons/{reason.word}").status_code == 200
    assert f'href="/reasons/{reason.word}"' in reader.get("/reasons").text


@pytest.mark.parametrize("word", ["MAILBOX_FULL", "nonsense", "%3Cscript%3E", "word", "name"])
def test_other_words_are_no_reasons(reader, word: str):
    """What is no reason has no page."""
    answer = reader.get(f"/reasons/{word}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_repeated_deferrals_lead_to_what_to_check(reader, served: Served):
    """Mail of ours that is put off again and again points to SPF, DKIM, DMARC and PTR."""
    late = reader.get(f"/message/{served.ids['deferred']}").text
    assert 'href="/reasons#deliverability"' in late
    page = reader.get("/reasons").text
    assert 'id="deliverability"' in page
    for record in ("SPF", "DKIM", "DMARC", "PTR"):
        assert record in text(page)
    for other in ("delivered", "inbound", "rejected", "in_progress"):
        assert "#deliverability" not in reader.get(f"/message/{served.ids[other]}").text


def test_hostile_text_is_text_in_every_view(reader, served: Served):
    """Print view and reason's page show what a stranger wrote, and obey none of it."""
    for path in (
        f"/message/{served.ids['hostile']}?print=1",
        f"/reasons/spam?of={served.ids['hostile']}",
    ):
        page = reader.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script>" not in page
        assert HOSTILE not in page
        for mark in "\u202e\u202c\x1b":
            assert mark not in page


def test_headers_are_those_that_the_log_quotes():
    """Postfix's header lines, without what it puts behind them; each once; decoded ones first."""
    delivery = Delivery(
        id="1", message_key="1", host="mail", instance="", queue_id="ABC", version=1,
        status=Status.DELIVERED, subject="Grüße", message_id="1@a.test",
    )  # fmt: skip
    lines = [
        "ABC: info: header Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from x[192.0.2.1]; from=<a> to=<b>",
        "ABC: warning: header X-Mailer: one from two; three from mail.test[192.0.2.1]; from=<a@b> to=<c> proto=ESMTP helo=<d>",
        "ABC: warning: header X-Mailer: one from two; three from mail.test[192.0.2.1]; from=<a@b> to=<c> proto=ESMTP helo=<d>",
        "ABC: info: header X-Evil: a from x[1]; from=<faked> from local; from=<a>",
        "ABC: message-id=<1@a.test>",
        "info: header : nothing",
    ]
    assert headers(lines, delivery) == [
        ("Subject", "Grüße"),
        ("Message-ID", "1@a.test"),
        ("X-Mailer", "one from two; three"),
        ("X-Evil", "a from x[1]; from=<faked>"),
    ]


def test_people_see_who_looked_up_their_mail(served: Served):
    """An owner's look at a mailbox is told to its user; one's own is not; others' clients never."""
    with served.reader("shop") as owner:
        owner.get("/", params={"to": "anna@example.com"})
    with served.reader("anna@example.com") as anna:
        page = text(anna.get("/looked").text)
        assert "shop searched anna@example.com" in page
        assert "127.0.0.1" not in page
    with served.reader("rival") as rival:
        assert "anna@example.com" not in text(rival.get("/looked").text)
    with served.reader("root") as root:
        assert root.get("/looked").headers["location"] == "/admin/audit"
