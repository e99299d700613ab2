"""Search: a question about deliveries, frozen; Page: its answer and how to go on."""

from __future__ import annotations

from typing import Any

import msgspec

from postroad.model.delivery import Delivery
from postroad.model.status import Direction, Status


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for. Empty fields ask for nothing; all others must hold at once.

    Addresses match whole and without regard to case; `@example.com` matches the domain.
    """

    #: Recipient as addressed or finally delivered to.
    recipient: str = ""
    #: Envelope sender, or the proven submitter.
    sender: str = ""
    #: Recipient or sender.
    address: str = ""
    statuses: frozenset[Status] = frozenset()
    directions: frozenset[Direction] = frozenset()
    #: Queue id (any hop's), delivery id or message key.
    id: str = ""
    #: Message-ID, with or without angle brackets.
    message_id: str = ""
    #: Part of the subject, without regard to case.
    subject: str = ""
    host: str = ""
    #: Arrival, refusal or last attempt at or after / before; microseconds UTC, 0 for open.
    since: int = 0
    until: int = 0


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries, newest first, and the cursor that continues behind the last of them."""

    deliveries: list[Delivery]
    #: Opaque; None when there is no more.
    next_cursor: str | None = None
    #: How many match in all; None where it was not asked for.
    total: int | None = None
    #: What explains an empty answer: see `queries`.
    notes: list[dict[str, Any]] = []
