"""Family: several queue ids, one story.

A copy may go on under another queue id of the same host: behind a content filter, as a forward,
after a requeue. The delivery that people ask about is that of the first queue id; what became
of it is what became of the last. So the rows of a hop are taken over by the rows that led to it,
and marked `folded` themselves. A hand-over to a filter is not a delivery (Postfix FILTER_README).
"""

from __future__ import annotations

from postroad.correlate import asides, fold
from postroad.correlate.fold import Row, Story
from postroad.correlate.message import Message
from postroad.correlate.said import Said
from postroad.model import address as addresses
from postroad.model.delivery import Attempt, Delivery, delivery_id
from postroad.model.event import LinkKind
from postroad.model.status import Direction, Outcome, Status

#: Hops deeper than this are shown by themselves.
_DEEPEST = 16


class Families:
    """The stories of one drain: each message folded once."""

    def __init__(self) -> None:
        """Nothing is folded yet."""
        self._stories: dict[int, Story] = {}
        self._said: dict[int, Said] = {}
        self._taken_over: set[int] = set()
        self._told: dict[int, list[tuple[Delivery, list[Attempt]]]] = {}

    def deliveries(self, message: Message) -> list[tuple[Delivery, list[Attempt]]]:
        """The rows of this message to be stored, each with its attempts, hops taken in."""
        if message.is_aside:
            for each in message.about or ():
                self._story(each)
            return asides.told(message, self._taken_over)
        if message.children is None and message.parents is None:
            story = self._story(message)
            tls = fold.session_lines(message)
            return [(row.delivery, fold.attempt_rows(row, row.delivery, tls)) for row in story.rows]
        told = self._tell(message, 0)
        if not message.parents:
            return told
        taken = self._taken(message)
        result: list[tuple[Delivery, list[Attempt]]] = []
        for delivery, attempts in told:
            if delivery.id in taken:
                folded = fold.copy(delivery)
                folded.folded = True
                result.append((folded, []))
            else:
                result.append((delivery, attempts))
        return result

    def _story(self, message: Message) -> Story:
        story = self._stories.get(id(message))
        if story is None:
            story = self._stories[id(message)] = fold.fold(message)
            if message.asides:
                known = [(each, self._arranged(each)) for each in message.asides]
                self._taken_over.update(map(id, asides.take_over(story, known)))
        return story

    def _arranged(self, aside: Message) -> Said:
        said = self._said.get(id(aside))
        if said is None:
            said = self._said[id(aside)] = Said(aside)
        return said

    def _tell(self, message: Message, depth: int) -> list[tuple[Delivery, list[Attempt]]]:
        known = self._told.get(id(message))
        if known is not None:
            return known
        story = self._story(message)
        tls = fold.session_lines(message)
        result: list[tuple[Delivery, list[Attempt]]] = []
        for row in story.rows:
            own = fold.attempt_rows(row, row.delivery, tls)
            hop = _hop(message, row)
            if hop is None or depth >= _DEEPEST:
                result.append((row.delivery, own))
            else:
                result.extend(self._go_on(row, own, hop, depth))
        self._told[id(message)] = result
        return result

    def _go_on(
        self, row: Row, own: list[Attempt], hop: Message, depth: int
    ) -> list[tuple[Delivery, list[Attempt]]]:
        """The rows that one row becomes when its copy went on as `hop`."""
        first = row.delivery
        told = _those_for(row, self._tell(hop, depth + 1))
        requeued = row.attempts[-1].outcome is not Outcome.DELIVERED if row.attempts else True
        if not requeued:
            # What went before only led to the program that the copy was handed to.
            own = [_not_counted(attempt) for attempt in own]
        if not told:
            waiting = fold.copy(first)
            waiting.status = Status.IN_PROGRESS
            waiting.reason = ""
            waiting.hops = [hop.queue_id]
            waiting.version += len(hop.events)
            if not requeued:
                waiting.attempts = 0
                waiting.last_attempt_at = 0
            return [(waiting, own)]
        joined = [_joined(first, own, delivery, later, hop) for delivery, later in told]
        if requeued:
            for delivery, _ in joined:
                delivery.attempts += first.attempts
        return joined

    def _taken(self, message: Message) -> set[str]:
        """Ids of this message's deliveries that a row of an earlier queue id speaks for."""
        taken: set[str] = set()
        told = self._tell(message, 0)
        for parent in message.parents or ():
            for row in self._story(parent).rows:
                if _hop(parent, row) is message:
                    taken.update(delivery.id for delivery, _ in _those_for(row, told))
        return taken


