"""Exim: what its log lines say."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad import parsers
from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Noted,
    Rejected,
)
from postroad.model.status import Outcome
from postroad.parsers.clock import Clock
from postroad.parsers.exim import SAMPLES, Reader

ID = "1vxgvK-00000000Lw3-0Kq1"
STAMP = "2026-03-04 08:09:12"
NEWEST = 1_780_000_000_000_000
FLAGS = ("<=", "(=", "=>", "->", ">>", "*>", "**", "==", "Completed")


def at(text: str) -> int:
    """Microseconds of an ISO time with a zone."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def reader(zone: str = "UTC", host: str = "mx1.example.com") -> Reader:
    """A reader at the beginning of a log."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))


def message_id(when: str) -> str:
    """The id of a message that began to come in at this time."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    seconds, text = at(when) // 1_000_000, ""
    while seconds:
        seconds, digit = divmod(seconds, 62)
        text = digits[digit] + text
    return f"{text.rjust(6, '0')}-00000000Lw3-0Kq1"


def test_events_bear_host_time_and_message() -> None:
    """Every event says when, on which host and about which message the line was written."""
    event = reader("Europe/Berlin").read(f"{STAMP} {ID} Completed")

    assert event == Ended(
        at=at("2026-03-04T08:09:12+01:00"),
        host="mx1.example.com",
        queue_id=ID,
        kind=EndKind.COMPLETED,
    )


def test_without_a_host_of_its_own_the_envelope_names_it() -> None:
    """In the log of many hosts, the envelope says whose line it is."""
    event = reader(host="").read(f"Mar  4 08:09:12 mx7 exim[8]: {ID} Completed")

    assert isinstance(event, Ended)
    assert event.host == "mx7"


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-03-04 08:09:12", "2026-03-04T08:09:12+01:00"),
        ("2026-03-04 08:09:12.345", "2026-03-04T08:09:12.345000+01:00"),
        ("2026-03-04 08:09:12 -0330", "2026-03-04T08:09:12-03:30"),
        ("2026-03-04 08:09:12.345 +0000", "2026-03-04T08:09:12.345000+00:00"),
        ("2026-03-04 08:09:12.345 +0000 [99]", "2026-03-04T08:09:12.345000+00:00"),
        ("2026-03-04 08:09:12 [99]", "2026-03-04T08:09:12+01:00"),
    ],
)
def test_stamps(stamp: str, expected: str) -> None:
    """Milliseconds, zone and process id may each be there or not."""
    event = reader("Europe/Berlin").read(f"{stamp} {ID} <= <> U=x P=local S=1")

    assert isinstance(event, Arrived)
    assert (event.at, event.pid) == (at(expected), 99 if "[99]" in stamp else 0)


def test_a_flag_is_only_at_its_place() -> None:
    """What looks like a delivery inside of a warning, a HELO or a refusal is none."""
    lines = {
        f"{STAMP} {ID} H=(x => bob@example.org) [192.0.2.1] Warning: ** bob@example.org R=a": Noted,
        f"{STAMP} H=(x) [192.0.2.1] F=<a@example.com> rejected RCPT <b@example.com>: "
        f"{ID} => c@example.com R=x T=y": Rejected,
        f"{STAMP} {ID} a => bob@example.org R=dnslookup T=remote_smtp": Noted,
    }
    for line, kind in lines.items():
        assert type(reader().read(line)) is kind


def test_forged_fields_in_a_reply_stay_in_the_reply() -> None:
    """A remote server cannot write itself another host, router or queue id into our story."""
    text = '250 ok\\" R=forged T=forged H=forged.example [192.0.2.99] QT=9w'
    event = reader().read(
        f"{STAMP} {ID} => bob@example.org R=dnslookup T=remote_smtp "
        f'H=mx.example.org [203.0.113.4] C="{text}"'
    )

    assert isinstance(event, Attempted)
    assert (event.router, event.remote_ip) == ("dnslookup", "203.0.113.4")
    assert event.delay is None
    assert event.reply.endswith("QT=9w")


def test_forged_fields_in_a_quoted_address_stay_in_the_address() -> None:
    """A quoted local part may hold anything, also what looks like a router and a transport."""
    address = '"x R=forged T=forged"@example.org'
    event = reader().read(f"{STAMP} {ID} ** {address} R=dnslookup T=remote_smtp: no")

    assert isinstance(event, Attempted)
    assert (event.address, event.router, event.reply) == (address, "dnslookup", "no")


