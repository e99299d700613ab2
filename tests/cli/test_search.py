"""`postroad search`: questions, formats, limits; against a real store through a running `serve`."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess

import pytest

from postroad.cli.search import FIELDS

from .conftest import COMMAND


def found(archive, *arguments: str) -> list[dict]:
    """Deliveries that a search writes as JSON lines."""
    done = archive.run("search", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_lines_in_a_pipe(archive):
    """In a pipe each delivery is one JSON object with exactly the public fields, newest first."""
    rows = found(archive)

    assert [tuple(row) for row in rows] == [FIELDS] * 11
    times = [row["last_attempt_at"] or row["sent_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert all(re.fullmatch(r"2026-03-02T\d\d:\d\d:\d\d\.\d{6}Z", each) for each in times)


@pytest.mark.parametrize(
    ("arguments", "recipients"),
    [
        (("ANNA@shop.example", "--status", "delivered"), {"zoe@far.example", "cara@shop.example"}),
        (("--to", "@far.example"), {"zoe@far.example", "gone@far.example"}),
        (("--from", "ben@shop.example"), {"kim@slow.example"}),
        (("--status", "failed,rejected"), {"gone@far.example", "anna@shop.example"}),
        (("--subject", "order"), {"zoe@far.example", "cara@shop.example"}),
        (("--message-id", "<order-1@shop.example>", "--to", "@far.example"), {"zoe@far.example"}),
        (("--id", "1vwz8C-000000001Ih-0001"), {"kim@slow.example"}),
        (("--host", "mx2"), {"dora@school.example"}),
        (("--until", "2026-03-02T08:02:00Z"), {"zoe@far.example", "cara@shop.example"}),
        (("--since", "2026-03-03"), set()),
        (("far.example",), {"zoe@far.example", "gone@far.example", "dora@school.example"}),
        (("1vwz8C-000000001Ih-0001",), {"kim@slow.example"}),
        (("order-1@shop.example",), set()),
        (("<order-1@shop.example>", "--message-id", "order-1@shop.example"), set()),
        (("--to", "go", "--match", "begins"), {"gone@far.example"}),
        (("--to", "IM@SL", "--match", "contains"), {"kim@slow.example"}),
        (("--reason", "mailbox_unknown", "--place", "remote"), {"gone@far.example"}),
        # The reader's clock is nine hours ahead here, so noon is 03:00 UTC.
        (("--until", "2026-03-02T17:02:00"), {"zoe@far.example", "cara@shop.example"}),
    ],
)
def test_questions(archive, arguments: tuple[str, ...], recipients: set[str]):
    """Each condition finds what it means, without regard to case; several hold at once."""
    assert {row["recipient"] for row in found(archive, *arguments)} == recipients


def test_limit_says_that_there_is_more(archive):
    """Fewer than there are is said on stderr, with how to get all of them."""
    done = archive.run("search", "--limit", "3")

    assert len(done.stdout.splitlines()) == 3
    assert "newest 3 are shown" in done.stderr
    assert "--limit 0" in done.stderr


def test_no_limit(archive):
    """`--limit 0` writes all there are, each once, and has nothing to add."""
    done = archive.run("search", "--limit", "0")

    assert len(set(done.stdout.splitlines())) == 11
    assert done.stderr == ""


def test_another_order(archive):
    """`--sort` orders by a field, and the rest of the answer says so."""
    done = archive.run("search", "--sort", "recipient", "--limit", "4")
    rows = [json.loads(line)["recipient"] for line in done.stdout.splitlines()]

    assert rows == sorted(row["recipient"] for row in found(archive))[:4]
    assert "The first 4 are shown" in done.stderr


def test_nothing_found(archive):
    """An empty answer is no error, and says so on stderr only."""
    done = archive.run("search", "nobody@shop.example")

    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing found." in done.stderr


def test_csv_is_safe_to_open(archive):
    """CSV has a heading and every delivery; a subject that is a formula is not one any more."""
    done = archive.run("search", "--format", "csv", "--limit", "0")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))

    assert len(rows) == 11
    assert tuple(rows[0]) == FIELDS
    (hostile,) = (row["subject"] for row in rows if "1+1" in row["subject"])
    assert hostile.startswith("'=1+1")
    assert "\x1b" not in done.stdout


def test_empty_csv_has_a_heading(archive):
    """CSV of nothing still has its heading, so that programs find their columns."""
    done = archive.run("search", "nobody@shop.example", "--format", "csv")

    assert done.stdout == ",".join(FIELDS) + "\n"


@pytest.mark.parametrize("columns", [80, 200])
def test_table_in_a_terminal(archive, columns: int):
    """In a terminal of any width the answer is a table in the reader's zone, with nothing cut off."""
    shown = archive.run_in_terminal("search", "--to", "gone@far.example", columns=columns)
    words = re.sub(r"\x1b\[[0-9;]*m", "", shown)

    assert "Times are Asia/Tokyo, UTC+09:00." in words
    assert "2026-03-02 17:05:00" in words
    assert "1vwyGy-000000001Ig-0001" in words
    assert "failed" in words
    reply = "SMTP error from remote mail server after RCPT TO:<gone@far.example>"
    folded = "".join(line[-(columns - 43) // 2 :].strip() for line in words.splitlines()[2:])
    assert columns > 100 or reply.replace(" ", "") in folded.replace(" ", "")
    assert "…" not in words
    assert max(len(line) for line in words.splitlines()) <= columns


def test_table_in_a_pipe_has_one_line_per_delivery(archive):
    """A table asked for in a pipe folds nothing, so that grep finds whole rows."""
    done = archive.run("search", "--format", "table", "--to", "gone@far.example")

    (line,) = (each for each in done.stdout.splitlines() if "gone@far.example" in each)
    assert "550 5.1.1 <gone@far.example>: no such user" in line


def test_count(archive):
    """`--count` writes how many there are of each status, and in all."""
    (counts,) = found(archive, "--count")

    assert counts == {
        "delivered": 8,
        "in_progress": 0,
        "deferred": 1,
        "failed": 1,
        "rejected": 1,
        "blocked": 0,
        "filtered": 0,
        "total": 11,
    }


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--to", "shop.example"), "@shop.example"),
        (("--sort", "beauty"), "no order by"),
        (("--reason", "bad_luck"), "no reason"),
        (("--ip", "nowhere"), "not an IP address"),
        (("--match", "like"), "like"),
        (("--to", "a b@x"), "not one address"),
        (("--status", "gone"), "gone"),
        (("--since", "soon"), "soon"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "before it begins"),
    ],
)
def test_questions_that_cannot_be_asked(archive, arguments: tuple[str, ...], word: str):
    """A question that cannot be asked ends with status 2 and a sentence about it."""
    done = archive.run("search", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr


def test_reader_that_goes_away(archive):
    """When the reader of a pipe has enough, the command ends without a word."""
    done = subprocess.run(
        f"'{COMMAND}' search --limit 0 | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        env=archive.environ,
        check=True,
    )

    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_bounce_from_standard_input(archive):
    """`-` reads a message, and finds what it is about; stderr says what was asked for."""
    bounce = (
        "From: MAILER-DAEMON@mx.far.example\n\nSorry.\n\n--- Below this line is a copy.\n\n"
        "Received: from x by y with z\nMessage-ID: <order-1@shop.example>\n"
    )
    for arguments, stdin in ((("-",), bounce), ((bounce,), "")):
        done = archive.run("search", *arguments, "--format", "json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert {row["message_id"] for row in rows} == {"order-1@shop.example"}
        assert "message_id order-1@shop.example" in done.stderr
