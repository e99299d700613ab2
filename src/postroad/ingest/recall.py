"""Gives the correlator back what the store knows of a message, when more is heard of it.

A message that began before this run, that ended and was forgotten, or whose log is read a second
time, has lines in the store. They are read, parsed again, and merged with the new ones, so that
its deliveries are made out of all that is known; rows that turn out wrong are withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import msgspec

from postroad import parsers
from postroad.correlate import MOST_SAID, Correlator, QueueKey
from postroad.model.delivery import LogLine
from postroad.model.event import ASIDES, Event, Noise
from postroad.model.when import DAY
from postroad.parsers import Reader, Remembering
from postroad.store import Store

#: Links between queue ids that are followed, one step after the other.
_DEEPEST = 16
#: How far from what is read now a message, and what was said of it before, are looked for under a
#: Message-ID, microseconds: so long mail waits for a mailbox (RFC 5321 section 4.5.4.1).
_AROUND = 5 * DAY
#: Of so many stored deliveries under one Message-ID, the latest, what is said of them is told.
_MOST_NAMED = 2_000


class Horizon(dict[str, int]):
    """Up to when each host's lines were stored when this run began; asked for when first needed."""

    def __init__(self, store: Store) -> None:
        """Nothing was asked yet. It is never empty, so that nobody takes it for nothing."""
        super().__init__({"": 0})
        self._store = store

    def get(self, host: str, _default: object = None, /) -> int:
        """The time of the newest line of this host in the store, 0 if there was none."""
        at = super().get(host)
        if at is None:
            at = self[host] = self._store.newest(host)
        return at

    def refresh(self) -> None:
        """Ask again: what was stored since then counts as known, too."""
        for host in self:
            if host:
                self[host] = self._store.newest(host)


class Recall:
    """Takes messages up again for one correlator."""

    def __init__(
        self,
        store: Store,
        correlator: Correlator,
        settle: Callable[[Iterable[QueueKey]], None],
    ) -> None:
        """Use this store and this correlator.

        `settle` returns when everything known of these messages is stored.
        """
        self._store = store
        self._settle = settle
        self._correlator = correlator
        self._readers: dict[tuple[str, str], Reader] = {}
        self._others: dict[tuple[str, str], Reader] = {}
        #: Beginnings of lines that were read before they were whole.
        self.partial: set[str] = set()

    def take_up(self, flagged: Iterable[QueueKey]) -> None:
        """Give the correlator the stored lines of these messages and of those linked to them."""
        keys = list(dict.fromkeys(flagged))
        seen = set(keys)
        for _ in range(_DEEPEST):
            if not keys:
                return
            asides = [key for key in keys if key[1] in ASIDES]
            self._settle([*keys, *(named(queue_id) for _, _, queue_id in asides)])
            linked = self._linked(keys, seen)
            lines = self._store.lines_of(key for key in keys if key[1] not in ASIDES)
            if asides:
                lines |= self._said(asides)
                linked += self._named(asides, seen)
            known = self._store.delivery_versions([key for key in keys if key in lines])
            for key in keys:
                if stored := lines.get(key):
                    rows = {
                        identity: (row.version, row.first_at, row.sent_at)
                        for identity, row in known.get(key, {}).items()
                        if key[1] not in ASIDES
                        or (row.first_at >= stored[0].at and len(stored) < MOST_SAID)
                    }
                    self._correlator.relearn(key, self._events(key, stored), rows)
            keys = linked

    def _said(self, asides: list[QueueKey]) -> dict[QueueKey, list[LogLine]]:
        """What is stored of asides, about the times that are of interest."""
        first, last = self._correlator.span(asides)
        return self._store.said_of(
            asides, since=first - _AROUND, until=last + _AROUND, most=MOST_SAID
        )

    def _named(self, asides: list[QueueKey], seen: set[QueueKey]) -> list[QueueKey]:
        """The messages that asides may speak of."""
        first, last = self._correlator.span(asides)
        found = self._store.queues_named(
            [queue_id for _, _, queue_id in asides],
            since=first - _AROUND,
            until=last + _AROUND,
            most=_MOST_NAMED,
        )
        fresh = [key for key in found if key not in seen]
        seen.update(fresh)
        return fresh

    def _linked(self, keys: list[QueueKey], seen: set[QueueKey]) -> list[QueueKey]:
        found = []
        for link in self._store.links_of(keys):
            for queue_id in (link.queue_id, link.other):
                key = (link.host, link.instance, queue_id)
                if key not in seen:
                    seen.add(key)
                    found.append(key)
        return found

    def _events(self, key: QueueKey, lines: list[LogLine]) -> list[tuple[Event, str]]:
        reader = self._reader(key, lines)
        events: list[tuple[Event, str]] = []
        lines = list(self._whole(lines))
        if isinstance(reader, Remembering):
            # Those of one time are stored in another order: it must have seen them all.
            for line in lines:
                _read(reader, line)
        for line in lines:
            event = _read(reader, line)
            if event is None or isinstance(event, Noise):
                event = self._other(key, line).read(line.text)
            if event is None or isinstance(event, Noise):
                continue
            # The stored time was found with the zone and the neighbours that the line had.
            events.append((msgspec.structs.replace(event, at=line.at), line.text))
        return events

    def _whole(self, lines: list[LogLine]) -> Iterable[LogLine]:
        """Without beginnings of lines that were completed later."""
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            is_begun = (
                after is not None and after.at == line.at and after.text.startswith(line.text)
            )
            if not is_begun and line.text not in self.partial:
                yield line

    def _reader(self, key: QueueKey, lines: list[LogLine]) -> Reader:
        host, instance, _ = key
        reader = self._readers.get((host, instance))
        if reader is None:
            server = parsers.detect([line.text for line in lines]) or parsers.SERVERS[0]
            reader = self._readers[host, instance] = self._make(server, host, lines[-1].at)
        return reader

    def _other(self, key: QueueKey, line: LogLine) -> Reader:
        """Who reads a line that is of another log than most lines of its message."""
        host, _, _ = key
        server = parsers.detect([line.text]) or parsers.SERVERS[0]
        reader = self._others.get((host, server))
        if reader is None:
            reader = self._others[host, server] = self._make(server, host, line.at)
        reader.clock.newest = line.at
        reader.clock.witness(line.at)
        return reader

    def _make(self, server: str, host: str, newest: int) -> Reader:
        return parsers.reader(server, host=host, zone=ZoneInfo("UTC"), newest=newest)


def named(message_id: str) -> QueueKey:
    """What stands for all messages of a Message-ID among the keys of what is to be written."""
    return ("", "", message_id.strip("<>"))


def _read(reader: Reader, line: LogLine) -> Event | Noise | None:
    reader.clock.newest = line.at
    reader.clock.witness(line.at)
    return reader.read(line.text)
