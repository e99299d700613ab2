"""Drawing: the figures of one side as bars."""

from __future__ import annotations

import math

from postroad.model import words
from postroad.model.status import Status
from postroad.queries.period import Side
from postroad.reports.paper import Chart, Series
from postroad.reports.speech import Speech

#: What went well lies at the bottom of each bar, what did not on top.
_ORDER = (
    Status.DELIVERED,
    Status.IN_PROGRESS,
    Status.DEFERRED,
    Status.FILTERED,
    Status.FAILED,
    Status.BLOCKED,
    Status.REJECTED,
)


def chart(side: Side, title: str, names: list[str], speech: Speech) -> Chart:
    """The bars of one side, named by these names."""
    counts = side.counts
    steps = scale(max(sum(step.values()) for step in side.steps))
    return Chart(
        title=title,
        names=names,
        series=[
            Series(
                status=each.word,
                title=speech.text(words.label(each)),
                counts=[step.get(each, 0) for step in side.steps],
            )
            for each in _ORDER
            if counts.get(each)
        ],
        scale=steps,
        scale_names=[speech.number(each) for each in steps],
    )


def scale(most: int) -> list[int]:
    """Round numbers from 0 to at least `most`, three to six of them: 0, 20, 40, 60."""
    if most <= 0:
        return [0, 1]
    rough = most / 4
    size = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return list(range(0, step * math.ceil(most / step) + 1, step))
