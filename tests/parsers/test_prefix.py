"""Envelopes and clocks: who wrote a line, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.parsers.clock import Clock, first_year
from postroad.parsers.prefix import Envelope, Prefix

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """Microseconds of an ISO time with a zone."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def clock(
    newest: str = "2026-06-01T00:00:00Z", zone: ZoneInfo = BERLIN, first: int | None = None
) -> Clock:
    """A clock in Berlin, in the summer of 2026."""
    return Clock(zone, at(newest), first_year=first)


TEXT = "4Qx1Zk3r5Dz9sW: removed"
ENVELOPES = {
    "classic, day padded with a space": (
        "Mar  4 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "classic, day padded with a zero, as postlogd writes it": (
        "Mar 04 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "classic with a process id of seven digits": (
        "Mar  4 08:09:10 mx1 postfix/smtp/qmgr[4193021]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/smtp/qmgr",
        4193021,
    ),
    "classic without a process id": (
        "Mar  4 08:09:10 mx1.example.com exim: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1.example.com",
        "exim",
        0,
    ),
    "an instance named for an address": (
        "Mar  4 08:09:10 mx1 postfix-192.0.2.7/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix-192.0.2.7/qmgr",
        812,
    ),
    "fractions of a second": (
        "Mar  4 08:09:10.25 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10.250000+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "the year behind the time": (
        "Mar  4 08:09:10 2019 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2019-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "the year before the date": (
        "2019 Mar  4 08:09:10.007 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2019-03-04T08:09:10.007000+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "ISO with microseconds and offset": (
        "2025-07-04T08:09:10.123456-03:00 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10.123456-03:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "ISO in UTC": (
        "2025-07-04T08:09:10Z mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10+00:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "ISO with milliseconds in UTC": (
        "2025-07-04T08:09:10.5Z mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10.500000+00:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "ISO without a zone": (
        "2025-07-04T08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10+02:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "journald's short-iso": (
        "2025-07-04T08:09:10+0530 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10+05:30",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "journald's short-unix": (
        "1751616550.250000 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10.250000+00:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "RFC 5424": (
        "<22>1 2025-07-04T08:09:10.003Z mx1 postfix/qmgr 812 - - 4Qx1Zk3r5Dz9sW: removed",
        "2025-07-04T08:09:10.003000+00:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "RFC 5424 with structured data, byte order mark and no process": (
        (
            r'<22>1 2025-07-04T08:09:10+02:00 mx1 exim - - [a@1 b="c\"\] d"][e] '
            "\ufeff4Qx1Zk3r5Dz9sW: removed"
        ),
        "2025-07-04T08:09:10+02:00",
        "mx1",
        "exim",
        0,
    ),
    "journald JSON": (
        (
            '{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1751616550000042","_HOSTNAME":"mx1","_PID":"9",'
            '"PRIORITY":"6","SYSLOG_IDENTIFIER":"postfix/qmgr","SYSLOG_PID":"812",'
            '"MESSAGE":"4Qx1Zk3r5Dz9sW: removed"}'
        ),
        "2025-07-04T08:09:10.000042+00:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "journald JSON with a list of bytes": (
        '{"__REALTIME_TIMESTAMP":"1751616550000042","_HOSTNAME":"mx1","_PID":"812",'
        '"SYSLOG_IDENTIFIER":"postfix/qmgr","MESSAGE":' + str(list(TEXT.encode())) + "}",
        "2025-07-04T08:09:10.000042+00:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "Docker's JSON file": (
        (
            r'{"log":"Mar  4 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed\n",'
            '"stream":"stdout","time":"2026-03-04T07:09:10.1Z"}'
        ),
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "docker compose": (
        "mail-1  | Mar  4 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "a container runtime": (
        (
            "2026-03-04T07:09:10.123456789Z stdout F "
            "Mar  4 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed"
        ),
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "a priority as sent over the network": (
        "<22>Mar  4 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "facility and level of busybox": (
        "Mar  4 08:09:10 mx1 mail.info postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "message id of Solaris": (
        "Mar  4 08:09:10 mx1 postfix/qmgr[812]: [ID 197553 mail.info] 4Qx1Zk3r5Dz9sW: removed",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
    "a newline at the end, escaped by rsyslog": (
        "Mar  4 08:09:10 mx1 postfix/qmgr[812]: 4Qx1Zk3r5Dz9sW: removed#012",
        "2026-03-04T08:09:10+01:00",
        "mx1",
        "postfix/qmgr",
        812,
    ),
}


@pytest.mark.parametrize("form", ENVELOPES)
def test_every_kind_of_envelope_is_opened(form: str) -> None:
    """Time, host, program, process and text are found in every kind of envelope."""
    line, when, host, tag, pid = ENVELOPES[form]

    assert Envelope(clock()).split(line) == Prefix(at(when), host, tag, pid, TEXT)


def test_kinds_of_envelopes_may_alternate() -> None:
    """A log that changes its envelope in the middle is read on, line for line."""
    envelope = Envelope(clock())
    for form in [*ENVELOPES, *reversed(ENVELOPES)]:
        line, _, host, tag, pid = ENVELOPES[form]
        prefix = envelope.split(line)

        assert prefix is not None
        assert (host, tag, pid, TEXT) == (prefix.host, prefix.tag, prefix.pid, prefix.text)


@pytest.mark.parametrize(
    "line", ["", " ", "Mar", "no log line at all", "{", "{}", "<22>", "\0" * 30]
)
def test_other_text_wears_no_envelope(line: str) -> None:
    """What is no log line is not taken for one."""
    assert Envelope(clock()).split(line) is None


@pytest.mark.parametrize("form", ENVELOPES)
def test_a_line_cut_anywhere_does_no_harm(form: str) -> None:
    """A line cut anywhere, as at a rotation, is opened or left."""
    line = ENVELOPES[form][0]
    for cut in range(len(line)):
        Envelope(clock()).split(line[:cut])


@given(st.text())
def test_any_text_does_no_harm(text: str) -> None:
    """No text whatever makes an envelope raise."""
    for start in ("", "Mar  4 08:09:10 ", "2025-07-04T08:09:10", "<22>1 ", "{", '{"MESSAGE":'):
        Envelope(clock()).split(start + text)


def test_repeated_text_is_unpacked() -> None:
    """Rsyslog's way to say that a text came again gives the text and the number."""
    line = "Mar  4 08:09:10 mx1 postfix/smtpd[8]: message repeated 3 times: [ connect from a[192.0.2.1]]"

    prefix = Envelope(clock()).split(line)

    assert prefix is not None
    assert (prefix.text, prefix.repeated) == ("connect from a[192.0.2.1]", 3)


@pytest.mark.parametrize("host", ["mx1 ", ""])
def test_the_last_message_repeated(host: str) -> None:
    """The classic way to say so gives the number and no program, with or without a host."""
    line = f"Mar  4 08:09:10 {host}last message repeated 12 times"

    prefix = Envelope(clock()).split(line)

    assert prefix is not None
    assert (host.strip(), "", 12) == (prefix.host, prefix.tag, prefix.repeated)


def test_control_characters_are_unescaped_and_numbers_left() -> None:
    """`#012` is a newline, `[#102]` in a remote reply is not a letter."""
    line = "Mar  4 08:09:10 mx1 x[1]: said: 554 gone [#102].#012554 really"

    prefix = Envelope(clock()).split(line)

    assert prefix is not None
    assert prefix.text == "said: 554 gone [#102].\n554 really"


def test_the_repeated_hour_is_told_apart_by_order() -> None:
    """When summer time ends, the second pass through the hour is an hour after the first."""
    clock_ = clock("2025-12-01T00:00:00Z")
    stamps = ["02:10:00", "02:59:59", "02:00:00", "02:30:01", "02:59:59", "03:00:00"]

    seen = [clock_.local(f"2025-10-26 {stamp}") for stamp in stamps]

    assert seen == [
        at("2025-10-26T02:10:00+02:00"),
        at("2025-10-26T02:59:59+02:00"),
        at("2025-10-26T02:00:00+01:00"),
        at("2025-10-26T02:30:01+01:00"),
        at("2025-10-26T02:59:59+01:00"),
        at("2025-10-26T03:00:00+01:00"),
    ]


def test_a_late_line_of_the_first_pass_stays_there() -> None:
    """At the change itself, a line that was written late belongs to the pass it was written in."""
    clock_ = clock("2025-12-01T00:00:00Z")
    for stamp in ("02:59:58", "02:59:59", "02:00:00"):
        clock_.local(f"2025-10-26 {stamp}")

    assert clock_.local("2025-10-26 02:59:59") == at("2025-10-26T02:59:59+02:00")


def test_the_repeated_hour_without_years() -> None:
    """The same holds for classic syslog, whose lines bear no year either."""
    clock_ = clock("2025-12-01T00:00:00Z")

    seen = [clock_.yearless(f"Oct 26 {stamp}") for stamp in ("02:50:00", "02:05:00", "02:50:00")]

    assert seen == [
        at("2025-10-26T02:50:00+02:00"),
        at("2025-10-26T02:05:00+01:00"),
        at("2025-10-26T02:50:00+01:00"),
    ]


def test_a_witness_settles_the_repeated_hour() -> None:
    """A better source of time says which pass it is where the log begins inside the hour."""
    clock_ = clock("2025-12-01T00:00:00Z")
    clock_.witness(at("2025-10-26T02:30:00+01:00"))

    assert clock_.local("2025-10-26 02:30:01") == at("2025-10-26T02:30:01+01:00")


def test_an_hour_that_never_was() -> None:
    """A stamp inside the hour left out in spring is dated, as such logs exist."""
    assert clock().local("2026-03-29 02:30:00") == at("2026-03-29T03:30:00+02:00")


@pytest.mark.parametrize(
    ("newest", "stamp", "expected"),
    [
        ("2026-06-01T00:00:00Z", "May 31 23:59:59", "2026-05-31T23:59:59+02:00"),
        ("2026-06-01T00:00:00Z", "Jun  2 00:00:00", "2026-06-02T00:00:00+02:00"),
        ("2026-06-01T00:00:00Z", "Jun  4 00:00:00", "2025-06-04T00:00:00+02:00"),
        ("2026-01-01T00:00:05Z", "Dec 31 23:59:59", "2025-12-31T23:59:59+01:00"),
        ("2026-06-01T00:00:00Z", "Feb 29 12:00:00", "2024-02-29T12:00:00+01:00"),
    ],
)
def test_the_first_stamp_is_of_the_latest_year_possible(
    newest: str, stamp: str, expected: str
) -> None:
    """A stamp without a year lies in the last year in which it is not in the future."""
    assert clock(newest).yearless(stamp) == at(expected)


def test_new_year_passes_in_both_directions() -> None:
    """After New Year the year goes up, and a late line of December still has the old one."""
    clock_ = clock("2026-02-01T00:00:00Z")
    stamps = ["Dec 31 23:59:58", "Jan  1 00:00:01", "Dec 31 23:59:59", "Jan  1 00:00:02"]

    seen = [clock_.yearless(stamp) for stamp in stamps]

    assert seen == [
        at("2025-12-31T23:59:58+01:00"),
        at("2026-01-01T00:00:01+01:00"),
        at("2025-12-31T23:59:59+01:00"),
        at("2026-01-01T00:00:02+01:00"),
    ]


def test_several_years_in_one_file() -> None:
    """With the first year known, every line of a long log gets its own year."""
    lines = [f"{month} 10 12:00:00 mx1 x[1]: y" for month in ("Nov", "Feb", "Jun", "Nov", "Jan")]
    newest = at("2026-02-01T00:00:00Z")
    clock_ = Clock(BERLIN, newest, first_year=first_year(lines, BERLIN, newest))

    years = [datetime.fromtimestamp(clock_.yearless(line[:15]) / 1e6, UTC).year for line in lines]

    assert years == [2024, 2025, 2025, 2025, 2026]


def test_the_same_minute_of_another_year() -> None:
    """A minute that was read before is not taken for the same minute a year later."""
    clock_ = clock("2026-02-01T00:00:00Z", first=2025)

    seen = [clock_.yearless(f"{day} 12:00:00") for day in ("Jan 10", "Jul 10", "Jan 10")]

    assert seen[2] - seen[0] == 365 * 86_400 * 1_000_000


def test_the_first_year_may_be_a_leap_year() -> None:
    """With the first year known, only a day that it does not have is looked for elsewhere."""
    assert clock(first=2020).yearless("Feb 29 12:00:00") == at("2020-02-29T12:00:00+01:00")
    assert clock(first=2021).yearless("Feb 29 12:00:00") == at("2024-02-29T12:00:00+01:00")


def test_late_lines_are_no_new_years() -> None:
    """A line of December that comes late counts once, not twice."""
    lines = [
        "Dec 31 23:59:59 a",
        "Jan  1 00:00:00 a",
        "Dec 31 23:59:59 a",
        "Jan  1 00:00:01 a",
        "x",
    ]

    assert first_year(lines, BERLIN, at("2026-02-01T00:00:00Z")) == 2025


def test_no_line_names_a_first_year() -> None:
    """Where no line is of classic syslog there is no year to find."""
    assert (
        first_year(["2026-01-01T00:00:00Z a b: c", ""], BERLIN, at("2026-02-01T00:00:00Z")) is None
    )


def test_a_log_that_is_followed_moves_on() -> None:
    """Whoever follows a log moves `newest`, and the next year is reached."""
    clock_ = clock("2025-12-31T22:00:00Z")
    clock_.yearless("Dec 31 23:00:00")
    clock_.newest = at("2026-07-01T00:00:00Z")

    assert clock_.yearless("Jan  5 08:00:00") == at("2026-01-05T08:00:00+01:00")


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "2026-02-30 10:00:00",
        "2026-01-01 24:00:00",
        "2026-01-01 10:00:61",
        "2026-01-01_10:00:00",
        "٢٠٢٦-01-01 10:00:00",
    ],
)
def test_what_is_no_time(stamp: str) -> None:
    """A stamp of a day that never was, or in other digits, is no stamp."""
    assert clock().local(stamp) == 0
    assert clock().absolute(stamp, "Z") == 0
    assert clock().yearless(stamp) == 0


def test_memory_is_bounded() -> None:
    """A clock forgets: a log of ten years needs no more memory than one of a week."""
    clock_ = clock()
    for minute in range(20_000):
        hour = minute // 60
        clock_.local(f"2025-01-{1 + hour // 24:02}T{hour % 24:02}:{minute % 60:02}:00")

    assert len(clock_._minutes) < 10_000


def test_memory_for_tags_is_bounded() -> None:
    """Process ids without end need no memory without end."""
    envelope = Envelope(clock())
    for pid in range(10_000):
        envelope.split(f"Mar  4 08:09:12 mx1 postfix/smtpd[{pid}]: connect")

    assert len(envelope._tags) <= 4096


@pytest.mark.parametrize("stamp", ["Mrz  4 08:09:12", "Mar 4x 08:09:12", "Feb 30 08:09:12"])
def test_what_is_no_time_without_a_year(stamp: str) -> None:
    """A month, a number or a day that there is not makes no stamp."""
    assert clock().yearless(stamp) == 0
