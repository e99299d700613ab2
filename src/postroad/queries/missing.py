"""Gaps: where lines are missing, or may be, told from coverage and by whoever read the logs.

Two kinds of gaps are known. Readers write down what they notice: a rotated part that was never
read, a place that could not be gone on from, lines that found no room (`model.coverage.GapKind`).
And a stretch without any line is one, where lines use to come often.

That is judged so. Of the two weeks around, the distances between one minute with lines and the next
are taken, apart for each hour of the day (UTC), and of those the one that 95 in 100 do not exceed:
the usual longest distance of that hour. A stretch is a gap if at least ten of them fit into it,
each of its hours counted by its own measure, and if it is half an hour long. So an hour of silence
at noon is a gap on a server that logs every minute, and not on one that logs every ten; and a quiet
night is none where nights are quiet. Where there are fewer than twenty distances nothing is judged.
An hour that has fewer is measured by all hours together, but by no less than its own longest; one
that never has any counts nothing once there are three days to tell that from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from postroad.errors import AccessError
from postroad.model import when
from postroad.model.coverage import Gap, GapKind
from postroad.model.scope import Scope
from postroad.model.text import Text, say
from postroad.store import Store

#: Share of distances that are not longer than the usual longest one.
_SHARE = 0.95
#: How many of these make a gap, and how long it is at least.
_TIMES, _LEAST = 10, 30 * when.MINUTE
#: Distances without which nothing is judged.
_ENOUGH = 20
#: How long a log must have been read for an hour without lines to be known as quiet.
_KNOWN = 3 * when.DAY
#: How much before and after a period tells what is usual in it.
_AROUND = 14 * when.DAY
#: Stretches of one source that are looked at.
_LOOKED_AT = 200


class _Usual(msgspec.Struct):
    name: str
    host: str
    #: Hour of the day, UTC; 24 for all of them.
    hour: int
    distance: float
    count: int
    #: From the first of these distances to the end of the last.
    span: int


class _Stretch(msgspec.Struct):
    name: str
    host: str
    start: int
    end: int


def gaps(
    store: Store,
    scope: Scope,
    *,
    since: int,
    until: int,
    alive: Collection[str] = (),
    now: int = 0,
) -> list[Gap]:
    """The gaps of every source in a period, the latest first.

    `alive` are the sources that are followed: from the last line of theirs up to `now`, too, there
    may be a gap. Raises `AccessError` unless administrator: it tells how the logs are read.
    """
    if not scope.is_everything:
        raise AccessError("Only administrators may see what was read from the logs.")
    found = [
        *_noticed(store, since=since, until=until),
        *_silences(store, since=since, until=until, by_source=True, alive=alive, now=now),
    ]
    return sorted(found, key=lambda gap: -gap.until)


def of_hosts(
    store: Store, scope: Scope, *, since: int, until: int, host: str, most: int
) -> list[Gap]:
    """Why mail may not be found: up to `most` gaps of either kind in a period, by host.

    For everybody; whose log it was is known, which source was read, to administrators only.
    """
    found = [
        *_silences(store, since=since, until=until, host=host)[:most],
        *_noticed(store, since=since, until=until, host=host)[-most:],
    ]
    if scope.is_everything:
        return found
    return [msgspec.structs.replace(gap, source="") if gap.host else gap for gap in found]


def _noticed(store: Store, *, since: int, until: int, host: str = "") -> list[Gap]:
    """What readers noticed in a period (0: without end); for `host`, of the sources it is in."""
    return store.read(
        "SELECT source, toString(host) AS host, kind, since, until, lost, seen_at FROM gaps FINAL "
        "WHERE until >= {since:Int64} AND ({until:Int64} = 0 OR since < {until:Int64}) "
        "AND ({host:String} = '' OR host = {host:String} OR source IN "
        "(SELECT source FROM coverage WHERE host = {host:String})) ORDER BY since LIMIT 1000",
        {"since": since, "until": until, "host": host},
        Gap,
    )


def _silences(
    store: Store,
    *,
    since: int,
    until: int,
    host: str = "",
    by_source: bool = False,
    alive: Collection[str] = (),
    now: int = 0,
) -> list[Gap]:
    """Stretches without lines in a period, the longest first: of hosts, or of their sources."""
    name = "toString(source)" if by_source else "''"
    parameters = {
        "since": since,
        "until": until,
        "host": host,
        "first": since - _AROUND,
        "last": until + _AROUND if until else 0,
        "hour": when.HOUR,
        "least": _LEAST,
        "share": _SHARE,
        "most": _LOOKED_AT,
    }
    distances = (
        "(SELECT name, host, minute AS start, leadInFrame(minute) OVER (PARTITION BY name, host "
        "ORDER BY minute ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS end FROM (SELECT "
        f"DISTINCT {name} AS name, toString(host) AS host, minute FROM coverage WHERE minute > 0 "
        "AND minute >= {first:Int64} AND ({last:Int64} = 0 OR minute < {last:Int64}) "
        "AND ({host:String} = '' OR host = {host:String})))"
    )
    stretches = store.read(
        f"SELECT name, host, start, end FROM {distances} WHERE (end = 0 OR (end - start >= "
        "{least:Int64} AND end > {since:Int64})) AND ({until:Int64} = 0 OR start < {until:Int64}) "
        "ORDER BY end = 0 DESC, end - start DESC LIMIT {most:UInt32} BY name, host",
        parameters,
        _Stretch,
    )
    if not stretches:
        return []
    usual = _Measure(
        store.read(
            "SELECT name, host, toUInt8(hour) AS hour, quantileExact({share:Float64})(end - start) "
            "AS distance, count() AS count, max(end) - min(start) AS span FROM (SELECT name, host, "
            "start, end, arrayJoin([intDiv(start, {hour:Int64}) % 24, 24]) AS hour "
            f"FROM {distances} WHERE end > start) GROUP BY name, host, hour",
            parameters,
            _Usual,
        )
    )
    found = []
    for each in stretches:
        # The last line of all: what follows it is a silence of what is being read.
        is_open = not each.end
        end = now if is_open and each.name in alive else each.end
        start = each.start + when.MINUTE
        if end - each.start >= _LEAST and usual.fits(each, end) >= _TIMES:
            gap = Gap(source=each.name, host=each.host, kind=GapKind.SILENT, since=start, until=end)
            found.append(gap)
    return sorted(found, key=lambda gap: gap.since - gap.until)


class _Measure:
    """What distances are usual, hour by hour."""

    def __init__(self, rows: Iterable[_Usual]) -> None:
        self._of = {(row.name, row.host, row.hour): row for row in rows}

    def fits(self, stretch: _Stretch, end: int) -> float:
        """How many of the usual longest distances fit into a stretch; 0 if none are known."""
        every = self._of.get((stretch.name, stretch.host, 24))
        if every is None or every.count < _ENOUGH:
            return 0.0
        fit, at = 0.0, stretch.start
        while at < end and fit < _TIMES:
            hour = self._of.get((stretch.name, stretch.host, at // when.HOUR % 24))
            until = min(end, (at // when.HOUR + 1) * when.HOUR)
            if hour or every.span < _KNOWN:
                fit += (until - at) / max(self._distance(hour, every), when.MINUTE)
            at = until
        return fit

    @staticmethod
    def _distance(hour: _Usual | None, every: _Usual) -> float:
        if hour is None:
            return every.distance
        return hour.distance if hour.count >= _ENOUGH else max(hour.distance, every.distance)


def in_words(gap: Gap, name: str = "") -> Text:
    """What a gap is, as a sentence; `name` is what to call the log, its host unless given."""
    values = {
        "name": name or gap.host or gap.source,
        "start": when.rfc3339(gap.since),
        "end": when.rfc3339(gap.until),
    }
    match gap.kind:
        case GapKind.ROTATED:
            return say(
                "The log of {name} was rotated while nobody read it: lines between {start} and "
                "{end} may be missing.",
                **values,
            )
        case GapKind.CUT:
            return say(
                "The log of {name} was cut short: lines between {start} and {end} may be missing.",
                **values,
            )
        case GapKind.UNRESUMED:
            return say(
                "The journal of {name} was emptied before it was read: entries between {start} and "
                "{end} may be missing.",
                **values,
            )
        case GapKind.DROPPED:
            return say(
                "Of the log of {name}, {count} lines that came between {start} and {end} were "
                "dropped for want of room.",
                count=gap.lost,
                **values,
            )
        case GapKind.SILENT:
            return say(
                "The log of {host} has no lines between {start} and {end}.",
                host=values["name"],
                start=values["start"],
                end=values["end"],
            )
