"""The pipeline: lines of any number of readings in, one correlator, one writer.

There is one in a process, so that an import and what is followed at the same time tell one story.
Whoever feeds it holds its lock for one chunk or one checkpoint at a time.

Errors of the store or of the state come out of the next call; a pipeline that failed is of no more
use, and what it had not committed is read again by the next one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

from postroad.correlate import Correlator, QueueKey
from postroad.errors import StoreError
from postroad.ingest.feed import Feed
from postroad.ingest.knocks import Knocks
from postroad.ingest.recall import Horizon, Recall, named
from postroad.ingest.writer import Work, Writer
from postroad.model.delivery import Batch
from postroad.sources.reading import Chunk
from postroad.sources.rotation import family
from postroad.state import State, marks
from postroad.store import Store

#: A checkpoint is due after so many bytes of log, or so many seconds.
CHECKPOINT = 8 << 20
_SECONDS = 5.0
_NAME = "ingest"


class Pipeline:
    """Correlates and stores what readings give."""

    def __init__(self, store: Store, state: State, *, checkpoint: int = CHECKPOINT) -> None:
        """Begin with what the last pipeline committed. `checkpoint` is in bytes of log."""
        self._checkpoint = checkpoint
        self.store = store
        self.state = state
        #: Hold it from the reading of a chunk to its `take()`, and for `checkpoint()`.
        self.lock = threading.RLock()
        #: Called with every batch before it is handed over.
        self.watchers: list[Callable[[Batch], None]] = []
        self._generation = 0
        self._begin()

    def _begin(self) -> None:
        self._generation += 1
        self._horizon = Horizon(self.store)
        self._correlator = self._make_correlator()
        self._writer = Writer(self.store, self.state, _NAME)
        self._recall = Recall(self.store, self._correlator, self._writer.settle)
        self._knocks = Knocks(self.store, self._horizon)
        self._fed: dict[str, Feed] = {}
        #: Of each log, who reads the part that was begun last.
        self._parts: dict[tuple[str, str], Feed] = {}
        #: Up to when each host was read.
        self._until: dict[str, int] = {}
        #: Readings that began: where there are several, one may tell of what another told before.
        self._begun: set[str] = set()
        self._bytes = 0
        self._since = 0.0

    def _make_correlator(self) -> Correlator:
        context = marks.context(self.state, _NAME)
        asides = self.store.asides()
        try:
            return Correlator(context=context, horizon=self._horizon, asides=asides)
        except msgspec.DecodeError:
            # Another version wrote it: at worst, a delivery or two do not tell of their TLS.
            return Correlator(horizon=self._horizon, asides=asides)

    def revive(self) -> None:
        """If it failed, begin again from what was committed; readings must be opened anew."""
        if self._writer.failed:
            self._writer.close()
            self._begin()

    @property
    def commits(self) -> int:
        """How many checkpoints were committed since it began (again)."""
        return self._writer.commits

    def check(self) -> None:
        """Raise what went wrong in the writer, if anything did."""
        self._writer.check()

    def begin(self, feed: Feed) -> None:
        """Get ready for a reading. It may tell of anything that was read so far again."""
        feed.generation = self._generation
        self._begun.add(feed.name)
        part = (feed.host, family(feed.path))
        if part in self._parts:
            feed.goes_on(self._parts[part])
        self._parts[part] = feed
        for each in self._fed.values():
            self._note(each)
        self._meet_the_others()
        if feed.partial:
            self._recall.partial.add(feed.partial)

    def take(self, feed: Feed, chunk: Chunk) -> None:
        """Take in the lines of a chunk. Raises `StoreError` if it failed since `begin()`."""
        if feed.generation != self._generation:
            raise StoreError("Writing failed meanwhile. What was not stored will be read again.")
        if not self._fed:
            self._since = time.monotonic()
        self._fed[feed.name] = feed
        self._bytes += chunk.end - chunk.offset
        feed.take(chunk, self._correlator.feed)

    def is_due(self, *, seconds: float = _SECONDS) -> bool:
        """Whether a checkpoint should be made."""
        return bool(self._fed) and (
            self._bytes >= self._checkpoint or time.monotonic() - self._since >= seconds
        )

    def checkpoint(self) -> None:
        """Hand over what changed, to be written and then committed."""
        if not self._fed:
            return
        self._writer.check()
        while flagged := self._correlator.flagged():
            self._recall.take_up(flagged)
        batch = self._correlator.drain()
        self._knocks.settle(batch)
        feeds = list(self._fed.values())
        for feed in feeds:
            self._note(feed)
        if len(self._begun) > 1:
            self._meet_the_others()
        self._fed = {}
        self._bytes = 0
        work = Work(
            batch=batch,
            coverage=[row for feed in feeds for row in feed.coverage()],
            samples=[row for feed in feeds for row in feed.samples()],
            marks=[mark for feed in feeds if (mark := feed.mark()) is not None],
            context=self._correlator.context(),
            keys=_keys(batch),
        )
        for watcher in self.watchers:
            watcher(batch)
        self._writer.hand_over(work)

    def commit(self) -> None:
        """Make a checkpoint and return when it is committed."""
        self.checkpoint()
        self._writer.wait()

    def meet_the_past(self) -> None:
        """Count everything stored so far as what may be told again: older logs are to come."""
        self._horizon.refresh()

    def _meet_the_others(self) -> None:
        """Count what was read so far as what may be told again, by another reading."""
        for host, until in self._until.items():
            self._horizon[host] = max(until, self._horizon.get(host))

    def _note(self, feed: Feed) -> None:
        for host, until in feed.hosts.items():
            self._until[host] = max(until, self._until.get(host, 0))

    def close(self) -> None:
        """Write what was handed over, and end. What was not is read again the next time."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _keys(batch: Batch) -> frozenset[QueueKey]:
    """The messages that a batch has lines of, or ties to others."""
    keys = {(line.host, line.instance, line.queue_id) for line in batch.lines}
    for link in batch.links:
        keys.add((link.host, link.instance, link.queue_id))
        keys.add((link.host, link.instance, link.other))
    keys.update(named(row.message_id) for row in batch.deliveries)
    return frozenset(keys)
