"""Plan: which of several terms is read, and which narrow it."""

from __future__ import annotations

from typing import Any

import msgspec

from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.queries.terms import Term, terms
from postroad.store import Store


class _Size(msgspec.Struct):
    term: int
    size: int


def plan(store: Store, scope: Scope, search: Search) -> list[Term] | None:
    """The terms of a question, that with the most rows first; None if nothing can be seen.

    The first is read in the order of time, the others become sets in memory by which the engine
    finds the places to read: so those have to be the smaller ones.
    """
    held = terms(scope, search)
    if held is None or len(held) < 2:  # noqa: PLR2004
        return held
    parameters: dict[str, Any] = {f"k{n}": list(term.keys) for n, term in enumerate(held)}
    each = (
        f"SELECT {n} AS term, count() AS size FROM deliveries_by_key "
        f"WHERE key IN {{k{n}:Array(String)}}"
        for n in range(len(held))
    )
    sizes = store.read(" UNION ALL ".join(each), parameters, _Size)
    return [held[row.term] for row in sorted(sizes, key=lambda row: (-row.size, row.term))]
