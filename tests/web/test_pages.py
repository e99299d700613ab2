"""The report and the page of one message, as they come from the server."""

from __future__ import annotations

import html
import re

import pytest
from tests.web.mail import HOSTILE
from tests.web.served import PASSWORD, Served, form_key

from postroad.model import words
from postroad.model.status import Status

COLUMNS = [
    "Event",
    "From Address",
    "Sender",
    "Sent Time",
    "Delivery Time",
    "Spam Score",
    "Recipient",
    "Result",
    "Actions",
]


@pytest.fixture(scope="module")
def reader(served: Served):
    """The owner of example.com, signed in."""
    with served.reader("shop") as client:
        yield client


def text(page: str) -> str:
    """What a page says, without markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def rows(page: str) -> list[str]:
    """The rows of the report, each as text."""
    body = page.split("<tbody>", 1)[1].split("</tbody>", 1)[0] if "<tbody>" in page else ""
    return [text(each) for each in body.split("<tr ")[1:]]


def test_the_report_begins_with_everything(reader):
    """Without a question the report is all of one's mail, newest first, and says what it is."""
    page = reader.get("/").text

    assert [text(each).strip() for each in re.findall(r"<th [^>]*>(.*?)</th>", page)] == COLUMNS
    assert re.search(r"All mail, \d+ found", text(page))
    assert "Only mail that passed through this server is listed. It is kept for 30 days." in text(
        page
    )
    times = re.findall(r'data-label="Sent Time"><time datetime="([^"]+)"', page)
    assert times == sorted(times, reverse=True)
    assert len(times) == 50


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("delivered", Status.DELIVERED),
        ("in_progress", Status.IN_PROGRESS),
        ("deferred", Status.DEFERRED),
        ("failed", Status.FAILED),
        ("rejected", Status.REJECTED),
        ("blocked", Status.BLOCKED),
        ("filtered", Status.FILTERED),
    ],
)
def test_every_status_has_icon_colour_and_words(reader, served: Served, name: str, status: Status):
    """A status is never told by colour alone: its icon, its class and its word are there."""
    page = reader.get(f"/message/{served.ids[name]}").text
    sprite = re.search(r'href="(/static/[0-9a-f]+/icons.svg)#' + status.word + '"', page)

    assert sprite
    assert f'id="{status.word}"' in reader.get(sprite[1]).text
    assert f'class="card verdict status-{status.word}"' in page
    assert f"<h1>{words.label(status)}</h1>" in page


def test_run_report_asks_for_a_recipient(reader):
    """The form's fields become an address worth keeping, and the question is said in words."""
    sent = {"q": "", "to": "lena@partner.test", "from": "", "period": "", "since": "", "until": ""}
    answer = reader.get("/", params={**sent, "zone": "UTC", "match": "exact", "id": ""})
    page = reader.get(answer.headers["location"]).text

    assert answer.headers["location"] == "/?to=lena%40partner.test"
    assert "Mail to “lena@partner.test”, 1 found" in text(page)
    [row] = rows(page)
    assert "Deferred" in row
    assert "452 4.2.2 The recipient's inbox is out of storage space" in row
    assert "3 attempts" in row


def test_show_blocked_and_failed(reader):
    """The button keeps the rest of the question and shows what was refused or gave up."""
    answer = reader.get("/", params={"from": "anna@example.com", "show": "trouble"})
    page = reader.get(answer.headers["location"]).text

    assert answer.headers["location"] == (
        "/?from=anna%40example.com&status=failed%2Crejected%2Cblocked"
    )
    assert len(rows(page)) == 2
    assert all("Failed" in row or "Blocked" in row for row in rows(page))


def test_show_all_shows_everything(reader):
    """The button asks for everything in one's scope, whatever was filled in."""
    asked = {"from": "anna@example.com", "status": "failed", "period": "1h", "show": "all"}

    assert reader.get("/", params=asked).headers["location"] == "/"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("period=1h", {"delivered", "deferred", "inbound", "in_progress"}),
        ("from=mara@mail.example.org", {"inbound"}),
        ("from=MARA@mail.example.org&to=ANNA@EXAMPLE.COM", {"inbound"}),
        ("to=@partner.test", {"deferred"}),
        ("to=*@partner.test", {"deferred"}),
        ("status=rejected%2Cblocked", {"rejected", "blocked"}),
        ("subject=autumn+FAIR", {"failed"}),
        ("period=range&until=2020-01-01T00:00", set()),
        ("period=range&since=2020-01-01T00:00&until=2020-01-02", set()),
    ],
)
def test_questions_of_the_form(reader, served: Served, asked: str, found: set[str]):
    """Recipient, sender, domain, subject, period and statuses narrow the report."""
    page = reader.get(f"/?{asked}").text

    ids = re.findall(r'href="/message/([0-9a-f]{24})"', page)
    named = {name for name, each in served.ids.items() if each in ids}
    assert {name for name in named if not name.startswith("evil ")} == found


