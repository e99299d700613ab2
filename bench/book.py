"""Lines that are still to be written, in the order of their times; and the truth about them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from bench.world import Truth


class Book:
    """A heap of lines by time. Lines of one time keep the order in which they were put in."""

    def __init__(self) -> None:
        """No line yet."""
        self._heap: list[tuple[float, int, str]] = []
        self._count = 0
        self.truths: list[Truth] = []
        #: When each message that is being told arrived.
        self.born: dict[str, float] = {}
        #: When the time of a message will be up.
        self.expiring: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        """How many lines are not written yet."""
        return len(self._heap)

    def put(self, at: float, text: str) -> None:
        """Have this line written at this time."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, text))

    def until(self, at: float) -> Iterator[tuple[float, str]]:
        """Lines whose time has come."""
        heap = self._heap
        while heap and heap[0][0] < at:
            when, _, text = heapq.heappop(heap)
            yield when, text

    def take_truths(self) -> list[Truth]:
        """The truths since the last time."""
        truths, self.truths = self.truths, []
        self.born.clear()
        return truths
