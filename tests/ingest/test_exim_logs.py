"""Exim's three logs, and its lines in syslog: one story, whichever are read, in whichever order."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.ingest.test_follow import following, wait
from tests.ingest.world import differences

from postroad import queries
from postroad.model.scope import Scope
from postroad.model.search import Search

SPAM = "1vwzpk-000007Z57Nm-1LfC"
LATE = "1vwzqk-000007Z57Nn-2MgD"
SCAN = "1vwzrk-000007Z57No-3NhE"

#: What the client was told: `rejected RCPT`, `rejected after DATA`, `by local_scan`, and while
#: the headers came in, when there is no id yet.
NO_USER = "2026-03-02 09:44:58 H=(bulk) [203.0.113.200] F=<spam@sender.example> rejected RCPT <erin@other.example>: No such user\n"
REFUSED = f"2026-03-02 09:45:00 {SPAM} H=(bulk) [203.0.113.200] F=<spam@sender.example> rejected after DATA: no thanks\n"
HEADERS = f"""\
Envelope-from: <spam@sender.example>
Envelope-to: <bob@example.com>
    <carl@other.example>
P Received: from [203.0.113.200] (helo=bulk)
\tby mx1.example.com with smtp (Exim 4.99)
\t(envelope-from <spam@sender.example>)
\tid {SPAM}
T To: bob@example.com,
    <dora@other.example>
F From: "Bulk" <spam@sender.example>
  Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
\t=?utf-8?Q?_vom_Markt?= => win@evil.example
I Message-Id:
 <long.1@sender.example>
  X-Line: 2026-03-02 09:45:00 {SPAM} => bob@example.com R=x T=y
"""
BROKEN = "2026-03-02 09:46:00 rejected from <gus@sender.example> H=(bulk) [203.0.113.200]: Non-CRLF-terminated header, under CHUNKING: message abandoned\n"
BROKEN_HEADERS = """\
Envelope-from: <gus@sender.example>
Envelope-to: <bob@example.com>
    <erin@other.example>
I Message-ID: <half.1@sender.example>
  Subject: half a header
"""
SCANNED = f"2026-03-02 09:47:00 {SCAN} H=(bulk) [203.0.113.200] F=<hal@sender.example> rejected by local_scan(): not today\n"
SCANNED_HEADERS = """\
Envelope-from: <hal@sender.example>
Envelope-to: <bob@example.com>
  Subject: scanned