def test_a_queue_id_or_message_id_is_pasted_into_one_field(reader, served: Served):
    """What has an @ is looked for as Message-ID, anything else as queue id; both find it."""
    detail = text(reader.get(f"/message/{served.ids['delivered']}").text)
    queue_id = re.search(r"Queue id (\S+)", detail)
    assert queue_id
    for pasted in (queue_id[1], f"<{queue_id[1]}@mx1.example.com>", served.ids["delivered"]):
        page = reader.get("/", params={"id": pasted}).text
        assert re.findall(r'href="/message/([0-9a-f]{24})"', page) == [served.ids["delivered"]]


def test_paging_shows_everything_once_and_says_how_much(reader):
    """Older pages follow until the end; each says how many there are in all."""
    page = reader.get("/").text
    total = int(re.search(r"of (\d+)\.", text(page.split('class="pages"')[1]))[1])
    assert f"The newest 50 of {total}." in text(page)
    found = re.findall(r'href="/message/([0-9a-f]{24})"', page)
    while older := re.search(r'href="(/\?cursor=[^"]+)"><span>Older', page):
        page = reader.get(older[1]).text
        found += re.findall(r'href="/message/([0-9a-f]{24})"', page)

    assert len(found) == len(set(found)) == total
    assert f"{total - 50} more of {total}." in text(page)
    assert "Newest" in text(page.split('class="pages"')[1])


