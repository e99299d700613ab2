"""A few lines of every shape that no parser understood."""

from __future__ import annotations

import re

from postroad.model.coverage import UnknownLine

#: Lines of one shape that one reading hands on, and lines whose shape it looks at.
_PER_SHAPE = 5
_LOOKED_AT = 5_000
_LONGEST = 2_000

_VARIABLE = re.compile(
    r"""
    [^\s<>()\[\]"'=,;:]+@[^\s<>()\[\]"'=,;]+            # an address
    | \b[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}\b   # an Exim id
    | \b(?=[0-9A-Za-z]*\d)[0-9A-Za-z]{8,}\b             # a queue id, a digest
    | \d+
    """,
    re.VERBOSE | re.ASCII,
)


def shape(line: str) -> str:
    """The line with what differs from one such line to the next replaced by `#`."""
    return _VARIABLE.sub("#", line[:_LONGEST])


class Samples:
    """What one reading has shown of lines that were not understood."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._counts: dict[str, int] = {}
        self._looked_at = 0
        self._rows: list[UnknownLine] = []

    def add(self, line: str, *, source: str, host: str, at: int, position: str) -> None:
        """Take the line if its shape is still new enough."""
        if self._looked_at >= _LOOKED_AT:
            return
        self._looked_at += 1
        outline = shape(line)
        count = self._counts.get(outline, 0)
        if count < _PER_SHAPE:
            self._counts[outline] = count + 1
            self._rows.append(
                UnknownLine(
                    source=source,
                    host=host,
                    at=at,
                    shape=outline,
                    text=line,
                    position=position,
                )
            )

    def take(self) -> list[UnknownLine]:
        """The lines taken since the last time."""
        rows, self._rows = self._rows, []
        return rows
