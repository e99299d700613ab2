"""The correlator: holds the open messages, takes events in, and gives changed deliveries out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from postroad.correlate import emit, fold
from postroad.correlate.asides import MOST_SAID, Asides, session_of
from postroad.correlate.echoes import Echoes
from postroad.correlate.family import Families
from postroad.correlate.kin import Kin
from postroad.correlate.message import CLOSING, Emitted, Message, Reference
from postroad.correlate.sessions import KeptHold, KeptSession, Sessions
from postroad.correlate.table import LINGER, QueueKey, Table, remember_rows
from postroad.model.delivery import Batch
from postroad.model.event import (
    ASIDES,
    Arrived,
    Attempted,
    Described,
    Ended,
    Event,
    Linked,
    LinkKind,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome

#: How many queue ids are remembered as asked for, beside those that are open.
_MOST_ASKED = 400_000


#: How long a message may take from its first line until its headers were read, microseconds.
_LONGEST_ARRIVAL = 3_600_000_000


class _Context(msgspec.Struct):
    sessions: list[KeptSession] = []
    own_addresses: set[tuple[str, str]] = set()
    refusals: dict[str, int] = {}
    holds: list[KeptHold] = []


class Correlator:
    """Joins the events of any number of hosts into deliveries.

    Not thread-safe. Memory grows with open messages only, of which about `max_open` are kept: the
    rest is stored as far as it is known, and taken up again through `flagged()`.
    """

    def __init__(
        self,
        *,
        max_open: int = 50_000,
        context: bytes = b"",
        horizon: dict[str, int] | None = None,
        asides: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Start with no open message.

        `context` is what `context()` gave when the last run stopped. `horizon` names for each
        host the time (microseconds UTC) up to which lines are stored already: a message that
        arrives before it may be known, and is flagged. `asides` names the hosts and programs
        (`ASIDES`) of which lines are stored.
        """
        self._table = Table(max_open)
        self._open = self._table.open
        known = msgspec.json.decode(context, type=_Context) if context else _Context()
        self._kin = Kin(self._table, self._ask_before, known.own_addresses)
        self._sessions = Sessions(known.sessions, known.holds)
        self._echoes = Echoes(known.refusals)
        #: Refusals without a queue id by their first line, each with its last.
        self._refused: dict[str, tuple[Rejected, str]] = {}
        self._flagged: dict[QueueKey, None] = {}
        self._asked: set[QueueKey] = set()
        #: Of those flagged, the ones that had a life before those in memory.
        self._earlier: set[QueueKey] = set()
        self._horizon = horizon or {}
        self._max_open = max_open
        #: Queue ids whose lives have to be parted anew: a line came out of order.
        self._unsorted: dict[QueueKey, None] = {}
        self._is_splitting = False
        self._asides = Asides(self._table, self._ask, self._horizon, asides)

    @property
    def open_count(self) -> int:
        """How many messages are held in memory."""
        return len(self._open)

    def context(self) -> bytes:
        """What must outlive this process and does not stand in any message's lines."""
        return msgspec.json.encode(
            _Context(
                self._sessions.kept(),
                self._kin.own_addresses,
                self._echoes.kept(),
                self._sessions.holds(),
            )
        )

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
            if message.is_aside and len(message.events) >= MOST_SAID:
                message = self._begin_again(key, message, event)
            elif not message.unique and (
                message.closed_at or message.previous or isinstance(event, (Arrived, Described))
            ):
                chosen = self._life(key, message, event, line)
                if chosen is None:
                    return
                message = chosen
        message.events[line] = event
        at = event.at
        if at > message.last_at:
            message.last_at = at
            self._table.newest = max(self._table.newest, at)
        elif at < message.first_at:
            message.first_at = at
        if not message.is_dirty:
            message.is_dirty = True
            self._table.dirty.append(message)
        self._follow(message, event)

    def _feed_nameless(self, event: Event, line: str) -> None:
        """A line without a queue id: a refusal, or a fact about a session."""
        if isinstance(event, Rejected):
            self._refuse(event, line)
        elif isinstance(event, Described):
            self._sessions.hold(event, line)
        elif isinstance(event, SessionTls):
            completed = self._sessions.learn(event, line)
            if completed is not None and not completed.is_gone:
                self._table.touch(completed)

    def _refuse(self, event: Rejected, line: str) -> None:
        first = event.above[0] if event.above else line
        if not event.instance:
            at, known = self._echoes.first(event, first)
            if known != first:
                if not (event.recipients or event.message_id or event.subject):
                    return
                if known:
                    event = msgspec.structs.replace(event, at=at, above=(known, *event.above))
                    first = known
        before = self._refused.get(first)
        if before is None or len(before[0].above) < len(event.above):
            self._refused[first] = (event, line)

    def _follow(self, message: Message, event: Event) -> None:
        """What an event means beyond its message's own rows: relatives, sessions, the end."""
        if message.is_aside:
            # Nobody says when a program has nothing more to say.
            message.closed_at = message.last_at
        elif isinstance(event, Described):
            self._name(message, event.message_id)
            if event.bounce_of:
                message.refer(_bounce_of(event, event.bounce_of))
        else:
            self._follow_on(message, event)

    def _follow_on(self, message: Message, event: Event) -> None:
        if isinstance(event, Attempted):
            if event.outcome is Outcome.DELIVERED:
                if event.next_queue_id or event.forwarded_as:
                    self._kin.hand_over(message, event)
                elif not message.message_id and (session := session_of(event.reply)):
                    self._table.name(message, session)
                    self._asides.meet(message, session, is_session=True)
            if event.pid and event.remote_ip:
                self._sessions.join(event, message)
        elif isinstance(event, Ended):
            if event.kind in CLOSING and not message.closed_at:
                message.closed_at = event.at
        elif isinstance(event, Arrived):
            _arrive(message, event)
            # Exim does not log the Message-ID of its own notifications.
            name = f"E{event.queue_id}" if event.bounce_of and not event.instance else ""
            self._name(message, event.message_id or name)
            if event.pid:
                self._sessions.take_hold(event, message)
        elif isinstance(event, Linked):
            message.refer(Reference(event.kind, event.other, event.at))
        elif isinstance(event, Rejected) and not message.closed_at and fold.refuses_whole(event):
            message.closed_at = event.at

    def _name(self, message: Message, message_id: str) -> None:
        if message_id and not message.message_id:
            message.message_id = name = message_id.strip("<>")
            self._table.name(message, name)
            self._asides.meet(message, name)

    def _begin(self, key: QueueKey, event: Event) -> Message:
        message = self._table.add(key, event.at)
        if key[1] in ASIDES:
            self._asides.begin(message)
            return message
        if not isinstance(event, Arrived) or event.at <= self._horizon.get(key[0], 0):
            self._ask(key)
        self._kin.welcome(key)
        return message

    def _ask(self, key: QueueKey) -> None:
        if key not in self._asked:
            self._flagged[key] = None

    def _ask_before(self, key: QueueKey) -> None:
        """Another queue id was named that is not here, or that another message bears by now."""
        self._ask(key)
        if self._table.lives(key):
            self._earlier.add(key)

    def _life(self, key: QueueKey, message: Message, event: Event, line: str) -> Message | None:
        """Which life of a queue id that comes round again a line belongs to; None if known."""
        before = message.previous
        if before is not None and line in before.events:
            return None
        is_unsorted = key in self._unsorted
        if is_unsorted or (not self._is_splitting and _may_be_out_of_order(message, event)):
            self._put_off(key, message, event, line)
            return None
        if isinstance(event, Arrived):
            if not message.begun and _same_second(event, message):
                return message
            return self._begin_again(key, message, event)
        if (
            before is not None
            and not before.closed_at
            and event.at == message.first_at
            and event.at <= before.last_at + LINGER
        ):
            # Written with the same stamp as the new life's first line: the old one's end.
            self._table.touch(before)
            return before
        if message.closed_at and event.at > message.closed_at + LINGER:
            return self._begin_again(key, message, event)
        if (
            isinstance(event, Described)
            and event.message_id
            and (event.at > message.first_at + _LONGEST_ARRIVAL)
        ):
            # Headers are read once, as a message comes in: this one is another.
            if event.at == message.last_at and not self._is_splitting:
                self._put_off(key, message, event, line)
                return None
            return self._begin_again(key, message, event)
        return message

    def _put_off(self, key: QueueKey, message: Message, event: Event, line: str) -> None:
        """Keep a line until the lines of all lives are sorted by time and parted anew.

        That is done once before anything is given out, however many lines make it necessary.
        """
        message.events[line] = event
        self._unsorted[key] = None

    def _sort(self) -> None:
        """Part the lives anew of queue ids of which lines came out of order."""
        unsorted, self._unsorted = self._unsorted, {}
        for key in unsorted:
            emitted: dict[str, Emitted] = {}
            for life in self._table.lives(key):
                emitted.update(life.emitted or {})
            is_flagged = key in self._flagged
            self._is_splitting = True
            self.relearn(key, [], emitted)
            self._is_splitting = False
            if is_flagged:
                # The store was not asked yet.
                self._flagged[key] = None

    def _begin_again(self, key: QueueKey, message: Message, event: Event) -> Message:
        message.previous = None
        del self._open[key]
        self._table.retire(message)
        new = self._begin(key, event)
        new.previous = message
        return new

    def flagged(self) -> list[QueueKey]:
        """Messages of which other lines may be stored; each is named once.

        Ask the store for the lines of these, and of the queue ids linked to them, give them to
        `relearn()`, and ask again, until none is left; then `drain()`.
        """
        self._sort()
        self._kin.resolve()
        fresh = [key for key in self._flagged if key in self._earlier or not self._is_whole(key)]
        self._flagged = {}
        self._earlier.clear()
        self._asked.update(fresh)
        return fresh

    def span(self, asides: Iterable[QueueKey]) -> tuple[int, int]:
        """From when to when these flagged asides are of interest, microseconds UTC."""
        spans = [self._asides.span(key) for key in asides]
        return min(first for first, _ in spans), max(last for _, last in spans)

    def _is_whole(self, key: QueueKey) -> bool:
        """Whether a message's arrival came meanwhile, and after all that was stored before."""
        horizon = self._horizon.get(key[0], 0)
        lives = self._table.lives(key)
        return bool(lives) and all(life.begun and life.first_at > horizon for life in lives)

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
        self._flagged.pop(key, None)
        self._unsorted.pop(key, None)
        known = {line: event for event, line in lines}
        lives = self._table.lives(key)
        self._open.pop(key, None)
        if not known and not lives:
            return
        new: dict[str, Event] = {}
        for life in lives:
            new.update((line, event) for line, event in life.events.items() if line not in known)
            self._kin.part(life)
            self._table.remove(life)
        order = sorted({**known, **new}.items(), key=_stored_order)
        self._asides.is_again = bool(known)
        remember_rows(self._refeed(key, order, new), emitted or {})
        self._asides.is_again = False

    def _refeed(
        self, key: QueueKey, order: list[tuple[str, Event]], new: dict[str, Event]
    ) -> list[Message]:
        """Feed the lines of one queue id again; returns its lives."""
        lives: dict[Message, None] = {}
        sessions: list[tuple[str, Event]] = []
        for line, event in order:
            if not event.queue_id:
                sessions.append((line, event))
            else:
                self.feed(event, line)
                lives[self._open[key]] = None
        for life in lives:
            for line, event in sessions:
                if life.first_at - LINGER <= event.at <= life.last_at + LINGER:
                    life.take_session(event, line)
            # Lines that are stored already stand first, so that only new ones are written.
            stored = {line: event for line, event in life.events.items() if line not in new}
            life.written = len(stored)
            stored.update(life.events)
            life.events = stored
        return list(lives)

    def drain(self) -> Batch:
        """Everything that changed since the last drain, to be written to the store.

        Ended messages are forgotten some seconds (`LINGER`) after, in the time of the log.
        """
        self._sort()
        self._kin.resolve()
        self._table.touch_families()
        batch = Batch()
        families = Families()
        changed = self._table.take_dirty()
        for message in changed:
            emit.emit(message, families, batch)
        self._table.rest(changed)
        for event, line in self._refused.values():
            emit.emit_refusal(event, line, batch)
        self._refused = {}
        self._asked.difference_update(self._table.evict())
        self._asides.prune()
        self._kin.prune(self._table.newest - LINGER, self._max_open)
        if len(self._asked) > _MOST_ASKED:
            self._asked.intersection_update(self._open)
        return batch


