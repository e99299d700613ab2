"""How a followed source is doing, for `doctor`, the API and the pages."""

from __future__ import annotations

import msgspec


class LogStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One log of a source that is being read."""

    path: str
    server: str
    #: Bytes read and, where it is known, there are.
    read: int
    size: int
    #: Latest time read, microseconds UTC.
    newest: int
    lines: int
    understood: int
    unknown: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How one source is doing."""

    name: str
    #: What it reads: a path, matches of the journal, or peers.
    path: str
    #: Host for lines that name none, and the zone of dates that name none.
    host: str = ""
    zone: str = ""
    #: The server whose log it is: as it was set, or told from the lines; empty if not known yet.
    server: str = ""
    logs: list[LogStatus] = []
    #: Octets that are there and were not read yet.
    behind: int = 0
    #: Messages that were received since the start, those of them that were dropped for want of
    #: room, and those that were cut; None for what is not received but stands in logs.
    received: int | None = None
    dropped: int = 0
    cut: int = 0
    #: What hinders reading it now, as sentences.
    problems: list[str] = []
    #: What happened to it: rotations that may have cost lines, damage, clocks. The latest last.
    notes: list[str] = []
