"""The columns of the report on its page: their order, and where a click on a cell leads.

Which there are and what they read is the exports' business, whose files have the same columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from postroad.model.delivery import Delivery
from postroad.model.status import Direction
from postroad.services.exports.columns import COLUMNS, USUAL, Column, chosen, text, value

__all__ = ["COLUMNS", "USUAL", "Column", "asked", "chosen", "listed", "ordered", "text", "value"]

#: Digits of a position that is taken for one.
_LONGEST_NUMBER = 6


def listed(shown: Iterable[Column]) -> list[Column]:
    """All columns: those that are shown, in their order, and then the others."""
    shown = list(shown)
    return [*shown, *(each for each in COLUMNS.values() if each not in shown)]


def ordered(sent: Mapping[str, str], before: Iterable[Column]) -> tuple[str, ...]:
    """The keys that a form chose (`show-KEY`), by the positions it gave (`place-KEY`).

    `before` is the list that the form showed. Of two with the same position, the one that was
    moved there takes it: it goes before the other if it came up, behind it if it went down.
    """
    places = {}
    for index, column in enumerate(listed(before), start=1):
        text = sent.get(f"place-{column.key}", "").strip()
        is_number = text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER
        place = int(text) if is_number else index
        places[column.key] = (place, (place > index) - (place < index), index)
    return tuple(sorted((key for key in places if f"show-{key}" in sent), key=places.__getitem__))


def asked(column: Column, delivery: Delivery) -> str:
    """What a click on a cell asks for; empty where it asks for nothing."""
    if column.key == "direction":
        return "" if delivery.direction is Direction.UNKNOWN else delivery.direction.word
    return value(column, delivery)