I Message-Id: <scan.1@sender.example>
"""
PANICKED = f'2026-03-02 09:48:00 {LATE} == bob@example.com R=local_user T=maildir_home defer (-1): Expansion of "${{if" (directory) failed: condition name expected\n'
PANIC_ONLY = f"2026-03-02 09:48:00 {LATE} failed to read delivery status for bob@example.com from delivery subprocess\n"
PANIC_NO_ID = "2026-03-02 09:49:00 Exim configuration error in line 12 of /etc/exim4/exim4.conf:\n  missing quote at end of string value for hold_domains\n"

MAINLOG = (
    NO_USER
    + REFUSED
    + BROKEN
    + SCANNED
    + f"2026-03-02 09:47:59 {LATE} <= carol@sender.example H=mail.sender.example [192.0.2.25] P=esmtp S=900 id=late@sender.example\n"
    + PANICKED
    + PANIC_NO_ID
    + f"2026-03-02 09:55:00 {LATE} => bob <bob@example.com> R=local_user T=maildir_home\n"
    + f"2026-03-02 09:55:00 {LATE} Completed\n"
)
REJECTLOG = NO_USER + REFUSED + HEADERS + BROKEN + BROKEN_HEADERS + SCANNED + SCANNED_HEADERS
PANICLOG = PANICKED + PANIC_ONLY + PANIC_NO_ID
LOGS = {"mainlog": MAINLOG, "rejectlog": REJECTLOG, "paniclog": PANICLOG}

#: Recipient, status, sender, Message-ID, subject, attempts.
STORY = {
    ("erin@other.example", "rejected", "spam@sender.example", "", "", 0),
    *(
        (each, "rejected", "spam@sender.example", "long.1@sender.example", GREETING, 0)
        for GREETING in ("Grüße vom Markt => win@evil.example",)
        for each in ("bob@example.com", "carl@other.example")
    ),
    *(
        (each, "rejected", "gus@sender.example", "half.1@sender.example", "half a header", 0)
        for each in ("bob@example.com", "erin@other.example")
    ),
    ("bob@example.com", "rejected", "hal@sender.example", "scan.1@sender.example", "scanned", 0),
    ("bob@example.com", "delivered", "carol@sender.example", "late@sender.example", "", 2),
}


def _write(folder: Path) -> None:
    for name, text in LOGS.items():
        (folder / name).write_text(text)


def _told(world) -> list[tuple]:
    names = ("recipient", "status", "sender", "message_id", "subject", "attempts")
    rows = world.everything()["deliveries"]
    return sorted(tuple(row[name] for name in names) for row in rows)


def _lines(world) -> list[str]:
    """The stored lines in their order."""
    rows = world.rows("SELECT at, text FROM log_lines FINAL ORDER BY at, text")
    return [row["text"] for row in rows]


@pytest.mark.parametrize("order", [*itertools.permutations(LOGS)])
@pytest.mark.parametrize("at_once", [False, True])
def test_three_logs_in_any_order(order, at_once, make_world, tmp_path):
    """Imported together or one after the other, each refusal is one delivery with its headers."""
    _write(tmp_path)
    world = make_world("three")
    for names in (order,) if at_once else ((name,) for name in order):
        result = world.load(*(tmp_path / name for name in names))
        assert (result.unknown, result.problems) == (0, [])

    assert _told(world) == sorted(STORY)
    delivered = [line for line in MAINLOG.splitlines() if LATE in line]
    assert sorted(_lines(world)) == sorted(
        [*REJECTLOG.splitlines(), *delivered, PANIC_ONLY.strip()]
    )


def test_the_reject_log_alone_tells_the_refusals(make_world, tmp_path):
    """Where the main log is gone, what was refused is known all the same."""
    _write(tmp_path)
    world = make_world("alone")
    world.load(tmp_path / "rejectlog")

    assert _told(world) == sorted(told for told in STORY if told[1] == "rejected")
    texts = _lines(world)
    assert texts == REJECTLOG.splitlines()


@pytest.mark.parametrize("cut", range(1, len(REJECTLOG.splitlines()), 2))
def test_an_entry_may_be_cut_at_any_line(cut, make_world, tmp_path):
    """What is read of an entry later belongs to the refusal that was read before."""
    world, whole = make_world("cut"), make_world("whole")
    log = tmp_path / "rejectlog"
    lines = REJECTLOG.splitlines(keepends=True)
    for end in (cut, len(lines)):
        log.write_text("".join(lines[:end]))
        world.load(log)
    whole.load(log)

    assert differences(whole.everything(), world.everything()) == []


@pytest.mark.parametrize("first", ["mainlog", "rejectlog"])
def test_followed_at_the_same_time(first, make_world, tmp_path):
    """Written line by line to both logs while they are followed, it is the same story."""
    expected = make_world("expected")
    _write(tmp_path)
    expected.load(*(tmp_path / name for name in LOGS))
    folder = tmp_path / "live"
    folder.mkdir()
    world = make_world("followed")
    order = [first, *(name for name in LOGS if name != first)]
    left = {name: LOGS[name].splitlines(keepends=True) for name in order}
    for name in order:
        (folder / name).write_text(left[name].pop(0))
    with following(world, folder / "*log"):
        while any(left.values()):
            for name in order:
                if left[name]:
                    with (folder / name).open("a") as log:
                        log.write(left[name].pop(0))
        wait(lambda: len(_lines(world)) == len(_lines(expected)) and _told(world) == sorted(STORY))

    wanted = expected.everything()
    got = world.everything()
    for name in ("deliveries", "attempts", "lines"):
        assert differences({name: wanted[name]}, {name: got[name]}) == []


def test_headers_are_seen_by_those_who_see_the_delivery(make_world, tmp_path):
    """A recipient sees the entry without the other recipients; nobody else sees anything."""
    _write(tmp_path)
    world = make_world("seen")
    world.load(*(tmp_path / name for name in LOGS))
    owner, stranger = Scope.of(domains=["example.com"]), Scope.of(domains=["third.example"])
    rows = {row.sender: row for row in queries.iterate(world.store, owner, Search())}
    shown = queries.detail(world.store, owner, rows["spam@sender.example"].id)
    text = "\n".join(line.text for line in shown.log_lines)

    assert {row.recipient for row in rows.values()} == {"bob@example.com"}
    assert "Envelope-to: <bob@example.com>" in text
    assert "I Message-Id:" in text
    assert not any(name in text for name in ("carl@", "dora@", "erin@"))
    nameless = queries.detail(world.store, owner, rows["gus@sender.example"].id)
    assert nameless.log_lines[0].text.startswith("2026-03-02 09:46:00 rejected from <gus@")
    assert not any("erin" in line.text for line in nameless.log_lines)
    assert list(queries.iterate(world.store, stranger, Search())) == []
    assert queries.detail(world.store, stranger, rows["spam@sender.example"].id) is None
