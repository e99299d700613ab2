"""A document put into words: for its PDF, for a page, and for a terminal.

Labels are texts that can be put into a language; everything else is as it stands in the document,
which may be anybody's: unknown zones, languages and words are shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from postroad.languages import ENGLISH, Catalogue, catalogue, known
from postroad.model import words
from postroad.model.status import Outcome, Status
from postroad.model.text import Text, join, say
from postroad.model.when import UTC_ZONE, named
from postroad.reports.evidence import seal
from postroad.reports.evidence.document import Attempt, Document, Receipt

_MICROSECONDS = 1_000_000
_SMTP = 25


class Fact(NamedTuple):
    """One line of a list of facts."""

    label: Text
    value: str
    #: Whether it is to be set in type of one width.
    is_code: bool = False


class Try(NamedTuple):
    """One attempt."""

    at: str
    outcome: str
    where: str
    reply: str


class Came(NamedTuple):
    """One receipt that came back."""

    at: str
    says: str
    about: str
    diagnostic: str


def status(document: Document) -> str:
    """The status as a heading."""
    try:
        return words.label(Status.from_word(document.status))
    except KeyError:
        return document.status


def moment(document: Document, text: str) -> str:
    """A time of the document on its zone's clock and in UTC; as it is where it is no time."""
    try:
        at = datetime.fromisoformat(text)
        zone = _zone(document)
        local = at.astimezone(zone)
        utc = at.astimezone(UTC_ZONE)
        clock = named(zone, int(at.timestamp() * _MICROSECONDS))
    except (ValueError, OverflowError):
        return text
    shown = f"{local:%Y-%m-%d %H:%M:%S} ({clock})"
    return shown if clock == "UTC" else f"{shown} = {utc:%Y-%m-%d %H:%M:%S} UTC"


def facts(document: Document) -> list[Fact]:
    """What is known, in the order in which it is asked for."""
    server = place(document.host, document.ip, document.port)
    rows = (
        Fact(say("Sender"), document.sender or say("<> (a notification by a mail server)")),
        Fact(say("Recipient"), document.recipient),
        Fact(say("Subject"), document.subject),
        Fact(say("Status"), status(document)),
        Fact(say("Arrived at the mail server"), moment(document, document.arrived_at)),
        Fact(say("Last attempt"), moment(document, document.last_attempt_at)),
        Fact(say("Other server"), server),
        Fact(say("Encryption"), document.tls or (say("not told by the log") if server else "")),
        Fact(say("Status code"), codes(document)),
        Fact(say("Its reply") if server else say("Reply"), document.reply, is_code=True),
        Fact(say("Folder"), document.folder),
        Fact(say("Signed in as"), document.user),
        Fact(say("Came from"), place(document.client_host, document.client_ip, 0)),
        Fact(say("Size"), say("{count} bytes", count=document.size) if document.size else ""),
        Fact(say("Message-ID"), document.message_id, is_code=True),
        Fact(say("Mail server"), document.mail_server),
        Fact(say("Queue id"), document.queue_id, is_code=True),
        Fact(say("Delivery id"), document.delivery_id, is_code=True),
    )
    return [each for each in rows if each.value]


def codes(said: Document | Attempt) -> str:
    """Reply code and enhanced status code; empty where none is known."""
    return " ".join(filter(None, [str(said.smtp_code or ""), said.enhanced_code]))


def attempts(document: Document) -> Iterator[Try]:
    """Every attempt."""
    for each in document.attempts:
        yield Try(
            moment(document, each.at),
            _outcome(each),
            _where(each),
            each.reply or codes(each),
        )


def receipts(document: Document) -> Iterator[Came]:
    """Every receipt, as whoever wrote it says."""
    for each in document.receipts:
        yield Came(moment(document, each.at), each.says, _about(each), each.diagnostic)


