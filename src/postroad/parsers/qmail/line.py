"""What the readers of qmail's lines share: the words of their interface, names of queues.

A reader takes when a line was written, whose log it stands in, and its text behind the first word.
It returns an event, `NOISE`, or None for a text it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from postroad.model.event import Event, Noise

#: What reading one line gives.
Read = Event | Noise | None

#: Microseconds UTC, host, text.
LineReader = Callable[[int, str, str], Read]


class Sample(NamedTuple):
    """A line that a reader must understand, and what it must make of it."""

    text: str
    #: The event's class, or that of `NOISE`.
    kind: type[Any]
    #: Some of its fields.
    fields: Mapping[str, object]
    #: Lines that have to be read before it.
    before: tuple[str, ...] = ()


def is_number(text: str) -> bool:
    """Whether this is a message's or a delivery's number as qmail writes it."""
    return 0 < len(text) <= _DIGITS and text.isascii() and text.isdigit()


def queue_name(text: str) -> str | None:
    """The name of a queue at the end of a line (indimail: ` queue1`); "" if there is none.

    None if the text is something else.
    """
    if not text:
        return ""
    return text[1:] if _QUEUE.fullmatch(text) else None


#: As many as an inode number of 64 bits may have.
_DIGITS = 20
#: indimail's `QIDENT`, the last part of the queue's path.
_QUEUE = re.compile(r" [A-Za-z][\w.-]{0,31}", re.ASCII)
