"""The correlator: holds the open messages, takes events in, and gives changed deliveries out."""

from __future__ import annotations

from collections.abc import Iterable

from postroad.correlate import family, fold
from postroad.correlate.family import Families
from postroad.correlate.message import CLOSING, Emitted, Message, Reference
from postroad.correlate.sessions import Sessions
from postroad.model.delivery import Batch, Delivery, Link, LogLine, message_key
from postroad.model.event import (
    Arrived,
    Attempted,
    Ended,
    Event,
    Linked,
    LinkKind,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome, Status

#: Host, instance, queue id.
QueueKey = tuple[str, str, str]

#: How long an ended message waits for lines that were written a little later, microseconds.
LINGER = 5_000_000

#: Links along which a delivery goes on, as opposed to a message about it.
_CARRIES_ON = frozenset({LinkKind.FORWARDED_AS, LinkKind.FILTERED_AS, LinkKind.REQUEUED_AS})


class Correlator:
    """Joins the events of any number of hosts into deliveries.

    Not thread-safe. Memory grows with open messages only, of which at most `max_open` are kept:
    the rest is stored as far as it is known, and taken up again through `flagged()`.
    """

    def __init__(
        self,
        *,
        max_open: int = 200_000,
        context: bytes = b"",
        horizon: dict[str, int] | None = None,
    ) -> None:
        """Start with no open message.

        `context` is what `context()` gave when the last run stopped. `horizon` names for each
        host the time (microseconds UTC) up to which lines are stored already: a message that
        arrives before it may be known, and is flagged.
        """
        self._open: dict[QueueKey, Message] = {}
        self._dirty: list[Message] = []
        self._ended: list[Message] = []
        self._flagged: list[QueueKey] = []
        self._asked: set[QueueKey] = set()
        self._awaited: dict[QueueKey, list[tuple[Message, Reference]]] = {}
        self._refused: dict[str, Rejected] = {}
        self._instances: dict[str, list[str]] = {}
        self._sessions = Sessions(context)
        self._horizon = horizon or {}
        self._max_open = max_open
        self._newest = 0

    @property
    def open_count(self) -> int:
        """How many messages are held in memory."""
        return len(self._open)

    def context(self) -> bytes:
        """What must outlive this process and does not stand in any message's lines."""
        return self._sessions.dump()

    def feed(self, event: Event, line: str) -> None:
        """Take in what one line says. The same line twice says nothing new."""
        queue_id = event.queue_id
        if not queue_id:
            self._feed_nameless(event, line)
            return
        key = (event.host, event.instance, queue_id)
        message = self._open.get(key)
        if message is None:
            message = self._begin(key, event)
        else:
            if line in message.events:
                return
            if not message.unique and (
                message.closed_at or message.previous or isinstance(event, Arrived)
            ):
                chosen = self._life(key, message, event, line)
                if chosen is None:
                    return
                message = chosen
        message.events[line] = event
        at = event.at
        if at > message.last_at:
            message.last_at = at
            self._newest = max(self._newest, at)
        elif at < message.first_at:
            message.first_at = at
        if not message.is_dirty:
            message.is_dirty = True
            self._dirty.append(message)
        self._follow(message, event)

    def _feed_nameless(self, event: Event, line: str) -> None:
        """A line without a queue id: a refusal, or a fact about a session."""
        if isinstance(event, Rejected):
            self._refused[line] = event
        elif isinstance(event, SessionTls):
            completed = self._sessions.learn(event, line)
            if completed is not None:
                self._touch(completed)

    def _follow(self, message: Message, event: Event) -> None:
        """What an event means beyond its message's own rows: neighbours, sessions, the end."""
        if isinstance(event, Attempted):
            if event.outcome is Outcome.DELIVERED and family.is_hand_over(event):
                _refer_onward(message, event)
            if event.pid and event.remote_ip:
                self._sessions.join(event, message)
        elif isinstance(event, Ended):
            if event.kind in CLOSING and not message.closed_at:
                message.closed_at = event.at
        elif isinstance(event, Arrived):
            self._arrive(message, event)
        elif isinstance(event, Linked):
            message.refer(Reference(event.kind, event.other, event.at))
        elif isinstance(event, Rejected) and not message.closed_at and fold.refuses_whole(event):
            message.closed_at = event.at

    def _begin(self, key: QueueKey, event: Event) -> Message:
        message = Message(*key, event.at)
        self._open[key] = message
        host, instance, _ = key
        instances = self._instances.setdefault(host, [])
        if instance not in instances:
            instances.append(instance)
        if key not in self._asked and (
            not isinstance(event, Arrived) or event.at <= self._horizon.get(host, 0)
        ):
            self._flagged.append(key)
        awaited = self._awaited.pop(key, None)
        if awaited:
            for other, reference in awaited:
                other.refer(reference)
                self._touch(other)
        self._newest = max(self._newest, event.at)
        return message

    def _life(self, key: QueueKey, message: Message, event: Event, line: str) -> Message | None:
        """Which life of a queue id that comes round again a line belongs to; None if known."""
        before = message.previous
        if before is not None and line in before.events:
            return None
        if isinstance(event, Arrived):
            if not message.begun and not message.closed_at and _same_second(event, message):
                return message
            return self._begin_again(key, message, event)
        if before is not None and event.at <= message.first_at and not before.closed_at:
            # Written with the same stamp as the new life's first line: the old one's end.
            return before
        if before is not None and event.at < message.first_at:
            return before
        if message.closed_at and event.at > message.closed_at + LINGER:
            return self._begin_again(key, message, event)
        return message

    def _begin_again(self, key: QueueKey, message: Message, event: Event) -> Message:
        message.previous = None
        del self._open[key]
        if not message.closed_at:
            # Its end was not logged, or is still to come with this very stamp.
            self._ended.append(message)
        new = self._begin(key, event)
        new.previous = message
        return new

    def _arrive(self, message: Message, event: Arrived) -> None:
        message.begun = True
        if event.bounce_of:
            reference = Reference(LinkKind.BOUNCED_AS, event.bounce_of, event.at, reverse=True)
            message.refer(reference)
        if event.continues:
            kind = LinkKind.REQUEUED_AS if not event.client_ip else LinkKind.FILTERED_AS
            message.refer(Reference(kind, event.continues, event.at, reverse=True))

    def _touch(self, message: Message) -> None:
        if not message.is_dirty:
            message.is_dirty = True
            self._dirty.append(message)

    def flagged(self) -> list[QueueKey]:
        """Messages of which earlier or later lines may be stored; each is named once.

        Ask the store for the lines of these, and of the queue ids linked to them, give them to
        `relearn()`, and ask again, until none is left; then `drain()`.
        """
        self._resolve()
        flagged, self._flagged = self._flagged, []
        fresh = [key for key in dict.fromkeys(flagged) if key not in self._asked]
        self._asked.update(fresh)
        return fresh

    def relearn(
        self,
        key: QueueKey,
        lines: Iterable[tuple[Event, str]],
        emitted: dict[str, Emitted] | None = None,
    ) -> None:
        """Take up a message again: `lines` are all its stored lines with what they say.

        `emitted` names its stored rows, so that those which turn out wrong are withdrawn: by
        delivery id the version, `first_at` and `sent_at` that are stored.
        """
        self._asked.add(key)
        known = {line: event for event, line in lines}
        open_message = self._open.pop(key, None)
        lives = [m for m in (open_message and open_message.previous, open_message) if m]
        if not known and not lives:
            return
        fresh: dict[str, Event] = {}
        for life in lives:
            fresh.update(life.events)
            self._forget(life)
        new_lines = [line for line in fresh if line not in known]
        known.update(fresh)
        order = sorted(known.items(), key=_stored_order)
        self._refeed(key, order, set(new_lines))
        self._remember_rows(key, emitted or {})

    def _remember_rows(self, key: QueueKey, emitted: dict[str, Emitted]) -> None:
        """Give stored rows to the lives they speak of, so that each can withdraw its own."""
        current = self._open.get(key)
        if current is None or not emitted:
            return
        left = dict(emitted)
        for life in (current, *(each for each in self._ended if _is_life_of(each, key))):
            prefix = life.key
            life.emitted = {k: left.pop(k) for k in list(left) if k.startswith(prefix)}
        current.emitted = {**(current.emitted or {}), **left}

    def _forget(self, message: Message) -> None:
        """Take a message out of every list: its lines are about to be fed again."""
        message.is_dirty = False
        self._dirty = [each for each in self._dirty if each is not message]
        self._ended = [each for each in self._ended if each is not message]
        for relative, reference in _relations(message, self._open):
            relative.refer(reference)
            self._touch(relative)
        for child in (message.children or {}).values():
            child.parents = [each for each in child.parents or () if each is not message]
        for parent in message.parents or ():
            (parent.children or {}).pop(message.queue_id, None)

    def _refeed(self, key: QueueKey, order: list[tuple[str, Event]], new: set[str]) -> None:
        lives: list[Message] = []
        for line, event in order:
            if isinstance(event, SessionTls):
                continue
            if event.queue_id == key[2]:
                self.feed(event, line)
                message = self._open[key]
                if message not in lives:
                    lives.append(message)
        for line, event in order:
            if isinstance(event, SessionTls):
                for life in lives:
                    if life.first_at - LINGER <= event.at and (
                        event.at <= life.last_at + 1_000_000
                    ):
                        life.take_session(event, line)
        for life in lives:
            # Lines that are stored already stand first, so that only new ones are written.
            old = {line: event for line, event in life.events.items() if line not in new}
            life.written = len(old)
            old.update(life.events)
            life.events = old
            if life is not self._open.get(key):
                self._ended.append(life)

    def _resolve(self) -> None:
        """Tie together the queue ids that the changed messages name."""
        for message in self._dirty:
            references, message.references = message.references, None
            for reference in references or ():
                other = self._find(message, reference)
                if reference.kind is LinkKind.BOUNCED_AS:
                    _name_bounce(message, reference)
                if other is None:
                    self._await(message, reference)
                else:
                    self._tie(message, other, reference)

    def _find(self, message: Message, reference: Reference) -> Message | None:
        host, wanted = message.host, reference.other
        found = self._open.get((host, message.instance, wanted))
        if found is None and reference.sure is False:
            for instance in self._instances.get(host, ()):
                found = found or self._open.get((host, instance, wanted))
        return found

    def _await(self, message: Message, reference: Reference) -> None:
        key = (message.host, message.instance, reference.other)
        waiting = self._awaited.setdefault(key, [])
        if not any(each[0] is message for each in waiting):
            waiting.append((message, reference))
        if key not in self._asked:
            self._flagged.append(key)

    def _tie(self, message: Message, other: Message, reference: Reference) -> None:
        first, then = (other, message) if reference.reverse else (message, other)
        kind = reference.kind
        first.add_link(kind, first.queue_id, then.queue_id, reference.at)
        if kind in _CARRIES_ON:
            if first.adopt(then):
                self._touch(first)
                self._touch(then)
        elif kind is LinkKind.BOUNCED_AS and (
            first.bounced_as != then.queue_id or then.bounce_of != first.queue_id
        ):
            first.bounced_as = then.queue_id
            then.bounce_of = first.queue_id
            self._touch(first)
            self._touch(then)

    def drain(self) -> Batch:
        """Everything that changed since the last drain, to be written to the store.

        Ended messages are forgotten once `LINGER` has passed since, in the time of the log.
        """
        self._resolve()
        self._touch_ancestors()
        batch = Batch()
        families = Families()
        for message in self._dirty:
            message.is_dirty = False
            self._emit(message, families, batch)
        for message in self._dirty:
            if message.closed_at:
                self._ended.append(message)
        self._dirty = []
        for line, event in self._refused.items():
            _emit_refusal(event, line, batch)
        self._refused = {}
        self._evict()
        return batch

    def _touch_ancestors(self) -> None:
        index = 0
        while index < len(self._dirty):
            for relative in self._dirty[index].parents or ():
                self._touch(relative)
            for relative in (self._dirty[index].children or {}).values():
                self._touch(relative)
            index += 1

    def _emit(self, message: Message, families: Families, batch: Batch) -> None:
        rows = families.deliveries(message)
        emitted = message.emitted
        keep = not message.closed_at or emitted is not None or message.children is not None
        now: dict[str, Emitted] = {}
        deliveries, attempts = batch.deliveries, batch.attempts
        for delivery, tries in rows:
            if keep:
                mark = (_mark(delivery), delivery.first_at, delivery.sent_at)
                before = emitted.get(delivery.id) if emitted else None
                now[delivery.id] = mark
                if before == mark:
                    continue
                if before is not None and before[1:] != mark[1:]:
                    deliveries.append(_withdrawn(delivery, delivery.id, before))
            deliveries.append(delivery)
            attempts.extend(tries)
        if emitted:
            for identity, before in emitted.items():
                if identity not in now:
                    deliveries.append(_withdrawn_of(message, identity, before))
        message.emitted = now if keep else None
        self._emit_lines(message, batch)

    def _emit_lines(self, message: Message, batch: Batch) -> None:
        events = message.events
        if message.written < len(events):
            host, instance, queue_id = message.host, message.instance, message.queue_id
            skip = message.written
            for line, event in events.items():
                if skip:
                    skip -= 1
                    continue
                batch.lines.append(
                    LogLine(host=host, instance=instance, queue_id=queue_id, at=event.at, text=line)
                )
            message.written = len(events)
        if message.links:
            for (kind, queue_id, other), at in message.links.items():
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

    def _evict(self) -> None:
        """Forget messages that nothing more will be heard of, and the oldest if too many."""
        lingering: list[Message] = []
        latest = self._newest - LINGER
        for message in self._ended:
            if message.is_dirty or not _is_over(message, latest):
                lingering.append(message)
                continue
            key = (message.host, message.instance, message.queue_id)
            if self._open.get(key) is message:
                del self._open[key]
                self._asked.discard(key)
            else:
                current = self._open.get(key)
                if current is not None and current.previous is message:
                    current.previous = None
        self._ended = list(dict.fromkeys(lingering))
        if len(self._open) > self._max_open:
            self._evict_oldest()
        if self._awaited:
            self._awaited = {
                key: waiting
                for key, waiting in self._awaited.items()
                if any(not each[0].closed_at or each[0].closed_at >= latest for each in waiting)
            }
        if len(self._awaited) > self._max_open:
            self._awaited.clear()
        if len(self._asked) > 4 * self._max_open:
            self._asked.intersection_update(self._open)

    def _evict_oldest(self) -> None:
        by_age = sorted(self._open.items(), key=lambda each: each[1].last_at)
        for key, message in by_age[: len(by_age) - self._max_open * 3 // 4]:
            if message.children is None and message.parents is None:
                del self._open[key]
                self._asked.discard(key)


def _refer_onward(message: Message, event: Attempted) -> None:
    if event.forwarded_as:
        message.refer(Reference(LinkKind.FORWARDED_AS, event.forwarded_as, event.at))
    else:
        message.refer(Reference(LinkKind.FILTERED_AS, event.next_queue_id, event.at, sure=False))


def _relations(
    message: Message, open_messages: dict[QueueKey, Message]
) -> list[tuple[Message, Reference]]:
    """What the neighbours of a message must say again to find it when it is made anew."""
    found: list[tuple[Message, Reference]] = []
    for child in (message.children or {}).values():
        for (kind, _, other), at in (message.links or {}).items():
            if other == child.queue_id:
                found.append((child, Reference(kind, message.queue_id, at, reverse=True)))
    for parent in message.parents or ():
        for (kind, _, other), at in (parent.links or {}).items():
            if other == message.queue_id:
                found.append((parent, Reference(kind, message.queue_id, at)))
    for other, reverse in ((message.bounce_of, False), (message.bounced_as, True)):
        relative = open_messages.get((message.host, message.instance, other)) if other else None
        if relative is not None:
            kind = LinkKind.BOUNCED_AS
            found.append(
                (relative, Reference(kind, message.queue_id, message.first_at, reverse=reverse))
            )
    return found


def _name_bounce(message: Message, reference: Reference) -> None:
    """A message's own line names its bounce, or what it is a bounce of, seen or not."""
    if reference.reverse:
        message.bounce_of = reference.other
    else:
        message.bounced_as = reference.other
        message.add_link(reference.kind, message.queue_id, reference.other, reference.at)


def _is_life_of(message: Message, key: QueueKey) -> bool:
    return (message.host, message.instance, message.queue_id) == key


def _same_second(event: Event, message: Message) -> bool:
    return event.at // 1_000_000 == message.first_at // 1_000_000


def _stored_order(item: tuple[str, Event]) -> tuple[int, int]:
    """By time; within one stamp arrivals first and ends last."""
    event = item[1]
    if isinstance(event, Arrived):
        return (event.at, 0)
    return (event.at, 2 if isinstance(event, Ended) else 1)


def _is_over(message: Message, latest: int) -> bool:
    """Whether a message and its next of kin ended long enough ago."""
    if message.closed_at >= latest or (not message.closed_at and message.last_at >= latest):
        return False
    for relative in (*(message.children or {}).values(), *(message.parents or ())):
        if not relative.closed_at or relative.closed_at >= latest or relative.is_dirty:
            return False
    return True


def _mark(delivery: Delivery) -> int:
    """A number that changes when anything but the version of a row does."""
    return hash(
        (
            delivery.status,
            delivery.folded,
            delivery.attempts,
            delivery.last_attempt_at,
            delivery.last_at,
            delivery.direction,
            delivery.sender,
            delivery.message_id,
            delivery.subject,
            delivery.size,
            delivery.spam_score,
            delivery.user,
            delivery.domain,
            delivery.auth,
            delivery.client_ip,
            delivery.remote_host,
            delivery.tls,
            delivery.result,
            delivery.reason,
            tuple(delivery.targets),
            tuple(delivery.origins),
            tuple(delivery.hops),
            delivery.bounce_of,
            delivery.bounced_as,
        )
    )


def _withdrawn(delivery: Delivery, identity: str, before: Emitted) -> Delivery:
    """The version that takes back a row under the times it was stored with."""
    row = fold.copy(delivery)
    row.id = identity
    row.deleted = True
    row.first_at, row.sent_at = before[1], before[2]
    return row


def _withdrawn_of(message: Message, identity: str, before: Emitted) -> Delivery:
    return Delivery(
        id=identity,
        message_key=identity[:16],
        host=message.host,
        instance=message.instance,
        queue_id=message.queue_id,
        version=len(message.events)
        + sum(len(child.events) for child in (message.children or {}).values()),
        deleted=True,
        status=Status.IN_PROGRESS,
        first_at=before[1],
        sent_at=before[2],
    )


def _emit_refusal(event: Rejected, line: str, batch: Batch) -> None:
    """A refusal before any queue id was given is a story of one line."""
    if not (event.sender or event.recipient or event.recipients or event.has_sender):
        return
    key = message_key(event.host, event.instance, line, event.at)
    message = Message(event.host, event.instance, "", event.at)
    message.events[line] = event
    message.closed_at = event.at
    for row in fold.fold(message).rows:
        delivery = row.delivery
        delivery.message_key = key
        delivery.id = key + delivery.id[16:]
        batch.deliveries.append(delivery)
    batch.lines.append(
        LogLine(host=event.host, instance=event.instance, queue_id=key, at=event.at, text=line)
    )
