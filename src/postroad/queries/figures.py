"""Figures: how many deliveries, by status and by day."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.queries.ranges import Range
from postroad.queries.terms import terms
from postroad.store import Store


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived, or was refused, on one day."""

    #: The date in the reader's zone: `2026-01-31`.
    day: str
    counts: dict[Status, int]


class _Count(msgspec.Struct):
    status: Status
    count: int


class _DayCount(msgspec.Struct):
    day: str
    status: Status
    count: int


def counts(store: Store, scope: Scope, search: Search) -> dict[Status, int]:
    """How many deliveries match, by status; statuses that none has are left out."""
    held = terms(scope, search)
    if held is None:
        return {}
    asked = Range(held, search)
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
    held = terms(scope, search)
    if held is None:
        return []
    asked = Range(held, search)
    rows = store.read(
        "SELECT toString(toDate(fromUnixTimestamp64Micro(-ago, {zone:String}))) AS day, "
        "toInt8(state) AS status, count() AS count "
        f"FROM ({asked.each()}) WHERE ago <= {{latest:Int64}} "
        "GROUP BY day, state ORDER BY day, state",
        {**asked.parameters, "zone": zone.key if zone else "UTC", "latest": -search.since},
        _DayCount,
    )
    days: dict[str, dict[Status, int]] = {}
    for row in rows:
        days.setdefault(row.day, {})[row.status] = row.count
    return [Day(day=day, counts=found) for day, found in days.items()]
