"""Files over HTTP: what the pages show and nothing else, in whole or in parts, for whoever waits."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import time

import pyarrow.parquet as pq
import pytest
from tests.web.served import form_key
from tests.web.test_scope import HIDDEN

#: An administrator, an owner and a mailbox.
READERS = ("root", "shop", "anna@example.com")
QUESTIONS = (
    {},
    {"q": "example.com"},
    {"status": "failed,rejected"},
    {"to": "a", "match": "begins"},
)


def pages(client, asked):
    """All deliveries that pages of the API have."""
    found, cursor = [], ""
    while True:
        page = client.get("/deliveries", params={**asked, "limit": 7, "cursor": cursor}).json()
        found += page["deliveries"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


@pytest.mark.parametrize("account", READERS)
@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_file_is_the_pages_row_by_row(running, account, asked):
    """Each form has the rows of the pages in their order, and their values, masked alike."""
    with running.holder(account) as holder:
        expected = pages(holder, asked)
        files = {
            form: holder.get("/export", params={**asked, "format": form})
            for form in ("csv", "json", "parquet")
        }
    for answer in files.values():
        assert answer.headers["postroad-total"] == str(len(expected))

    lines = [json.loads(line) for line in files["json"].text.splitlines()]
    assert lines == expected
    table = pq.read_table(io.BytesIO(files["parquet"].content)).to_pylist()
    sheet = list(csv.DictReader(io.StringIO(files["csv"].content.decode(), newline="")))
    assert len(table) == len(sheet) == len(expected)
    for row, cells, public in zip(table, sheet, expected, strict=True):
        for name, value in public.items():
            if name.endswith("_at"):
                moment = row[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ") if row[name] else None
                assert moment == value
                assert cells[name] == (value or "")
            else:
                assert row[name] == value
                if value is None or not isinstance(value, str):
                    assert cells[name] == ("" if value is None else str(value))


@pytest.mark.parametrize("account", ["shop", "anna@example.com", "rival"])
def test_every_field_names_nobody_else(running, account):
    """With all fields there are, in each form, nobody is named whom the reader may not see."""
    with running.reader(account) as reader:
        csv_, json_ = (reader.get(f"/export.{each}?columns=all").text for each in ("csv", "json"))
        parquet = reader.get("/export.parquet?columns=all").content
    rows = pq.read_table(io.BytesIO(parquet)).to_pylist()
    assert len(rows) == len(json_.splitlines()) > 3
    for text in (csv_, json_, str(rows)):
        for address in HIDDEN[account]:
            assert address not in text.lower()


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_head_says_what_get_would_without_reading(running, form):
    """The fields of the answer alone; what cannot be asked is refused alike."""
    with running.reader("shop") as reader:
        answer = reader.head(f"/export.{form}")
        assert answer.status_code == 200
        assert answer.content == b""
        assert answer.headers["content-disposition"] == f'attachment; filename="postroad.{form}"'
        assert reader.head(f"/export.{form}?to=a%20b").status_code == 422
    with running.holder("shop") as holder:
        answer = holder.head("/export", params={"format": form})
        assert (answer.status_code, answer.content) == (200, b"")
        assert holder.head("/export", params={"to": "a b"}).status_code == 422


def test_frames_say_how_far_a_file_is(running):
    """Put together they are the file; rows rise to the total, and the last frame is empty."""
    asked = {"format": "parquet", "fields": "id,status"}
    with running.holder("root") as holder:
        answer = holder.get("/export", params={**asked, "frames": "true"})
    total, rest = int(answer.headers["postroad-total"]), answer.content
    rows, content, lengths = [], b"", []
    while rest:
        count, length = struct.unpack_from(">QI", rest)
        rows.append(count)
        lengths.append(length)
        content += rest[12 : 12 + length]
        rest = rest[12 + length :]

    assert lengths[-1] == 0
    assert rows == sorted(rows)
    assert rows[-1] == total > 0
    assert pq.read_table(io.BytesIO(content)).num_rows == total


@pytest.mark.parametrize(
    "asked",
    [
        {"format": "xlsx"},
        {"fields": "nonsense"},
        {"fields": "targets"},
        {"sort": "nonsense"},
        {"cursor": "x"},
        {"to": "a b"},
    ],
)
def test_what_cannot_be_asked_of_the_api_gets_a_sentence(running, asked):
    """No file, but an object that says what is wrong."""
    with running.holder("shop") as holder:
        answer = holder.get("/export", params=asked)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert "content-disposition" not in answer.headers


def order(reader, **values):
    """Order an export as the report's form does; the answer."""
    key = form_key(reader.get("/").text)
    form = {"form_key": key, "query": "", "format": "csv", "columns": "mine", "mail": ""}
    return reader.post("/exports", data=form | values)


def ready(reader, seconds=20):
    """The newest export's address, once it is made."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page = reader.get("/exports").text
        if "Being written" not in page and "Waiting for its turn" not in page:
            return re.search(r'href="(/exports/\w+/file)"', page)[1]
        time.sleep(0.1)
    raise AssertionError(page)


def clear(reader):
    """Remove every export of the reader's."""
    page = reader.get("/exports").text
    for address in re.findall(r'action="(/exports/\w+/remove)"', page):
        assert reader.post(address, data={"form_key": form_key(page)}).status_code == 303


