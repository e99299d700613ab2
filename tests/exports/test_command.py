"""`postroad export`: files for people and programs, by the words of `postroad search`."""

from __future__ import annotations

import csv
import inspect
import io
import json
import stat

import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import archive

from postroad.cli import export, search
from postroad.model.search import SORTABLE

__all__ = ["archive"]


def test_it_asks_as_search_does(archive):
    """The same question finds the same deliveries in the same order."""
    for asked in (
        [],
        ["--status", "failed"],
        ["--to", "dora", "--match", "begins"],
        ["--sort", "size"],
    ):
        found = archive.run("search", *asked, "--limit", "0", "--format", "json")
        written = archive.run("export", *asked)
        assert written.stdout == found.stdout
        assert written.returncode == 0


def test_it_has_every_option_that_asks(archive):
    """Whatever can be searched for can be exported."""
    asks = set(inspect.signature(search.command).parameters) - {"limit", "count", "form"}
    assert asks <= set(inspect.signature(export.command).parameters)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_file_says_its_format_by_its_name(archive, form):
    """The ending chooses; the file is whole, its owner's alone, and stderr says what it came to."""
    file = archive.home / f"mail.{form}"
    ended = archive.run("export", "--output", file)
    ids = [json.loads(line)["id"] for line in archive.run("export").stdout.splitlines()]

    assert (ended.returncode, ended.stdout) == (0, "")
    assert f"Wrote {len(ids)} rows, " in ended.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
    elif form == "json":
        rows = [json.loads(line) for line in file.read_text().splitlines()]
    else:
        rows = pq.read_table(file).to_pylist()
    assert [row["id"] for row in rows] == ids
    assert tuple(rows[0]) == SORTABLE
    file.unlink()


def test_fields_are_named_in_order(archive):
    """Only these, as they were named."""
    ended = archive.run("export", "--fields", "recipient, id", "--format", "csv")
    assert ended.stdout.splitlines()[0] == "recipient,id"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--fields", "nonsense"], 2, "There is no field"),
        (["--format", "xlsx"], 2, "xlsx"),
        (["--to", "a b"], 2, "is not one address"),
        (["--output", "no/such/folder/mail.csv"], 1, "There is no half file."),
        (["--output", "/dev/full"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(archive, arguments, status, said):
    """A sentence on stderr, nothing on stdout, and an exit status that programs know."""
    ended = archive.run("export", *arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_parquet_is_not_for_a_terminal(archive):
    """Nobody's terminal is filled with octets."""
    said = archive.run_in_terminal("export", "--format", "parquet")
    assert "Parquet is not for a terminal." in said


def test_nothing_found_is_a_file_too(archive):
    """A question without an answer gives a whole file without rows."""
    file = archive.home / "none.parquet"
    ended = archive.run("export", "nobody@nowhere.test", "--output", file)
    assert ended.returncode == 0
    assert "Wrote 0 rows" in ended.stderr
    assert pq.read_table(file).num_rows == 0
