"""Counts the lines of a reading by the minute they speak of.

A minute's count is that since the start of the reading, however often reading was interrupted: the
minutes that may still grow are kept with the mark. So a row of coverage can be written again and
again, and the last one is right.

Limits: a line more than about three hours older than the newest is counted for a minute of its
own, which a second interruption may count anew.
"""

from __future__ import annotations

import msgspec

from postroad.model.coverage import Coverage
from postroad.model.when import MINUTE

#: Minutes that a mark carries over: more than the hour that comes twice in autumn.
_CARRIED = 200

#: Minute, host, lines understood, noise, unknown.
_Kept = tuple[int, str, int, int, int]


class Carried(msgspec.Struct, array_like=True):
    """What a mark holds beside the position."""

    minutes: list[_Kept] = []
    #: The beginning of a line that had no end yet, and was read as it stood.
    partial: str = ""
    #: What the counts were written for: the source or path where this content was first read.
    source: str = ""
    #: What the parser remembers of the lines before the position.
    parser: bytes = b""


class Tally:
    """The counts of one reading."""

    def __init__(self, carried: list[_Kept] | None = None) -> None:
        """Go on from what a mark carried."""
        self._counts: dict[tuple[int, str], list[int]] = {
            (minute, host): list(counts) for minute, host, *counts in carried or ()
        }
        self._changed: set[tuple[int, str]] = set()

    def add(self, minute: int, host: str, understood: int, noise: int, unknown: int) -> None:
        """Count lines; `minute` is any time inside it."""
        key = (minute - minute % MINUTE, host)
        counts = self._counts.setdefault(key, [0, 0, 0])
        counts[0] += understood
        counts[1] += noise
        counts[2] += unknown
        self._changed.add(key)

    def take(self, source: str, chunk: str) -> list[Coverage]:
        """The rows that changed since the last time."""
        rows = []
        for key in self._changed:
            understood, noise, unknown = self._counts[key]
            rows.append(
                Coverage(
                    source=source,
                    host=key[1],
                    minute=key[0],
                    chunk=chunk,
                    lines=understood + noise + unknown,
                    understood=understood,
                    noise=noise,
                    unknown=unknown,
                )
            )
        self._changed.clear()
        if len(self._counts) > 2 * _CARRIED:
            self._counts = dict(sorted(self._counts.items())[-_CARRIED:])
        return rows

    def carried(self) -> list[_Kept]:
        """The counts of the latest minutes, for the mark."""
        latest = sorted(self._counts.items())[-_CARRIED:]
        return [(minute, host, *counts) for (minute, host), counts in latest]  # type: ignore[misc]
