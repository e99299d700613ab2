"""Slows down guessing: after some failures, the next try has to wait, each time longer.

A try counts as failed from its beginning, so that many at once gain nothing, and success takes it
back. Tries during the wait are refused without looking at the password, and do not prolong it.

Limits: somebody who keeps failing on purpose makes the account's owner wait up to `cap` seconds.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import msgspec
import sqlalchemy as sa

from postroad.accounts import secret
from postroad.errors import TooManyTries
from postroad.model.text import say_many
from postroad.model.when import HOUR, SECOND
from postroad.state import State
from postroad.state.people import failures


class Rule(msgspec.Struct, frozen=True):
    """How many failures are free, and the longest wait in seconds."""

    free: int
    cap: int


#: One account, from wherever it is tried.
PER_NAME = Rule(free=5, cap=60)
#: One client, whatever account it tries.
PER_CLIENT = Rule(free=20, cap=900)
#: Failures are forgotten after so long without another.
_MEMORY = HOUR


class Slowdown:
    """Counts failures per name and per client."""

    def __init__(self, state: State, clock: Callable[[], int]) -> None:
        self._state = state
        self._clock = clock

    def enter(self, name: str, client: str) -> None:
        """Begin a try. Raises `TooManyTries` while it has to wait."""
        now = self._clock()
        with self._state.write() as connection:
            connection.execute(sa.delete(failures).where(failures.c.last_at <= now - _MEMORY))
            counts = {}
            for digest, rule in _keys(name, client):
                query = sa.select(failures.c["count"], failures.c.last_at)
                query = query.where(failures.c.digest == digest)
                count, last_at = connection.execute(query).one_or_none() or (0, 0)
                counts[digest] = count
                if (wait := _wait(count, rule) - (now - last_at)) > 0:
                    raise _refusal(wait)
            for digest, count in counts.items():
                _set(connection, digest, count + 1, now)

    def succeed(self, name: str, client: str) -> None:
        """The try was no failure: forget those of the name, and this one of the client."""
        (of_name, _), *of_client = _keys(name, client)
        with self._state.write() as connection:
            connection.execute(sa.delete(failures).where(failures.c.digest == of_name))
            for digest, _ in of_client:
                change = sa.update(failures).values(count=failures.c["count"] - 1)
                connection.execute(change.where(failures.c.digest == digest))
                nothing = sa.delete(failures).where(failures.c["count"] <= 0)
                connection.execute(nothing.where(failures.c.digest == digest))


def _keys(name: str, client: str) -> list[tuple[str, Rule]]:
    keys = [(secret.digest(f"name {name.strip().lower()}"), PER_NAME)]
    if client:
        keys.append((secret.digest(f"client {_network(client)}"), PER_CLIENT))
    return keys


def _network(client: str) -> str:
    """The client's address; of IPv6 the /64, which one customer has for themselves."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _wait(count: int, rule: Rule) -> int:
    """Microseconds from the last failure to the next try: 1 s, 2 s, 4 s, ... up to the cap."""
    if count < rule.free:
        return 0
    return min(1 << min(count - rule.free, 30), rule.cap) * SECOND


def _set(connection: sa.Connection, digest: str, count: int, now: int) -> None:
    values = {"count": count, "last_at": now}
    changed = connection.execute(
        sa.update(failures).where(failures.c.digest == digest).values(values)
    )
    if not changed.rowcount:
        connection.execute(sa.insert(failures).values(digest=digest, **values))


def _refusal(wait: int) -> TooManyTries:
    seconds = -(-wait // SECOND)
    said = say_many(
        "Signing in failed too often. Try again in {count} second.",
        "Signing in failed too often. Try again in {count} seconds.",
        seconds,
    )
    return TooManyTries(said, seconds)
