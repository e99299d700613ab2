"""Dovecot's own log (`log_path`, `info_log_path`), and a syslog that Dovecot shares with filters.

    Nov 22 01:00:00 lmtp(ann)<4711><SESSION>: Info: msgid=<id>: saved mail to INBOX

`log_timestamp` may be any strftime(3); understood are `%b %d %H:%M:%S` (the default), and
`%Y-%m-%d %H:%M:%S` (or `%F %T`) with a fraction or a zone behind it. Dovecot 1 wrote the service
before the stamp: `deliver(ann): Nov 22 01:00:00 Info: msgid=...`. Under multilog(8) Dovecot puts no
stamp of its own. What the lines say is told in `neighbours.dovecot`.
"""

from __future__ import annotations

import re

from postroad.parsers.clock import Clock
from postroad.parsers.neighbours import file
from postroad.parsers.neighbours.dovecot import SAMPLES
from postroad.parsers.prefix import Prefix

__all__ = ["SAMPLES", "Reader", "recognises"]


def _open(clock: Clock, line: str) -> Prefix | None:
    """Take off the stamp, and write the service in front as syslog has it."""
    found = _NEW.match(line) or _OLD.match(line)
    if not found:
        return None
    at = _time(clock, found["stamp"], found["fraction"], found["zone"])
    if not at:
        return None
    text = f"{found['service']}: {line[found.end() :]}"
    return Prefix(at, "", "dovecot", 0, text)


def _time(clock: Clock, stamp: str, fraction: str | None, zone: str | None) -> int:
    if stamp[4:5] != "-":
        at = clock.yearless(stamp)
    elif zone:
        at = clock.absolute(stamp, zone.strip())
    else:
        at = clock.local(stamp)
    return at and at + int((fraction or "").ljust(6, "0"))


def _bare(head: Prefix) -> Prefix | None:
    """Read the service off a text without a stamp: `SERVICE: Info: TEXT`, `dovecot-auth: TEXT`."""
    found = _SERVICE.match(head.text)
    if not found:
        return None
    text = f"{found['service']}: {head.text[found.end() :]}"
    return Prefix(head.at, head.host, "dovecot", head.pid, text)


class Reader(file.Reader):
    """Reads one log of Dovecot. `host` is whose log it is."""

    open = staticmethod(_open)
    bare = staticmethod(_bare)


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix` if it has any, was written by Dovecot."""
    if _NEW.match(line) or _OLD.match(line):
        return True
    if prefix is None:
        return False
    if not prefix.tag:
        return bool(_SERVICE.match(prefix.text))
    return prefix.tag.startswith(("dovecot", "deliver("))


_STAMP = (
    r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)"
    r"(?:[.,](?P<fraction>\d{1,6}))?(?P<zone>Z| ?[+-]\d\d:?\d\d)?"
)
_LEVEL = r"(?:Debug|Info|Warning|Error|Fatal|Panic): "
_WHO = r"(?P<service>[a-z][a-z0-9_-]*(?:\([^()]*\))?(?:<[^<>\s]*>)*)"
_NEW = re.compile(rf"{_STAMP} {_WHO}: {_LEVEL}", re.ASCII)
_SERVICE = re.compile(rf"{_WHO}: (?:{_LEVEL}|(?<=dovecot: )|(?<=dovecot-auth: ))", re.ASCII)
_OLD = re.compile(rf"(?P<service>[a-z][a-z-]*(?:\([^()]*\))?): {_STAMP} {_LEVEL}", re.ASCII)
