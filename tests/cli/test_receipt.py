"""`postroad receipt`: a pipe with the exit statuses that mail servers know, and mailboxes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import LOGS, free_port

DISPLAYED = """Return-Path: <>
From: zoe@far.example
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <{id}@far.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

--b
Content-Type: message/disposition-notification

Reporting-UA: pc.far.example; Mailer
Final-Recipient: rfc822; zoe@far.example
Original-Message-ID: <order-1@shop.example>
Disposition: manual-action/MDN-sent-manually; displayed

--b--
"""
ORDINARY = "From: anna@shop.example\n\nHello\n"
FAILED = """From: MAILER-DAEMON@mx1
Date: Mon, 02 Mar 2026 10:05:00 +0000

Hi. This is the qmail-send program at mx.far.example.

<zoe@far.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: <order-1@shop.example>
"""


@pytest.fixture
def read(postroad):
    """Give a home with a small log imported."""
    postroad.environ["POSTROAD_RETENTION_DAYS"] = "36500"
    done = postroad.run("import", "--host", "mx1", "--timezone", "UTC", LOGS / "mainlog")
    assert done.returncode == 0, done.stderr
    return postroad


def shown(postroad) -> list[dict]:
    """The receipts of the message to Zoe."""
    done = postroad.run("show", "order-1@shop.example", "--format", "json")
    details = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["receipts"] for each in details if "cara" in each["delivery"]["recipient"]] == [[]]
    return next(e["receipts"] for e in details if e["delivery"]["recipient"] == "zoe@far.example")


def test_from_a_pipe(read):
    """Kept without a word, and shown as a claim with its message and no other."""
    done = read.run("receipt", stdin=DISPLAYED.format(id=1))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [found] = shown(read)
    assert found["says"] == "displayed"
    assert found["text"] == "The recipient's program says: displayed"
    assert found["at"] == "2026-03-02T10:00:00.000000Z"
    text = read.run("show", "order-1@shop.example").stdout
    assert "The recipient's program says: displayed  pc.far.example; Mailer" in text


def test_what_is_no_receipt_is_sent_back(read):
    """EX_DATAERR: a mail server tells the sender that nobody reads mail there."""
    done = read.run("receipt", stdin=ORDINARY)

    assert (done.returncode, done.stdout) == (65, "")
    assert "no receipt" in done.stderr


def test_a_store_that_cannot_be_used_means_later(read, tmp_path: Path):
    """EX_TEMPFAIL: a mail server keeps the message and tries again."""
    taken = tmp_path / "taken"
    taken.write_text("no folder")

    done = read.run("--set", f"store=chdb://{taken}", "receipt", stdin=DISPLAYED.format(id=1))

    assert done.returncode == 75
    assert "try again" in done.stderr


def test_a_running_postroad_takes_it(read):
    """A pipe hands it to the `serve` that has the store."""
    with read.running("serve", "--listen", free_port()):
        assert read.run("receipt", stdin=FAILED).returncode == 0
        [found] = shown(read)
    assert (found["says"], found["enhanced_code"]) == ("failed", "5.1.1")


def test_mailboxes_are_read_and_left_alone(read, tmp_path: Path):
    """A Maildir and an mbox: each message once, again changes nothing, nothing is moved."""
    maildir = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp"):
        (maildir / folder).mkdir(parents=True)
    (maildir / "cur" / "1:2,S").write_text(DISPLAYED.format(id=1))
    (maildir / "new" / "2").write_text(ORDINARY)
    (maildir / "tmp" / "3").write_text(DISPLAYED.format(id=3))
    box = tmp_path / "mbox"
    box.write_text(f"From a Mon\n{FAILED}\nFrom b Tue\n{DISPLAYED.format(id=1)}\n")

    for _ in range(2):
        said = read.run("receipt", maildir).stderr
        assert "2 messages read; 1 of them receipts" in said
        assert "2 messages read; 2 of them receipts" in read.run("receipt", box).stderr

    assert [each["says"] for each in shown(read)] == ["displayed", "failed"]
    assert sorted(each.name for each in maildir.glob("*/*")) == ["1:2,S", "2", "3"]


def test_a_folder_that_is_no_mailbox(read, tmp_path: Path):
    """A sentence says what is wrong."""
    empty = tmp_path / "empty"
    empty.mkdir()

    assert read.run("receipt", empty).returncode == 3
    done = read.run("receipt", tmp_path / "nothing")

    assert done.returncode == 3
    assert "cannot be read" in done.stderr
