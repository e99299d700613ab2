"""Each form of file, read back by a reader that is not ours."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from tests.queries import world
from tests.store.rows import NOON, delivery
from tests.web.mail import EVIL

from postroad import queries
from postroad.errors import SearchError
from postroad.languages import catalogue
from postroad.model.search import SORTABLE
from postroad.model.status import Status
from postroad.services.exports import FORMATS, Layout, form, written
from postroad.services.exports.columns import COLUMNS, USUAL
from postroad.services.exports.fields import FIELDS, Kind

#: Mail of every status, of every kind of text, and such as nobody knows the times of.
ROWS = [
    *world.WORLD.deliveries,
    *(delivery(queue_id=f"s{each}", status=each, spam_score=-1.5) for each in Status),
    *(delivery(queue_id=f"e{n}", subject=text, result=text) for n, text in enumerate(EVIL)),
    delivery(queue_id="no-times", sent_at=0, last_attempt_at=0, knocked_at=0),
    delivery(queue_id="late", sent_at=2**62, last_attempt_at=1),
]


def octets(word, rows, layout=None, size=7):
    """A whole file of these rows, given in chunks."""
    chunks = [rows[at : at + size] for at in range(0, len(rows), size)]
    pieces = list(written(word, chunks, layout or Layout.of_fields()))
    counts = [each.rows for each in pieces]
    assert counts == sorted(counts)
    assert counts[-1] == len(rows)
    return b"".join(each.content for each in pieces)


def table(content):
    """A CSV file as rows by heading."""
    text = content.decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_lines_of_json_are_what_the_api_says():
    """Each line is an object that holds what the API gives of a delivery, in order."""
    lines = [json.loads(line) for line in octets("json", ROWS).splitlines()]

    assert lines == [queries.public(row) for row in ROWS]
    assert list(lines[0]) == list(SORTABLE)


def test_csv_is_what_the_api_says_as_text():
    """Each cell is the text of the API's value, but for what would harm whoever opens it."""
    rows = table(octets("csv", ROWS))

    assert len(rows) == len(ROWS)
    for row, public in zip(rows, map(queries.public, ROWS), strict=True):
        assert list(row) == list(SORTABLE)
        for name, cell in row.items():
            value = "" if public[name] is None else str(public[name])
            if value.isascii() and value.isprintable():
                assert cell == (f"'{value}" if _is_formula(public[name]) else value)


def _is_formula(value):
    return isinstance(value, str) and value.startswith(("=", "+", "-", "@"))


def test_parquet_is_what_the_api_says_with_types():
    """Times are moments with microseconds, numbers numbers, words texts; the values are the same."""
    rows = pq.read_table(io.BytesIO(octets("parquet", ROWS))).to_pylist()

    assert len(rows) == len(ROWS)
    for row, public in zip(rows, map(queries.public, ROWS), strict=True):
        assert list(row) == list(SORTABLE)
        for name, value in row.items():
            if FIELDS[name][0] is Kind.TIME:
                expected = public[name]
                if expected and not expected.startswith("9999"):
                    expected = datetime.fromisoformat(expected)
                    assert value == expected
                    assert value.tzinfo is not None
                else:
                    assert value is None
            else:
                assert value == public[name], name


def test_parquet_says_its_types_and_what_each_column_holds():
    """A reader that knows nothing of postroad is told types and meanings by the file."""
    file = pq.ParquetFile(io.BytesIO(octets("parquet", ROWS)))
    schema = file.schema_arrow

    assert str(schema.field("sent_at").type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("status").type).startswith("dictionary<values=string")
    assert str(schema.field("size").type) == "int64"
    assert str(schema.field("spam_score").type) == "double"
    assert [each.name for each in schema if each.nullable] == [
        "sent_at",
        "last_attempt_at",
        "knocked_at",
        "spam_score",
    ]
    for each in schema:
        assert each.metadata[b"description"].decode() == FIELDS[each.name][1]
    assert file.metadata.num_rows == len(ROWS)
    assert {file.metadata.row_group(0).column(n).compression for n in range(len(schema))} == {
        "ZSTD"
    }


