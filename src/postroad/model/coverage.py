"""Coverage: what was read, minute by minute, and what was not understood.

Field names are column names. Times are microseconds UTC since 1970.
"""

from __future__ import annotations

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