def _hop(message: Message, row: Row) -> Message | None:
    """The message that carried the copy of this row on."""
    children = message.children
    if not children:
        return None
    for attempt in reversed(row.attempts):
        if attempt.outcome is Outcome.DELIVERED:
            return children.get(attempt.forwarded_as or attempt.next_queue_id)
    # Requeued: what was not settled goes on under the new queue id.
    if not row.delivery.status.is_final:
        for child in children.values():
            if (LinkKind.REQUEUED_AS, message.queue_id, child.queue_id) in (message.links or {}):
                return child
    return None


def _those_for(
    row: Row, told: list[tuple[Delivery, list[Attempt]]]
) -> list[tuple[Delivery, list[Attempt]]]:
    """Those rows of a hop that continue this row: the same address, or else (a forward) all."""
    keys = {addresses.key(row.recipient)}
    for attempt in row.attempts:
        keys.add(addresses.key(attempt.address))
    same = [each for each in told if addresses.key(each[0].recipient) in keys]
    if not same and "@" not in row.recipient:
        # A submission program hands on what a local user wrote; the server adds the domain.
        same = [each for each in told if addresses.key(each[0].recipient).partition("@")[0] in keys]
    if same:
        return same
    if any(attempt.forwarded_as for attempt in row.attempts):
        return told
    return [each for each in told if not each[0].recipient]


def _joined(
    first: Delivery,
    own: list[Attempt],
    last: Delivery,
    later: list[Attempt],
    hop: Message,
) -> tuple[Delivery, list[Attempt]]:
    """One delivery from the first arrival to the last hop."""
    joined = fold.copy(first)
    final = last.delivered_to or (
        last.recipient
        if addresses.key(last.recipient) != addresses.key(first.recipient)
        else first.delivered_to
    )
    joined.delivered_to = final
    joined.id = delivery_id(first.message_key, addresses.key(first.recipient), addresses.key(final))
    for name in (
        "status",
        "attempts",
        "last_attempt_at",
        "router",
        "transport",
        "remote_host",
        "remote_ip",
        "tls",
        "smtp_code",
        "enhanced_code",
        "result",
        "reason",
        "next_queue_id",
        "bounced_as",
        "mailbox",
    ):
        setattr(joined, name, getattr(last, name))
    for name in ("subject", "message_id", "sender", "size"):
        if not getattr(joined, name):
            setattr(joined, name, getattr(last, name))
    if not joined.scanner and joined.spam_score is None:
        for name in ("spam_score", "scanner", "spam_verdict", "spam_rules"):
            setattr(joined, name, getattr(last, name))
    joined.asides = sorted({*joined.asides, *last.asides})
    joined.direction = _direction(first, last)
    joined.version = first.version + last.version
    joined.hops = [hop.queue_id, *last.hops]
    joined.targets = list(dict.fromkeys([*first.targets, *last.targets]))
    if last.last_at and first.last_at:
        joined.last_at = max(first.last_at, last.last_at)
    else:
        joined.last_at = 0
    attempts = []
    for attempt in (*own, *later):
        attempt.delivery_id = joined.id
        attempt.message_key = joined.message_key
        attempts.append(attempt)
    return joined, attempts


def _direction(first: Delivery, last: Delivery) -> Direction:
    """The way of the whole: in by the first hop, out by the last."""
    leaves = last.direction in (Direction.OUTBOUND, Direction.RELAYED)
    match first.direction:
        case Direction.UNKNOWN:
            return Direction.UNKNOWN
        case Direction.OUTBOUND | Direction.INTERNAL:
            return Direction.OUTBOUND if leaves else Direction.INTERNAL
        case _:
            return Direction.RELAYED if leaves else Direction.INBOUND


def _not_counted(attempt: Attempt) -> Attempt:
    attempt.counted = False
    return attempt
