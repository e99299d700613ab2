"""A syslog of MailScanner's alone, or of Proxmox Mail Gateway's filter: they log nowhere else.

What the lines say is told in `neighbours.mailscanner` and `neighbours.pmg`.
"""

from __future__ import annotations

from postroad.parsers.neighbours import file
from postroad.parsers.neighbours.mailscanner import SAMPLES
from postroad.parsers.prefix import Prefix

__all__ = ["SAMPLES", "Reader", "recognises"]


class Reader(file.Reader):
    """Reads one log of MailScanner. `host` is whose log it is."""


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix` if it has any, was written by MailScanner."""
    del line
    return prefix is not None and prefix.tag in {"MailScanner", "pmg-smtp-filter"}
