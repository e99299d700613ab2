"""Periods of reports: months, weeks and days as a zone's clock has them, and when reports are due.

Pure: the time is an argument. A day lasts from one midnight to the next, so 23 or 25 hours where
clocks change, and nothing where a zone left it out of its calendar. A midnight that a clock change
skips is the moment of the change; one that comes twice is the first. Weeks begin on Monday
(ISO 8601). A report of a period is due at an hour of the day after it, by the same rules.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

import msgspec

from postroad.errors import SearchError
from postroad.model import when
from postroad.model.text import say

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
#: Years that can be reported on.
_FIRST_YEAR, _LAST_YEAR = 1971, 2199
_DECEMBER = 12


class Span(StrEnum):
    """How long a period is."""

    #: A month of the calendar.
    MONTH = "month"
    #: Monday to Sunday.
    WEEK = "week"
    #: Midnight to midnight.
    DAY = "day"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """One month, week or day of one zone."""

    span: Span
    #: Its first day, and the first day behind it.
    first: date
    behind: date
    zone: str
    #: From this moment to before that one, microseconds UTC.
    since: int
    until: int
    #: Where the steps of its chart begin: days, or the hours of a day. The first is `since`.
    starts: tuple[int, ...]

    @property
    def name(self) -> str:
        """A short name that sorts: `2026-10`, `2026-W41`, `2026-10-31`."""
        match self.span:
            case Span.MONTH:
                return f"{self.first:%Y-%m}"
            case Span.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"{year}-W{week:02}"
            case Span.DAY:
                return f"{self.first:%Y-%m-%d}"
        assert_never(self.span)


def around(span: Span, day: date, zone: ZoneInfo) -> Period:
    """The period that a day is in."""
    first = _first(span, day)
    behind = _behind(span, first)
    since, until = _moment(first, 0, zone), _moment(behind, 0, zone)
    if span is Span.DAY:
        starts = list(range(since, until, when.HOUR))
    else:
        days = ((first + timedelta(days=n)) for n in range((behind - first).days))
        # A day that a zone left out begins with the one behind it.
        starts = sorted({_moment(each, 0, zone) for each in days} - {until})
    return Period(
        span=span,
        first=first,
        behind=behind,
        zone=zone.key,
        since=since,
        until=until,
        starts=tuple(starts),
    )


def at(span: Span, now: int, zone: ZoneInfo) -> Period:
    """The period that a moment is in."""
    return around(span, _day(now, zone), zone)


def before(period: Period) -> Period:
    """The period before one."""
    return around(period.span, period.first - timedelta(days=1), ZoneInfo(period.zone))


def asked(span: Span, text: str, *, now: int, zone: ZoneInfo) -> Period:
    """The period that `2026-10` or a day of it names; the last that is over where nothing is.

    Raises `SearchError` for what is no date, for one ahead of now, and for a month where a day or
    a week is asked for.
    """
    text = text.strip()
    if not text:
        return before(at(span, now, zone))
    day = _read(span, text)
    found = around(span, day, zone)
    if found.since > now:
        message = say("{date} is still to come: there is nothing to report.", date=text)
        raise SearchError(message, field="date")
    return found


def due(period: Period, hour: int) -> int:
    """When the report of a period is due: at this hour of the day behind it, microseconds UTC."""
    return _moment(period.behind, hour, ZoneInfo(period.zone))


def first_due(span: Span, hour: int, *, now: int, zone: ZoneInfo) -> int:
    """When the report of the period that `now` is in is due."""
    return due(at(span, now, zone), hour)


def next_due(span: Span, hour: int, *, now: int, zone: ZoneInfo) -> int:
    """When a report is due next after `now`, whichever period it is of."""
    last = before(at(span, now, zone))
    return next(moment for each in (last, *_after(last)) if (moment := due(each, hour)) > now)


def latest(span: Span, hour: int, *, now: int, zone: ZoneInfo) -> Period:
    """The newest period whose report is due by `now`."""
    found = before(at(span, now, zone))
    while due(found, hour) > now:
        found = before(found)
    return found


def _after(period: Period) -> list[Period]:
    """The next two periods."""
    zone = ZoneInfo(period.zone)
    second = around(period.span, period.behind, zone)
    return [second, around(period.span, second.behind, zone)]


def _read(span: Span, text: str) -> date:
    try:
        if found := _DAY.fullmatch(text):
            day = date(int(found[1]), int(found[2]), int(found[3]))
        elif (found := _MONTH.fullmatch(text)) and span is Span.MONTH:
            day = date(int(found[1]), int(found[2]), 1)
        else:
            raise SearchError(
                say(
                    "{text} names no period. Write a day of it (2026-10-31), or for a month "
                    "2026-10.",
                    text=when.shown(text),
                ),
                field="date",
            )
    except ValueError as error:
        message = say("There is no such day as {text}.", text=when.shown(text))
        raise SearchError(message, field="date") from error
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        message = say("No mail is known from {text}.", text=when.shown(text))
        raise SearchError(message, field="date")
    return day


def _first(span: Span, day: date) -> date:
    match span:
        case Span.MONTH:
            return day.replace(day=1)
        case Span.WEEK:
            return day - timedelta(days=day.weekday())
        case Span.DAY:
            return day
    assert_never(span)


def _behind(span: Span, first: date) -> date:
    match span:
        case Span.MONTH if first.month == _DECEMBER:
            return date(first.year + 1, 1, 1)
        case Span.MONTH:
            return first.replace(month=first.month + 1)
        case Span.WEEK:
            return first + timedelta(days=7)
        case Span.DAY:
            return first + timedelta(days=1)
    assert_never(span)


def _moment(day: date, hour: int, zone: ZoneInfo) -> int:
    """When a zone's clock shows this hour of this day, microseconds UTC.

    One that comes twice is the first. One that is skipped is told by the clock before the change
    (PEP 495, fold 0): as much later as the clock was put forward.
    """
    since = datetime.combine(day, time(hour), zone) - _EPOCH
    return (since.days * 86_400 + since.seconds) * when.SECOND


def _day(now: int, zone: ZoneInfo) -> date:
    """The day that a zone's clock shows."""
    return (_EPOCH + timedelta(microseconds=now)).astimezone(zone).date()
