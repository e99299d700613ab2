"""The options that ask for mail, the same for every command that does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from postroad.cli import talk
from postroad.model.search import Flow, Goal, Match

What = Annotated[
    str, typer.Argument(metavar="WHAT", help="Address, domain, id, IP, log line, subject.")
]
To = Annotated[str, typer.Option("--to", metavar="A", help="Recipient.")]
Sender = Annotated[str, typer.Option("--from", metavar="A", help="Sender.")]
Matching = Annotated[Match, typer.Option("--match", help="How addresses are compared.")]
Statuses = Annotated[
    str,
    typer.Option(
        "--status",
        metavar="S,...",
        help="delivered, in_progress, deferred, failed, rejected, blocked, filtered.",
    ),
]
Directions = Annotated[
    str, typer.Option("--direction", metavar="D,...", help="inbound, outbound, internal, relayed.")
]
Side = Annotated[
    Flow | None, typer.Option("--side", help="Sent from here or by you; received here or by you.")
]
Place = Annotated[
    Goal | None, typer.Option("--place", help="For another server, or for a mailbox here.")
]
Since = Annotated[str, typer.Option("--since", metavar="T", help="At or after this time.")]
Until = Annotated[str, typer.Option("--until", metavar="T", help="Before this time.")]
Id = Annotated[
    str, typer.Option("--id", metavar="ID", help="Queue id, delivery id or message key.")
]
MessageId = Annotated[str, typer.Option("--message-id", metavar="ID", help="Message-ID header.")]
Subject = Annotated[str, typer.Option("--subject", metavar="TEXT", help="Part of the subject.")]
Host = Annotated[str, typer.Option("--host", metavar="NAME", help="The server that logged it.")]
Ip = Annotated[
    str, typer.Option("--ip", metavar="NET", help="Address or network at the other end.")
]
User = Annotated[str, typer.Option("--user", metavar="NAME", help="Proven login.")]
Domain = Annotated[str, typer.Option("--domain", metavar="NAME", help="Domain of the submitter.")]
ClientHost = Annotated[
    str, typer.Option("--client-host", metavar="NAME", help="The host that gave it to us.")
]
RemoteHost = Annotated[
    str, typer.Option("--remote-host", metavar="NAME", help="The host that it was offered to.")
]
Transport = Annotated[str, typer.Option("--transport", metavar="NAME", help="The last transport.")]
Router = Annotated[str, typer.Option("--router", metavar="NAME", help="The last router.")]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="NAME", help="Why it failed or waits: mailbox_full, ..."),
]
Sort = Annotated[
    str,
    typer.Option("--sort", metavar="FIELD", help="Order by a field; -FIELD: the greatest first."),
]


def question(given: Mapping[str, Any]) -> dict[str, str]:
    """The question of these options, by the names of the API, on the reader's clock.

    `given` are a command's arguments by name; those that do not ask for mail are left out.
    """
    asked = {name: str(given[option] or "") for option, name in _NAMES.items()}
    if asked["match"] == Match.EXACT:
        asked["match"] = ""
    return {**asked, "timezone": talk.reader_zone().key}


#: Names of a command's arguments, and those of the API.
_NAMES = {
    "what": "q",
    "to": "to",
    "sender": "from",
    "match": "match",
    "status": "status",
    "direction": "direction",
    "side": "side",
    "place": "place",
    "since": "since",
    "until": "until",
    "id": "id",
    "message_id": "message_id",
    "subject": "subject",
    "host": "host",
    "ip": "ip",
    "user": "user",
    "domain": "domain",
    "client_host": "client_host",
    "remote_host": "remote_host",
    "transport": "transport",
    "router": "router",
    "reason": "reason",
}
