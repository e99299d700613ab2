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


class _Row(msgspec.Struct):
    user: str
    auth: str
    protocol: str
    client_ip: str
    client_host: str
    helo: str
    first_at: int
    last_at: int
    messages: int
    login_first_at: int


def entered(store: Store, scope: Scope, *, now: int, limit: int) -> list[Entry]:
    """The places that the viewer's own mail came from, of all that is kept.

    At most `limit`: new ones first, then those used last.
    """
    own = [""] if scope.is_everything else list(own_keys(scope))
    found = store.read(
        "SELECT *, min(first_at) OVER (PARTITION BY user) AS login_first_at FROM ("
        "SELECT toString(user) AS user, toString(auth) AS auth, toString(protocol) AS protocol, "
        "client_ip, client_host, helo, min(first_at) AS first_at, max(last_at) AS last_at, "
        "uniqMerge(messages) AS messages FROM entries WHERE key IN {own:Array(String)} "
        "GROUP BY user, auth, protocol, client_ip, client_host, helo) "
        "ORDER BY login_first_at < {new:Int64} AND first_at >= {new:Int64} DESC, last_at DESC, "
        "user, client_ip, helo LIMIT {limit:UInt32}",
        {"own": own, "new": now - _NEW, "limit": limit},
        _Row,
    )
    return [_entry(row, now) for row in found]


def _entry(row: _Row, now: int) -> Entry:
    place = {"ip": row.client_ip} if row.client_ip else {"client_host": row.client_host}
    fields = {name: getattr(row, name) for name in _Row.__struct_fields__[:-1]}
    return Entry(
        **fields,
        is_new=row.login_first_at < now - _NEW <= row.first_at,
        values={"user": row.user} | {name: value for name, value in place.items() if value},
    )
