"""Exim: entries of several lines, and lines that come in pieces."""

from __future__ import annotations

import pytest
from tests.parsers.exims import ID, STAMP, reader

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Noted,
    Rejected,
)
from postroad.parsers.exim import Reader


def test_lines_that_go_on_belong_to_the_message_before() -> None:
    """A line without a stamp is evidence for the message of the line before it."""
    exim = reader()
    first = exim.read(f"{STAMP} {ID} => |/bin/x <a@example.com> R=r T=t")
    second = exim.read("   and more of it")

    assert isinstance(first, Attempted)
    assert second == Noted(at=first.at + 1, host=first.host, queue_id=ID)


def test_lines_that_go_on_after_nothing_are_known_by_how_they_begin() -> None:
    """At the beginning of a log, what looks like the rest of an entry is; nothing else is known."""
    exim = reader()

    for line in REJECTLOG[1:]:
        assert exim.read(line) is NOISE
    assert exim.read("and more of it") is None
    exim.read(f"{STAMP} the moon is full")
    assert exim.read("and more of it") is None
    exim.read(f"{STAMP} Start queue run: pid=1")
    assert exim.read("and more of it") is NOISE


def test_blank_lines_are_noise() -> None:
    """Blank lines and the NULs that a crash leaves in a file say nothing."""
    assert reader().read("") is NOISE
    assert reader().read("\0\0\0") is NOISE


REJECTLOG = f"""\
{STAMP} {ID} H=(x) [192.0.2.1] F=<ann@example.com> rejected after DATA: spam
Envelope-from: <ann@example.com>
Envelope-to: <bob@example.org>
    <carl@example.org>
P Received: from x by y
  Subject: => buy
I Message-Id: <a1@example.com>
F From: ann@example.com
\tcontinued""".splitlines()


def test_a_rejectlog_tells_whom_a_refused_message_was_for() -> None:
    """Below a refusal of a message, the rejectlog shows envelope and headers: they describe it."""
    exim = reader()
    events = [exim.read(line) for line in REJECTLOG]

    assert isinstance(events[0], Rejected)
    described = [event for event in events if isinstance(event, Described)]
    assert {event.queue_id for event in described} == {ID}
    assert [e.recipient for e in described if e.recipient] == [
        "bob@example.org",
        "carl@example.org",
    ]
    assert [e.message_id for e in described if e.message_id] == ["a1@example.com"]
    assert [e.subject for e in described if e.subject] == ["=> buy"]
    assert None not in events


def test_a_long_line_comes_through_syslog_in_pieces() -> None:
    """Pieces are put together; the event comes with the last, the others are evidence."""
    exim = reader()
    pieces = [
        f"Mar  4 08:09:12 mx1 exim[8]: [1/3] {STAMP} {ID} <= ann@example.com H=(x) [192.0.2.1]",
        "Mar  4 08:09:12 mx1 exim[8]: [2/3]  P=esmtp S=77 for bob@exam",
        "Mar  4 08:09:12 mx1 exim[9]: [1/2] somebody else's",
        "Mar  4 08:09:12 mx1 exim[8]: [3/3] ple.org",
    ]
    first, second, other, last = [exim.read(piece) for piece in pieces]

    assert isinstance(first, Noted)
    assert isinstance(second, Noted)
    assert (first.queue_id, second.queue_id) == (ID, ID)
    assert other is NOISE
    assert isinstance(last, Arrived)
    assert last.recipients == ("bob@example.org",)


def test_a_piece_alone_is_noise() -> None:
    """A piece whose beginning was not seen says nothing."""
    assert reader().read("Mar  4 08:09:12 mx1 exim[8]: [2/2] => a@example.com R=x T=y") is NOISE


def test_a_rejectlog_entry_comes_through_syslog_in_pieces() -> None:
    """Pieces of several lines are lines again: the refusal knows its recipients."""
    exim = reader()
    total = len(REJECTLOG)
    event = None
    for number, line in enumerate(REJECTLOG, 1):
        mark = "/" if number == total else "\\"
        event = exim.read(f"Mar  4 08:09:12 mx1 exim[8]: [{number}{mark}{total}] {line}")

    assert isinstance(event, Rejected)
    assert event.recipients == ("bob@example.org", "carl@example.org")
    assert event.reply == "spam"
    assert event.message_id == "a1@example.com"


def carried_on(exim: Reader) -> Reader:
    """Another reader that goes on where this one stopped."""
    other = reader()
    other.carry(exim.carried)
    return other


@pytest.mark.parametrize("first", [REJECTLOG[0], REJECTLOG[0].replace(f"{ID} ", "")])
def test_an_entry_goes_on_after_any_line(first: str) -> None:
    """A reader that takes over says of every line what the one before would have said."""
    lines = [first, *REJECTLOG[1:]]
    whole, exim = reader(), reader()
    for line in lines:
        exim = carried_on(exim)
        assert exim.read(line) == whole.read(line)


