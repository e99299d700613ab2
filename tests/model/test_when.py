"""Times as people write them, and as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import SearchError
from postroad.model import when

BERLIN = ZoneInfo("Europe/Berlin")
#: 2026-01-31 17:00:00 in Berlin.
NOW = 1_769_875_200 * when.SECOND


def utc(*parts: int) -> int:
    """Microseconds of a moment in UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp() * when.SECOND)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("now", NOW),
        (" Now ", NOW),
        ("today", utc(2026, 1, 30, 23)),
        ("yesterday", utc(2026, 1, 29, 23)),
        ("90s", NOW - 90 * when.SECOND),
        ("30m", NOW - 30 * when.MINUTE),
        ("2h", NOW - 2 * when.HOUR),
        ("2 h ago", NOW - 2 * when.HOUR),
        ("7D", NOW - 7 * when.DAY),
        ("4w", NOW - 28 * when.DAY),
        ("999999w", 1),
        ("2026-01-31", utc(2026, 1, 30, 23)),
        ("2026-07-01", utc(2026, 6, 30, 22)),
        ("2026-01-31T14:05", utc(2026, 1, 31, 13, 5)),
        ("2026-01-31 14:05:09", utc(2026, 1, 31, 13, 5, 9)),
        ("2026-01-31T14:05:09Z", utc(2026, 1, 31, 14, 5, 9)),
        ("2026-01-31t14:05:09.25z", utc(2026, 1, 31, 14, 5, 9) + 250_000),
        ("2026-01-31T14:05:09.123456789+05:45", utc(2026, 1, 31, 8, 20, 9) + 123_456),
        ("2026-01-31T14:05:09-00:30", utc(2026, 1, 31, 14, 35, 9)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1)),
    ],
)
def test_read(text: str, expected: int):
    """RFC 3339, local dates and times, words, and lengths of time ago are read."""
    assert expected == when.read(text, now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", utc(2026, 1, 31, 23)),
        ("yesterday", utc(2026, 1, 30, 23)),
        ("2026-01-31T14:05", utc(2026, 1, 31, 13, 5)),
        ("2h", NOW - 2 * when.HOUR),
    ],
)
def test_a_day_as_an_end_is_its_end(text: str, expected: int):
    """Until a day includes that day; a moment stays a moment."""
    assert expected == when.read(text, now=NOW, zone=BERLIN, end=True)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("soon", "is not a time"),
        ("7", "is not a time"),
        ("-7d", "is not a time"),
        ("7 months", "is not a time"),
        ("31.01.2026", "is not a time"),
        ("2026-1-31", "is not a time"),
        ("2026-01-31T14", "is not a time"),
        ("\u0667d", "is not a time"),
        ("2026-02-30", "no such time"),
        ("2026-01-31T24:00", "no such time"),
        ("2026-01-31T14:05:61", "no such time"),
        ("2026-01-31T14:05+14:60", "no such time"),
        ("1969-12-31", "no such time"),
        ("0000-01-01", "no such time"),
        ("9999-12-31", "no such time"),
        ("9999-12-31T23:59:59-23:59", "no such time"),
    ],
)
def test_what_is_no_time_is_a_sentence(text: str, about: str):
    """What cannot be read is refused, and the text is quoted."""
    with pytest.raises(SearchError, match=about):
        when.read(text, now=NOW, zone=BERLIN)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_sentence(text: str):
    """Nothing that anybody can type breaks it."""
    try:
        at = when.read(text, now=NOW, zone=BERLIN)
    except SearchError as error:
        at, said = 0, str(error)
    else:
        said = "-"

    assert at >= 0
    assert said.isprintable()


@given(st.integers(min_value=1, max_value=utc(2199, 12, 31)))
def test_what_is_written_is_read_back(at: int):
    """RFC 3339 as we write it means the same microsecond again."""
    written = when.rfc3339(at)
    assert written is not None
    assert at == when.read(written, now=NOW, zone=BERLIN)


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_any_stored_time_can_be_shown(at: int):
    """A clock that went mad in a log does not break a page."""
    assert isinstance(when.local(at, BERLIN), str)
    assert isinstance(when.named(BERLIN, at), str)
    assert isinstance(when.length(at), str)


def test_unknown_times_are_not_shown_as_1970():
    """0 means unknown, not the epoch."""
    assert when.rfc3339(0) is None
    assert when.local(0, BERLIN) == ""


def test_times_are_shown_on_the_clock_of_the_zone():
    """Local time with seconds; the zone is named with its offset at that moment."""
    assert when.local(NOW, BERLIN) == "2026-01-31 17:00:00"
    assert when.named(BERLIN, NOW) == "Europe/Berlin, UTC+01:00"
    assert when.named(BERLIN, utc(2026, 7, 1)) == "Europe/Berlin, UTC+02:00"
    assert when.named(ZoneInfo("UTC"), NOW) == "UTC"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "0.2 s"),
        (45, "45 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3 * 3600 + 12 * 60, "3 h 12 min"),
        (86_400, "1 day"),
        (2 * 86_400 + 7 * 3600, "2 days 7 h"),
        (-5, "0.0 s"),
    ],
)
def test_length(seconds: float, expected: str):
    """A length of time is said in its two largest units."""
    assert expected == when.length(round(seconds * when.SECOND))
