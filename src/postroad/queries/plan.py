"""Plan: how a question is read from the store.

By keys, where it asks for parties and identifiers and is answered in the order of time: one term
is read as a range, the others narrow it. By rows, where it also asks for other facts, for parts of
addresses, or for another order: the rows of the viewer's own deliveries are looked through.
"""

from __future__ import annotations

from typing import Any

import msgspec

from postroad.model.scope import Scope
from postroad.model.search import NEWEST_FIRST, Match, Search
from postroad.queries.facts import has_facts
from postroad.queries.terms import Term, beginnings, terms
from postroad.store import Store

#: Beginnings of addresses are looked up among the keys up to so many of them; there are so many
#: deliveries with shorter beginnings that looking through rows finds some soon.
_FEW = 50_000


class Plan(msgspec.Struct, frozen=True):
    """A question of one viewer, and how it is read."""

    viewer: Scope
    search: Search
    #: The viewer's own deliveries; None for who sees all.
    scope: Term | None
    others: list[Term]
    #: The term that is read by keys; None where there is none, or where rows are looked through.
    first: Term | None
    #: Whether rows are looked through.
    by_rows: bool
    #: Whether parts of addresses are looked for in the rows, and not among the keys.
    parts_in_rows: bool = False


class _Size(msgspec.Struct):
    term: int
    size: int


def plan(store: Store, scope: Scope, search: Search) -> Plan | None:
    """How the question is read; None if this viewer can see nothing.

    Of several terms that with the most rows is read in the order of time. The others become sets
    in memory by which the engine finds the places to read: so those have to be the smaller ones.
    """
    found = terms(scope, search)
    if found is None:
        return None
    own, others = found.scope, found.others
    starts = beginnings(scope, search)
    held = [each for each in (own, *others, *starts) if each is not None]
    sizes = _sizes(store, held) if len(held) > 1 or starts else {}
    in_rows = search.match is Match.CONTAINS or any(sizes[id(each)] > _FEW for each in starts)
    if not in_rows:
        others = [*others, *starts]
    parts_in_rows = in_rows and bool(search.recipient or search.sender or search.address)
    by_rows = (
        has_facts(search) or parts_in_rows or search.sort.removeprefix("-") != NEWEST_FIRST[1:]
    )
    first = None
    if not by_rows:
        held = [each for each in (own, *others) if each is not None]
        first = max(held, key=lambda term: sizes.get(id(term), 0), default=None)
    return Plan(scope, search, own, others, first, by_rows, parts_in_rows)


def _sizes(store: Store, held: list[Term]) -> dict[int, int]:
    """How many rows of keys each term has."""
    parameters: dict[str, Any] = {
        f"k{n}": term.keys[0] if term.is_prefix else list(term.keys) for n, term in enumerate(held)
    }
    each = (
        f"SELECT {n} AS term, count() AS size FROM deliveries_by_key WHERE "
        + (
            f"startsWith(key, {{k{n}:String}})"
            if term.is_prefix
            else f"key IN {{k{n}:Array(String)}}"
        )
        for n, term in enumerate(held)
    )
    rows = store.read(" UNION ALL ".join(each), parameters, _Size)
    return {id(held[row.term]): row.size for row in rows}