def test_a_command_inside_a_reply_is_not_its_code() -> None:
    """The code is what the server answered, not a number in the address that was asked about."""
    event = reader().read(
        f"{STAMP} {ID} ** x@example.org R=d T=s H=mx.example.org [203.0.113.4] : SMTP error from "
        'remote mail server after RCPT TO:<"a: 250 2.0.0 b"@example.org>: 550 5.1.1 unknown'
    )

    assert isinstance(event, Attempted)
    assert (event.smtp_code, event.enhanced_code) == (550, "5.1.1")


def test_an_unknown_way_to_decide_a_fate_is_unknown() -> None:
    """A line that begins like a decision and is not written as Exim writes it is not passed over."""
    for text in ("=> ", "=< a@example.com", "** ", "== a@example.com later", "Rejected by magic"):
        assert reader().read(f"{STAMP} {ID} {text}") is None


def test_unknown_text_without_a_message_is_unknown() -> None:
    """What is written beside all messages and belongs to no family is counted as not understood."""
    assert reader().read(f"{STAMP} the moon is full") is None


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


@pytest.mark.parametrize(
    "text",
    [
        f"{ID} <= ann@example.com U=ann P=local S=1",
        f"{STAMP} {ID} <= ann@example.com U=ann P=local S=1",
        f"[1/2] {STAMP} {ID} <= ann@example.com U=ann P=local S=1",
    ],
)
def test_exim_is_known_under_any_name(text: str) -> None:
    """It may call itself as it likes in syslog (`syslog_processname`)."""
    assert parsers.detect([f"Mar  4 08:09:12 mx1 mailer[8]: {text}"]) == "exim"


def test_ids_show_that_a_zone_is_wrong() -> None:
    """An id holds the server's UTC time: a log that is hours away from it has another zone."""
    exim = reader("UTC")
    for minute in range(5):
        name = message_id(f"2026-08-10T22:3{minute}:10+00:00")
        exim.read(f"2026-08-11 01:3{minute}:13 {name} <= <> U=x P=local S=1")

    assert exim.zone_hint == 3 * 3600


def test_ids_that_agree_give_no_hint() -> None:
    """Where time and ids agree there is nothing to say, also if one message took its time."""
    exim = reader("Europe/Athens")
    for minute in range(5):
        name = message_id(f"2026-08-10T22:3{minute}:10+00:00")
        exim.read(f"2026-08-11 01:3{minute}:13 {name} <= <> U=x P=local S=1")
    slow = message_id("2026-08-10T22:20:00+00:00")
    exim.read(f"2026-08-11 01:35:10 {slow} <= <> U=x P=local S=1")

    assert exim.zone_hint is None


def test_an_id_settles_the_hour_that_comes_twice() -> None:
    """When a log begins inside the repeated hour, the first id says which pass it is."""
    exim = reader("Europe/Berlin")
    name = message_id("2025-10-26T02:30:10+01:00")
    event = exim.read(f"2025-10-26 02:30:12 {name} <= <> U=x P=local S=1")
    later = exim.read(f"2025-10-26 02:30:13 {name} Completed")

    assert isinstance(event, Arrived)
    assert isinstance(later, Ended)
    assert event.at == at("2025-10-26T02:30:12+01:00")
    assert later.at == at("2025-10-26T02:30:13+01:00")
    assert exim.zone_hint is None


def test_a_reply_of_several_lines_is_whole() -> None:
    """All lines of a reply are kept, as lines, and its UTF-8 as text."""
    event = reader().read(
        f"{STAMP} {ID} ** b@example.org R=d T=s H=mx.example.org [203.0.113.4]: SMTP error from "
        "remote mail server after end of data: 550-5.7.1 pas \\303\\251 C:\\new\\n550 5.7.1 fin"
    )

    assert isinstance(event, Attempted)
    assert event.reply == (
        "SMTP error from remote mail server after end of data: "
        "550-5.7.1 pas \u00e9 C:\\new\n550 5.7.1 fin"
    )


