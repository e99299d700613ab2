"""The inbox: lines that were received, on their way from the network to their spools.

Whoever receives puts lines in and never waits; one thread takes them out, writes them to the spool
of their source and puts them on the disk every `_SYNC` seconds. What finds no room, here or in the
spool, is dropped and counted for its source.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from postroad.sources.spool import Spool
from postroad.sources.supply import Counts

#: Octets that may wait here.
ROOM = 16 << 20
#: Seconds after which what was written is put on the disk.
_SYNC = 1.0


class Box:
    """What waits for one spool."""

    def __init__(self, spool: Spool) -> None:
        """Nothing waits yet."""
        self.spool = spool
        self.counts = Counts()
        self.waiting: list[bytes] = []


class Inbox:
    """Boxes, and the thread that empties them. `put` may be called from one thread."""

    def __init__(self, *, room: int = ROOM, relieved: Callable[[], None] | None = None) -> None:
        """`relieved` is called, in the thread that empties, when there is room again."""
        self._room = room
        self._relieved = relieved
        self._guard = threading.Condition()
        self._boxes: list[Box] = []
        self._octets = 0
        self._was_full = False
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="postroad-spool", daemon=True)

    def start(self) -> None:
        """Begin to empty it."""
        self._thread.start()

    def add(self, box: Box) -> None:
        """Empty this box, too."""
        with self._guard:
            self._boxes.append(box)

    def put(self, box: Box, line: str, at: int) -> None:
        """Take a line that came at this time, or count it as dropped."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._guard:
            box.counts.received += 1
            box.counts.last_at = at
            if self._octets + len(data) > self._room:
                box.counts.drop(1, at)
                return
            if not self._octets:
                self._guard.notify()
            box.waiting.append(data)
            self._octets += len(data)

    def is_full(self) -> bool:
        """Whether whoever can wait should: half of the room is taken."""
        with self._guard:
            full = self._octets * 2 > self._room
            self._was_full = self._was_full or full
            return full

    def close(self) -> None:
        """Write what waits, and end."""
        with self._guard:
            self._ends = True
            self._guard.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        synced = time.monotonic()
        while True:
            with self._guard:
                if not self._octets and not self._ends:
                    self._guard.wait(_SYNC)
                ends = self._ends
                taken = [(box, box.waiting) for box in self._boxes if box.waiting]
                for box, _ in taken:
                    box.waiting = []
            for box, waiting in taken:
                self._write(box, waiting)
            self._relieve()
            if ends or time.monotonic() - synced >= _SYNC:
                synced = time.monotonic()
                self._sync()
            if ends:
                return

    def _write(self, box: Box, waiting: list[bytes]) -> None:
        data = b"".join(waiting)
        if not box.spool.append(data):
            kept = self._write_in_part(box, waiting)
            with self._guard:
                box.counts.drop(len(waiting) - kept, time.time_ns() // 1000)
        with self._guard:
            self._octets -= len(data)

    @staticmethod
    def _write_in_part(box: Box, waiting: list[bytes]) -> int:
        """Write the lines that there is room for; how many."""
        for kept, line in enumerate(waiting):
            if not box.spool.append(line):
                return kept
        return len(waiting)

    def _relieve(self) -> None:
        with self._guard:
            is_relief = self._was_full and not self._octets * 2 > self._room
            self._was_full = self._was_full and not is_relief
        if is_relief and self._relieved:
            self._relieved()

    def _sync(self) -> None:
        with self._guard:
            boxes = list(self._boxes)
        for box in boxes:
            with suppress(OSError):
                box.spool.sync()
