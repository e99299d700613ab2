"""Clocks of log files: from what a line says about time to microseconds UTC.

Comes in: stamps as they stand in a log: without a zone (Exim's own files), without zone and year
(classic syslog, RFC 3164), or with an offset. Goes out: microseconds UTC since 1970, or 0 if the
text is no stamp. A clock reads one log from front to back and remembers the last stamp, because
that is the only thing that tells apart

* the two passes through the hour that is repeated when summer time ends, and
* the years of stamps that bear none.

Limits: the first stamp of a log that begins inside the repeated hour is taken for the first pass,
and a log of year-less stamps that spans more than a year needs to be told its `first_year`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR = 365 * DAY

#: How far the lines of one log may be out of order inside the repeated hour.
JITTER = 2 * MINUTE
#: How far a year-less stamp may lie before the one read last and still be of the same sequence.
LATE = 45 * DAY
#: How far a stamp may lie after `newest`: clocks and zones that are set wrong.
AHEAD = DAY

#: A year has 525,600 minutes; this is the number of them that a clock remembers.
_REMEMBERED = 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SEPARATORS = frozenset({"-- ::", "--T::", "--t::"})
#: Within so many years there is a 29th of February, but for the turn of most centuries.
_LEAP_CYCLE = 9
#: 60 is a leap second.
_SECONDS = {f"{second:02}": second * SECOND for second in range(61)}
_HALF_A_YEAR = 6
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


#: Year, month, day, hour, minute.
_Minute = tuple[int, int, int, int, int]


class Clock:
    """Reads the stamps of one log.

    `zone` is the zone of stamps that name none. `newest` is the latest time that a year-less
    stamp may bear (the file's modification time, or now), microseconds UTC; whoever follows a
    growing log moves it on. `first_year` is the year of the first year-less stamp, if it is
    known (see `first_year`); otherwise it is the latest one that is possible.
    """

    def __init__(self, zone: ZoneInfo, newest: int, *, first_year: int | None = None) -> None:
        """Begin before the first line."""
        self.zone = zone
        self.newest = newest
        self.first_year = first_year
        #: The last stamp was in an hour that comes twice.
        self.ambiguous = False
        self._last = 0
        self._minutes: dict[str, int] = {}
        self._utc_minutes: dict[str, int] = {}
        self._yearless: dict[str, int] = {}
        self._offsets: dict[str, int] = {"": 0, "Z": 0, "z": 0}

    def local(self, stamp: str) -> int:
        """Read `YYYY-MM-DD HH:MM:SS` (or with a `T`) in the clock's zone."""
        try:
            at = self._minutes[stamp[:17]] + _SECONDS[stamp[17:]]
        except KeyError:
            at = self._read_local(stamp)
            if not at:
                return 0
        self._last = at
        return at

    def absolute(self, stamp: str, offset: str) -> int:
        """Read `YYYY-MM-DDTHH:MM:SS` (or with a space) `offset` (`Z`, `+01:00`, `-0930`)."""
        try:
            at = self._utc_minutes[stamp[:17]] + _SECONDS[stamp[17:]] - self._offsets[offset]
        except KeyError:
            at = self._read_absolute(stamp, offset)
            if not at:
                return 0
        self._last = at
        return at

    def yearless(self, stamp: str) -> int:
        """Read `Mmm dd HH:MM:SS`, the day padded with a space or a zero."""
        try:
            at = self._yearless[stamp[:13]] + _SECONDS[stamp[13:]]
        except KeyError:
            return self._read_yearless(stamp)
        if -LATE <= at - self._last < YEAR - LATE:
            self._last = at
            return at
        return self._read_yearless(stamp)

    def witness(self, at: int) -> None:
        """Take note of the time from a better source, such as Exim's message ids.

        Settles which pass through the repeated hour the lines after this one belong to.
        """
        self._last = at

    def _read_local(self, stamp: str) -> int:
        minute = _minute(stamp)
        seconds = _SECONDS.get(stamp[17:])
        if minute is None or seconds is None:
            return 0
        at = self._in_zone(minute)
        if at and not self.ambiguous:
            _remember(self._minutes, stamp[:17], at)
        return at and at + seconds

    def _read_absolute(self, stamp: str, offset: str) -> int:
        minute = _minute(stamp)
        seconds = _SECONDS.get(stamp[17:])
        shift = self._offsets.get(offset, _offset(offset))
        if minute is None or seconds is None or shift is None:
            return 0
        at = _microseconds(minute, UTC)
        _remember(self._utc_minutes, stamp[:17], at)
        _remember(self._offsets, offset, shift)
        return at and at + seconds - shift

    def _read_yearless(self, stamp: str) -> int:
        month = _MONTHS.get(stamp[:3])
        parts = stamp[4:6].strip(), stamp[7:9], stamp[10:12]
        seconds = _SECONDS.get(stamp[13:])
        if month is None or seconds is None or stamp[3:13:3] != "  ::":
            return 0
        if not all(map(_is_number, parts)):
            return 0
        at = self._with_year(month, *map(int, parts))
        if not at:
            return 0
        if not self.ambiguous:
            _remember(self._yearless, stamp[:13], at)
        self._last = at + seconds
        return at + seconds

    def _with_year(self, month: int, day: int, hour: int, minute: int) -> int:
        """Find the latest year that neither the bound nor the order of the lines forbids."""
        limit = self.newest + AHEAD
        if self._last:
            limit = min(limit, self._last - LATE + YEAR)
        elif self.first_year and (at := self._in_zone((self.first_year, month, day, hour, minute))):
            return at
        year = (_EPOCH + timedelta(microseconds=limit)).year
        for candidate in range(year, year - _LEAP_CYCLE, -1):
            at = self._in_zone((candidate, month, day, hour, minute))
            if at and at <= limit:
                return at
        return 0

    def _in_zone(self, minute: _Minute) -> int:
        first = _microseconds(minute, self.zone)
        second = _microseconds(minute, self.zone, fold=1)
        self.ambiguous = second > first
        return second if self.ambiguous and self._last - first >= JITTER else first


def _microseconds(minute: _Minute, zone: tzinfo, *, fold: int = 0) -> int:
    """Convert a civil time; 0 if there is no such day."""
    try:
        moment = datetime(*minute, tzinfo=zone, fold=fold)
        return (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return 0


def first_year(lines: Iterable[str], zone: ZoneInfo, newest: int) -> int | None:
    """Find the year that the first of these lines of classic syslog was written in.

    The lines are in the order of the log: all of them, or a sample with some of every quarter and
    with the first and the last. Other lines are passed over; None if there is nothing else.
    """
    turns = 0
    before: int | None = None
    last = ""
    for line in lines:
        month = _MONTHS.get(line[:3])
        if month is None:
            continue
        if before is not None:
            turns += (before - month > _HALF_A_YEAR) - (month - before > _HALF_A_YEAR)
        before = month
        last = line
    at = Clock(zone, newest).yearless(last[:15])
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone).year - turns if at else None


def _minute(stamp: str) -> _Minute | None:
    """Read all but the seconds of an ISO stamp."""
    if stamp[4:17:3] not in _SEPARATORS:
        return None
    year, month, day = stamp[:4], stamp[5:7], stamp[8:10]
    hour, minute = stamp[11:13], stamp[14:16]
    if not all(map(_is_number, (year, month, day, hour, minute))):
        return None
    return int(year), int(month), int(day), int(hour), int(minute)


def _offset(text: str) -> int | None:
    """Read `+01:00`, `-0930` or `+01` as microseconds east of UTC."""
    digits = text[1:].replace(":", "")
    if text[:1] not in {"+", "-"} or len(digits) not in {2, 4} or not _is_number(digits):
        return None
    shift = int(digits[:2]) * HOUR + int(digits[2:] or "0") * MINUTE
    return -shift if text[0] == "-" else shift


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _remember(memory: dict[str, int], key: str, value: int) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value
