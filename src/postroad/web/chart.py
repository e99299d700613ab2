"""Charts as figures: where each bar, line and word of a drawing stands.

Comes in: counts. Goes out: places in units of the drawing, which templates write as SVG. Pure: no
colours, no words and no markup, so that each can be told by a style sheet and a translator.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)

#: Room for the words of the axes, left and below; and for a word's upper half above.
LEFT, BELOW, ABOVE = 44.0, 24.0, 8.0
#: Part of a column's room that stays empty between two.
_GAP = 0.18
_WIDEST = 48.0
#: A part that is there is seen, however small.
_LEAST = 1.5
_DIGITS = 2
#: Room that a column's name takes.
_APART = 48.0


class Segment(NamedTuple, Generic[Key]):
    """One part of a bar."""

    key: Key
    number: int
    y: float
    height: float


class Bar(NamedTuple, Generic[Key]):
    """One column: its parts from the bottom up, and the room that can be clicked."""

    x: float
    width: float
    room_x: float
    room_width: float
    total: int
    segments: tuple[Segment[Key], ...]


class Line(NamedTuple):
    """A line of the scale and the number at it."""

    y: float
    number: int


class Columns(NamedTuple, Generic[Key]):
    """A drawing of columns."""

    width: float
    height: float
    left: float
    bottom: float
    bars: tuple[Bar[Key], ...]
    lines: tuple[Line, ...]
    #: Which bars are named below, so that names do not run into one another.
    named: tuple[int, ...]


def columns(
    rows: Sequence[Mapping[Key, int]],
    order: Sequence[Key],
    *,
    width: float = 900.0,
    height: float = 260.0,
    named: Sequence[int] | None = None,
    names: int = 8,
) -> Columns[Key]:
    """Columns of these counts, one a row, their parts in this order.

    Of those that may be `named`, all unless given, about `names` are.
    """
    steps = scale(max((sum(row.values()) for row in rows), default=0))
    top = steps[-1]
    tall = height - BELOW - ABOVE
    bottom = height - BELOW
    room = (width - LEFT) / max(1, len(rows))
    thick = min(room * (1 - _GAP), _WIDEST)
    bars = []
    for index, row in enumerate(rows):
        start = LEFT + index * room
        segments, y = [], bottom
        for key in order:
            if count := row.get(key, 0):
                high = max(_LEAST, tall * count / top)
                y -= high
                segments.append(Segment(key, count, _short(max(0.0, y)), _short(high)))
        bars.append(
            Bar(
                _short(start + (room - thick) / 2),
                _short(thick),
                _short(start),
                _short(room),
                sum(row.values()),
                tuple(segments),
            )
        )
    lines = tuple(Line(_short(bottom - tall * step / top), step) for step in steps)
    candidates = range(len(rows)) if named is None else named
    chosen = list(candidates[:: max(1, math.ceil(len(candidates) / names))])
    if len(chosen) > 1 and (chosen[1] - chosen[0]) * room < _APART:
        del chosen[0]
    return Columns(width, height, LEFT, bottom, tuple(bars), lines, tuple(chosen))


def scale(most: int) -> tuple[int, ...]:
    """Round numbers from 0 to at least `most`, three to six of them: 0, 20, 40, 60."""
    if most <= 0:
        return (0, 1)
    rough = most / 4
    size = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return tuple(range(0, step * math.ceil(most / step) + 1, step))


def share(part: float, whole: float, width: float = 100.0) -> float:
    """How wide a bar is that shows this part of the whole; what is there is seen."""
    if part <= 0 or whole <= 0:
        return 0.0
    return _short(min(width, max(_LEAST, width * part / whole)))


def _short(value: float) -> float:
    return round(value, _DIGITS)
