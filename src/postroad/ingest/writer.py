"""The thread that writes: batches into the store, then positions into the state.

Writing runs beside parsing, because ClickHouse works outside Python's lock. Batches are written
in the order they were handed over; a position is committed when its batch and all before it are
acknowledged. After an error nothing more is written: what was not committed will be read again.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable

import msgspec

from postroad.correlate import QueueKey
from postroad.model.coverage import Coverage, UnknownLine
from postroad.model.delivery import Batch
from postroad.state import State, marks
from postroad.state.marks import Mark
from postroad.store import Store

#: Batches that may wait while one is written.
_WAITING = 1


class Work(msgspec.Struct, kw_only=True):
    """What one checkpoint writes."""

    batch: Batch
    coverage: list[Coverage]
    samples: list[UnknownLine]
    marks: list[Mark]
    context: bytes
    #: The messages that the batch has lines or links of.
    keys: frozenset[QueueKey]


class Writer:
    """Writes what it is handed, in a thread of its own."""

    def __init__(self, store: Store, state: State, name: str) -> None:
        """Start the thread. `name` is that of the context to commit."""
        self._store = store
        self._state = state
        self._name = name
        self._queue: queue.Queue[Work | None] = queue.Queue(_WAITING)
        #: What was handed over and is not committed, oldest first.
        self._unwritten: deque[Work] = deque()
        self._error: Exception | None = None
        #: How many batches were committed.
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="postroad-writer", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether nothing more will be written."""
        return self._error is not None or not self._thread.is_alive()

    def hand_over(self, work: Work) -> None:
        """Have this written; waits while too much is waiting. Raises what went wrong before."""
        self.check()
        self._unwritten.append(work)
        self._queue.put(work)

    def wait(self) -> None:
        """Return when everything handed over is committed. Raises what went wrong."""
        self._queue.join()
        self.check()

    def settle(self, keys: Iterable[QueueKey]) -> None:
        """Return when the store can be asked for these messages. Raises what went wrong."""
        wanted = frozenset(keys)
        if any(not wanted.isdisjoint(work.keys) for work in tuple(self._unwritten)):
            self.wait()

    def close(self) -> None:
        """Write what was handed over, and end the thread. Raises nothing: see `check()`."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def check(self) -> None:
        """Raise what went wrong, if anything did."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                if self._error is None:
                    self._write(work)
            except Exception as error:  # noqa: BLE001 - raised again in the thread that reads
                self._error = error
            finally:
                del work
                self._unwritten.popleft()
                self._queue.task_done()
        self._queue.task_done()

    def _write(self, work: Work) -> None:
        self._store.write(work.batch)
        if work.coverage:
            self._store.write_coverage(work.coverage)
        if work.samples:
            self._store.write_unknown(work.samples)
        marks.commit(
            self._state,
            work.marks,
            name=self._name,
            context=work.context,
            at=time.time_ns() // 1000,
        )
        self.commits += 1
