"""A finding: something that is well, or not."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How much a finding matters."""

    #: As it should be.
    OK = "ok"
    #: It works, and would tell more or be safer otherwise.
    WARN = "warn"
    #: Something is not read, or is open to others.
    ERROR = "error"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    level: Level
    title: str
    #: What to do, or what it rests on; may hold line breaks.
    detail: str = ""
