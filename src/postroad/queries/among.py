"""Among: of deliveries known by name, those that a viewer may see, as they may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.queries.terms import MESSAGE_KEY_LENGTH, Side, admits, own_keys
from postroad.queries.view import View
from postroad.store import Store, columns

#: Deliveries that one statement asks for.
_AT_ONCE = 1_000


def among(store: Store, scope: Scope, ids: Iterable[str]) -> list[Delivery]:
    """Those of these deliveries that the viewer may see, masked, the newest first."""
    found: list[Delivery] = []
    for some in _few(ids):
        messages = sorted({each[:MESSAGE_KEY_LENGTH] for each in some})
        found += _read(store, scope, messages, "id IN {ids:Array(String)}", some)
    return sorted(found, key=lambda each: (-each.first_at, each.id))


def of_messages(store: Store, scope: Scope, messages: Iterable[str]) -> list[Delivery]:
    """The deliveries of messages with these keys that the viewer may see, masked, newest first."""
    found: list[Delivery] = []
    for some in _few(messages):
        found += _read(store, scope, some, "1", [])
    return sorted(found, key=lambda each: (-each.first_at, each.id))


def _few(names: Iterable[str]) -> Iterator[list[str]]:
    each = list(dict.fromkeys(names))
    for start in range(0, len(each), _AT_ONCE):
        yield each[start : start + _AT_ONCE]


def _read(
    store: Store, scope: Scope, messages: list[str], which: str, ids: list[str]
) -> list[Delivery]:
    own = own_keys(scope)
    if not (scope.is_everything or own):
        return []
    keys = (
        "SELECT ago, id FROM deliveries_by_key FINAL WHERE key IN {messages:Array(String)} "
        f"AND bitAnd(sides, {{identifier:UInt8}}) != 0 AND shown AND {which}"
    )
    parties = (
        ""
        if scope.is_everything
        else " AND arrayExists(p -> has({own:Array(String)}, p) OR (position(p, '@') > 0 AND "
        "has({own:Array(String)}, concat('@', trim(TRAILING '>' FROM "
        "substringIndex(p, '@', -1))))), arrayConcat(targets, origins))"
    )
    rows = store.read(
        f"SELECT {columns.DELIVERY} FROM (SELECT * FROM deliveries FINAL WHERE (ago, id) IN "
        f"({keys}) AND NOT deleted AND NOT folded{parties})",
        {"messages": messages, "ids": ids, "own": list(own), "identifier": int(Side.IDENTIFIER)},
        Delivery,
    )
    return [View(scope, row).delivery() for row in rows if admits(scope, row)]
