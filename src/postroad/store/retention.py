"""Retention: what is too old is dropped by whole weeks, which costs nothing.

Nothing is dropped early: a week goes when its last moment is too old.
"""

from __future__ import annotations

import msgspec

from postroad.store.engine import Engine

#: Length of a partition of every table, in microseconds: a week.
WEEK = 7 * 24 * 3600 * 1_000_000


#: Tables whose rows belong to a time.
TABLES = [
    "deliveries",
    "deliveries_by_key",
    "attempts",
    "log_lines",
    "links",
    "coverage",
    "unknown_lines",
]


class _Partition(msgspec.Struct):
    table: str
    week: int


def drop_before(engine: Engine, at: int) -> int:
    """Drop every partition that ended before this time; how many there were."""
    found = engine.read(
        "SELECT DISTINCT table, toInt64(partition_id) AS week FROM system.parts WHERE active "
        "AND database = {database:String} AND table IN {tables:Array(String)} "
        "AND (week + 1) * {length:Int64} <= {at:Int64}",
        {"database": engine.address.database, "tables": TABLES, "length": WEEK, "at": at},
        _Partition,
    )
    for each in found:
        engine.command(f"ALTER TABLE {each.table} DROP PARTITION ID '{each.week}'")
    return len(found)
