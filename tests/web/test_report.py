"""The report's form, table and rows, as they come from the server: without any JavaScript."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.web.served import Served, forget_searches, form_key, serving
from tests.web.test_pages import rows, text

from postroad.web import columns

DETAILS = r'href="/message/([0-9a-f]{24})"'


@pytest.fixture(scope="module")
def reader(served: Served):
    """The owner of example.com, signed in."""
    with served.reader("shop") as client:
        yield client


@pytest.fixture
def bea(served: Served):
    """Somebody whose choices no other test depends on, signed in."""
    with served.reader("sales@example.com") as client:
        yield client
        key = form_key(client.get("/").text)
        client.post("/columns", data={"form_key": key, "usual": "1"})


def asked(page: str) -> str:
    """The question in words, and how many were found."""
    return text(page.split('id="question">', 1)[1].split("</h2>", 1)[0]).strip()


def found(page: str, served: Served) -> set[str]:
    """The names of the sample's deliveries on a page."""
    ids = set(re.findall(DETAILS, page))
    return {name for name, each in served.ids.items() if each in ids}


@pytest.mark.parametrize(
    ("question", "words", "names"),
    [
        ("q=lena@partner.test", "Mail to or from “lena@partner.test”", {"deferred"}),
        ("q=partner.test", "Mail to or from “@partner.test”", {"deferred"}),
        ("q=autumn+fair", "All mail, with “autumn fair” in the subject", {"failed"}),
        ("to=joe.bl&match=begins", "Mail to addresses that begin with “joe.bl”", {"failed"}),
        ("to=BLOGGS&match=contains", "Mail to addresses that contain “BLOGGS”", {"failed"}),
        ("remote_host=mx2.partner.test", "All mail, offered to the host", {"deferred"}),
        ("reason=mailbox_unknown", "All mail, for the reason", {"failed"}),
        ("ip=203.0.113.99", "All mail, with the IP address 203.0.113.99", {"rejected"}),
    ],
)
def test_the_question_is_understood_and_said_in_words(
    reader, served: Served, question: str, words: str, names: set[str]
):
    """The one box and the fields find what they ask for; words say how they were understood."""
    page = reader.get(f"/?{question}").text

    assert asked(page).startswith(words)
    assert asked(page).endswith(f", {len(re.findall(DETAILS, page))} found")
    assert {name for name in found(page, served) if not name.startswith("evil")} == names


def test_sent_and_received_remote_and_local(reader, served: Served):
    """Mail is told apart by the side that one is on, and by where it went."""
    sent = reader.get("/?side=sent&place=remote&period=24h").text
    received = reader.get("/?side=received&place=local&period=24h").text

    assert {"delivered", "failed", "deferred"} <= found(sent, served)
    assert {"inbound", "hostile"} <= found(received, served)
    assert found(sent, served).isdisjoint(found(received, served))


def test_the_address_holds_the_whole_question(reader):
    """What a form sends becomes one address without empty fields; a range goes with its zone."""
    sent = "q=&to=a%40example.com&match=exact&status=failed&status=deferred&period=range"
    sent += "&since=2026-01-01T00%3A00&until=&zone=Asia%2FTokyo"
    there = reader.get(f"/?{sent}").headers["location"]

    assert parse_qs(urlsplit(there).query) == {
        "to": ["a@example.com"],
        "status": ["deferred,failed"] if "deferred%2Cfailed" in there else ["failed,deferred"],
        "period": ["range"],
        "since": ["2026-01-01T00:00"],
        "zone": ["Asia/Tokyo"],
    }
    page = reader.get(there)
    assert page.status_code == 200
    assert "since 2026-01-01 00:00:00 (Asia/Tokyo, UTC+09:00)" in asked(page.text)
    unknown = reader.get("/?period=range&since=2026-01-01&zone=Mars%2FOlympus")
    assert unknown.status_code == 422
    assert "no time zone" in text(unknown.text)


def test_what_narrows_the_answer_can_be_taken_away(reader):
    """Every field that is used has a link without it; the rest of the question stays."""
    page = reader.get("/?to=lena@partner.test&remote_host=mx2.partner.test&period=7d").text
    chips = page.split('class="filters"', 1)[1].split("</ul>", 1)[0]

    links = [each.replace("&amp;", "&") for each in re.findall(r'<a href="([^"]*)"', chips)]
    assert links == [
        "/?remote_host=mx2.partner.test&period=7d",
        "/?to=lena%40partner.test&period=7d",
    ]
    assert "Remote host: mx2.partner.test" in text(chips)
    assert 'type="hidden" name="remote_host" value="mx2.partner.test"' in page


def test_a_cell_asks_for_what_it_shows(reader, served: Served):
    """A value in the table is a link to the same question, narrowed to it."""
    page = reader.get("/?to=lena@partner.test").text

    assert "/?to=lena%40partner.test&amp;from=anna%40example.com" in page
    assert "/?to=lena%40partner.test&amp;user=anna%40example.com" in page
    narrowed = reader.get("/?to=lena%40partner.test&user=anna%40example.com").text
    assert found(narrowed, served) == {"deferred"}


