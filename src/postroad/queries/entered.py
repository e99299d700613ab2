"""Entered: how outgoing mail came in, so that its owner can tell whether it was them.

Comes in: a viewer's scope. Goes out: groups of messages that were provably submitted on the
viewer's own side, by login, way and place. A place is new where it was first seen lately although
the login was in use before.
"""

from __future__ import annotations

import msgspec

from postroad.model import when
from postroad.model.scope import Scope
from postroad.queries.terms import own_keys
from postroad.store import Store

#: How long a place is new.
_NEW = 7 * when.DAY
#: How far back the places of all logins of the server are looked at.
SERVER_WIDE = 14 * when.DAY
_WEEK = 7 * when.DAY


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One login, way and place, and how much came in by it."""

    #: Proven login or local account.
    user: str
    #: Authenticator or SASL mechanism; empty where there was none.
    auth: str
    #: `esmtpsa`, `local`, ...
    protocol: str
    client_ip: str
    client_host: str
    #: What the client called itself.
    helo: str
    #: Arrival of the first and last message, microseconds UTC.
    first_at: int
    last_at: int
    messages: int
    #: First seen in the last seven days, although the login is older.
    is_new: bool
    #: The question that leads to these messages.
    values: dict[str, str]


class _Place(msgspec.Struct):
    user: str
    auth: str
    protocol: str
    client_ip: str
    client_host: str
    helo: str

    @property
    def place(self) -> tuple[str, ...]:
        return tuple(getattr(self, name) for name in _Place.__struct_fields__)


class _Row(_Place):
    first_at: int
    last_at: int
    messages: int
    login_first_at: int


_PLACE = ", ".join(_Place.__struct_fields__)


def entered(store: Store, scope: Scope, *, now: int, limit: int) -> list[Entry]:
    """The places that the viewer's own mail came from, of all that is kept.

    At most `limit`: new ones first, then those used last. Who sees everything is told of those
    used since `SERVER_WIDE` ago; there are too many others.
    """
    own = [""] if scope.is_everything else list(own_keys(scope))
    asked = {
        "own": own,
        "week": (now - SERVER_WIDE) // _WEEK if scope.is_everything else 0,
        "new": now - _NEW,
        "limit": limit,
    }
    found = store.read(
        f"SELECT {_PLACE}, first_at, last_at, 0 AS messages, "
        "min(first_at) OVER (PARTITION BY user) AS login_first_at FROM ("
        f"SELECT {_PLACE}, min(first_at) AS first_at, max(last_at) AS last_at FROM entries "
        f"WHERE key IN {{own:Array(String)}} AND week >= {{week:Int64}} GROUP BY {_PLACE}) "
        "ORDER BY login_first_at < {new:Int64} AND first_at >= {new:Int64} DESC, last_at DESC, "
        "user, client_ip, helo LIMIT {limit:UInt32}",
        asked,
        _Row,
    )
    if not found:
        return []
    # Of these logins, everything that is kept.
    whole = store.read(
        f"SELECT {_PLACE}, min(first_at) AS first_at, max(last_at) AS last_at, uniqMerge(messages) "
        "AS messages, 0 AS login_first_at FROM entries WHERE key IN {own:Array(String)} "
        f"AND user IN {{users:Array(String)}} GROUP BY {_PLACE}",
        {"own": own, "users": sorted({row.user for row in found})},
        _Row,
    )
    since: dict[str, int] = {}
    for row in whole:
        since[row.user] = min(row.first_at, since.get(row.user, row.first_at))
    places = {row.place: row for row in whole}
    shown = [places.get(row.place, row) for row in found]
    entries = [_entry(row, since.get(row.user, 0), now) for row in shown]
    return sorted(entries, key=lambda each: not each.is_new)


def _entry(row: _Row, login_first_at: int, now: int) -> Entry:
    place = {"ip": row.client_ip} if row.client_ip else {"client_host": row.client_host}
    fields = {name: getattr(row, name) for name in _Row.__struct_fields__[:-1]}
    return Entry(
        **fields,
        is_new=login_first_at < now - _NEW <= row.first_at,
        values={"user": row.user} | {name: value for name, value in place.items() if value},
    )