@pytest.mark.parametrize("account", READERS)
def test_a_file_made_in_the_background_is_that_of_the_page(running, account):
    """Ordered by the report's form, listed, fetched: the same octets as at once."""
    with running.reader(account) as reader:
        answer = order(reader, query="q=example.com&sort=recipient")
        assert (answer.status_code, answer.headers["location"]) == (303, "/exports?done=ordered")
        assert "It is being made" in reader.get(answer.headers["location"]).text
        address = ready(reader)
        page = reader.get("/exports").text
        assert "Mail to or from" in page
        assert 'href="/?q=example.com&amp;sort=recipient"' in page
        made = reader.get(address)
        assert made.content == reader.get("/export.csv?q=example.com&sort=recipient").content
        assert re.fullmatch(
            r'attachment; filename="postroad-[0-9a-f]{8}\.csv"', made.headers["content-disposition"]
        )
        assert "Ready, fetched before" in reader.get("/exports").text
        clear(reader)
        assert reader.get(address).status_code == 404
        assert "No exports" in reader.get("/exports").text


def test_parts_of_a_file_can_be_fetched(running):
    """A download that broke off goes on where it was (RFC 9110 section 14)."""
    with running.reader("shop") as reader:
        order(reader, format="json", columns="all")
        address = ready(reader)
        whole = reader.get(address)
        size, tag = len(whole.content), whole.headers["etag"]
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["content-length"] == str(size)
        for asked, part in (
            ("bytes=0-0", slice(0, 1)),
            ("bytes=10-19", slice(10, 20)),
            (f"bytes={size - 5}-", slice(size - 5, size)),
            ("bytes=-7", slice(size - 7, size)),
            (f"bytes=5-{size + 100}", slice(5, size)),
        ):
            answer = reader.get(address, headers={"Range": asked, "If-Range": tag})
            assert answer.status_code == 206, asked
            assert answer.content == whole.content[part]
            first, last = part.start, part.stop - 1
            assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        for asked in ("bytes=9-2", "lines=1-2", "bytes=0-1,4-5", "bytes=-", "bytes=x-"):
            answer = reader.get(address, headers={"Range": asked})
            assert (answer.status_code, answer.content) == (200, whole.content), asked
        for asked in (f"bytes={size}-", "bytes=-0"):
            answer = reader.get(address, headers={"Range": asked})
            assert (answer.status_code, answer.content) == (416, b"")
            assert answer.headers["content-range"] == f"bytes */{size}"
        other = reader.get(address, headers={"Range": "bytes=1-2", "If-Range": '"other"'})
        assert (other.status_code, other.content) == (200, whole.content)
        head = reader.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(size)
        clear(reader)


def test_nobody_else_reaches_a_file(running):
    """For every other account, and without one, there is no such file; its forms are refused."""
    with running.reader("shop") as reader, running.reader("root") as other:
        order(reader)
        address = ready(reader)
        assert other.get(address).status_code == 404
        for verb in ("stop", "remove"):
            there = address.replace("file", verb)
            assert (
                other.post(there, data={"form_key": form_key(other.get("/").text)}).status_code
                == 404
            )
            assert reader.post(there, data={"form_key": "wrong"}).status_code == 403
        with running.visitor() as visitor:
            assert visitor.get(address).status_code == 303
        for name in ("..", "%2e%2e", "x" * 300, "0" * 32, "%00", "a%0d%0aSet-Cookie:%20b=c"):
            answer = reader.get(f"/exports/{name}/file")
            assert answer.status_code in (400, 404), name
            assert "b=c" not in str(answer.headers)
        assert reader.get(address).status_code == 200
        clear(reader)


def test_over_the_socket_nothing_is_kept(running):
    """Whoever has no account is told how to get a file at once."""
    with running.administrator() as socket_:
        base = str(socket_.base_url).removesuffix("/api/v1/").rstrip("/")
        answer = socket_.post(f"{base}/exports", data={"format": "csv"})
        assert answer.status_code == 403
        assert "postroad export" in answer.text
        page = socket_.get(f"{base}/").text
        assert 'action="/exports"' not in page
        assert "/export.parquet" in page


@pytest.mark.parametrize(
    "values",
    [
        {"format": "xlsx"},
        {"format": 'csv"\r\nSet-Cookie: a=b'},
        {"query": "to=a+b"},
        {"mail": "stranger@elsewhere.test"},
        {"mail": "a@example.com\r\nBcc: eve@outside.test"},
    ],
)
def test_what_cannot_be_ordered_is_said(running, values):
    """A page with a sentence, and nothing on the list."""
    with running.reader("shop") as reader:
        answer = order(reader, **values)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
        assert "No exports" in reader.get("/exports").text


def test_what_was_asked_is_text_on_the_page(running):
    """A question with markup in it is shown, not run."""
    evil = "<script>alert(1)</script>"
    with running.reader("shop") as reader:
        order(reader, query=f"subject={evil}&period=7d&cursor=x&open=y&nonsense=z")
        ready(reader)
        page = reader.get("/exports").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
        assert "nonsense" not in page
        clear(reader)