def test_headings_sort(reader):
    """A heading sorts by its column, a second click the other way; the page says how it is."""
    page = reader.get("/").text
    head = page.split("<thead>", 1)[1].split("</thead>", 1)[0]
    assert re.search(r'aria-sort="descending"><a href="/\?sort=sent_at">Sent Time', head)
    assert '<a href="/?sort=recipient">Recipient' in head

    page = reader.get("/?sort=recipient").text
    recipients = re.findall(r'class="c-to"[^>]*>(.*?)</td>', page)
    shown = [text(each).replace(" ", "").lower() for each in recipients]
    assert shown == sorted(shown)
    assert 'aria-sort="ascending"><a href="/?sort=-recipient">' in page
    assert "The first 50 of" in text(page)
    following = re.search(r'href="(/\?[^"]*cursor=[^"]*)"><span>Next page', page)
    assert following
    again = reader.get(following[1].replace("&amp;", "&")).text
    assert set(re.findall(DETAILS, page)).isdisjoint(re.findall(DETAILS, again))
    assert reader.get("/?sort=password").status_code == 422


def test_columns_are_chosen_ordered_and_remembered(bea):
    """Table Options keeps the columns and their order with the account; the usual come back."""
    key = form_key(bea.get("/").text)
    sent = {"form_key": key, "query": "period=7d", "place-to": "1", "show-to": "on"}
    sent |= {"show-subject": "on", "place-subject": "3", "show-size": "on", "place-size": "2"}
    answer = bea.post("/columns", data=sent)

    assert answer.headers["location"] == "/?period=7d"
    heads = re.findall(r"<th [^>]*>(.*?)</th>", bea.get("/?period=7d").text)
    assert [text(each).strip() for each in heads] == ["Recipient", "Size", "Subject"]
    bea.post("/columns", data={"form_key": key, "usual": "1"})
    heads = re.findall(r"<th [^>]*>(.*?)</th>", bea.get("/").text)
    assert [text(each).strip() for each in heads][:2] == ["Event", "From Address"]


def test_every_column_can_be_shown(bea):
    """The table holds all columns there are at once; each has its heading and its cells."""
    key = form_key(bea.get("/").text)
    bea.post(
        "/columns", data={"form_key": key} | {f"show-{each}": "on" for each in columns.COLUMNS}
    )
    page = bea.get("/").text

    heads = [text(each).strip() for each in re.findall(r"<th [^>]*>(.*?)</th>", page)]
    assert heads == [str(each.label) for each in columns.listed(columns.chosen(()))]
    cells = page.split("<tbody>", 1)[1].split("</tr>", 1)[0]
    assert cells.count("<td") == len(heads)


def test_a_row_opens_without_javascript(reader, served: Served):
    """The link in a row's status opens it in the page itself, and leads back to its place."""
    page = reader.get("/?q=lena@partner.test").text
    link = re.search(r'class="opener[^"]*" href="([^"]+)"', page)
    assert link
    opened = reader.get(link[1].replace("&amp;", "&").partition("#")[0]).text

    inside = text(opened.split('class="inside"', 1)[1].split("</tr>", 1)[0])
    assert "Sent From: anna @example.com" in inside
    assert "Sent To: lena @partner.test" in inside
    assert "Recipient delivery status: Message temporarily rejected" in inside
    assert (
        "Message delivery status: 192.0.2.77 did not accept message. "
        "Remote host said: 452 4.2.2 The recipient's inbox is out of storage space"
    ) in inside
    assert "Not delivered yet after 3 attempts" in inside
    other = reader.get(f"/?q=lena@partner.test&open={served.ids['foreign 0']}").text
    assert 'class="inside"' not in other


def test_the_lines_of_a_delivered_message(reader, served: Served):
    """What was accepted says so in the words that mail users know, with the reply whole."""
    page = reader.get(f"/message/{served.ids['delivered']}/row").text
    said = text(page)

    assert page.startswith("<!doctype html>")
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - Offer 2041: walnut table", said)
    assert "Recipient delivery status: Message accepted" in said
    assert (
        "Message delivery status: 192.0.2.25 accepted message. "
        "Remote host said: 250 2.0.0 OK 1795000000 x11si180959 - gsmtp"
    ) in said
    part = reader.get(f"/message/{served.ids['delivered']}/row", headers={"X-Part": "row"}).text
    assert "<html" not in part
    assert "Message accepted" in part


def test_the_next_try_is_told_where_the_rules_are_known(tmp_path: Path):
    """A deferred message says when it is tried next, when it is given up, and what follows."""
    with serving(tmp_path / "home", retry="F,4d,6h") as running, running.reader("shop") as client:
        said = text(client.get(f"/message/{running.ids['deferred']}/row").text)
        final = text(client.get(f"/message/{running.ids['failed']}/row").text)

    assert re.search(r"Next try about \d{4}-\d\d-\d\d", said)
    assert re.search(r"This server gives up \d{4}-\d\d-\d\d", said)
    assert "it is returned to its sender" in said
    assert "Next try" not in final


