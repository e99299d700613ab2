"""Retention: what is too old is dropped, whole weeks at no cost and the rest of a week by its rows.

Nothing is dropped early: a row goes when its own time is too old, not before.
"""

from __future__ import annotations

import msgspec

from postroad.store.engine import Engine

#: Length of a partition of every table, in microseconds: a week.
WEEK = 7 * 24 * 3600 * 1_000_000

#: Tables whose rows belong to a time, and what that is.
TABLES = {
    "deliveries": "first_at",
    "deliveries_by_key": "-ago",
    "attempts": "at",
    "log_lines": "at",
    "links": "at",
    "coverage": "minute",
    "unknown_lines": "at",
    "gaps": "since",
    "entries": "last_at",
    "receipts": "noted_at",
}


class _Partition(msgspec.Struct):
    table: str
    week: int


def drop_before(engine: Engine, at: int) -> int:
    """Drop every row from before this time; how many weeks of tables went or were thinned."""
    found = engine.read(
        "SELECT DISTINCT table, toInt64(partition_id) AS week FROM system.parts WHERE active "
        "AND database = {database:String} AND table IN {tables:Array(String)} "
        "AND week * {length:Int64} < {at:Int64}",
        {
            "database": engine.address.database,
            "tables": list(TABLES),
            "length": WEEK,
            "at": at,
        },
        _Partition,
    )
    return sum(_drop(engine, each, at) for each in found)


def _drop(engine: Engine, partition: _Partition, at: int) -> bool:
    """Drop the partition, or what in it is too old; whether there was anything to drop."""
    if (partition.week + 1) * WEEK <= at:
        engine.command(f"ALTER TABLE {partition.table} DROP PARTITION ID '{partition.week}'")
        return True
    old = f"{TABLES[partition.table]} < {int(at)}"
    begin = f"{TABLES[partition.table]} >= {partition.week * WEEK}"
    if not engine.read(
        f"SELECT 1 AS week, '' AS table FROM {partition.table} WHERE {begin} AND {old} LIMIT 1",
        {},
        _Partition,
    ):
        return False
    # Rows are marked, and gone for every reader at once; merges remove them from the disk.
    engine.command(f"DELETE FROM {partition.table} IN PARTITION ID '{partition.week}' WHERE {old}")
    return True
