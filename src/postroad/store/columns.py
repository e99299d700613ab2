"""The columns of stored rows in the form their structs take: enumerations as numbers."""

from __future__ import annotations

import enum
import typing

import msgspec

from postroad.model.delivery import Attempt, Delivery, Link, LogLine
from postroad.model.receipt import Kept


def _select(row: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(row)
    return ", ".join(
        f"toInt8({name}) AS {name}" if _is_enumeration(hints[name]) else name
        for name in row.__struct_fields__
    )


def _is_enumeration(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, enum.IntEnum)


#: What to select so that rows can be read as these structs. Conditions on an enumeration belong
#: into a query inside, where its column still has its own name.
DELIVERY = _select(Delivery)
ATTEMPT = _select(Attempt)
LINK = _select(Link)
LOG_LINE = _select(LogLine)
RECEIPT = _select(Kept)
