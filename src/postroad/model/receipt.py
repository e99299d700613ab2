"""The words of receipts: what came back about a message, and what of it can be believed.

A receipt is a message that anybody can write. It proves that its writer says so, no more: whether
its writer is who it claims, and whether it is true, nobody here knows.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from postroad.model.text import Text, say


class Says(IntEnum):
    """What a receipt says. Values are stored: append, never renumber."""

    #: The recipient's server: it is in the mailbox, or handed to its program (RFC 3464, 2.3.3).
    DELIVERED = 1
    #: The server: it will not be delivered.
    FAILED = 2
    #: The server: not yet; it goes on trying.
    DELAYED = 3
    #: The server: handed on to one that sends no receipts.
    RELAYED = 4
    #: The server: handed on to several addresses, as by a list.
    EXPANDED = 5
    #: The recipient's program: shown to whoever reads there (RFC 8098, section 3.2.6.2).
    DISPLAYED = 6
    #: The program: thrown away, perhaps never shown.
    DELETED = 7
    #: The program: sent on to somebody else.
    DISPATCHED = 8
    #: The program: dealt with, without being shown.
    PROCESSED = 9
    #: The program: its user does not want to say.
    DENIED = 10

    @property
    def word(self) -> str:
        """The public name: `delivered`."""
        return self.name.lower()

    @property
    def is_of_program(self) -> bool:
        """Whether the recipient's program says so, and not a server."""
        return self >= Says.DISPLAYED

    @property
    def words(self) -> Text:
        """The whole claim, with whose it is."""
        return _WORDS[self]


_WORDS = {
    Says.DELIVERED: say("The recipient's server says: delivered"),
    Says.FAILED: say("The recipient's server says: not delivered"),
    Says.DELAYED: say("The recipient's server says: delayed, it goes on trying"),
    Says.RELAYED: say("The recipient's server says: handed on to a server without receipts"),
    Says.EXPANDED: say("The recipient's server says: handed on to several addresses"),
    Says.DISPLAYED: say("The recipient's program says: displayed"),
    Says.DELETED: say("The recipient's program says: deleted"),
    Says.DISPATCHED: say("The recipient's program says: sent on to somebody else"),
    Says.PROCESSED: say("The recipient's program says: dealt with, without being displayed"),
    Says.DENIED: say("The recipient's program says: its user does not tell"),
}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What one receipt says of one recipient. Empty where it does not say."""

    says: Says
    #: The recipient as the reporter knows it, and as the sender wrote it.
    recipient: str = ""
    original: str = ""
    #: When it happened, as the reporter says; else when it wrote the receipt; microseconds UTC.
    at: int = 0
    #: The reporting server, or the reporting program.
    reporter: str = ""
    #: The server that the reporter speaks of (`Remote-MTA`).
    remote: str = ""
    #: Status code (RFC 3463) and reply code.
    enhanced_code: str = ""
    smtp_code: int = 0
    #: What the server said, verbatim.
    diagnostic: str = ""
    #: Whether a program's user sent it by hand; of servers always False.
    by_hand: bool = False


class QueueId(msgspec.Struct, frozen=True):
    """A queue id and the host whose it is."""

    host: str
    id: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came back: what it says, and which message it is about."""

    receipts: tuple[Receipt, ...] = ()
    #: Message-IDs of the message that it is about, without brackets; the surest first.
    message_ids: tuple[str, ...] = ()
    #: Queue ids that the message had on its way, where hosts wrote them into it.
    queue_ids: tuple[QueueId, ...] = ()
    #: The Message-ID and the date of the report itself.
    own_id: str = ""
    at: int = 0
    #: What its writer wrote for people, as far as it was no part of a receipt.
    notice: str = ""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as it is kept: under one name of the message that it is about.

    One that several names lead to is kept under each of them; they share their `id`.
    """

    #: Message-ID without brackets, or queue id.
    key: str
    #: Of a queue id the host whose it is, as the receipt says; of a Message-ID empty.
    host: str
    #: Names the receipt by all that it says.
    id: str
    #: When it was written, as it says, but no later than it was read; microseconds UTC.
    noted_at: int
    says: Says
    recipient: str
    original: str
    at: int
    reporter: str
    remote: str
    enhanced_code: str
    smtp_code: int
    diagnostic: str
    by_hand: bool


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as it is shown beside the delivery that it is about."""

    says: Says
    recipient: str
    at: int
    reporter: str
    remote: str
    enhanced_code: str
    smtp_code: int
    diagnostic: str
    by_hand: bool
    #: Whether it names the recipient that this server sent the message to, and not another.
    is_for_recipient: bool
