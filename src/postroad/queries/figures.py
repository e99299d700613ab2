"""Figures: how many deliveries, by status and by day."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from postroad.model import when
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.queries.plan import plan
from postroad.queries.ranges import Range
from postroad.store import Store

#: A quarter of an hour: days of every zone begin with one.
_QUARTER = 15 * when.MINUTE


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived, or was refused, on one day."""

    #: The date in the reader's zone: `2026-01-31`.
    day: str
    counts: dict[Status, int]


class _Count(msgspec.Struct):
    status: Status
    count: int


class _QuarterCount(msgspec.Struct):
    quarter: int
    status: Status
    count: int


def counts(store: Store, scope: Scope, search: Search) -> dict[Status, int]:
    """How many deliveries match, by status; statuses that none has are left out."""
    planned = plan(store, scope, search)
    if planned is None:
        return {}
    asked = Range(planned)
    rows = store.read(
        f"SELECT toInt8(state) AS status, count() AS count FROM ({asked.each()}) "
        "GROUP BY state ORDER BY state",
        asked.parameters,
        _Count,
    )
    return {row.status: row.count for row in rows}


def statistics(
    store: Store, scope: Scope, search: Search, *, zone: ZoneInfo | None = None
) -> list[Day]:
    """How many of the deliveries that match arrived on each day of the zone, by status.

    In order; days without any are left out. Unlike elsewhere the period is that of arrival.
    """
    planned = plan(store, scope, search)
    if planned is None:
        return []
    asked = Range(planned, by_arrival=True)
    rows = store.read(
        "SELECT intDiv(-ago, {quarter:Int64}) AS quarter, toInt8(state) AS status, "
        f"count() AS count FROM ({asked.each()}) GROUP BY quarter, state ORDER BY quarter, state",
        {**asked.parameters, "quarter": _QUARTER},
        _QuarterCount,
    )
    names: dict[int, str] = {}
    days: dict[str, dict[Status, int]] = {}
    for row in rows:
        day = names.get(row.quarter)
        if day is None:
            day = when.local(row.quarter * _QUARTER + 1, zone or when.UTC_ZONE)[:10]
            names[row.quarter] = day
        found = days.setdefault(day, {})
        found[row.status] = found.get(row.status, 0) + row.count
    return [Day(day=day, counts=found) for day, found in days.items()]
