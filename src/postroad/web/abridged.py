"""Long lists in short: the log lines and relatives of mail with thousands of recipients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
#: So many lines of each kind are kept at each end of a long list, and so many relatives, which take
#: more room and stand before the rest of the page.
LINES, RELATIVES = 100, 10


@dataclass(frozen=True)
class Run(Generic[_Item]):
    """Items that stand together, and how many were left out before them."""

    left_out: int
    items: Sequence[_Item]
    #: Which the first of the items is in the whole list, from 1.
    number: int


def abridged(
    items: Sequence[_Item], matters: Callable[[_Item], bool], *, ends: int, is_whole: bool
) -> list[Run[_Item]]:
    """The first and the last items, and the first and the last that matter, in their order.

    `ends` are so many of each. Everything, in one run, where it is no longer than that or
    `is_whole` is asked for.
    """
    if is_whole or len(items) <= 4 * ends:
        return [Run(0, items, 1)] if items else []
    places = [place for place, item in enumerate(items) if matters(item)]
    everywhere = range(len(items))
    kept = {*everywhere[:ends], *everywhere[-ends:], *places[:ends], *places[-ends:]}
    runs: list[Run[_Item]] = []
    begin = end = 0
    for place in sorted(kept):
        if place > end:
            runs.append(Run(begin - _end(runs), items[begin:end], begin + 1))
            begin = place
        end = place + 1
    runs.append(Run(begin - _end(runs), items[begin:end], begin + 1))
    return runs


def _end(runs: Sequence[Run[_Item]]) -> int:
    """Where the last run ended."""
    return runs[-1].number - 1 + len(runs[-1].items) if runs else 0
