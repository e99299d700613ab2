"""A bounded sample of lines that were not understood: the first few of every shape.

How many there were altogether is in `coverage`; here are examples, for a person to report.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec

from postroad.model.coverage import UnknownLine
from postroad.store import writer
from postroad.store.engine import Engine

#: Examples that are kept of one shape from one source.
PER_SHAPE = 20
#: Shapes that are kept of one source: a file that is not a log has as many as lines.
SHAPES = 1_000
#: Characters that are kept of one example.
LONGEST = 4_000


class _Count(msgspec.Struct):
    source: str
    shape: str
    count: int


class Samples:
    """Decides which lines to keep. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        """Nothing is counted before the first line is written."""
        self._engine = engine
        self._guard = threading.Lock()
        self._counts: dict[str, dict[str, int]] | None = None

    def write(self, rows: Sequence[UnknownLine]) -> None:
        """Keep those of these lines that show something new."""
        with self._guard:
            if self._counts is None:
                self._counts = self._stored()
            chosen = [_cut(row) for row in rows if self._takes(self._counts, row)]
        writer.write(self._engine, "unknown_lines", chosen)

    def forget(self) -> None:
        """Count again: samples were dropped."""
        with self._guard:
            self._counts = None

    def _stored(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for row in self._engine.read(
            "SELECT source, shape, count() AS count FROM unknown_lines FINAL "
            "GROUP BY source, shape",
            {},
            _Count,
        ):
            counts.setdefault(row.source, {})[row.shape] = row.count
        return counts

    @staticmethod
    def _takes(counts: dict[str, dict[str, int]], row: UnknownLine) -> bool:
        shapes = counts.setdefault(row.source, {})
        shape = row.shape[:LONGEST]
        count = shapes.get(shape, 0)
        if count >= PER_SHAPE or (not count and len(shapes) >= SHAPES):
            return False
        shapes[shape] = count + 1
        return True


def _cut(row: UnknownLine) -> UnknownLine:
    if max(len(row.text), len(row.shape)) <= LONGEST:
        return row
    left_out = len(row.text) - LONGEST
    note = f" [{left_out} more characters]" if left_out > 0 else ""
    return msgspec.structs.replace(row, text=row.text[:LONGEST] + note, shape=row.shape[:LONGEST])
