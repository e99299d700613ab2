"""Find: the deliveries that answer a question, page by page, usually the newest first.

Newest means arrived, or refused, last: `first_at`. That time stays what it was while a delivery is
tried again and again, so that a page does not change under its reader. In another order it can:
what gets another value meanwhile may be missed or come twice. A period finds whatever was on its
way in it, from its arrival to its last attempt.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.search import Page, Search
from postroad.queries import cursor as cursors
from postroad.queries.cursor import Place
from postroad.queries.explain import explain
from postroad.queries.figures import counts
from postroad.queries.plan import Plan, plan
from postroad.queries.ranges import Range
from postroad.queries.terms import admits
from postroad.queries.view import View
from postroad.store import Store, columns

DEFAULT_LIMIT = 100
#: Most deliveries of one page.
MAXIMUM_LIMIT = 1_000


class _Key(msgspec.Struct):
    ago: int
    id: str
    value: int | str


def search(
    store: Store,
    scope: Scope,
    search: Search,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    count: bool = False,
) -> Page:
    """The deliveries that match and that the viewer may see, masked for them.

    `next_cursor` is set exactly if there are more. `limit` is taken as the nearest number between
    1 and `MAXIMUM_LIMIT`. Raises `SearchError` for anything that is not a cursor.
    """
    limit = max(1, min(limit, MAXIMUM_LIMIT))
    after = cursors.read(cursor, search.sort) if cursor else None
    planned = plan(store, scope, search)
    found: list[_Found] = []
    if planned is not None:
        found = _deliveries(store, planned, after=after, wanted=limit + 1)
    is_cut, found = len(found) > limit, found[:limit]
    return Page(
        deliveries=[View(scope, each.delivery).delivery() for each in found],
        next_cursor=cursors.write(found[-1].place) if is_cut else None,
        total=sum(counts(store, scope, search).values()) if count else None,
        notes=[] if found or after else explain(store, scope, search),
    )


class _Found(NamedTuple):
    place: Place
    delivery: Delivery


def _deliveries(store: Store, planned: Plan, *, after: Place | None, wanted: int) -> list[_Found]:
    """So many deliveries, or all there are: keys from narrow columns, then the rows of these."""
    found: list[_Found] = []
    while True:
        asked = wanted - len(found)
        keys = _keys(store, planned, after, asked)
        rows = {(-each.first_at, each.id): each for each in _rows(store, keys)}
        for key in keys:
            row = rows.get((key.ago, key.id))
            # The table of keys may still lead to a row that meanwhile says something else.
            if row and not row.deleted and not row.folded and admits(planned.viewer, row):
                found.append(_Found(_place(planned, key), row))
        if len(keys) < asked or len(found) == wanted:
            return found
        after = _place(planned, keys[-1])


def _place(planned: Plan, key: _Key) -> Place:
    return Place(key.ago, key.id, planned.search.sort, key.value)


def _keys(store: Store, planned: Plan, after: Place | None, limit: int) -> list[_Key]:
    asked = Range(planned, after=after)
    # A part of the subject is looked for in all of them: no key leads to it.
    is_small = not planned.by_rows and not planned.search.subject
    return store.read(asked.page(limit), asked.parameters, _Key, is_small=is_small)


def _rows(store: Store, keys: list[_Key]) -> list[Delivery]:
    if not keys:
        return []
    return store.read(
        f"SELECT {columns.DELIVERY} FROM deliveries FINAL WHERE (ago, id) IN "
        "arrayZip({agos:Array(Int64)}, {ids:Array(String)})",
        {"agos": [each.ago for each in keys], "ids": [each.id for each in keys]},
        Delivery,
    )
