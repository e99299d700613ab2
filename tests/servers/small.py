"""The plan for OpenSMTPD and sendmail: a handful of messages with known fates, in real time.

Comes in: `MESSAGES`. Goes out, as truth: for each message what the client was told, its recipients
with their fates, and what mailboxes and sinks have in the end. Nothing of it is taken from a log.
"""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .post import Receipt, Way, send
from .yard import Server, Yard

REAL_TIME = True

_PARTNER = Way("203.0.113.11", "out.partner.example")


@dataclass(frozen=True)
class Fate:
    """What becomes of one recipient."""

    recipient: str
    status: str
    #: Where the copy went, if that is another address.
    final: str = ""


@dataclass(frozen=True)
class Message:
    """What is sent, and what becomes of it."""

    name: str
    #: From outside, or by a local user.
    way: Way | str
    sender: str
    fates: tuple[Fate, ...]


def messages(kind: str) -> tuple[Message, ...]:
    """The messages for one server: two of its users have mailboxes in its domain."""
    here = {"opensmtpd": "farm.example", "sendmail": "mill.example"}[kind]
    names = {"opensmtpd": ("anna", "ben"), "sendmail": ("carol", "dave")}[kind]
    one, two = (f"{name}@{here}" for name in names)
    stranger = Fate(f"stranger@{here}", "rejected")
    alias = (Fate(f"all@{here}", "delivered", one), Fate(f"all@{here}", "delivered", two))
    if kind == "sendmail":
        alias = (Fate(f"dora@{here}", "delivered", "dora.private@partner.example"),)
    incoming = {
        "delivered here": (Fate(one, "delivered"),),
        "two here": (Fate(one, "delivered"), Fate(two, "delivered")),
        "nobody here": (stranger,),
        "one known, one not": (Fate(one, "delivered"), stranger),
        "alias": alias,
        "relay denied": (Fate("x@bigmail.example", "rejected"),),
    }
    outgoing = {
        "goes out": (Fate("y@partner.example", "delivered"),),
        "goes out encrypted": (Fate("z@secure.example", "delivered"),),
        "goes to two": (
            Fate("a@bigmail.example", "delivered"),
            Fate("b@bigmail.example", "delivered"),
        ),
        "refused there": (Fate("q@strict.example", "failed"),),
        "refused after the message": (Fate("q@guard.example", "failed"),),
        "no such domain": (Fate("q@nowhere.example", "failed"),),
        "put off once": (Fate("q@university.example", "delivered"),),
        "put off for good": (Fate("q@busy.example", "failed"),),
        "nobody listens": (Fate("q@down.example", "failed"),),
        "mixed there": (
            Fate("taken@mixed.example", "delivered"),
            Fate("refused@mixed.example", "failed"),
            Fate("delayed@mixed.example", "delivered"),
        ),
    }
    return (
        *(Message(name, _PARTNER, "person@partner.example", it) for name, it in incoming.items()),
        *(Message(name, "carol", one, fates) for name, fates in outgoing.items()),
    )


def start() -> datetime:
    """Now, but for the moment that it takes to be ahead of it."""
    return datetime.now(UTC) + timedelta(seconds=0.2)


def servers() -> list[str]:
    """The small ones."""
    return ["opensmtpd", "sendmail"]


def play(yard: Yard) -> None:
    """Send everything, retry until nothing is left, and write down."""
    sent = {
        name: [_send(yard, server, each, n) for n, each in enumerate(messages(server.kind))]
        for name, server in yard.servers.items()
    }
    yard.settle(20)
    until = time.monotonic() + 45
    while time.monotonic() < until and any(server.queued() for server in yard.servers.values()):
        time.sleep(3)
        for server in yard.servers.values():
            server.retry()
    yard.settle(10)
    time.sleep(1)
    yard.keep(
        {
            "servers": {
                name: {
                    "kind": server.kind,
                    "host": server.host,
                    "address": server.address,
                    "address6": "",
                    "zone": "UTC",
                    "sent": sent[name],
                    "mailboxes": yard.mailboxes(server),
                    "queued": server.queued(),
                }
                for name, server in yard.servers.items()
            }
        }
    )


def _send(yard: Yard, server: Server, what: Message, number: int) -> dict[str, Any]:
    recipients = tuple(dict.fromkeys(fate.recipient for fate in what.fates))
    message_id = f"<{number}.{server.name}.yard@client.example>"
    lines = (
        f"From: <{what.sender}>",
        f"To: {recipients[0]}",
        f"Subject: {what.name}",
        f"Message-ID: {message_id}",
        "",
        "Hello.",
        "",
    )
    message = "\r\n".join(lines).encode()
    at = yard.clock.now()
    receipt = Receipt()
    if isinstance(what.way, Way):
        receipt = send(what.way, server.address, what.sender, recipients, message)
        # Both answer "250 2.0.0 ID Message accepted for delivery".
        if receipt.accepted and (found := re.search(r"(\S+) Message accepted", receipt.reply)):
            receipt.queue_id = found[1]
    else:
        server.submit(what.way, what.sender, recipients, message)
    return {
        "name": what.name,
        "at": at,
        "sender": what.sender,
        "login": what.way if isinstance(what.way, str) else "",
        "message_id": message_id,
        "queue_id": receipt.queue_id,
        "accepted": receipt.accepted,
        "refused": receipt.refused,
        "fates": [asdict(fate) for fate in what.fates],
    }
