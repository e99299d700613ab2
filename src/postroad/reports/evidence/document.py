r"""The document: what evidence of one delivery says, field by field.

Texts out of the log are as they stood there, but for masked addresses and for what cannot be
seen, which is written as `\x1b`. Times are RFC 3339 in UTC, empty where not known. There are no
fractions in it, so that there is one way to write it.
"""

from __future__ import annotations

import msgspec

import postroad

FORMAT = "postroad evidence 1"


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """The postroad that makes a document."""

    #: Its `host`, and the address of its pages; empty where none is set.
    server: str
    url: str
    #: Fingerprint of the key that it signs with.
    key: str
    version: str = postroad.__version__


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to hand the copy on."""

    at: str
    outcome: str
    #: False where no host or mailbox was really tried.
    counted: bool
    host: str
    ip: str
    port: int
    #: Version and cipher as the log has them; empty where it has none.
    tls: str
    smtp_code: int
    enhanced_code: str
    #: Verbatim.
    reply: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, as whoever wrote it says."""

    at: str
    says: str
    reporter: str
    diagnostic: str
    #: Whether it names the recipient that the message was sent to.
    names_recipient: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    at: str
    host: str
    text: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What the document says in words: what it shows, and what it does not."""

    headline: str
    shows: list[str]
    does_not_show: list[str]
    #: What was masked or left out.
    masked: list[str]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence of one delivery."""

    format: str = FORMAT
    made_at: str
    made_by: Maker
    #: Zone and language of the sentences.
    zone: str
    language: str
    statement: Statement
    #: `delivered`, `failed`, ...
    status: str
    direction: str
    sender: str
    recipient: str
    #: Empty where the log has none, or where it was left out.
    subject: str
    #: Who submitted it by name and password, where that is the sender; where it came from.
    user: str
    client_host: str
    client_ip: str
    #: The mail server whose log this is.
    mail_server: str
    queue_id: str
    message_id: str
    delivery_id: str
    #: Octets; 0 where not known.
    size: int
    arrived_at: str
    last_attempt_at: str
    #: Server that was spoken to last.
    host: str
    ip: str
    port: int
    tls: str
    smtp_code: int
    enhanced_code: str
    reply: str
    #: Folder of the mailbox here, where it is known.
    folder: str
    attempts: list[Attempt]
    receipts: list[Receipt]
    log_lines: list[Line]
