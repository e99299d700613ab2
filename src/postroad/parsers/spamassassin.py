"""spamd's own log (`spamd -s FILE`), and a syslog of spamd's alone.

    Fri Feb  1 05:22:37 2019 [9675] info: spamd: result: Y 12 - ...
    Feb  1 05:22:37.123 [9675] info: spamd: result: Y 12 - ...

in a file (Logger/File.pm), and to standard error (Logger/Stderr.pm), as containers have it.
`--log-timestamp-fmt` is not understood. What the lines say is told in
`neighbours.spamassassin`.
"""

from __future__ import annotations

import re

from postroad.parsers.clock import Clock
from postroad.parsers.neighbours import file
from postroad.parsers.neighbours.spamassassin import SAMPLES
from postroad.parsers.prefix import Prefix

__all__ = ["SAMPLES", "Reader", "recognises"]


def _open(clock: Clock, line: str) -> Prefix | None:
    """Take off stamp, process and level."""
    found = _OWN.match(line)
    if not found:
        return None
    month, day, time, fraction, year, pid = found.groups()
    if year:
        at = clock.local(f"{year}-{_MONTHS.get(month, '')}-{day.strip().zfill(2)} {time}")
    else:
        at = clock.yearless(f"{month} {day} {time}")
        at = at and at + int((fraction or "").ljust(6, "0"))
    return Prefix(at, "", "spamd", int(pid), line[found.end() :]) if at else None


class Reader(file.Reader):
    """Reads one log of spamd. `host` is whose log it is."""

    open = staticmethod(_open)


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix` if it has any, was written by spamd."""
    return bool(_OWN.match(line)) or (prefix is not None and prefix.tag in {"spamd", "spampd"})


_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_OWN = re.compile(
    r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: (\d{4}))? "
    r"\[(\d{1,10})\] "
    r"(?:dbg|info|warn|error): ",
    re.ASCII,
)
