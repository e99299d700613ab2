"""The report as a file: all of its rows, safe in every spreadsheet, and nobody else's mail."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from tests.web.served import Served, form_key
from tests.web.test_scope import HIDDEN, SEEN

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def reader(served: Served):
    """The owner of example.com, signed in."""
    with served.reader("shop") as client:
        yield client


def table(text: str) -> list[dict[str, str]]:
    """A CSV file as rows by heading."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_csv_has_every_row_with_the_columns_of_the_page(reader):
    """The file holds all rows of the question, with the headings and the order of the page."""
    answer = reader.get("/export.csv")
    rows = table(answer.text)
    total = re.search(r"All mail, (\d+) found", reader.get("/").text)

    assert total
    assert len(rows) == int(total[1]) > 50
    assert list(rows[0]) == [
        "Event",
        "From Address",
        "Sender",
        "Sent Time",
        "Delivery Time",
        "Spam Score",
        "Recipient",
        "Result",
    ]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="postroad.csv"'
    assert answer.headers["cache-control"] == "no-store"


def test_csv_answers_the_question(reader):
    """The file has the rows that the page has for the same address, and times with their offset."""
    [row] = table(reader.get("/export.csv?q=lena@partner.test").text)

    assert row["Event"] == "Deferred"
    assert row["Result"] == "452 4.2.2 The recipient's inbox is out of storage space"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", row["Sent Time"])


def test_no_spreadsheet_executes_a_cell(reader):
    """No cell begins with what a spreadsheet takes for a formula, however hostile the mail."""
    cells = [
        cell
        for row in csv.reader(io.StringIO(reader.get("/export.csv").text, newline=""))
        for cell in row
        if not re.fullmatch(r"-?\d+(\.\d+)?", cell)
    ]
    assert cells
    assert not [cell for cell in cells if cell.startswith(FORMULA)]
    assert not [cell for cell in cells if re.search("[\x00-\x08\x1b\u202e]", cell)]


def test_json_is_one_object_a_line(reader, served: Served):
    """For programs each line is an object with the public names of the columns chosen."""
    answer = reader.get("/export.json?q=lena@partner.test")
    [row] = [json.loads(line) for line in answer.text.splitlines()]

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["content-disposition"] == 'attachment; filename="postroad.json"'
    assert row["id"] == served.ids["deferred"]
    assert row["status"] == "deferred"
    assert row["recipient"] == "lena@partner.test"
    assert row["smtp_code"] == 452
    assert row["sent_at"].endswith("Z")
    assert "remote_ip" not in row


def test_the_columns_chosen_are_exported(served: Served):
    """Columns that a person chose, in their order, are those of their files."""
    with served.reader("carl@example.net") as client:
        key = form_key(client.get("/").text)
        chosen = {"show-subject": "on", "place-subject": "1", "show-to": "on", "show-size": "on"}
        client.post("/columns", data={"form_key": key, **chosen})
        rows = table(client.get("/export.csv?q=Confidential").text)
        assert [list(each) for each in rows] == [["Subject", "Recipient", "Size"]] * 3
        assert rows[0]["Size"] == "4310"
        line = json.loads(client.get("/export.json?q=Confidential").text.splitlines()[0])
        assert list(line) == ["id", "subject", "recipient", "size"]
        client.post("/columns", data={"form_key": key, "usual": "1"})


@pytest.mark.parametrize("path", ["/export.csv", "/export.json"])
@pytest.mark.parametrize("account", SEEN)
def test_a_file_holds_nobody_elses_mail(served: Served, account: str, path: str):
    """With every column there is, no file names anybody whom its reader may not see."""
    from postroad.web.columns import COLUMNS

    with served.reader(account) as client:
        key = form_key(client.get("/").text)
        client.post("/columns", data={"form_key": key} | {f"show-{each}": "on" for each in COLUMNS})
        text = client.get(path).text.lower()
        client.post("/columns", data={"form_key": key, "usual": "1"})
    for address in HIDDEN[account]:
        assert address not in text


@pytest.mark.parametrize("path", ["/export.csv", "/export.json"])
def test_what_cannot_be_asked_gets_a_sentence_and_no_file(reader, served: Served, path: str):
    """A wrong question is a page that says so; strangers sign in first."""
    answer = reader.get(f"{path}?to=example.com")
    assert answer.status_code == 422
    assert "content-disposition" not in answer.headers
    empty = reader.get(f"{path}?to=nobody@example.com")
    assert empty.status_code == 200
    assert len(empty.text.splitlines()) == (1 if path.endswith("csv") else 0)
    with served.visitor() as client:
        assert client.get(path).status_code == 303
