"""Periods and when reports are due, in every zone there is, over every change of its clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import SearchError
from postroad.model.when import DAY, HOUR, SECOND
from postroad.reports import calendar
from postroad.reports.calendar import Span

ZONES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})
zones = st.sampled_from(ZONES).map(ZoneInfo)
spans = st.sampled_from(Span)
days = st.dates(date(1972, 1, 1), date(2190, 1, 1))
hours = st.integers(0, 23)


def clock(at, zone):
    """What a zone's clock shows."""
    return datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone)


def moment(text):
    """Microseconds UTC of an RFC 3339 time."""
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


@given(spans, days, zones)
def test_periods_join_without_a_gap(span, day, zone):
    """A period ends where the next begins, and its steps cover it in order."""
    period = calendar.around(span, day, zone)
    following = calendar.around(span, period.behind, zone)

    assert period.first <= day < period.behind
    assert period.until == following.since
    assert calendar.before(following) == period
    edges = [*period.starts, period.until]
    assert all(a < b for a, b in pairwise(edges))
    assert edges[0] == period.since


@given(spans, days, zones)
def test_a_moment_is_in_its_period(span, day, zone):
    """The first and the last microsecond of a period that lasts belong to it."""
    period = calendar.around(span, day, zone)
    if period.since < period.until:
        assert calendar.at(span, period.since, zone) == period
        assert calendar.at(span, period.until - 1, zone) == period


@given(spans, days, zones, hours)
def test_a_report_is_due_once(span, day, zone, hour):
    """From one due time to the next the newest period that is due stays the same."""
    period = calendar.around(span, day, zone)
    due = calendar.due(period, hour)
    following = calendar.next_due(span, hour, now=due, zone=zone)

    assert due >= period.until
    assert following > due
    last = calendar.latest(span, hour, now=due, zone=zone)
    assert calendar.due(last, hour) == due
    assert calendar.latest(span, hour, now=following - 1, zone=zone) == last
    assert calendar.next_due(span, hour, now=due - 1, zone=zone) == due
    assert calendar.first_due(span, hour, now=period.since, zone=zone) >= period.until


@given(spans, days, zones, hours)
def test_it_is_due_at_its_hour(span, day, zone, hour):
    """The clock shows the hour of the day behind the period, or what a change made of it."""
    period = calendar.around(span, day, zone)
    shown = clock(calendar.due(period, hour), zone)
    wanted = datetime(period.behind.year, period.behind.month, period.behind.day, hour, tzinfo=zone)

    # No clock was put forward by more than a day.
    late = shown.replace(tzinfo=None) - wanted.replace(tzinfo=None)
    assert timedelta() <= late <= timedelta(days=1)
    if late:
        back = wanted.astimezone(UTC).astimezone(zone)
        assert back.replace(tzinfo=None) != wanted.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23 * HOUR),
        ("Europe/Berlin", date(2026, 10, 25), 25 * HOUR),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24 * HOUR + HOUR // 2),
        ("Africa/Cairo", date(2026, 4, 24), 23 * HOUR),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_days_as_long_as_clocks_make_them(zone, day, length):
    """A day lasts as long as the zone's clock says, even where its midnight is skipped."""
    period = calendar.around(Span.DAY, day, ZoneInfo(zone))

    assert period.until - period.since == length


@pytest.mark.parametrize(
    ("zone", "hour", "at"),
    [
        # Clocks go from 2 to 3: what is due in between comes as much later.
        ("Europe/Berlin", 2, "2026-03-29T01:00:00+00:00"),
        ("Europe/Berlin", 3, "2026-03-29T01:00:00+00:00"),
        ("Europe/Berlin", 7, "2026-03-29T05:00:00+00:00"),
        ("Africa/Cairo", 0, "2026-03-28T22:00:00+00:00"),
    ],
)
def test_an_hour_that_is_skipped(zone, hour, at):
    """A report of the day before is due although its hour is left out that morning."""
    period = calendar.around(Span.DAY, date(2026, 3, 28), ZoneInfo(zone))

    assert calendar.due(period, hour) == moment(at)


def test_an_hour_that_comes_twice_is_the_first():
    """Clocks go from 3 back to 2: what is due at half past two comes before they do."""
    period = calendar.around(Span.DAY, date(2026, 10, 24), ZoneInfo("Europe/Berlin"))

    assert calendar.due(period, 2) == moment("2026-10-25T00:00:00+00:00")


@pytest.mark.parametrize(
    ("span", "text", "name"),
    [
        (Span.MONTH, "", "2026-02"),
        (Span.WEEK, "", "2026-W09"),
        (Span.DAY, "", "2026-03-04"),
        (Span.MONTH, "2026-01", "2026-01"),
        (Span.MONTH, "2026-01-31", "2026-01"),
        (Span.WEEK, "2025-12-31", "2026-W01"),
        (Span.DAY, "2026-03-05", "2026-03-05"),
    ],
)
def test_what_is_asked_for(span, text, name):
    """A period is named by a day of it; without one it is the last that is over."""
    now = moment("2026-03-05T12:00:00+01:00")

    assert calendar.asked(span, text, now=now, zone=ZoneInfo("Europe/Berlin")).name == name


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-02-30", "yesterday", "2026", "9999-01", "2026-03-06"]
)
def test_what_cannot_be_asked_for(text):
    """What is no day, or still to come, is refused with a sentence."""
    now = moment("2026-03-05T12:00:00+01:00")

    with pytest.raises(SearchError) as raised:
        calendar.asked(Span.DAY, text, now=now, zone=ZoneInfo("Europe/Berlin"))
    assert raised.value.field == "date"


def test_a_week_is_no_month():
    """A month names no week."""
    with pytest.raises(SearchError):
        calendar.asked(
            Span.WEEK, "2026-01", now=moment("2026-03-05T12:00:00Z"), zone=ZoneInfo("UTC")
        )


def test_days_of_a_month_are_days():
    """The steps of a month are its days, those of a day its hours."""
    zone = ZoneInfo("Europe/Berlin")
    month = calendar.around(Span.MONTH, date(2026, 10, 9), zone)
    day = calendar.around(Span.DAY, date(2026, 10, 25), zone)

    assert [clock(each, zone).day for each in month.starts] == list(range(1, 32))
    assert len(day.starts) == 25
    assert month.until - month.since == 31 * DAY + HOUR
