"""Parts: the events of a message sorted by kind and time, and the facts that its rows share."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TypeVar

import msgspec

from postroad.correlate.message import Message
from postroad.model import address as addresses
from postroad.model.delivery import Delivery
from postroad.model.event import (
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Event,
    Linked,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome, Status

_Kind = TypeVar("_Kind", Arrived, Attempted, Described, Rejected)

#: How much an outcome settles, for lines that bear the same time.
WEIGHT = {
    Outcome.POSTPONED: 0,
    Outcome.DEFERRED: 1,
    Outcome.BLOCKED: 2,
    Outcome.FAILED: 3,
    Outcome.DISCARDED: 4,
    Outcome.DELIVERED: 5,
}


class Parts:
    """The events of a message, sorted into their kinds."""

    __slots__ = ("arrived", "attempts", "described", "ended", "rejected", "tls")

    def __init__(self, message: Message) -> None:
        """Sort by time; lines of the same time by how much they settle, then by their text."""
        self.arrived: list[Arrived] = []
        self.described: list[Described] = []
        self.attempts: list[Attempted] = []
        self.rejected: list[Rejected] = []
        self.ended: list[Ended] = []
        self.tls: list[SessionTls] = []
        events = message.events
        for event in events.values():
            if isinstance(event, Attempted):
                self.attempts.append(event)
            elif isinstance(event, Ended | Linked):
                self.ended.extend(_ends(event))
            elif isinstance(event, Arrived):
                self.arrived.append(event)
            elif isinstance(event, Described):
                self.described.append(event)
            elif isinstance(event, Rejected):
                self.rejected.append(event)
            elif isinstance(event, SessionTls):
                self.tls.append(event)
        if len(self.attempts) > 1:
            self.attempts = _sorted(events, Attempted, lambda each: WEIGHT[each.outcome])
        self.attempts = _each(self.attempts)
        if len(self.arrived) > 1:
            self.arrived = _sorted(events, Arrived)
        if len(self.described) > 1:
            self.described = _sorted(events, Described)
        if len(self.rejected) > 1:
            self.rejected = _sorted(events, Rejected)


def _each(attempts: list[Attempted]) -> list[Attempted]:
    """What lines say of several addresses, one by one."""
    if not any(each.also for each in attempts):
        return attempts
    return [
        msgspec.structs.replace(each, address=address, also=())
        for each in attempts
        for address in (each.address, *each.also)
    ]


def _ends(event: Ended | Linked) -> list[Ended]:
    """What a line says about the end of its message: sendmail's last notification is that end."""
    if isinstance(event, Ended):
        return [event]
    if not event.expired:
        return []
    return [Ended(at=event.at, host=event.host, queue_id=event.queue_id, kind=EndKind.EXPIRED)]


def _sorted(
    events: dict[str, Event], kind: type[_Kind], weight: Callable[[_Kind], int] = lambda _: 0
) -> list[_Kind]:
    """The events of a kind by time, weight and text."""
    found = [
        (event.at, weight(event), line, event)
        for line, event in events.items()
        if isinstance(event, kind)
    ]
    found.sort(key=itemgetter(0, 1, 2))
    return [each[3] for each in found]


def common(message: Message, parts: Parts, key: str) -> Delivery:
    """What all rows of a message share: a delivery to nobody yet."""
    if parts.arrived:
        delivery = _from_arrival(message, parts.arrived[0], key)
    else:
        delivery = Delivery(
            id="",
            message_key=key,
            host=message.host,
            instance=message.instance,
            queue_id=message.queue_id,
            version=len(message.events),
            status=Status.IN_PROGRESS,
            sent_at=_sent_at(message, parts),
            bounce_of=message.bounce_of,
            bounced_as=message.bounced_as,
            first_at=message.first_at,
            last_at=message.last_at if message.closed_at else 0,
        )
    for described in parts.described:
        _describe(delivery, described)
    if not delivery.sender:
        told: tuple[Attempted | Rejected, ...] = (*parts.attempts, *parts.rejected)
        delivery.sender = next((each.sender for each in told if each.sender), "")
    return delivery


def _from_arrival(message: Message, arrived: Arrived, key: str) -> Delivery:
    user = arrived.user if arrived.user_proven else ""
    return Delivery(
        id="",
        message_key=key,
        host=message.host,
        instance=message.instance,
        queue_id=message.queue_id,
        version=len(message.events),
        status=Status.IN_PROGRESS,
        message_id=arrived.message_id,
        sender=arrived.sender,
        sent_at=arrived.at,
        subject=arrived.subject,
        size=arrived.size or 0,
        user=user,
        domain=addresses.domain(user) if user else "",
        origins=[addresses.key(user)] if user else [],
        auth=arrived.auth,
        client_host=arrived.client_host,
        client_ip=arrived.client_ip,
        helo=arrived.helo,
        protocol=arrived.protocol,
        bounce_of=arrived.bounce_of or message.bounce_of,
        bounced_as=message.bounced_as,
        first_at=message.first_at,
        last_at=message.last_at if message.closed_at else 0,
    )


def _sent_at(message: Message, parts: Parts) -> int:
    """When a message came that no line says the arrival of.

    Postfix makes bounces and forwards itself: the first line is cleanup(8)'s with the Message-ID.
    Where the log begins later, `delay=` says how long ago it was, to two digits.
    """
    if any(each.message_id and each.at == message.first_at for each in parts.described):
        return message.first_at
    for attempt in parts.attempts:
        if attempt.delay is not None:
            return attempt.at - int(attempt.delay * 1_000_000)
    return 0


def _describe(delivery: Delivery, described: Described) -> None:
    """Add what a line says about the message; what is known already stays."""
    if described.has_sender:
        # What the queue manager says, or an operator changed it to, is what bounces go to.
        delivery.sender = described.sender
    for name in ("message_id", "subject", "client_host", "client_ip", "helo", "protocol", "size"):
        value = getattr(described, name)
        if value and not getattr(delivery, name):
            setattr(delivery, name, value)
    if described.subject.startswith(delivery.subject):
        # A folded header is told line by line, each time with what came before.
        delivery.subject = described.subject
    take_verdict(delivery, described)
    if described.user:
        delivery.user = described.user
        _add_origin(delivery, described.user)
    if described.domain:
        delivery.domain = described.domain.lower()
    if described.identified_sender:
        if not delivery.user:
            delivery.user = described.identified_sender
        _add_origin(delivery, described.identified_sender)


def take_verdict(delivery: Delivery, described: Described) -> None:
    """Take over a filter's score, verdict and rules."""
    if described.spam_score is not None:
        delivery.spam_score = described.spam_score
    if described.scanner:
        delivery.scanner = described.scanner
    if described.spam_verdict:
        delivery.spam_verdict = described.spam_verdict
    if described.spam_rules:
        delivery.spam_rules = list(described.spam_rules)


def _add_origin(delivery: Delivery, party: str) -> None:
    origin = addresses.key(party)
    if origin not in delivery.origins:
        delivery.origins.append(origin)
