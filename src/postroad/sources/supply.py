"""Supplies: sources whose lines do not stand in a log, but come in and wait in a spool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from postroad.config import Source
from postroad.sources.spool import Spool, Spools


class Lapse(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time whose lines are missing, or may be."""

    #: Microseconds UTC; 0 where it is not known.
    since: int
    until: int
    #: Lines that are known to be missing; 0 where nobody counted.
    lost: int = 0


class Counts(msgspec.Struct, kw_only=True):
    """What was received for one source since the start."""

    received: int = 0
    #: Messages that found no room, since the first of them (microseconds UTC) up to the last.
    dropped: int = 0
    dropped_since: int = 0
    dropped_until: int = 0
    #: Messages that were longer than is kept.
    cut: int = 0
    #: When the last one came.
    last_at: int = 0
    #: Where reading could not go on from where it had stopped.
    unresumed: list[Lapse] = []

    def drop(self, count: int, at: int) -> None:
        """Count messages that are lost."""
        self.dropped += count
        self.dropped_since = self.dropped_since or at
        self.dropped_until = at


class Supplied(msgspec.Struct, frozen=True):
    """One such source."""

    source: Source
    spool: Spool
    counts: Counts


class Supplier(Protocol):
    """Something that fills spools, in threads of its own."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End; what came is in the spools then."""

    def supplied(self) -> list[Supplied]:
        """The sources that there are lines of."""

    def problems(self) -> list[str]:
        """What hinders it, as sentences."""


def left(spools: Spools, sources: Iterable[Source]) -> list[Supplied]:
    """What earlier runs left in spools: of these sources, and of some that are not configured now.

    Raises `OSError`.
    """
    known = {spools.place(each.label): each for each in sources if not each.path or each.journal}
    return [
        Supplied(known.get(directory) or Source(name=name), spools.at(directory), Counts())
        for name, directory in spools.places()
    ]