def test_parquet_of_many_chunks_has_few_row_groups():
    """Chunks are put together, so that the file compresses and reads well."""
    many = [delivery(queue_id=f"q{n}") for n in range(50)] * 400
    file = pq.ParquetFile(io.BytesIO(octets("parquet", many, size=2000)))

    assert file.metadata.num_row_groups == 5
    assert file.metadata.num_rows == len(many)


@pytest.mark.parametrize("word", FORMATS)
def test_a_file_without_rows_is_whole(word):
    """Nothing found is a file that its reader opens, with all columns."""
    content = octets(word, [])

    if word == "csv":
        assert content.decode() == ",".join(SORTABLE) + "\r\n"
    elif word == "json":
        assert content == b""
    else:
        assert pq.read_table(io.BytesIO(content)).column_names == list(SORTABLE)


@pytest.mark.parametrize("word", FORMATS)
def test_fields_are_chosen_and_ordered(word):
    """Only the fields that are named are in the file, in this order, each once."""
    content = octets(word, ROWS, Layout.of_fields(["status", "id", "status"]))

    if word == "csv":
        assert list(table(content)[0]) == ["status", "id"]
    elif word == "json":
        assert list(json.loads(content.splitlines()[0])) == ["status", "id"]
    else:
        assert pq.read_table(io.BytesIO(content)).column_names == ["status", "id"]


def test_the_columns_of_a_page_are_in_its_readers_words_and_zone():
    """Headings, words and times of a spreadsheet are those that its reader sees."""
    layout = Layout.of_page(USUAL, ZoneInfo("Asia/Tokyo"), catalogue("de"))
    [row] = table(octets("csv", [delivery(at=NOON, status=Status.FAILED)], layout))

    assert row["Absendezeit" if "Absendezeit" in row else list(row)[3]] == (
        datetime.fromtimestamp(NOON // 10**6, UTC).astimezone(ZoneInfo("Asia/Tokyo")).isoformat()
    )
    assert "Fehlgeschlagen" in row.values()
    assert "Actions" not in row


def test_for_programs_the_columns_of_a_page_are_the_fields_they_are_made_of():
    """With the same columns, JSON and Parquet have names and values for programs."""
    layout = Layout.of_page(("result", "sender", "actions"), ZoneInfo("UTC"), catalogue("en"))
    names = ["id", "smtp_code", "enhanced_code", "result", "user", "client_host", "client_ip"]
    line = json.loads(octets("json", ROWS[:1], layout))

    assert list(line) == names
    assert pq.read_table(io.BytesIO(octets("parquet", ROWS, layout))).column_names == names


@pytest.mark.parametrize(
    "layout", [Layout.of_fields(), Layout.of_page(tuple(COLUMNS), ZoneInfo("UTC"), catalogue("en"))]
)
def test_no_cell_is_a_formula(layout):
    """Whatever a stranger wrote, no spreadsheet runs a cell, and no cell moves a cursor."""
    text = octets("csv", ROWS, layout).decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert len(rows) == len(ROWS) + 1
    for row in rows:
        for cell in row:
            is_number = cell.removeprefix("-").replace(".", "", 1).isdigit()
            assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
            assert not set(cell) & {"\x1b", "\u202e", "\x00", "\u200b"}


def test_every_public_field_has_a_type_and_a_meaning():
    """A field that is added to the API is not forgotten by the files."""
    assert tuple(FIELDS) == SORTABLE


@pytest.mark.parametrize("names", [["id", "nonsense"], ["ID"], ["targets"]])
def test_what_is_no_field_is_refused(names):
    """A field that there is not, or that is nobody's to see, is refused with a sentence."""
    with pytest.raises(SearchError, match="There is no field") as raised:
        Layout.of_fields(names)
    assert raised.value.field == "fields"


def test_what_is_no_format_is_refused():
    """So is a format that there is not."""
    with pytest.raises(SearchError, match="There is no format"):
        form("xlsx\r\nSet-Cookie: a=b")