def test_figures_are_those_of_the_question(reader):
    """Each status says how many of the mail asked for it has, and leads there."""
    page = reader.get("/?from=anna@example.com&period=1h").text
    tabs = text(page.split('class="tabs"', 1)[1].split("</nav>", 1)[0])

    assert "All 3" in tabs
    assert "Delivered 1" in tabs
    assert "Deferred 1" in tabs
    assert "In progress 1" in tabs
    assert "/?from=anna%40example.com&amp;period=1h&amp;status=deferred" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("to=example.com", "has no @"),
        ("to=a@", "the domain is missing"),
        ("from=two words@example.com", "is not one address"),
        ("status=lost", "There is no status"),
        ("period=range&since=yesteryear", "is not a time"),
        ("period=range&since=2026-02-02&until=2026-02-01", "ends before it begins"),
        ("period=eternity", "is not a time"),
        ("cursor=nonsense", "cursor"),
        ("to=" + "x" * 2000 + "@example.com", "longer than"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(reader, asked: str, said: str):
    """What cannot be asked gets a sentence above the form, which keeps what was typed."""
    answer = reader.get(f"/?{asked}")

    assert answer.status_code == 422
    problem = text(answer.text.split('role="alert"', 1)[1])
    assert said in problem
    assert "<table" not in answer.text


def test_nothing_found_says_so_and_why(reader):
    """An empty answer is no empty page: it tells what that means."""
    page = reader.get("/?to=nobody@example.com&period=30d").text
    said = text(page.split("<h3>", 1)[1].split("</main>", 1)[0])

    assert "Nothing found Only mail that passed through this server can be found." in said
    assert re.search(r"Nothing is kept from before \d{4}-\d\d-\d\d \d\d:\d\d:00\.", said)
    assert 'href="/?to=nobody%40example.com"' in page
    page = reader.get("/?to=dora@example.net").text
    assert "dora@example.net is not among your addresses" in text(page)


def test_the_page_of_a_message(reader, served: Served):
    """Verdict, attempts with the replies verbatim, facts, log lines, and related messages."""
    page = text(reader.get(f"/message/{served.ids['failed']}").text)

    assert "Not delivered: mx.mail.example.org [192.0.2.25] refused it for good (550 5.1.1)" in page
    assert "Please try double-checking the recipient's email address" in page
    assert "The notification of its failure" in page
    assert "anna@example.com (proven by dovecot_login )" in page
    assert "** joe.bloggs@mail.example.org 550 5.1.1" in page


def test_the_wording_promises_no_more_than_the_log(reader, served: Served):
    """Accepted by another server is called that, and not read, received or seen."""
    page = text(reader.get(f"/message/{served.ids['delivered']}").text)

    assert "Accepted by mx.mail.example.org [192.0.2.25] (250 2.0.0)." in page
    assert "whether it was put into the inbox, and read, this log cannot tell" in page


def test_hostile_text_stays_text(reader, served: Served):
    """Markup, templates, direction marks and escapes out of a log are shown, never obeyed."""
    for path in ("/?from=@evil.test", f"/message/{served.ids['hostile']}"):
        page = reader.get(path).text
        assert "alert(" in page
        assert "<script>" not in page
        assert "<img" not in page
        assert "{{ 7*7 }}" in page
        assert "&lt;script&gt;" in page
        for mark in "\u202e\u202c\x1b":
            assert mark not in page
        assert "\\u202eevil" in page
        assert "\\x1b[31m" in page
        assert "&amp;amp;" in page
    assert HOSTILE not in page


@pytest.mark.parametrize("field", ["to", "from", "id", "subject", "address", "period", "cursor"])
def test_what_is_asked_comes_back_as_text(reader, field: str):
    """A question with markup in it is no way into the page."""
    page = reader.get("/", params={field: "\"><script>alert(1)</script>'{{7*7}}"}).text

    assert "<script>alert" not in page
    assert '"><script' not in page


def test_the_back_link_leads_to_the_report_and_nowhere_else(reader, served: Served):
    """The way back is the report one came from; another site's address is not taken."""
    path = f"/message/{served.ids['failed']}"
    came = {"Referer": f"{served.url}/?status=failed&period=7d"}
    assert 'href="/?status=failed&amp;period=7d"' in reader.get(path, headers=came).text
    for strange in ("https://evil.test/?x=1", f"{served.url}.evil.test/?x=1", "javascript:x?y"):
        page = reader.get(path, headers={"Referer": strange}).text
        assert "evil.test/" not in page
        assert '<a class="button" href="/">' in page


def test_times_are_in_the_readers_zone(served: Served):
    """Times are in the server's zone, or in the one that the reader chose; the page names it."""
    with served.reader("anna@example.com") as reader:
        page = reader.get(f"/message/{served.ids['delivered']}").text
        assert "Times are in Europe/Berlin, UTC+0" in text(page)
        form = {"zone": "Asia/Kathmandu", "form_key": form_key(page)}
        reader.post("/preferences", data=form)
        page = reader.get(f"/message/{served.ids['delivered']}").text
        assert "Times are in Asia/Kathmandu, UTC+05:45" in text(page)
        reader.post("/preferences", data={**form, "zone": "../../etc/passwd"})
        assert "Europe/Berlin" in text(reader.get("/").text)
        for nonsense in ("Mars/Olympus", "../../etc/passwd", "/etc/passwd", "\x00"):
            reader.cookies.set("postroad_zone", nonsense.encode("unicode_escape").decode())
            assert reader.get("/").status_code == 200


PAGES = ["/sign-in", "/", "/?to=example.com", "/preferences", "/message/x", "/nothing", "/api/v1/x"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_tells_browsers_what_to_refuse(reader, path: str):
    """No foreign or inline code, no frames, no guessing of types; private answers are not kept."""
    headers = reader.get(path).headers

    policy = dict(
        each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/preferences", "/sign-in"])
def test_pages_hold_no_inline_code(served: Served, path: str):
    """Pages have no inline scripts, styles or handlers, and load nothing from elsewhere."""
    with served.reader("shop") as reader, served.visitor() as visitor:
        page = (visitor if path == "/sign-in" else reader).get(path).text

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page) == []
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', page):
        assert re.match(r"/(?!/)|#", address)


def test_own_files_are_kept_by_browsers(reader):
    """Style, script and icons may be kept for ever: another content has another address."""
    page = reader.get("/").text
    for address in set(re.findall(r'"(/static/[^"#]+)', page)):
        answer = reader.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert reader.get("/static/000000000000/app.css").status_code == 404
    for strange in ("/static/x/..%2f..%2fpages.py", "/static/../pages.py", "/static/x/app.py"):
        assert reader.get(strange).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", "/sign-out"), ("PUT", "/")])
def test_a_wrong_method_gets_a_page(reader, method: str, path: str):
    """An address that is asked in the wrong way says so, in words."""
    answer = reader.request(method, path)

    assert answer.status_code == 405
    assert "<h1>" in answer.text


def test_a_body_that_is_too_large_is_refused(served: Served):
    """Nobody fills the memory by sending a password of many megabytes."""
    with served.visitor() as client:
        key = form_key(client.get("/sign-in").text)
        form = {"name": "shop", "password": PASSWORD * 200_000, "form_key": key}
        answer = client.post("/sign-in", data=form)

    assert answer.status_code == 413
