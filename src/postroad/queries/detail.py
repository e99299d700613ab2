"""Detail: one delivery with its attempts, its log lines, and the messages it belongs with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from postroad.model import address as addresses
from postroad.model import when
from postroad.model.delivery import Attempt, Delivery, Link, LogLine
from postroad.model.event import ASIDES, LinkKind
from postroad.model.receipt import Told
from postroad.model.retry import Retry
from postroad.model.scope import Scope
from postroad.queries.conversation import Turn, conversation
from postroad.queries.elsewhere import elsewhere
from postroad.queries.receipts import receipts
from postroad.queries.terms import ID_LENGTH, MESSAGE_KEY_LENGTH, Side, admits
from postroad.queries.view import View
from postroad.reasons import Reason
from postroad.store import QueueKey, Store, columns

#: A delivery that belongs with another: `relation` says how, the rest are public fields.
Relative = dict[str, Any]
#: Decides what of a delivery is seen, by a scope and the other rows of its message.
Views = Callable[[Scope, Delivery, list[Delivery]], View]

#: How a related message is called from the first of two linked queue ids, and from the second.
_RELATIONS = {
    LinkKind.BOUNCED_AS: ("bounce", "bounce_of"),
    LinkKind.POSTMASTER_NOTIFIED_AS: ("notice_to_postmaster", "notice_about"),
    LinkKind.DELAY_NOTIFIED_AS: ("delay_notice", "delay_notice_about"),
    LinkKind.DSN_SENT_AS: ("success_notice", "success_notice_about"),
    LinkKind.FORWARDED_AS: ("forwarded_as", "forwarded_from"),
    LinkKind.FILTERED_AS: ("filtered_as", "filtered_from"),
    LinkKind.REQUEUED_AS: ("requeued_as", "requeued_from"),
}
#: Programs whose lines are about a message, not about one copy of it.
_ABOUT_THE_MESSAGE = ASIDES - {"dovecot"}
_FOREVER = 2**63 - 1
#: How much older than its message a line of its session can be, microseconds.
_SESSION = 5_000_000


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery and its evidence, masked for the viewer."""

    delivery: Delivery
    attempts: list[Attempt]
    #: Lines of the message and of the hops that carried this copy, in the order of time.
    log_lines: list[LogLine]
    family: list[Relative]
    #: The SMTP conversation as far as it follows from the log.
    conversation: list[Turn] = []
    #: When it is tried next; None where it is final, or no retry rules are known.
    retry: Retry | None = None
    #: What came back about it, the earliest first: claims of whoever wrote them.
    receipts: list[Told] = []


def detail(store: Store, scope: Scope, delivery_id: str, views: Views = View) -> Detail | None:
    """Everything about one delivery; None if there is none that the viewer may see.

    `views` are the viewer's own eyes unless it is to be handed on (`handed`).
    """
    if len(delivery_id) != ID_LENGTH:
        return None
    delivery_id = delivery_id.lower()
    message = delivery_id[:MESSAGE_KEY_LENGTH]
    rows = _deliveries(store, [message])
    found = next((row for row in rows if row.id == delivery_id and not row.folded), None)
    if found is None or not admits(scope, found):
        knock = next((row for row in rows if row.id == delivery_id and row.next_queue_id), None)
        let_in = _let_in_after(store, knock) if knock and admits(scope, knock) else ""
        return detail(store, scope, let_in, views) if let_in else None
    hops = _hops(store, found)
    siblings = [row for row in rows if row.id != found.id]
    view = views(scope, found, [*siblings, *hops])
    made = _attempts(store, found)
    lines = [
        *_lines(store, found, [*hops, *_knocks(store, found)]),
        *_aside_lines(store, found, made),
    ]
    shown, attempts = view.delivery(), view.attempts(made)
    return Detail(
        delivery=shown,
        attempts=attempts,
        log_lines=view.lines(sorted(lines, key=_reading_order)),
        family=[
            _relative(scope, relation, row)
            for relation, row in _family(store, scope, found, siblings)
            if not row.folded and admits(scope, row)
        ],
        conversation=conversation(shown, attempts),
        receipts=view.receipts(receipts(store, scope, found, siblings)),
    )


def _deliveries(store: Store, identifiers: list[str]) -> list[Delivery]:
    """The deliveries under these identifiers, the earliest first; not those withdrawn."""
    return store.read(
        f"SELECT {columns.DELIVERY} FROM deliveries FINAL WHERE NOT deleted "
        "AND (ago, id) IN (SELECT ago, id FROM deliveries_by_key "
        "WHERE key IN {keys:Array(String)} AND bitAnd(sides, {side:UInt8}) != 0) "
        "ORDER BY first_at, id",
        {"keys": identifiers, "side": int(Side.IDENTIFIER)},
        Delivery,
        is_small=True,
    )


def _attempts(store: Store, delivery: Delivery) -> list[Attempt]:
    return store.read(
        f"SELECT {columns.ATTEMPT} FROM attempts FINAL WHERE delivery_id = {{id:String}} "
        "ORDER BY at, counted, reply",
        {"id": delivery.id},
        Attempt,
        is_small=True,
    )


def _hops(store: Store, delivery: Delivery) -> list[Delivery]:
    """The rows of the queue ids that carried this copy on: of each id, the life that did."""
    return [row for hop in delivery.hops for row in _life(store, delivery, hop, is_later=True)]


