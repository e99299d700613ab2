"""Coverage: what was read, minute by minute, and what was not understood.

Field names are column names. Times are microseconds UTC since 1970.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Coverage(msgspec.Struct, gc=False, kw_only=True):
    """What one source gave in one minute of log time. Rows of the same key replace each other."""

    #: Name of the source: the configured name, or the path it was imported from.
    source: str
    host: str
    #: Start of the minute the lines speak of.
    minute: int
    #: Which piece of input this counts, so that reading it again replaces the count.
    chunk: str
    lines: int = 0
    understood: int = 0
    noise: int = 0
    unknown: int = 0


class UnknownLine(msgspec.Struct, gc=False, kw_only=True):
    """A line that no parser understood; a bounded sample is kept per shape."""

    source: str
    host: str
    at: int
    #: The line with digits and addresses replaced, to group lines of one kind.
    shape: str
    text: str
    #: File and line, or the like, for a person to find it.
    position: str


class GapKind(StrEnum):
    """Why lines are missing, or may be."""

    #: The log was rotated while nobody read it, and the part that was being read was not found.
    ROTATED = "rotated"
    #: The log was cut short under its writer, and no copy was found.
    CUT = "cut"
    #: The place where reading had stopped is gone: entries were removed from the journal.
    UNRESUMED = "unresumed"
    #: There was no room for what was received.
    DROPPED = "dropped"
    #: No line came for much longer than is usual; nobody notices that, it is seen afterwards.
    SILENT = "silent"


class Gap(msgspec.Struct, gc=False, kw_only=True):
    """Lines of a source that are missing, as whoever read it noticed. The later row counts."""

    source: str
    #: Host for lines that name none.
    host: str
    kind: GapKind
    #: Between these times, as far as they are known.
    since: int
    until: int
    #: How many lines; 0 where nobody counted.
    lost: int = 0
    #: When it was noticed last.
    seen_at: int = 0