def made(document: Document) -> list[Fact]:
    """Who made the document, and when."""
    maker = document.made_by
    server = f"{maker.server} ({maker.url})" if maker.url else maker.server
    return [
        Fact(say("Made on"), moment(document, document.made_at)),
        Fact(say("Made by the server"), server),
        Fact(say("Program"), f"postroad {maker.version}"),
        Fact(say("Key (Ed25519), fingerprint"), seal.grouped(maker.key), is_code=True),
    ]


def place(host: str, ip: str, port: int) -> str:
    """A server by its name, its address or both, and a port that is not the usual one."""
    shown = f"{host} [{ip}]" if host and ip and host != ip else host or ip
    return f"{shown}:{port}" if shown and port not in (0, _SMTP) else shown


def page(document: Document, public: bytes) -> dict[str, Any]:
    """What the template of the PDF is filled in with, in the document's language."""
    speaks = catalogue(document.language if document.language in known() else ENGLISH)
    one = speaks.text

    def rows(found: list[Fact]) -> list[dict[str, Any]]:
        return [
            {"label": one(each.label), "value": one(each.value), "code": each.is_code}
            for each in found
        ]

    return {
        "language": speaks.code,
        "title": one(say("Evidence of a delivery")),
        "server": document.mail_server,
        "headline": document.statement.headline,
        "status": document.status,
        "shows": document.statement.shows,
        "does_not_show": document.statement.does_not_show,
        "masked": document.statement.masked,
        "facts": rows(facts(document)),
        "made": rows(made(document)),
        "attempts": [
            {name: one(value) for name, value in each._asdict().items()}
            for each in attempts(document)
        ],
        "receipts": [
            {name: one(value) for name, value in each._asdict().items()}
            for each in receipts(document)
        ],
        "lines": [each.text for each in document.log_lines],
        "labels": _labels(speaks),
        "key": seal.encoded(public),
        "fingerprint": seal.grouped(document.made_by.key),
        "check": one(_how(document)),
        "footer": f"{document.made_by.server} · {document.delivery_id}",
    }


def _labels(speaks: Catalogue) -> dict[str, str]:
    said = {
        "shows": say("What the log shows"),
        "does_not_show": say("What it does not show"),
        "facts": say("Facts"),
        "attempts": say("Attempts"),
        "receipts": say("What came back"),
        "receipts_note": say("Anybody can write a receipt: it proves that its writer says so."),
        "lines": say("Log lines"),
        "lines_note": say("As they stand in the log, in its own clock."),
        "seal": say("Seal"),
        "key": say("Public key (base64)"),
        "page": say("Page {number} of {total}", number="{number}", total="{total}"),
        "none": say("None is known."),
        "attached": say("The signed document is attached to this file as evidence.json."),
    }
    return {name: speaks.text(each) for name, each in said.items()}


def _how(document: Document) -> Text:
    url = document.made_by.url
    where = url.rstrip("/") + "/verify" if url else say("the page /verify of that server")
    return say(
        "This file is signed. Any change to it, of one byte even, is found: hand it in at {where}, "
        "or run “postroad verify” on it, which needs no account and no network. Then compare the "
        "fingerprint of the key with the one that the server shows, or that its owner tells you.",
        where=where,
    )


def _outcome(attempt: Attempt) -> str:
    try:
        said: str = words.outcome(Outcome[attempt.outcome.upper()])
    except KeyError:
        said = attempt.outcome
    if attempt.counted:
        return said
    return join([said, say("(no host or mailbox was really tried)")])


def _where(attempt: Attempt) -> str:
    shown = place(attempt.host, attempt.ip, attempt.port)
    return join([shown, attempt.tls], ", ")


def _about(receipt: Receipt) -> str:
    named_other = say("it names another address than the message was sent to")
    return join([receipt.reporter, "" if receipt.names_recipient else named_other], "; ")


def _zone(document: Document) -> ZoneInfo:
    try:
        return ZoneInfo(document.zone)
    except (OSError, ValueError, KeyError):
        return UTC_ZONE