def test_null_is_explained(reader, served: Served):
    """A sender that is empty reads “null”, and why it does."""
    said = text(reader.get(f"/message/{served.ids['bounce']}/row").text)

    assert "Sent From: null" in said
    assert "a mail server wrote this message itself" in said


def test_rows_of_others_are_not_there(reader, served: Served):
    """The inside of a row that is not one's own answers as one that never was."""
    foreign = reader.get(f"/message/{served.ids['foreign 0']}/row")
    missing = reader.get(f"/message/{'0' * 24}/row")

    assert foreign.status_code == missing.status_code == 404
    assert text(foreign.text) == text(missing.text)


def test_searches_are_saved_named_and_deleted(bea):
    """A question gets a name, is one link away from then on, and can be forgotten again."""
    key = form_key(bea.get("/").text)
    query = "to=info%40example.com&status=rejected"
    sent = {"form_key": key, "name": "Refused <b>", "query": query}
    assert bea.post("/searches/save", data=sent).headers["location"] == f"/?{query}"
    page = bea.get("/").text
    assert f'<a href="/?{query.replace("&", "&amp;")}"><bdi>Refused &lt;b&gt;</bdi></a>' in page
    number = re.search(r'name="id" value="(\d+)"', page)
    assert number
    gone = {"form_key": key, "id": number[1], "query": ""}
    assert bea.post("/searches/forget", data=gone).headers["location"] == "/"
    assert "Refused &lt;b&gt;" not in bea.get("/").text


def test_the_last_searches_are_kept(bea):
    """What was asked is there again, newest first, in words, until it is forgotten."""
    forget_searches(bea)
    for query in ("q=first%40example.org", "", "q=second%40example.org"):
        bea.get(f"/?{query}")
    page = bea.get("/").text
    said = text(page.split('aria-labelledby="recent"', 1)[1].split("</section>", 1)[0])

    assert said.index("“second@example.org”") < said.index("“first@example.org”")
    assert " All mail " not in said

    forget_searches(bea)
    page = bea.get("/").text
    assert "None yet." in page.split('aria-labelledby="recent"', 1)[1].split("</section>", 1)[0]
    assert "second@example.org" not in page


@pytest.mark.parametrize(
    "path", ["/columns", "/searches/save", "/searches/forget", "/searches/clear"]
)
def test_forms_of_others_are_refused(reader, path: str):
    """Whatever changes something needs the key of one's own page, and leads nowhere else."""
    assert reader.post(path, data={"query": ""}).status_code == 403
    key = form_key(reader.get("/").text)
    sent = {"form_key": key, "query": "//evil.test/?to=x", "name": "x", "id": "1", "usual": "1"}
    answer = reader.post(path, data=sent)
    assert answer.status_code in (303, 404, 422)
    assert answer.headers.get("location", "/").startswith("/")
    assert "evil" not in answer.headers.get("location", "")


def test_the_first_page_is_light(reader):
    """The blank report, with style, script and icons as they are sent, is below 100 kB."""
    forget_searches(reader)
    page = reader.get("/")
    total = len(page.content)
    for address in set(re.findall(r'"(/static/[^"#]+)', page.text)):
        with reader.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as packed:
            total += sum(len(each) for each in packed.iter_raw())

    assert total < 100_000


def test_statics_are_packed_for_whoever_can_unpack_them(reader):
    """A static file is the same with and without packing; pages themselves are never packed."""
    page = reader.get("/", headers={"Accept-Encoding": "gzip"})
    style = re.search(r'"(/static/[^"]+\.css)"', page.text)
    assert style
    packed = reader.get(style[1], headers={"Accept-Encoding": "gzip"})
    plain = reader.get(style[1], headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert "content-encoding" not in page.headers


def test_preferences_are_kept_with_the_account(served: Served):
    """Zone, language, rows and refreshing are the person's own, in whatever browser."""
    with served.reader("rival") as one, served.reader("rival") as other:
        key = form_key(one.get("/preferences").text)
        sent = {"zone": "Asia/Tokyo", "language": "de", "rows": "25", "refresh": "60"}
        assert one.post("/preferences", data={**sent, "form_key": key}).status_code == 303
        page = other.get("/").text
        assert '<html lang="de">' in page
        assert 'data-refresh="60"' in page
        assert "Asia/Tokyo" in page
        nonsense = {"zone": "x", "language": "../de", "rows": "-1", "refresh": "1"}
        one.post("/preferences", data={**nonsense, "form_key": key})
        page = other.get("/").text
        assert '<html lang="en">' in page
        assert 'data-refresh="60"' in page, "what cannot be chosen changes nothing"
        one.post("/preferences", data={"rows": "50", "refresh": "0", "form_key": key})


def test_notes_say_why_nothing_was_found(reader):
    """An empty answer keeps the question, says so, and offers no table and no file."""
    page = reader.get("/?q=nobody@example.com").text

    assert asked(page) == "Mail to or from “nobody@example.com”, 0 found"
    assert rows(page) == []
    assert "/export.csv" not in page
