"""The plan for what Exim refuses: at HELO, MAIL, RCPT and after the message.

Goes out, as truth: for each message what the client was told, and its headers. One Exim writes its
three logs as Debian sets it up, one sends everything to syslog besides, in which long lines are cut
and refusals come twice.
"""

from __future__ import annotations

import smtplib
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .exim import Exim
from .post import Receipt, Way, send
from .yard import Server, Yard

REAL_TIME = True

_CLIENT = Way("203.0.113.11", "out.partner.example")
_SENDER = "person@partner.example"
_LONG = tuple(f"reader-number-{number}@newsletter.partner.example" for number in range(60))


@dataclass(frozen=True)
class Message:
    """What is sent."""

    name: str
    recipients: tuple[str, ...]
    subject: str
    #: From outside, or by a local user.
    way: Way | str = _CLIENT
    sender: str = _SENDER
    headers: tuple[str, ...] = ()
    #: Recipients of whom the log must tell.
    told: tuple[str, ...] = ()


MESSAGES = (
    Message("unknown", ("nobody@customer.example",), "x", told=("nobody@customer.example",)),
    Message("relay", ("x@bigmail.example",), "x", told=("x@bigmail.example",)),
    Message("sender", ("anna@customer.example",), "x", sender="fake-1@partner.example", told=("",)),
    Message(
        "after the message",
        ("anna@customer.example", "ben@customer.example"),
        "Grüße: cheap pills\r\n for => everyone@customer.example",
        headers=(
            "X-Long: " + ",\r\n ".join(_LONG),
            "X-Wide: " + " ".join(_LONG)[:980],
            "X-Forged: 2026-03-02 09:45:00 1vwzpk-000007Z57Nm-1LfC => eve@customer.example R=x T=y",
        ),
        told=("anna@customer.example", "ben@customer.example"),
    ),
    Message(
        # Another stranger than before: lines that are the same to the letter, within one second,
        # are one refusal as far as a log can tell.
        "one of two",
        ("no-one@customer.example", "anna@customer.example"),
        "cheap pills again",
        told=("no-one@customer.example", "anna@customer.example"),
    ),
    Message(
        "for now", ("ben@customer.example",), "Scanner is away", told=("ben@customer.example",)
    ),
    Message(
        "script",
        ("anna@customer.example",),
        "forbidden script",
        way="carol",
        sender="carol@{host}",
        told=("anna@customer.example",),
    ),
    Message("taken", ("clara@customer.example",), "welcome", told=("clara@customer.example",)),
    Message("panic", ("careless@customer.example",), "x", told=("careless@customer.example",)),
)


def start() -> datetime:
    """Now, but for the moment that it takes to be ahead of it."""
    return datetime.now(UTC) + timedelta(seconds=0.2)


def servers() -> list[str]:
    """One that writes files, and one that writes to syslog as well."""
    return ["exim", "exim-full"]


def play(yard: Yard) -> None:
    """Send everything and write down what was said."""
    told = {}
    for name, server in yard.servers.items():
        assert isinstance(server, Exim)
        sent = [_send(yard, server, each, number) for number, each in enumerate(MESSAGES)]
        told[name] = {
            "kind": server.kind,
            "host": server.host,
            "address": server.address,
            "address6": "",
            "zone": server.flavour.zone,
            "sent": sent,
            "helo": _unwanted(server),
        }
    yard.settle(20)
    time.sleep(1)
    yard.keep({"servers": told})


def _send(yard: Yard, server: Server, what: Message, number: int) -> dict[str, Any]:
    sender = what.sender.format(host=server.host)
    message_id = f"<{number}.{'long-' * 12}{server.name}.yard@client.example>"
    lines = (
        *what.headers,
        f"From: <{sender}>",
        f"To: {what.recipients[0]}",
        f"Subject: {what.subject}",
        f"Message-ID:\r\n {message_id}",
        "",
        "Hello.",
        "",
    )
    message = "\r\n".join(lines).encode()
    at = yard.clock.now()
    receipt = Receipt()
    if isinstance(what.way, Way):
        receipt = send(what.way, server.address, sender, what.recipients, message)
    else:
        server.submit(what.way, sender, what.recipients, message)
    return {
        "name": what.name,
        "at": at,
        "sender": sender,
        "recipients": what.recipients,
        "subject": what.subject.replace("\r\n", ""),
        "message_id": message_id,
        "accepted": receipt.accepted,
        "reply": receipt.reply,
        "refused": receipt.refused,
        "told": what.told,
    }


def _unwanted(server: Server) -> str:
    client = smtplib.SMTP(server.address, 25, timeout=30, source_address=(_CLIENT.source, 0))
    code, reply = client.docmd("EHLO", "unwanted.partner.example")
    client.quit()
    return f"{code} {reply.decode()}"