def test_a_bypassed_delivery_is_thrown_away() -> None:
    """`exim -N` and /dev/null are no deliveries."""
    event = reader().read(f"{STAMP} {ID} *> b <b@example.com> R=r T=t")

    assert isinstance(event, Attempted)
    assert event.outcome is Outcome.DISCARDED


@given(st.sampled_from(SAMPLES), st.integers(0, 400), st.text(max_size=40))
def test_spoiled_lines_do_no_harm(sample: tuple[str, type, object], at_: int, text: str) -> None:
    """A line with anything whatever written into it is read or left."""
    line = sample[0]
    reader().read(line[:at_] + text + line[at_:])
    reader().read(line[:at_] + text + line[at_ + len(text) :])


@given(st.sampled_from(FLAGS), st.text())
def test_any_text_behind_a_flag_does_no_harm(flag: str, text: str) -> None:
    """No text behind any flag makes the reader raise."""
    reader().read(f"{STAMP} {ID} {flag} {text}")


@given(st.lists(st.sampled_from(SAMPLES) | st.tuples(st.text()), max_size=6))
def test_any_order_of_lines_does_no_harm(samples: list[tuple[str, ...]]) -> None:
    """Lines in any order, with rubbish between them, make no difference to safety."""
    exim = reader()
    for line, *_ in samples:
        exim.read(line)


def test_lines_through_syslog_may_have_several_lines_of_text() -> None:
    """Where control characters were escaped, what is below the first line does not disturb it."""
    event = reader().read(f"Mar  4 08:09:12 mx1 exim[8]: {ID} Completed#012and more")

    assert isinstance(event, Ended)


def test_memory_for_pieces_is_bounded() -> None:
    """Pieces whose end never comes are forgotten sooner or later."""
    exim = reader()
    for pid in range(500):
        exim.read(f"Mar  4 08:09:12 mx1 exim[{pid}]: [1/9] {ID} <= a@example.com")
        exim.read(f"Mar  4 08:09:12 mx1 exim[{pid}]: [2/9] {'x' * 12_000}")

    assert len(exim.carried) < 300_000


def test_what_is_too_long_is_not_exims() -> None:
    """Exim cuts its lines; a line many times as long is left alone."""
    assert reader().read(f"{STAMP} {ID} => {'x' * 20_000} R=a T=b") is None


def test_octets_that_are_no_text_stay_as_they_are_shown() -> None:
    """What a remote server said in some other character set is kept as Exim shows it."""
    event = reader().read(f"{STAMP} {ID} ** a@example.com R=b : 550 caf\\351")

    assert isinstance(event, Attempted)
    assert event.reply == "550 caf\\351"


@pytest.mark.parametrize("again", ["mx1 exim[1]: ", "Ci=1 ", f"{ID} ", "[1] ", "[1/2] "])
def test_the_same_start_many_times_does_no_harm(again: str) -> None:
    """A start that comes a thousand times over is no reason to fall over."""
    for start in ("", f"{STAMP} ", "Mar  4 08:09:12 mx1 exim[8]: "):
        reader().read(start + again * 1200)


HOSTILE = (
    'x"', " <", "<a", " (", " H=", " [", "] ", ": ", " : ", "\\", '"', "<\\", " T=", " R=a", " id=",
    " for a", ' T="', " S=1", " [1] ", " (x) [", "9", " P=a", " H=(a", " H=a [b]", " X=a", " U=a",
    ' C="', ' DN="', " from <", " ST=a (", " A=b", " defer (", ": 5", " K", " a@b", "\\n", " rejected ",
)  # fmt: skip


@pytest.mark.parametrize("flag", [*FLAGS, "H=(a) [b]", "F=<a>", "rejected ", "SA: Action: ", "a"])
def test_no_line_takes_long(flag: str) -> None:
    """Lines made to keep a parser busy take no longer than long lines do: 4 KB in a fraction of a second."""
    exim = reader()
    slowest = 0.0
    for piece in HOSTILE:
        for start in (f"{STAMP} {ID} {flag} ", f"{STAMP} {ID} {flag} a@b ", f"{STAMP} {flag} "):
            line = (start + piece * 4000)[:4000] + "\x7f"
            began = time.process_time()
            exim.read(line)
            slowest = max(slowest, time.process_time() - began)

    assert slowest < 0.25
