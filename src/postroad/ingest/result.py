"""What an import has done, while it runs and when it ended."""

from __future__ import annotations

import msgspec

from postroad.model.delivery import Batch


class Progress(msgspec.Struct, kw_only=True):
    """How far an import is. Given to its callback a few times a second."""

    #: What is being read.
    path: str = ""
    #: Bytes as they lie on disk: read or found to be known, and in all; 0 if that is unknown.
    done: int = 0
    total: int = 0
    #: Bytes of log text and lines that went through the parsers.
    bytes: int = 0
    lines: int = 0
    messages: int = 0
    #: Seconds since the start, and those that are left; None while nothing tells.
    seconds: float = 0.0
    left: float | None = None

    @property
    def rate(self) -> float:
        """Bytes of log text per second."""
        return self.bytes / self.seconds if self.seconds else 0.0


class Result(msgspec.Struct, kw_only=True):
    """What an import did."""

    #: Files that were read, in whole or from where reading had stopped; files all known already.
    files: int = 0
    known: int = 0
    #: Bytes of log text that were read, and those that were skipped as known.
    bytes: int = 0
    skipped: int = 0
    lines: int = 0
    understood: int = 0
    noise: int = 0
    unknown: int = 0
    #: Messages and deliveries that the lines told of, new or changed.
    messages: int = 0
    deliveries: int = 0
    seconds: float = 0.0
    #: Latest time read, microseconds UTC.
    newest: int = 0
    #: It was asked to stop before the end; what was read is kept.
    stopped: bool = False
    #: What could not be read, one sentence each.
    problems: list[str] = []
    #: What else should be known: damage, cut lines, clocks.
    notes: list[str] = []


class Changed:
    """Counts the messages and deliveries in batches, each once although it may come again.

    Limits: one that had settled two batches ago, and changes all the same, counts again.
    """

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.messages = 0
        self.deliveries = 0
        self._latest: set[str] = set()
        self._waiting: set[str] = set()

    def add(self, batch: Batch) -> None:
        """Count what is new in a batch."""
        rows = [row for row in batch.deliveries if not row.deleted]
        messages = {row.message_key for row in rows}
        deliveries = {row.id for row in rows}
        known = self._latest | self._waiting
        self.messages += len(messages - known)
        self.deliveries += len(deliveries - known)
        self._latest = messages | deliveries
        if len(self._waiting) > _REMEMBERED:
            self._waiting.clear()
        self._waiting -= self._latest
        for row in rows:
            if not row.status.is_final:
                self._waiting.update((row.message_key, row.id))


#: Names of waiting messages and deliveries that are remembered.
_REMEMBERED = 500_000