def _life(store: Store, delivery: Delivery, queue_id: str, *, is_later: bool) -> list[Delivery]:
    """The deliveries of a queue id of the same host, in its life next to this delivery's time.

    Queue ids may come round again: the first life that began later, or the last that began
    earlier, is the one that belongs to this delivery.
    """
    rows = [
        row
        for row in _deliveries(store, [queue_id])
        if row.host == delivery.host and row.queue_id == queue_id
    ]
    if is_later:
        lives = [row for row in rows if row.first_at >= delivery.first_at][:1]
    else:
        lives = [row for row in rows if row.first_at <= delivery.first_at][-1:]
    return [row for row in rows if lives and row.message_key == lives[0].message_key]


def _lines(store: Store, delivery: Delivery, hops: list[Delivery]) -> list[LogLine]:
    """The log lines of these messages, each once, in no order."""
    spans = {
        (row.host, row.instance, row.queue_id or row.message_key): row for row in (*hops, delivery)
    }
    return [
        line
        for key, lines in store.lines_of(spans).items()
        for line in lines
        if _is_within(spans[key], line)
    ]


def _knocks(store: Store, delivery: Delivery) -> list[Delivery]:
    """The refusals before it was let in."""
    if not delivery.knocks:
        return []
    rows = store.received(
        [delivery.recipient],
        since=delivery.knocked_at,
        until=delivery.first_at,
        reason=Reason.GREYLISTED.word,
    )
    return [row for row in rows if row.next_queue_id == delivery.queue_id]


def _let_in_after(store: Store, knock: Delivery) -> str:
    """The id of the delivery that was let in after a knock; empty if there is none."""
    if not knock.folded:
        return ""
    rows = _life(store, knock, knock.next_queue_id, is_later=True)
    same = [row for row in rows if row.recipient.lower() == knock.recipient.lower()]
    return next((row.id for row in same if not row.folded), "")


def _aside_lines(store: Store, delivery: Delivery, attempts: list[Attempt]) -> list[LogLine]:
    """What other programs said of this copy; of what they said of others, nothing.

    A mailbox server names the mailbox, a filter speaks of the message as a whole.
    """
    keys = [_aside(each) for each in delivery.asides]
    names = {each.address for each in attempts if each.queue_id in {key[2] for key in keys}}
    names |= {delivery.recipient, delivery.delivered_to}
    is_about = addresses.naming(names)
    return [
        line
        for lines in store.lines_of(keys).values()
        for line in lines
        if line.instance in _ABOUT_THE_MESSAGE or is_about(line.text)
    ]


def _aside(name: str) -> QueueKey:
    host, program, queue_id = name.split(" ", 2)
    return host, program, queue_id


def _is_within(row: Delivery, line: LogLine) -> bool:
    """Whether a line is of this life of its queue id.

    Lines of the session it came in by do not name it, and may be a little older.
    """
    if line.queue_id not in line.text and row.first_at - _SESSION <= line.at < row.first_at:
        return True
    return row.first_at <= line.at <= (row.last_at or _FOREVER)


def _reading_order(line: LogLine) -> tuple[int, int, str]:
    """By time; within one stamp the arrival comes first and the end last."""
    text = line.text
    if any(f"{line.queue_id}{sign}" in text for sign in (" <= ", ": client=", ": uid=")):
        return line.at, 0, text
    return line.at, 2 if text.endswith((": removed", " Completed")) else 1, text


def _family(
    store: Store, scope: Scope, delivery: Delivery, siblings: list[Delivery]
) -> Iterable[tuple[str, Delivery]]:
    """The deliveries that belong with this one, each with how; each once, the surest way."""
    named = {delivery.id}
    found = (
        *(("same_message", row) for row in siblings),
        *_linked(store, delivery),
        *elsewhere(store, scope, delivery),
    )
    for relation, row in found:
        if row.id not in named:
            named.add(row.id)
            yield relation, row


def _linked(store: Store, delivery: Delivery) -> Iterable[tuple[str, Delivery]]:
    """What log lines tie to it: notifications, forwards, later queue ids."""
    if not delivery.queue_id:
        return
    linked = store.links_of([(delivery.host, delivery.instance, delivery.queue_id)])
    named = {(LinkKind.BOUNCED_AS, delivery.bounced_as, True)} if delivery.bounced_as else set()
    if delivery.bounce_of:
        named.add((LinkKind.BOUNCED_AS, delivery.bounce_of, False))
    named |= {_seen_from(delivery, link) for link in linked if _is_of(delivery, link)}
    for kind, queue_id, is_later in sorted(named):
        relation = _RELATIONS[kind][0 if is_later else 1]
        rows = _life(store, delivery, queue_id, is_later=is_later)
        # Of a message with several recipients, those that the notification is about.
        concerned = [row for row in rows if row.bounced_as == delivery.queue_id]
        yield from ((relation, row) for row in concerned or rows)


def _is_of(delivery: Delivery, link: Link) -> bool:
    """Whether a link is of this life of the queue id."""
    return delivery.first_at <= link.at <= (delivery.last_at or _FOREVER)


def _seen_from(delivery: Delivery, link: Link) -> tuple[LinkKind, str, bool]:
    """The kind, the queue id at the other end, and whether it is the later of the two."""
    if link.queue_id == delivery.queue_id:
        return link.kind, link.other, True
    return link.kind, link.queue_id, False


def _relative(scope: Scope, relation: str, row: Delivery) -> Relative:
    shown = View(scope, row).delivery()
    return {
        "relation": relation,
        "id": shown.id,
        "host": shown.host,
        "queue_id": shown.queue_id,
        "status": shown.status.word,
        "sender": shown.sender,
        "recipient": shown.recipient,
        "sent_at": when.rfc3339(shown.sent_at),
    }
