"""Deliveries, their attempts and their evidence: the rows that are stored, column by column.

Field names are column names. Times are microseconds UTC since 1970, 0 where not known.
"""

from __future__ import annotations

import hashlib

import msgspec

from postroad.model.event import LinkKind
from postroad.model.status import Direction, Outcome, Status


class Delivery(msgspec.Struct, gc=False, kw_only=True):
    """One message for one recipient.

    Rows with the same `id` are versions of one delivery: the highest `version` counts. A row that
    turned out to speak of something else is withdrawn by a version with `deleted` set.
    """

    #: Public, deterministic: `delivery_id()`.
    id: str
    #: Common to the deliveries of one message: `message_key()`.
    message_key: str
    host: str
    instance: str
    queue_id: str
    #: Rises with the number of log lines that the row rests on, hops included.
    version: int
    deleted: bool = False
    #: A later hop of another delivery's way (content filter, forward); not shown by itself.
    folded: bool = False
    message_id: str = ""
    status: Status
    direction: Direction = Direction.UNKNOWN
    #: Envelope sender as claimed; "" is the null sender.
    sender: str = ""
    #: Envelope recipient as addressed.
    recipient: str = ""
    #: The final address, mailbox, file or command; "" while not known to differ.
    delivered_to: str = ""
    #: Folder that it was stored in ("INBOX", "Junk"), where the mailbox server says so.
    mailbox: str = ""
    #: Arrival here.
    sent_at: int = 0
    last_attempt_at: int = 0
    attempts: int = 0
    subject: str = ""
    size: int = 0
    spam_score: float | None = None
    #: Program that judged the content, its verdict in its own words, and the rules that hit.
    scanner: str = ""
    spam_verdict: str = ""
    spam_rules: list[str] = []
    #: Proven login, local account, or the server's own sender identification.
    user: str = ""
    #: Domain of the proven submitter; "" if none is proven.
    domain: str = ""
    auth: str = ""
    client_host: str = ""
    client_ip: str = ""
    helo: str = ""
    protocol: str = ""
    router: str = ""
    transport: str = ""
    remote_host: str = ""
    remote_ip: str = ""
    tls: str = ""
    smtp_code: int = 0
    enhanced_code: str = ""
    #: What the last attempt's server said, verbatim and whole.
    result: str = ""
    #: Name of a `Reason` in lower case; "" where nothing went wrong.
    reason: str = ""
    #: Who may see it as the receiving side: address keys (lower case).
    targets: list[str] = []
    #: Who may see it as the sending side: address keys and logins (lower case), proven only.
    origins: list[str] = []
    #: Queue ids on this host that carried this copy on, in order.
    hops: list[str] = []
    #: Other programs' lines about it: host, instance and queue id, a space between them.
    asides: list[str] = []
    #: How often it was refused before it was let in (greylisting), and when first.
    knocks: int = 0
    knocked_at: int = 0
    #: Queue id of the message that this one reports about.
    bounce_of: str = ""
    #: Queue id of the notification sent about this delivery.
    bounced_as: str = ""
    #: The next server's queue id; of a knock, the queue id under which it was let in.
    next_queue_id: str = ""
    #: Time of the message's first and last line here: its evidence lies between them.
    first_at: int = 0
    last_at: int = 0


class Attempt(msgspec.Struct, gc=False, kw_only=True):
    """One try to hand one recipient's copy on. Children of a `Delivery`."""

    delivery_id: str
    message_key: str
    host: str
    #: The queue id it was made under: a hop's, where the delivery went through several.
    queue_id: str
    at: int
    outcome: Outcome
    #: False where no host or mailbox was really tried.
    counted: bool = True
    address: str = ""
    router: str = ""
    transport: str = ""
    remote_host: str = ""
    remote_ip: str = ""
    remote_port: int = 0
    tls: str = ""
    smtp_code: int = 0
    enhanced_code: str = ""
    reply: str = ""
    reason: str = ""


class LogLine(msgspec.Struct, gc=False, kw_only=True):
    """One line of a message's evidence, as it stood in the log."""

    host: str
    instance: str
    queue_id: str
    at: int
    text: str


class Link(msgspec.Struct, gc=False, kw_only=True):
    """Two queue ids of one host and instance that belong together."""

    host: str
    instance: str
    kind: LinkKind
    queue_id: str
    other: str
    at: int


def message_key(host: str, instance: str, queue_id: str, life: int) -> str:
    """Name one message of one server: 16 hexadecimal digits, the same every time it is read.

    `life` tells apart messages that bear the same queue id one after the other: the microsecond
    of the arrival where ids come round again (Postfix's short ids), 0 where they never do.
    """
    text = f"{host}\0{instance}\0{queue_id}\0{life}".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def delivery_id(message: str, recipient: str, delivered_to: str, *, other: int = 0) -> str:
    """Name one delivery of the message with this key: 16 + 8 hexadecimal digits.

    `other` counts the names that were tried before and are those of other recipients: 32 bits tell
    any two people apart, but not thousands, nor addresses that somebody chose to be alike.
    """
    text = f"{recipient}\0{delivered_to}".encode("utf-8", "surrogateescape")
    if other:
        text += b"\0%d" % other
    return message + hashlib.blake2b(text, digest_size=4).hexdigest()


class Batch(msgspec.Struct, gc=False, kw_only=True):
    """What one drain of the correlator gives to the store. Writing it twice changes nothing."""

    deliveries: list[Delivery] = []
    attempts: list[Attempt] = []
    lines: list[LogLine] = []
    links: list[Link] = []
