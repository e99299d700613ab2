"""amavis's own log (`$logfile`), and a syslog of amavis's alone.

Its own file looks like syslog: stamp, host, `amavisd[pid]: `, or `/usr/sbin/amavisd-new[pid]: `.
What the lines say is told in `neighbours.amavis`.
"""

from __future__ import annotations

from postroad.parsers.neighbours import amavis, file, known
from postroad.parsers.neighbours.amavis import SAMPLES
from postroad.parsers.prefix import Prefix

__all__ = ["SAMPLES", "Reader", "recognises"]


class Reader(file.Reader):
    """Reads one log of amavis. `host` is whose log it is."""


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix` if it has any, was written by amavis."""
    del line
    return prefix is not None and known(prefix.tag) is amavis.read
