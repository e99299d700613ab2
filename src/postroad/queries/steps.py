"""Steps of time that a chart has: hours, days, as many as can be seen side by side. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from postroad.model import when

#: Lengths of a period, and of the steps that it is shown in: at most, microseconds.
_LENGTHS = (
    (2 * when.HOUR, 5 * when.MINUTE),
    (12 * when.HOUR, 15 * when.MINUTE),
    (3 * when.DAY, when.HOUR),
    (10 * when.DAY, 6 * when.HOUR),
    (93 * when.DAY, when.DAY),
)
_WEEK = 7 * when.DAY
#: Steps at most: a made-up period of centuries is shown in longer ones.
_MOST = 400


def grain(since: int, until: int) -> int:
    """The length in which arrivals are counted, so that every step is a number of them."""
    if since and until - since <= 2 * when.HOUR:
        return 5 * when.MINUTE
    # Days of every zone begin with a quarter of an hour.
    return 15 * when.MINUTE


def steps(since: int, until: int, zone: ZoneInfo) -> tuple[int, list[int]]:
    """The usual length of a step, and where each begins, microseconds UTC.

    The first begins with the period; those of hours and days begin as the zone's clock has them.
    """
    length = until - since
    step = next((step for most, step in _LENGTHS if length <= most), _WEEK)
    while length // step > _MOST:
        step *= 2
    starts = [since]
    at = _first(since, step, zone)
    while at < until:
        if at > since:
            starts.append(at)
        at = _next(at, step, zone)
    return step, starts


def _first(since: int, step: int, zone: ZoneInfo) -> int:
    """The last beginning of a step up to this moment."""
    if step >= when.DAY:
        local = _local(since, zone)
        return _moment(local.replace(hour=0, minute=0, second=0, microsecond=0))
    offset = _local(since, zone).utcoffset() or timedelta()
    shift = int(offset.total_seconds()) * when.SECOND
    return (since + shift) // step * step - shift


def _next(at: int, step: int, zone: ZoneInfo) -> int:
    if step < when.DAY:
        return at + step
    return _moment(_local(at, zone) + timedelta(days=step // when.DAY))


def _local(at: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone)


def _moment(local: datetime) -> int:
    since = local - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * when.SECOND + since.microseconds
