"""What the readers of neighbours share: whose queue an id is of, Message-IDs, numbers, samples.

A reader takes the envelope of a line, the instance that unnamed queue ids are taken to be of, and
the memory of the log it reads. It returns an event, `NOISE`, or None for a text it does not know.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from postroad.model.event import Event, Noise
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.prefix import Prefix

#: In place of a mail server's instance: no mail server's lines stand beside these.
ANY = "?"

#: What reading one line gives.
Read = Event | Noise | None

#: Reads the text of one program's lines.
ProgramReader = Callable[[Prefix, str, Memory], Read]

#: An address in angle brackets: brackets inside a quoted local part do not end it.
ADDRESS = r'<([^>"]*(?:"(?:[^"\\]|\\.)*"[^>"]*)*|[^>]*)>'


class Sample(NamedTuple):
    """A line that a reader must understand, and what it must make of it."""

    tag: str
    text: str
    #: The event's class.
    kind: type[Any]
    #: Some of its fields.
    fields: Mapping[str, object]


def bracketed(value: str) -> str:
    """Put a Message-ID as logged into one pair of angle brackets; "" if there is none.

    Headers may hold more than an id (`<id> (added by postmaster@example.com)`) or an id without
    brackets; programs write `unspecified` or nothing where there is none. An id that was cut
    (`<id...`) is none.
    """
    value = value.strip("? ")
    if value[:1] == "<":
        end = value.find(">")
        return value[: end + 1] if end > 1 else ""
    if not value or value in _NO_ID or value.endswith("..."):
        return ""
    return f"<{value}>"


def home(queue_id: str, instance: str) -> str:
    """Whose queue an id is of: Exim's has no name; where nobody knows (`ANY`), its form tells."""
    if _EXIM_ID.fullmatch(queue_id):
        return ""
    if instance != ANY:
        return instance
    return "postfix" if _POSTFIX_ID.fullmatch(queue_id) else ""


def number(digits: str) -> float | None:
    """Read a score; None for what is none (`-`, `nan`)."""
    if len(digits) > _LONGEST_NUMBER:
        return None
    try:
        value = float(digits)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


_NO_ID = frozenset({"unspecified", "undef", "(unknown)", "unknown", "<>"})
_EXIM_ID = re.compile(
    r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})", re.ASCII
)
_POSTFIX_ID = re.compile(r"[0-9A-F]{6,}|[0-9A-Za-z]{10,}z[0-9A-Za-y]+", re.ASCII)
_LONGEST_NUMBER = 24
