"""Lines that the Exim reader must understand, each with the event and what it must hold.

Every form that is read is here, in a module for each that reads some. `SAMPLES` has them all as
lines of a log.
"""

from __future__ import annotations

from postroad.parsers.exim.samples import (
    arrivals,
    deliveries,
    lines,
    noises,
    refusals,
    remarks,
    troubles,
)
from postroad.parsers.exim.samples.sample import Sample

_STAMP = "2026-03-04 08:09:12 "
_MESSAGE = "1vxgvK-00000000Lw3-0Kq1 "


def _behind(start: str, *groups: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple((start + text, kind, held) for group in groups for text, kind, held in group)


SAMPLES: tuple[Sample, ...] = (
    *_behind(
        _STAMP + _MESSAGE,
        arrivals.OF_A_MESSAGE,
        deliveries.OF_A_MESSAGE,
        troubles.OF_A_MESSAGE,
        refusals.OF_A_MESSAGE,
        remarks.OF_A_MESSAGE,
    ),
    *_behind(_STAMP, refusals.OF_NO_MESSAGE, noises.OF_NO_MESSAGE),
    *lines.WHOLE_LINES,
)

__all__ = ["SAMPLES", "Sample"]
