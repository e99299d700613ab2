"""Subscriptions: what somebody wants to be told, and what was seen for it so far."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.state.engine import State
from postroad.state.notices import subscriptions

#: Kinds.
REPORT, FOLLOW, EXPECT, ALERT = "report", "follow", "expect", "alert"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One wish of one account."""

    id: int = 0
    account_id: int
    #: `report`, `follow`, `expect` or `alert`.
    kind: str
    #: JSON, each kind's own: what of, and when.
    what: str
    #: `email` or `webhook`.
    channel: str
    #: Address, or id of the webhook.
    target: str
    #: Zone and language that it is written in.
    zone: str = "UTC"
    language: str = "en"
    created_at: int = 0
    #: 0 while it is wanted; then `removed`, `unsubscribed`, `bounced` or `done`.
    ended_at: int = 0
    ended_why: str = ""
    #: BLAKE2b of the secret in its link to unsubscribe.
    digest: str
    #: When it is to be looked at next, microseconds UTC.
    due_at: int = 0
    #: JSON, each kind's own: what was seen so far.
    memory: str = "{}"


def add(state: State, wish: Subscription) -> int:
    """Keep a wish; its id."""
    row = msgspec.structs.asdict(wish)
    del row["id"]
    with state.write() as connection:
        made = sa.insert(subscriptions).values(row).returning(subscriptions.c.id)
        return int(connection.execute(made).scalar_one())


def get(state: State, wish_id: int) -> Subscription | None:
    """The wish of this id."""
    return _one(state, subscriptions.c.id == wish_id)


def by_digest(state: State, digest: str) -> Subscription | None:
    """The wish whose link has the secret of this digest."""
    return _one(state, subscriptions.c.digest == digest)


def of_account(state: State, account_id: int) -> list[Subscription]:
    """The wishes of an account, the newest first, ended ones too."""
    wanted = sa.select(subscriptions).where(subscriptions.c.account_id == account_id)
    with state.read() as connection:
        rows = connection.execute(wanted.order_by(subscriptions.c.id.desc()))
        return [_wish(row) for row in rows]


def due(state: State, kinds: tuple[str, ...], *, at: int, limit: int = 100) -> list[Subscription]:
    """Wishes of these kinds that are to be looked at by now, those that waited longest first."""
    wanted = (
        sa.select(subscriptions)
        .where(
            subscriptions.c.due_at <= at,
            subscriptions.c.ended_at == 0,
            subscriptions.c.kind.in_(kinds),
        )
        .order_by(subscriptions.c.due_at, subscriptions.c.id)
        .limit(limit)
    )
    with state.read() as connection:
        return [_wish(row) for row in connection.execute(wanted)]


def looked(state: State, wish_id: int, *, due_at: int, memory: str) -> None:
    """Write down what was seen, and when to look again."""
    _change(state, wish_id, due_at=due_at, memory=memory)


def end(state: State, wish_id: int, *, why: str, at: int) -> None:
    """End a wish; it is kept to be shown."""
    _change(state, wish_id, ended_at=at, ended_why=why)


def _change(state: State, wish_id: int, **values: Any) -> None:
    with state.write() as connection:
        wanted = sa.update(subscriptions).where(subscriptions.c.id == wish_id)
        connection.execute(wanted.values(values))


def _one(state: State, condition: sa.ColumnElement[bool]) -> Subscription | None:
    with state.read() as connection:
        row = connection.execute(sa.select(subscriptions).where(condition)).one_or_none()
    return _wish(row) if row else None


def _wish(row: Any) -> Subscription:
    return Subscription(**row._mapping)  # noqa: SLF001
