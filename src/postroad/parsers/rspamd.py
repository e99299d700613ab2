"""rspamd's own log (`/var/log/rspamd/rspamd.log`), and a syslog of rspamd's alone.

    2026-03-07 13:58:57[.123456] #4493(rspamd_proxy) <tag>; proxy; rspamd_task_write_log: id: ...

(logger_file.c.) What the lines say is told in `neighbours.rspamd`.
"""

from __future__ import annotations

import re

from postroad.parsers.clock import Clock
from postroad.parsers.neighbours import file
from postroad.parsers.neighbours.rspamd import SAMPLES
from postroad.parsers.prefix import Prefix

__all__ = ["SAMPLES", "Reader", "recognises"]


def _open(clock: Clock, line: str) -> Prefix | None:
    """Take off stamp, process and worker."""
    found = _OWN.match(line)
    at = clock.local(line[:19]) if found else 0
    if not found or not at:
        return None
    at += int((found[1] or "").ljust(6, "0"))
    return Prefix(at, "", "rspamd", int(found[2]), line[found.end() :])


class Reader(file.Reader):
    """Reads one log of rspamd. `host` is whose log it is."""

    open = staticmethod(_open)


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix` if it has any, was written by rspamd."""
    return bool(_OWN.match(line)) or (prefix is not None and prefix.tag == "rspamd")


_OWN = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.(\d{1,6}))? #(\d{1,10})\([\w/ -]*\) ", re.ASCII
)
