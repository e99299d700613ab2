"""What our own logs tell of how a domain's mail is signed and sent.

Selectors of DKIM keys stand where Exim verified a signature (`DKIM: d=example.com s=mail ...`) or a
signer added one (`DKIM-Signature field added (s=mail, d=example.com)`); the address that mail left
from stands in Exim's deliveries with the selector `+outgoing_interface` (`I=[192.0.2.25]:25`).

Limits: the newest messages only, of those that the viewer may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from postroad import queries
from postroad.model import question, when
from postroad.model.scope import Scope
from postroad.store import Store

#: Messages that are looked at, and how long ago they came at most.
_MESSAGES, _SINCE = 20, "30d"
_VERIFIED = re.compile(r" DKIM: d=(\S+) s=(\S+) ")
_SIGNED = re.compile(r"DKIM-Signature field added \(s=([^,\s]+), d=([^)\s]+)\)")
#: A delivery of Exim, not an arrival, whose interface is the one that mail came in by.
_LEFT = re.compile(r" (?:=>|->|==|\*\*) .* I=\[([0-9A-Fa-f.:]+)\]")
_LABELS = re.compile(r"[A-Za-z0-9._-]{1,100}")


class Signs(msgspec.Struct, frozen=True):
    """What was seen."""

    selectors: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def seen(store: Store, scope: Scope, domain: str, *, now: int) -> Signs:
    """Selectors of the domain, and addresses its mail left from, newest first."""
    search = question.ask({"from": f"@{domain}", "since": _SINCE}, now=now, zone=when.UTC_ZONE)
    page = queries.search(store, scope, search, limit=_MESSAGES)
    lines: list[str] = []
    for each in page.deliveries:
        detail = queries.detail(store, scope, each.id)
        lines += [line.text for line in detail.log_lines] if detail else []
    return read(lines, domain)


def read(lines: Iterable[str], domain: str) -> Signs:
    """What these log lines tell of the domain."""
    selectors: dict[str, None] = {}
    addresses: dict[str, None] = {}
    for line in lines:
        if found := _VERIFIED.search(line):
            signer, selector = found[1], found[2]
        elif found := _SIGNED.search(line):
            signer, selector = found[2], found[1]
        else:
            signer = selector = ""
        if signer.lower() == domain and _LABELS.fullmatch(selector):
            selectors[selector.lower()] = None
        if left := _LEFT.search(line):
            addresses[left[1]] = None
    return Signs(tuple(selectors), tuple(addresses))
