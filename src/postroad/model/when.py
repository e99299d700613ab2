"""Times as people write them, and as programs read them.

`read` turns `2026-01-31`, `2026-01-31T14:05:00+01:00`, `2h`, `7d`, `yesterday` into microseconds
UTC; `rfc3339` and `local` turn them back into text. The clock and the reader's zone are
arguments, so the same words mean the same on the command line, in the API and on a page.

Limits: a length such as `7d` is so many times 24 hours, whatever a zone's clock did meanwhile. A
local time that a clock change skipped or repeated means the one with the earlier offset.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from postroad.errors import SearchError
from postroad.model.text import join, say, say_many

#: Microseconds in a second, a minute, an hour, a day.
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

UTC_ZONE = ZoneInfo("UTC")

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_AGO = re.compile(r"(\d{1,6})\s*([smhdw])(?:\s+ago)?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_MOMENT = re.compile(
    r"""
    (\d{4})-(\d\d)-(\d\d) [Tt\ ]
    (\d\d):(\d\d) (?: :(\d\d) (?:[.,](\d{1,9}))? )?
    \s* ([Zz] | [+-]\d\d:\d\d)?
    """,
    re.VERBOSE | re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Last moment that is shown: a day before the calendar ends, for zones ahead of UTC.
_LAST = datetime(9999, 12, 30, tzinfo=UTC)
#: Last year that can be asked for.
_LAST_YEAR = 2199
_MINUTE_SECONDS = 60
_SHOWN = 80


def read(text: str, *, now: int, zone: ZoneInfo, end: bool = False) -> int:
    """The moment that `text` names, in microseconds UTC; 0 for an empty text.

    RFC 3339 section 5.6, also without seconds or offset (then in `zone`); a date; `now`, `today`,
    `yesterday`; or a length of time before `now`: `90s 30m 2h 7d 4w`. A day means its beginning,
    and with `end` (for "until") the beginning of the next. Raises `SearchError`.
    """
    text = text.strip()
    word = text.lower()
    if not text:
        return 0
    if word == "now":
        return now
    if word in ("today", "yesterday"):
        day = _at(now).astimezone(zone).date() - timedelta(days=word == "yesterday")
        return _midnight(day, zone, end=end)
    if found := _AGO.fullmatch(word):
        return max(1, now - int(found[1]) * _UNITS[found[2]])
    try:
        if found := _DATE.fullmatch(text):
            day = date(int(found[1]), int(found[2]), int(found[3]))
            return _midnight(day, zone, end=end)
        if found := _MOMENT.fullmatch(text):
            return _moment(found, zone)
    except (ValueError, OverflowError) as error:
        message = say("There is no such time as {text}.", text=shown(text))
        raise SearchError(message) from error
    message = say(
        "{text} is not a time. Write a date (2026-01-31), a date and time "
        "(2026-01-31T14:05 or 2026-01-31T14:05:00Z), today, yesterday, "
        "or how long ago: 30m, 2h, 7d, 4w.",
        text=shown(text),
    )
    raise SearchError(message)


def rfc3339(at: int) -> str | None:
    """RFC 3339 in UTC with microseconds and `Z`; None for 0, an unknown time."""
    if at == 0:
        return None
    return _at(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local(at: int, zone: ZoneInfo) -> str:
    """`2026-01-31 14:05:09` on the clock of this zone; empty for 0, an unknown time."""
    if at == 0:
        return ""
    return _at(at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def stamped(at: int, zone: ZoneInfo) -> str:
    """`2026-01-31T14:05:09+01:00` on the clock of this zone; empty for 0, an unknown time."""
    if at == 0:
        return ""
    return _at(at).astimezone(zone).isoformat(timespec="seconds")


def named(zone: ZoneInfo, at: int) -> str:
    """The zone with its offset at this moment: `Europe/Berlin, UTC+01:00`."""
    offset = _at(at).astimezone(zone).strftime("%z")
    if zone.key in ("UTC", "Etc/UTC") or not offset:
        return "UTC"
    return f"{zone.key}, UTC{offset[:3]}:{offset[3:5]}"


def length(microseconds: int) -> str:
    """A length of time in the two largest units that say it: `3 h 12 min`, `45 s`, `2 days`."""
    seconds, hour, day = max(0, microseconds) // SECOND, HOUR // SECOND, DAY // SECOND
    if seconds < 1:
        return f"{max(0, microseconds) / SECOND:.1f} s"
    if seconds >= day:
        days, rest = divmod(seconds, day)
        said = say_many("{count} day", "{count} days", days)
        return join([said, f"{rest // hour} h"]) if rest >= hour else said
    for size, name, small, small_name in ((hour, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            large, rest = divmod(seconds, size)
            tail = f" {rest // small} {small_name}" if rest // small else ""
            return f"{large} {name}{tail}"
    return f"{seconds} s"


def shown(text: str) -> str:
    """Somebody's text inside a sentence: quoted, cut, control characters made visible."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return repr(cut)


def _at(at: int) -> datetime:
    try:
        return min(_EPOCH + timedelta(microseconds=at), _LAST)
    except OverflowError:
        return _LAST


def _microseconds(moment: datetime) -> int:
    if moment.year > _LAST_YEAR:
        message = "too far ahead"
        raise ValueError(message)
    since = moment - _EPOCH
    microseconds = (since.days * 86400 + since.seconds) * SECOND + since.microseconds
    if microseconds <= 0:
        message = "before 1970"
        raise ValueError(message)
    return microseconds


def _midnight(day: date, zone: ZoneInfo, *, end: bool) -> int:
    if end:
        day += timedelta(days=1)
    return _microseconds(datetime(day.year, day.month, day.day, tzinfo=zone))


def _moment(found: re.Match[str], zone: ZoneInfo) -> int:
    year, month, day, hour, minute = (int(found[n]) for n in range(1, 6))
    second = int(found[6] or 0)
    micro = int((found[7] or "").ljust(6, "0")[:6])
    # RFC 3339 allows the leap second 60, which datetime does not know.
    leap = timedelta(seconds=1) if second == _MINUTE_SECONDS else timedelta()
    written = datetime(year, month, day, hour, minute, min(second, 59), micro, tzinfo=zone)
    if offset := found[8]:
        written = written.replace(tzinfo=_offset(offset))
    if second > _MINUTE_SECONDS:
        message = "seconds end at 60"
        raise ValueError(message)
    return _microseconds(written + leap)


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes >= _MINUTE_SECONDS:
        message = "an offset has at most 59 minutes"
        raise ValueError(message)
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)
