"""Search: a question about deliveries, frozen; Page: its answer and how to go on."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from postroad.model.delivery import Delivery
from postroad.model.status import Direction, Status

#: Newest first, in the order of arrival.
NEWEST_FIRST = "-sent_at"


class Match(StrEnum):
    """How an address that is asked for is compared."""

    #: Whole, or its domain.
    EXACT = "exact"
    #: From its beginning; `@exam` from the beginning of its domain.
    BEGINS = "begins"
    #: Anywhere in it.
    CONTAINS = "contains"


class Flow(StrEnum):
    """On which side of a delivery the viewer is; for an administrator, this server."""

    #: Provably submitted by them.
    SENT = "sent"
    #: For their mailboxes.
    RECEIVED = "received"


class Goal(StrEnum):
    """Where a delivery went, or was to go."""

    #: To another server.
    REMOTE = "remote"
    #: To a mailbox of this one.
    LOCAL = "local"


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for. Empty fields ask for nothing; all others must hold at once.

    Addresses match as `match` says and without regard to case; `@example.com` matches the domain.
    """

    #: Recipient as addressed or finally delivered to.
    recipient: str = ""
    #: Envelope sender, or the proven submitter.
    sender: str = ""
    #: Recipient or sender.
    address: str = ""
    #: How these three are compared.
    match: Match = Match.EXACT
    statuses: frozenset[Status] = frozenset()
    directions: frozenset[Direction] = frozenset()
    side: Flow | None = None
    place: Goal | None = None
    #: Queue id (any hop's), delivery id or message key.
    id: str = ""
    #: Message-ID, with or without angle brackets.
    message_id: str = ""
    #: Part of the subject, without regard to case.
    subject: str = ""
    host: str = ""
    #: Address or network (CIDR) of the client that gave us the message, or of the remote server.
    ip: str = ""
    #: Whole values of the fields of the same name, without regard to case.
    user: str = ""
    domain: str = ""
    client_host: str = ""
    remote_host: str = ""
    transport: str = ""
    router: str = ""
    reason: str = ""
    #: Arrival, refusal or last attempt at or after / before; microseconds UTC, 0 for open.
    since: int = 0
    until: int = 0
    #: How long ago `since` was when it was asked in such words; microseconds, 0 if it was not.
    ago: int = 0
    #: Public field that the answer is in the order of; `-` before it for the greatest first.
    sort: str = NEWEST_FIRST


#: What a search can be in the order of: the public fields of a delivery.
SORTABLE = (
    "id",
    "host",
    "queue_id",
    "message_id",
    "status",
    "direction",
    "sender",
    "recipient",
    "delivered_to",
    "mailbox",
    "sent_at",
    "last_attempt_at",
    "attempts",
    "knocks",
    "knocked_at",
    "subject",
    "size",
    "spam_score",
    "scanner",
    "spam_verdict",
    "user",
    "domain",
    "auth",
    "client_host",
    "client_ip",
    "router",
    "transport",
    "remote_host",
    "remote_ip",
    "tls",
    "smtp_code",
    "enhanced_code",
    "result",
    "reason",
)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries in the order asked for, and the cursor that continues behind the last of them."""

    deliveries: list[Delivery]
    #: Opaque; None when there is no more.
    next_cursor: str | None = None
    #: How many match in all; None where it was not asked for.
    total: int | None = None
    #: What explains an empty answer: see `queries`.
    notes: list[dict[str, Any]] = []
