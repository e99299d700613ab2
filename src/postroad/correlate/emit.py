"""Emit: what a changed message adds to a batch, compared with what was given out before."""

from __future__ import annotations

from postroad.correlate import fold
from postroad.correlate.family import Families
from postroad.correlate.message import Emitted, Message
from postroad.model import address as addresses
from postroad.model.delivery import (
    Attempt,
    Batch,
    Delivery,
    Link,
    LogLine,
    delivery_id,
    message_key,
)
from postroad.model.event import Noted, Rejected
from postroad.model.status import Status

#: The ids of a message's deliveries, and whose each is: the recipient and the final address.
Named = dict[str, tuple[str, str]]


def emit(message: Message, families: Families, batch: Batch) -> None:
    """Add the rows of a message that changed, withdraw those that are no more, add its lines."""
    before = message.emitted
    now: dict[str, Emitted] = {}
    settled = []
    named: Named = {}
    for delivery, attempts in families.deliveries(message):
        _tell_apart(delivery, attempts, named)
        # Rows of an open message are given out often, and so are those of messages that share a
        # Message-ID: only those that changed are.
        is_over = message.closed_at and not message.is_aside and not message.asides
        mark = 0 if is_over else _mark(delivery, attempts)
        emitted = (mark, delivery.first_at, delivery.sent_at)
        now[delivery.id] = emitted
        settled.append(delivery.status.is_final)
        delivery.version = 2 * delivery.version + delivery.folded
        if before:
            was = before.get(delivery.id)
            if was == emitted and mark:
                continue
            if was is not None and was[1] != emitted[1]:
                batch.deliveries.append(_withdrawn(message, delivery.id, was))
        batch.deliveries.append(delivery)
        batch.attempts.extend(attempts)
    if before:
        for identity, was in before.items():
            if identity not in now:
                batch.deliveries.append(_withdrawn(message, identity, was))
    message.emitted = now
    message.is_settled = bool(now) and all(settled)
    _emit_lines(message, batch)
    _emit_links(message, batch)


def _emit_lines(message: Message, batch: Batch) -> None:
    events = message.events
    if message.written == len(events):
        return
    host, instance, queue_id = message.host, message.instance, message.queue_id
    skip = message.written
    for line, event in events.items():
        if skip:
            skip -= 1
        else:
            batch.lines.append(
                LogLine(host=host, instance=instance, queue_id=queue_id, at=event.at, text=line)
            )
    message.written = len(events)


def _emit_links(message: Message, batch: Batch) -> None:
    for (kind, queue_id, other), at in (message.links or {}).items():
        batch.links.append(
            Link(
                host=message.host,
                instance=message.instance,
                kind=kind,
                queue_id=queue_id,
                other=other,
                at=at,
            )
        )


def emit_refusal(event: Rejected, line: str, batch: Batch) -> None:
    """A refusal before any queue id was given is a story of its own.

    Its lines are stored under the message key, as it has no queue id. A refused connection that
    named neither sender nor recipient is about no message.
    """
    if not (event.sender or event.recipient or event.recipients or event.has_sender):
        return
    lines = (*event.above, line)
    key = message_key(event.host, event.instance, lines[0], event.at)
    message = Message(event.host, event.instance, "", event.at)
    message.events = dict.fromkeys(lines[:-1], Noted(at=event.at, host=event.host))
    message.events[line] = event
    message.closed_at = event.at
    named: Named = {}
    for row in fold.fold(message).rows:
        delivery = row.delivery
        delivery.message_key = key
        delivery.id = key + delivery.id[16:]
        _tell_apart(delivery, [], named)
        delivery.version = 2 * len(message.events)
        batch.deliveries.append(delivery)
    if event.recipients and not event.recipient:
        # The first line alone, which may be in another log, names nobody.
        nobody = delivery_id(key, "", "")
        batch.deliveries.append(_withdrawn(message, nobody, (0, event.at, event.at)))
    for number, text in enumerate(lines):
        batch.lines.append(
            LogLine(
                host=event.host,
                instance=event.instance,
                queue_id=key,
                at=event.at + number,
                text=text,
            )
        )


def _tell_apart(delivery: Delivery, attempts: list[Attempt], named: Named) -> None:
    """Give a delivery another id where its own is that of another recipient of the message."""
    whose = (delivery.recipient, delivery.delivered_to)
    if named.setdefault(delivery.id, whose) == whose:
        return
    key = _keys(whose)
    other = 0
    while _keys(named.setdefault(delivery.id, whose)) != key:
        other += 1
        delivery.id = delivery_id(delivery.message_key, *key, other=other)
    for attempt in attempts:
        attempt.delivery_id = delivery.id


def _keys(whose: tuple[str, str]) -> tuple[str, str]:
    return addresses.key(whose[0]), addresses.key(whose[1])


def _withdrawn(message: Message, identity: str, was: Emitted) -> Delivery:
    """The version that takes back a row, under the times that it was stored with."""
    known = len(message.events)
    known += sum(len(child.events) for child in (message.children or {}).values())
    known += sum(len(aside.events) for aside in message.asides or ())
    return Delivery(
        id=identity,
        message_key=identity[:16],
        host=message.host,
        instance=message.instance,
        queue_id=message.queue_id,
        version=2 * known + 1,
        deleted=True,
        status=Status.IN_PROGRESS,
        first_at=was[1],
        sent_at=was[2],
    )


def _mark(delivery: Delivery, attempts: list[Attempt]) -> int:
    """A number, not 0, that changes when anything but the version of a row does."""
    fields = tuple(
        tuple(value) if isinstance(value := getattr(delivery, name), list) else value
        for name in delivery.__struct_fields__
        if name != "version"
    )
    return hash((fields, tuple((each.at, each.outcome, each.reply) for each in attempts))) or 1
