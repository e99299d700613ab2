"""Exim: what its log lines say."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.parsers.exims import ID, STAMP, reader

from postroad import parsers
from postroad.model.event import (
    Arrived,
    Attempted,
    Ended,
    EndKind,
    Noted,
    Rejected,
)
from postroad.model.status import Outcome
from postroad.parsers.exim import SAMPLES

FLAGS = ("<=", "(=", "=>", "->", ">>", "*>", "**", "==", "Completed")


def at(text: str) -> int:
    """Microseconds of an ISO time with a zone."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


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
