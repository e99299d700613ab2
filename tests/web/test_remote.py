"""Remote deliveries: what one sent to other servers, as mail users know the list."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.web.served import Served
from tests.web.test_pages import text

DETAILS = r'href="/message/([0-9a-f]{24})"'


@pytest.fixture(scope="module")
def anna(served: Served):
    """A mailbox user who sent most of the sample, signed in."""
    with served.reader("anna@example.com") as client:
        yield client


@pytest.fixture
def since(served: Served) -> str:
    """Three days ago, so that all of the sample is in."""
    then = datetime.fromtimestamp(served.now // 1_000_000, UTC) - timedelta(days=3)
    return then.date().isoformat()


def names(page: str, served: Served) -> set[str]:
    """The named deliveries on a page."""
    ids = set(re.findall(DETAILS, page))
    return {name for name, each in served.ids.items() if each in ids}


@pytest.mark.parametrize(
    ("show", "there", "gone"),
    [
        ("", {"delivered"}, {"deferred", "failed", "blocked", "inbound"}),
        ("temporary", {"deferred"}, {"delivered", "failed", "blocked"}),
        ("permanent", {"failed", "blocked"}, {"delivered", "deferred"}),
        ("all", {"delivered", "deferred", "failed", "blocked", "in_progress"}, {"inbound"}),
    ],
)
def test_the_switches(anna, served: Served, since: str, show: str, there: set, gone: set):
    """Delivered, temporarily rejected, permanently rejected and all messages, sent by oneself."""
    show = f"show={show}&" if show else ""
    found = names(anna.get(f"/remote?{show}since={since}").text, served)

    assert there <= found
    assert found.isdisjoint(gone)


def test_at_first_it_shows_todays_mail(anna, served: Served):
    """Without a question it is today's, on the reader's clock, and delivered."""
    page = anna.get("/remote").text

    day = re.search(r'name="since" type="date" value="([^"]+)"', page)
    assert day
    assert set(re.findall(r'<time datetime="([^T]+)T', page)) <= {
        day[1],
        (datetime.fromisoformat(day[1]) - timedelta(days=1)).date().isoformat(),
    }
    assert "Delivered Messages, " in text(page)


def test_rows_open_to_the_four_lines(anna, since: str):
    """Every row is a date and a subject, and opens to what became of the message."""
    page = anna.get(f"/remote?show=temporary&since={since}&to=lena@partner.test").text
    [row] = page.split("<details>")[1:]
    said = text(row.split("</details>", 1)[0])

    assert re.search(r"Deferred \d{4}-\d\d-\d\d \d\d:\d\d:\d\d - Re: Delivery date", said)
    for line in (
        "Sent From:",
        "Sent To:",
        "Recipient delivery status:",
        "Message delivery status:",
    ):
        assert line in said
    assert "Remote host said: 452 4.2.2" in said


def test_the_form_leads_to_an_address_without_empty_fields(anna):
    """What the form sends becomes one address; what cannot be asked is said in a sentence."""
    there = anna.get("/remote?show=&since=2026-01-01&until=&to=").headers["location"]
    assert there == "/remote?since=2026-01-01"
    wrong = anna.get("/remote?since=2026-02-02&until=2026-02-01")
    assert wrong.status_code == 422
    assert "ends before it begins" in text(wrong.text)


def test_strangers_sign_in_first(served: Served):
    """The list is for whoever is signed in."""
    with served.visitor() as client:
        assert client.get("/remote").headers["location"] == "/sign-in?next=%2Fremote"
