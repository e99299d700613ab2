"""Where a message goes, as a set of words: by trace, and as it was found. Both must be the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.servers import names

_SERVERS = {address: name for name, (_, address) in names.SERVERS.items()}
_SINKS = {sink.address: sink.domain for sink in names.SINKS}
_HOSTS = {"exim": "mx1.example.com", "postfix": "mx2.example.com"}


#: Names of two aliases that lead to each other: which of them is named in the end is of no account.
_LOOP = re.compile(r"loop[12]")


def traced(server: str, address: str, told: dict[str, Any]) -> set[str]:
    """What the route says: `mailbox anna@customer.example`, `server partner.example zoe@…`."""
    words = {each for end in ends(told["route"]["root"]) for each in _of(server, end)}
    if server == "exim":
        # Exim's queue knows the recipients that were asked for.
        words = {f"waiting {address}" if each.startswith("waiting") else each for each in words}
    return {_LOOP.sub("loop", each) for each in words}


def found(server: str, address: str, told: dict[str, Any]) -> set[str]:
    """What was found after the message was sent."""
    asked = {recipient: sink for sink, recipient in told["asked"]}
    words = {
        *(f"mailbox {each}" for each in told["mailboxes"]),
        *(f"server {sink} {recipient}" for sink, recipient in told["servers"]),
        *(f"command {each}" for each in told["commands"]),
        *(f"file {each}" for each in told["files"]),
    }
    for state in ("returned", "waiting", "refused"):
        for each in told[state]:
            if each in asked:
                words.add(f"server {asked[each]} {each}")
            else:
                words.add(f"{'returned' if state == 'refused' else state} {each}")
    if told["reply"].startswith("4"):
        words.add(f"waiting {address}")
    return {_LOOP.sub("loop", each) for each in words}


def ends(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes of a route behind which there is none."""
    if not node["children"]:
        yield node
    for child in node["children"]:
        yield from ends(child)


def _of(server: str, end: dict[str, Any]) -> Iterator[str]:
    match end["kind"]:
        case "local":
            yield _place(server, end["mailbox"])
        case "smtp":
            yield _server(end)
        case "command":
            yield f"command {end['command'].rpartition(' ')[2]}"
        case "bounce":
            yield f"returned {end['address'].lower()}"
        case "defer":
            yield f"waiting {end['address']}"
        case "error":
            yield f"error {end['words']}"


def _place(server: str, mailbox: str) -> str:
    """A mailbox by its address, whatever the server says of it."""
    if mailbox.endswith(".mbox"):
        return f"file {mailbox}"
    path = mailbox.removeprefix(f"/srv/mail/{server}/")
    if path == mailbox:
        local, _, domain = mailbox.rpartition("@")
        return f"mailbox {local.partition('+')[0].lower()}@{domain}"
    domain, _, user = path.strip("/").rpartition("/")
    return f"mailbox {user}@{domain or _HOSTS[server]}"


def _server(end: dict[str, Any]) -> str:
    for host in end["hosts"]:
        for ip in host["ips"]:
            if name := (_SINKS | _SERVERS).get(ip):
                return f"server {name} {end['address']}"
    return f"waiting {end['address']}"
