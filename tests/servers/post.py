"""The client: hands a message to a server by SMTP, speaking exactly as told.

smtplib's own `sendmail` rewrites addresses; here the commands are written out, so that quoted
local parts, refused recipients and a connection dropped half-way go over the wire as meant.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass, field

_QUEUE_ID = re.compile(rb"(?:id=|queued as )([0-9A-Za-z-]+)")


@dataclass(frozen=True)
class Way:
    """How a message comes to the server."""

    #: Address to connect from.
    source: str
    helo: str
    #: Login for submission on port 587 with TLS; "" for port 25.
    login: str = ""
    password: str = ""
    #: Where to hang up: "" not at all, "DATA" in the middle of the message, "RCPT" before it.
    hang_up: str = ""


@dataclass
class Receipt:
    """What the server answered."""

    queue_id: str = ""
    #: Recipients that were refused, and with which words.
    refused: dict[str, str] = field(default_factory=dict)
    #: Answer to the message itself, or to the command that ended it.
    reply: str = ""
    accepted: bool = False


def send(
    way: Way, server: str, sender: str, recipients: tuple[str, ...], message: bytes
) -> Receipt:
    """Hand in one message; refusals are told, not raised."""
    receipt = Receipt()
    port = 587 if way.login else 25
    try:
        client = smtplib.SMTP(server, port, way.helo, timeout=30, source_address=(way.source, 0))
    except smtplib.SMTPConnectError as refused:
        receipt.reply = f"{refused.smtp_code} {refused.smtp_error!r}"
        return receipt
    client.ehlo()
    if way.login:
        client.starttls(context=_no_verification())
        client.ehlo()
        client.login(way.login, way.password)
    _transact(client, way, sender, recipients, message, receipt)
    return receipt


def _transact(
    client: smtplib.SMTP,
    way: Way,
    sender: str,
    recipients: tuple[str, ...],
    message: bytes,
    receipt: Receipt,
) -> None:
    code, text = client.docmd("MAIL", f"FROM:<{sender}>")
    if code != 250:
        receipt.reply = f"{code} {text.decode()}"
        client.quit()
        return
    for recipient in recipients:
        code, text = client.docmd("RCPT", f"TO:<{recipient}>")
        if code not in {250, 251}:
            receipt.refused[recipient] = f"{code} {text.decode()}"
    if way.hang_up == "RCPT":
        client.close()
        return
    if len(receipt.refused) < len(recipients):
        _data(client, way, message, receipt)
    if way.hang_up != "DATA":
        client.quit()


def _data(client: smtplib.SMTP, way: Way, message: bytes, receipt: Receipt) -> None:
    if way.hang_up == "DATA":
        client.docmd("DATA")
        client.send(message[: len(message) // 2])
        client.close()
        return
    code, text = client.data(message)
    receipt.reply = f"{code} {text.decode()}"
    receipt.accepted = code == 250
    if receipt.accepted and (found := _QUEUE_ID.search(text)):
        receipt.queue_id = found[1].decode()


def _no_verification() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
