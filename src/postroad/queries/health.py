"""Health: what was read, from which hosts, up to when, and what was not understood."""

from __future__ import annotations

import msgspec

from postroad.errors import AccessError
from postroad.model.coverage import Coverage, UnknownLine
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.queries.plan import plan
from postroad.queries.ranges import Range
from postroad.store import Store


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A server whose mail the viewer may see."""

    host: str
    #: The newest line of its log, or, for others than administrators, of their mail's arrival.
    newest_at: int


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from one source, of one host, altogether."""

    source: str
    host: str
    #: First and last minute that its lines speak of.
    first_at: int
    newest_at: int
    lines: int
    understood: int
    noise: int
    unknown: int


class UnknownShape(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of line that was not understood, with examples."""

    source: str
    shape: str
    examples: list[UnknownLine]


def hosts(store: Store, scope: Scope) -> list[Host]:
    """The servers that have deliveries the viewer may see."""
    if scope.is_everything:
        sql = "SELECT host, max(at) AS newest_at FROM newest_lines GROUP BY host ORDER BY host"
        return store.read(sql, {}, Host)
    planned = plan(store, scope, Search())
    if planned is None:
        return []
    asked = Range(planned)
    return store.read(
        f"SELECT host, -min(ago) AS newest_at FROM ({asked.each()}) GROUP BY host ORDER BY host",
        asked.parameters,
        Host,
    )


def sources(store: Store, scope: Scope) -> list[Source]:
    """Everything that was read, source by source. Raises `AccessError` unless administrator."""
    _require_everything(scope)
    return store.read(
        "SELECT source, host, min(minute) AS first_at, max(minute) AS newest_at, "
        "sum(lines) AS lines, sum(understood) AS understood, sum(noise) AS noise, "
        "sum(unknown) AS unknown FROM (SELECT * FROM coverage FINAL) "
        "GROUP BY source, host ORDER BY source, host",
        {},
        Source,
    )


def coverage(
    store: Store, scope: Scope, *, since: int = 0, until: int = 0, step: int = 60_000_000
) -> list[Coverage]:
    """What was read, summed over steps of so many microseconds; `chunk` is empty.

    Raises `AccessError` unless administrator: it tells how much mail there is.
    """
    _require_everything(scope)
    return store.read(
        "SELECT source, host, start AS minute, '' AS chunk, sum(lines) AS lines, "
        "sum(understood) AS understood, sum(noise) AS noise, sum(unknown) AS unknown "
        "FROM (SELECT *, intDiv(minute, {step:Int64}) * {step:Int64} AS start "
        "FROM coverage FINAL WHERE minute >= {since:Int64} "
        "AND ({until:Int64} = 0 OR minute < {until:Int64})) "
        "GROUP BY source, host, start ORDER BY source, host, start",
        {"step": max(1, step), "since": since, "until": until},
        Coverage,
    )


def unknown(store: Store, scope: Scope, *, examples: int = 3) -> list[UnknownShape]:
    """Kinds of lines that were not understood, the newest first, with so many examples each.

    Raises `AccessError` unless administrator: the lines may speak of anybody's mail.
    """
    _require_everything(scope)
    rows = store.read(
        "SELECT source, host, at, shape, text, position FROM unknown_lines FINAL "
        "ORDER BY at DESC, position LIMIT {examples:UInt32} BY source, shape",
        {"examples": max(1, examples)},
        UnknownLine,
    )
    found: dict[tuple[str, str], list[UnknownLine]] = {}
    for row in rows:
        found.setdefault((row.source, row.shape), []).append(row)
    return [
        UnknownShape(source=source, shape=shape, examples=lines)
        for (source, shape), lines in found.items()
    ]


def _require_everything(scope: Scope) -> None:
    if not scope.is_everything:
        raise AccessError("Only administrators may see what was read from the logs.")