def test_a_refusal_without_an_id_is_told_with_each_line_of_its_entry() -> None:
    """Each line says all that is known by then, and which lines stand above it."""
    exim = reader()
    first = REJECTLOG[0].replace(f"{ID} ", "")
    events = [exim.read(line) for line in [first, *REJECTLOG[1:]]]

    assert all(isinstance(event, Rejected) for event in events)
    last = events[-1]
    assert isinstance(last, Rejected)
    assert last.above == (first, *REJECTLOG[1:-1])
    assert last.recipients == ("bob@example.org", "carl@example.org")
    assert (last.message_id, last.subject, last.reply) == ("a1@example.com", "=> buy", "spam")


def test_headers_are_not_read_as_lines_of_a_log() -> None:
    """Nothing that a stranger writes into a header is a line, a recipient or an entry."""
    exim = reader()
    for line in REJECTLOG:
        exim.read(line)
    forged = [
        f"  X: {STAMP} {ID} => evil@example.com R=x T=y",
        f"  {STAMP} {ID} => evil@example.com R=x T=y",
        "    <evil@example.com>",
        "\tEnvelope-to: <evil@example.com>",
        "T To: <evil@example.com>",
        "  Subject: another",
        "I Message-Id: <another@example.com>",
    ]

    assert [type(exim.read(line)) for line in forged] == [Noted] * len(forged)


def test_an_entry_without_end_is_left() -> None:
    """However much stands below a refusal, a bounded part of it is read and remembered."""
    exim = reader()
    for line in [REJECTLOG[0].replace(f"{ID} ", ""), *REJECTLOG[1:]]:
        exim.read(line)
    events = [exim.read(f"  X-{number}: {'x' * 90}") for number in range(9_000)]

    assert events[-1] is NOISE
    assert sum(event is not NOISE for event in events) < 500
    assert len(exim.carried) < 40_000


@pytest.mark.parametrize("data", [b"", b"x", b"\x93\xc0\xc0\xc0", b"\xff" * 99, b"\x80"])
def test_memory_that_is_none_is_left(data: bytes) -> None:
    """What another version, or a broken disk, left is no memory."""
    exim = reader()
    exim.carry(data)

    assert exim.read("  Subject: x") is NOISE
    assert isinstance(exim.read(REJECTLOG[0]), Rejected)


PIECES = [
    f"[1/4] {STAMP} {ID} H=(x) [192.0.2.1] F=<ann@example.com> rejected after DATA: sp",
    "[2\\4] am",
    "[3\\4] Envelope-from: <ann@example.com>",
    "[4/4] Envelope-to: <bob@example.org>",
]


@pytest.mark.parametrize("lost", range(5))
def test_any_piece_may_be_missing(lost: int) -> None:
    """What is left of a line counts as far as it is certain; pieces behind a gap are nothing."""
    exim = reader()
    events = []
    for number, piece in enumerate(PIECES, 1):
        if number != lost:
            exim = carried_on(exim)
            events.append(exim.read(f"Mar  4 08:09:12 mx1 exim[8]: {piece}"))
            events.append(exim.read(f"Mar  4 08:09:12 mx1 exim[9]: {piece}"))
    told = [event for event in events if isinstance(event, Rejected)]
    expected = {0: "spam", 1: None, 2: "", 3: "spam", 4: None}[lost]

    assert None not in events
    assert {event.reply for event in told} == (set() if expected is None else {expected})
    assert {event.recipients for event in told} <= {(), ("bob@example.org",)}
    assert len(told) == (0 if expected is None else 2)
    assert all(event is NOISE for event in events) == (lost == 1)


def test_pieces_of_a_refusal_without_an_id_are_its_lines() -> None:
    """Where no message takes the pieces, the refusal does."""
    exim = reader()
    lines = [f"Mar  4 08:09:12 mx1 exim[8]: {piece.replace(f'{ID} ', '')}" for piece in PIECES]
    event = [exim.read(line) for line in lines][-1]

    assert isinstance(event, Rejected)
    assert event.above == tuple(lines[:-1])
    assert event.recipients == ("bob@example.org",)


def test_a_process_id_that_comes_round_is_another_process() -> None:
    """The rest of a line does not come a minute later."""
    exim = reader()
    exim.read(f"Mar  4 08:09:12 mx1 exim[8]: [1/2] {ID} => a@example.com R=x")

    assert exim.read("Mar  4 08:19:12 mx1 exim[8]: [2/2]  T=y") is NOISE


def test_what_panics_is_one_attempt() -> None:
    """A line that syslog got for two logs tells one attempt; the same text later tells another."""
    exim = reader()
    text = f"{ID} == a@example.com R=x T=y defer (-1): Expansion failed"
    stamps = ("08:09:12.000100", "08:09:12.000200", "08:39:12.000100")
    events = [exim.read(f"2026-03-04T{at_}+00:00 mx1 exim[8]: {text}") for at_ in stamps]

    assert [type(event) for event in events] == [Attempted, Noted, Attempted]


def test_memory_for_pieces_is_bounded() -> None:
    """Pieces whose end never comes are forgotten sooner or later."""
    exim = reader()
    for pid in range(500):
        exim.read(f"Mar  4 08:09:12 mx1 exim[{pid}]: [1/9] {ID} <= a@example.com")
        exim.read(f"Mar  4 08:09:12 mx1 exim[{pid}]: [2/9] {'x' * 12_000}")

    assert len(exim.carried) < 300_000
