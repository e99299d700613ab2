"""Parsers: one log line in, one event out. Pure, and never raising.

`reader()` gives the `Reader` for a server's log. A reader is fed the lines of one log in file
order, because some lines go on from the one before and some clocks name no year; what it returns
depends on nothing else.
"""

from __future__ import annotations

from typing import Protocol

from postroad.model.event import Event, Noise


class Reader(Protocol):
    """Reads the lines of one log of one server, in file order."""

    def read(self, line: str) -> Event | Noise | None:
        """What the line (without its newline) says: an event, `NOISE`, or None if not understood."""
        ...
