"""What the readers of Postfix's daemons share: the words of their interface, small pieces of text.

A daemon's reader takes the envelope of a line, its `Origin`, the queue id the text began with (`""`
if it began with none, `NOQUEUE` if it said so) and the text behind it. It returns an event,
`NOISE`, or None for a text it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from postroad.model.event import Event, Noise
from postroad.parsers.prefix import Prefix

#: What reading one line gives.
Read = Event | Noise | None

#: The id that stands in for one where no queue file exists (smtpd.c).
NOQUEUE = "NOQUEUE"

#: An address in angle brackets as Postfix logs it, in either `info_log_address_format`: brackets
#: inside a quoted local part do not end it.
ADDRESS = r'<([^>"]*(?:"(?:[^"\\]|\\.)*"[^>"]*)*|[^>]*)>'


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a line comes from, as told by its syslog tag `instance[/service]/daemon`."""

    instance: str
    daemon: str
    #: The service's own name where the tag tells it (`postfix/relay/smtp`), else the daemon.
    service: str


#: Reads the text of one daemon's lines.
DaemonReader = Callable[[Prefix, Origin, str, str], Read]


class Sample(NamedTuple):
    """A line that a reader must understand, and what it must make of it."""

    daemon: str
    text: str
    #: The event's class.
    kind: type[Any]
    #: Some of its fields.
    fields: Mapping[str, object]


def peer(host: str, ip: str) -> tuple[str, str]:
    """Name a client: Postfix writes `unknown` for what it could not find out."""
    return "" if host == "unknown" else host, "" if ip == "unknown" else ip


def codes(reply: str, start: int = 0) -> tuple[int | None, str]:
    """Read the reply code and the enhanced status code that a reply begins with.

    Either may be missing: (None, "") for `Ok`, (None, "4.7.1") for `4.7.1 Later`, (550, "") for
    `550 No`. Multi-line replies have a hyphen behind the code (RFC 5321, section 4.2.1).
    """
    return _codes(reply[start : start + _CODES_LENGTH])


@lru_cache(maxsize=4096)
def _codes(reply: str) -> tuple[int | None, str]:
    """Read the codes; what replies begin with repeats itself."""
    found = _CODES.match(reply)
    code, enhanced = found.groups() if found else ("", "")
    return int(code) if code else None, enhanced or ""


def spoken(text: str) -> int:
    """Find where the other host's own words begin in a text of ours, -1 if nowhere.

    `host H[IP] said: 550 ...`, `host H[IP] refused to talk to me: 421 ...`,
    `SASL authentication failed; server H[IP] said: 535 ...` (smtp_trouble.c, smtp_proto.c).
    """
    if text[:1].isdigit():
        return 0
    found = _SPOKEN.match(text)
    return found.end() if found else -1


def tried(text: str) -> tuple[str, str, int | None]:
    """Name the host that a text of the SMTP client speaks of: name, address, port."""
    found = _TRIED.match(text)
    if not found or "/" in found[2]:
        return "", "", None
    return found[1], found[2], int(found[3]) if found[3] else None


#: `550-5.123.123` and what tells that it ends there.
_CODES_LENGTH = 14
_CODES = re.compile(r"(?:([2345]\d\d)(?:[ -]|$))?(?:([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?", re.ASCII)
_SUSPENDED = r"(?:delivery temporarily suspended: )?"
_SPOKEN = re.compile(
    rf"{_SUSPENDED}(?:host |SASL authentication failed; server )[^\s\[]*\[[^\s\]]*\](?::\d+)?"
    r" (?:said|refused to talk to me): ",
    re.ASCII,
)
_TRIED = re.compile(
    rf"{_SUSPENDED}(?:host |connect to |lost connection with |conversation with "
    r"|SASL authentication failed; server "
    r"|TLS is required, but was not offered by host |Cannot start TLS: handshake failure with )"
    r"([^\s\[]*)\[([^\s\]]*)\](?::(\d{1,5}))?",
    re.ASCII,
)
