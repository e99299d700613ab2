"""The columns of the report: which there are, and what each reads in a file.

A column is named by its `key`, which is kept with a person's choices. What its cells look like on a
page is in `_cells.html`, by its `kind`; what they read in a file is `text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from postroad.model import address, when, words
from postroad.model.delivery import Delivery
from postroad.model.text import Text, say


class Column(NamedTuple):
    """One column of the report."""

    key: str
    label: Text
    #: How its cells are put out.
    kind: str = "text"
    #: The field of a delivery that it shows and can be sorted by; "" where it has none.
    field: str = ""
    #: The field of a question that a click on a cell fills in; "" where none does.
    asks: str = ""
    #: Whether its first click on the heading begins with the greatest.
    is_falling: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The public fields that it is made of."""
        return _MADE_OF.get(self.key, (self.field,) if self.field else ())


#: Columns that are made of other public fields than the one they are sorted by.
_MADE_OF = {
    "sender": ("user", "client_host", "client_ip"),
    "result": ("smtp_code", "enhanced_code", "result"),
    "delivery_user": ("delivered_to",),
    "delivery_domain": ("delivered_to",),
}
_ALL = (
    Column("event", say("Event"), "event", "status"),
    Column("from", say("From Address"), "from", "sender", "from"),
    Column("sender", say("Sender"), "sender", "user"),
    Column("sent", say("Sent Time"), "sent", "sent_at", is_falling=True),
    Column("delivery", say("Delivery Time"), "tried", "last_attempt_at", is_falling=True),
    Column("score", say("Spam Score"), "score", "spam_score", is_falling=True),
    Column("to", say("Recipient"), "to", "recipient", "to"),
    Column("result", say("Result"), "result", "result"),
    Column("user", say("Username"), "text", "user", "user"),
    Column("domain", say("Domain"), "text", "domain", "domain"),
    Column("client_host", say("Sender Host"), "text", "client_host", "client_host"),
    Column("client_ip", say("Sender IP"), "text", "client_ip", "ip"),
    Column("auth", say("Authentication"), "text", "auth"),
    Column("delivered_to", say("Delivered To"), "address", "delivered_to", "to"),
    Column("mailbox", say("Folder"), "text", "mailbox"),
    Column("delivery_user", say("Delivery User"), "text"),
    Column("delivery_domain", say("Delivery Domain"), "text"),
    Column("router", say("Router"), "text", "router", "router"),
    Column("transport", say("Transport"), "text", "transport", "transport"),
    Column("remote_host", say("Remote Host"), "text", "remote_host", "remote_host"),
    Column("remote_ip", say("Remote IP"), "text", "remote_ip", "ip"),
    Column("tls", say("TLS"), "text", "tls"),
    Column("subject", say("Subject"), "text", "subject"),
    Column("size", say("Size"), "number", "size", is_falling=True),
    Column("attempts", say("Attempts"), "number", "attempts", is_falling=True),
    Column("direction", say("Direction"), "direction", "direction", "direction"),
    Column("reason", say("Reason"), "text", "reason", "reason"),
    Column("host", say("Mail Server"), "text", "host", "host"),
    Column("queue_id", say("Queue Id"), "mono", "queue_id", "id"),
    Column("message_id", say("Message-ID"), "mono", "message_id", "id"),
    Column("id", say("Delivery Id"), "mono", "id", "id"),
    Column("actions", say("Actions"), "actions"),
)
COLUMNS = {each.key: each for each in _ALL}
#: What is shown to somebody who chose nothing.
USUAL = ("event", "from", "sender", "sent", "delivery", "score", "to", "result", "actions")

#: Codes that stand among the first so many characters need not be said again.
_CODES = 16


def chosen(keys: Iterable[str]) -> list[Column]:
    """The columns of these keys, in this order; the usual ones where none is known."""
    found = [COLUMNS[key] for key in dict.fromkeys(keys) if key in COLUMNS]
    return found or [COLUMNS[key] for key in USUAL]


def value(column: Column, delivery: Delivery) -> str:
    """The plain text of a cell; empty where there is nothing."""
    match column.key:
        case "sender":
            return delivery.user or delivery.client_host or delivery.client_ip
        case "delivery_user":
            return _at_the_end(delivery).rpartition("@")[0] or _at_the_end(delivery)
        case "delivery_domain":
            return address.domain(_at_the_end(delivery))
        case "result":
            return result(delivery)
        case "direction":
            return words.direction(delivery.direction)
        case _:
            return str(getattr(delivery, column.field, "") or "")


def text(column: Column, delivery: Delivery, zone: ZoneInfo) -> str | int | float:
    """A cell as a file has it: times with their offset, numbers as numbers."""
    match column.key:
        case "event":
            return words.label(delivery.status)
        case "sent":
            return when.stamped(delivery.sent_at or delivery.first_at, zone)
        case "delivery":
            return when.stamped(delivery.last_attempt_at, zone)
        case "score":
            return "" if delivery.spam_score is None else delivery.spam_score
        case "size":
            return delivery.size
        case "attempts":
            return delivery.attempts
        case _:
            return value(column, delivery)


def codes(delivery: Delivery) -> str:
    """The reply code and the enhanced status code; empty where none is known."""
    known = [str(delivery.smtp_code)] if delivery.smtp_code else []
    known += [delivery.enhanced_code] if delivery.enhanced_code else []
    return " ".join(known)


def result(delivery: Delivery) -> str:
    """The codes, where the words do not begin with them, and the receiving server's own words."""
    begins = all(code in delivery.result[:_CODES] for code in codes(delivery).split())
    return delivery.result if begins else f"{codes(delivery)} {delivery.result}".strip()


def _at_the_end(delivery: Delivery) -> str:
    return delivery.delivered_to or delivery.recipient
