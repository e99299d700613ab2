"""Extent: from when to when logs were read at all, for everybody to know how far figures go."""

from __future__ import annotations

import msgspec

from postroad.model.scope import Scope
from postroad.store import Store


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the logs, of all servers together."""

    #: First and last minute that any line speaks of, microseconds UTC; 0 where none was read.
    first_at: int
    newest_at: int
    #: Whether there are lines of the period that was asked about.
    is_within: bool


def extent(store: Store, scope: Scope, *, since: int, until: int) -> Extent:
    """How far logs were read; the same for every viewer, for it tells nothing of anybody's mail."""
    _ = scope
    return store.read(
        "SELECT min(minute) AS first_at, max(minute) AS newest_at, "
        "toBool(countIf(minute >= {since:Int64} AND minute < {until:Int64}) > 0) AS is_within "
        "FROM coverage WHERE minute > 0",
        {"since": since, "until": until},
        Extent,
    )[0]
