"""Exim (4.x): the main, reject and panic log, as files or through syslog.

`Reader` turns lines into events. What each kind of line looks like is told in the module that
reads it: `arrival`, `attempt`, `refusal`, `remark` (other lines of a message), `noise` (lines of no
message). `SAMPLES` are lines that must be understood.
"""

from __future__ import annotations

from postroad.parsers.exim.reader import Reader, recognises
from postroad.parsers.exim.samples import SAMPLES

__all__ = ["SAMPLES", "Reader", "recognises"]
