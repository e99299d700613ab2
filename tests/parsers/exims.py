"""Readers of Exim's log, and what its lines have in common."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from postroad.parsers.clock import Clock
from postroad.parsers.exim import Reader

ID = "1vxgvK-00000000Lw3-0Kq1"


STAMP = "2026-03-04 08:09:12"


NEWEST = 1_780_000_000_000_000


def reader(zone: str = "UTC", host: str = "mx1.example.com") -> Reader:
    """A reader at the beginning of a log."""
    return Reader(host, Clock(ZoneInfo(zone), NEWEST))