def _arrive(message: Message, event: Arrived) -> None:
    message.begun = True
    if event.bounce_of:
        message.refer(_bounce_of(event, event.bounce_of))
    if event.continues:
        kind = LinkKind.FILTERED_AS if event.client_ip else LinkKind.REQUEUED_AS
        message.refer(Reference(kind, event.continues, event.at, reverse=True))


def _bounce_of(event: Event, other: str) -> Reference:
    return Reference(LinkKind.BOUNCED_AS, other, event.at, reverse=True)


def _may_be_out_of_order(message: Message, event: Event) -> bool:
    """Whether a line belongs before others that are known, where a life may end and begin."""
    if isinstance(event, Arrived):
        if not message.begun and _same_second(event, message):
            return False
        return event.at < message.last_at or (event.at == message.last_at and not message.closed_at)
    return event.at < message.last_at and bool(message.previous or message.closed_at)


def _same_second(event: Event, message: Message) -> bool:
    return event.at // 1_000_000 == message.first_at // 1_000_000


def _stored_order(item: tuple[str, Event]) -> tuple[int, int]:
    """By time; within one stamp arrivals and headers first, and ends last."""
    event = item[1]
    if isinstance(event, Arrived):
        return (event.at, 0)
    if isinstance(event, Described) and event.message_id:
        return (event.at, 1)
    return (event.at, 3 if isinstance(event, Ended) else 2)
