"""Logs that other projects test themselves with, where they stand beside the repository.

A folder comes in, sets of logs come out, each log a list of lines. Sets of servers that have no
parser are left out. Lines that begin with `#` are
remarks of the projects that keep them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from postroad import parsers


class Set(NamedTuple):
    """Logs of one server that belong together."""

    name: str
    server: str
    logs: list[list[str]]


#: Name, server, and where the logs are.
_SETS = (
    ("Exim test suite: main logs", "exim", ("exim-testsuite/log/*",)),
    ("Exim test suite: reject logs", "exim", ("exim-testsuite/rejectlog/*",)),
    ("Exim test suite: panic logs", "exim", ("exim-testsuite/paniclog/*",)),
    ("exim_exporter", "exim", ("exim-exporter/*log",)),
    ("CrowdSec: Exim", "exim", ("crowdsec/exim-*/*.log",)),
    ("Fail2Ban: Exim", "exim", ("fail2ban/exim*",)),
    ("Postfix stories of Control Center", "postfix", ("postfix-scenarios/*.log",)),
    ("CrowdSec: Postfix", "postfix", ("crowdsec/postfix-*/*.log", "crowdsec/postscreen-*/*.log")),
    ("Fail2Ban: Postfix", "postfix", ("fail2ban/postfix",)),
    ("qmail: interleaved messages", "qmail", ("qmail-small/*.log", "qmail-small/*/*.log")),
    ("Fail2Ban: qmail", "qmail", ("fail2ban/qmail",)),
    ("Fail2Ban: sendmail", "sendmail", ("fail2ban/sendmail-*",)),
    ("CrowdSec: Dovecot", "dovecot", ("crowdsec/dovecot-*/*.log",)),
    ("Fail2Ban: Dovecot", "dovecot", ("fail2ban/dovecot",)),
    ("CrowdSec: amavis", "amavis", ("crowdsec/amavis-*/*.log",)),
    ("CrowdSec: MailScanner", "mailscanner", ("crowdsec/mailscanner-*/*.log",)),
)
_PATTERN = re.compile(r"pattern: .*%\{POSTFIX_(\w+)\}")
_DATA = re.compile(r"^data: (.*)$", re.MULTILINE)
#: Patterns of the parts of a line, which no line consists of alone.
_PARTS = ("command_counter_data", "delays", "relay", "tls_features_0007", "tls_features_0008")


def foreign_sets(folder: Path) -> Iterator[Set]:
    """The sets that are there."""
    for name, server, patterns in _SETS:
        paths = sorted(path for pattern in patterns for path in folder.glob(pattern))
        if paths and server in parsers.SERVERS:
            yield Set(name, server, [_lines(path) for path in paths if path.is_file()])
    if lines := list(_patterns(folder / "postfix-patterns")):
        yield Set("Postfix grok patterns", "postfix", [lines])


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8", "backslashreplace")
    return [line for line in text.split("\n") if line.strip() and not line.startswith("#")]


def _patterns(folder: Path) -> Iterator[str]:
    """One line each, without its envelope; the pattern's name begins with the daemon's."""
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        pattern, data = _PATTERN.search(text), _DATA.search(text)
        if pattern and data and not path.stem.startswith(_PARTS):
            daemon = pattern[1].lower().partition("_")[0]
            yield f"Mar  1 00:00:00 mx1 postfix/{daemon}[1]: {_unquoted(data[1])}"


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value[1:-1].replace("''", "'") if value[:1] == "'" else value
