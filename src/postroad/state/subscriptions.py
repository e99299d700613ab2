"""Subscriptions: what somebody wants to be told, and what was seen for it so far."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.state.engine import State
from postroad.state.notices import letters, subscriptions, webhooks

#: Kinds.
REPORT, FOLLOW, EXPECT, ALERT = "report", "follow", "expect", "alert"
KINDS = (REPORT, FOLLOW, EXPECT, ALERT)
#: Why a wish ended: its owner removed it, or said so by the link in a letter; letters came back;
#: what it asked for was told; its owner may not see what it is about any more.
REMOVED, UNSUBSCRIBED, BOUNCED, DONE, RIGHTS = (
    "removed",
    "unsubscribed",
    "bounced",
    "done",
    "rights",
)
#: How many ended wishes of an account are kept to be shown.
_ENDED_KEPT = 100
#: Values that one statement asks for.
_AT_ONCE = 500


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
    #: 0 while it is wanted; then `removed`, `unsubscribed`, `bounced`, `done` or `rights`.
    ended_at: int = 0
    ended_why: str = ""
    #: BLAKE2b of the secret in its link to unsubscribe.
    digest: str = ""
    #: When it is to be looked at next, microseconds UTC.
    due_at: int = 0
    #: JSON, each kind's own: what was seen so far.
    memory: str = "{}"


def add(
    state: State, wish: Subscription, *, digest: Callable[[Subscription], str], most: int
) -> int | None:
    """Keep a wish; its id. None where the account has `most` wishes already.

    `digest` makes the digest of its link, once it has its id. Where the same is wanted already,
    nothing is added: the id is that of the wish that stands.
    """
    row = msgspec.structs.asdict(wish)
    del row["id"]
    mine = subscriptions.c.account_id == wish.account_id
    same = [subscriptions.c[name] == row[name] for name in ("kind", "what", "channel", "target")]
    wanted = subscriptions.c.ended_at == 0
    with state.write() as connection:
        found = sa.select(subscriptions.c.id).where(mine, wanted, *same).limit(1)
        if stands := connection.execute(found).scalar_one_or_none():
            return int(stands)
        count = sa.select(sa.func.count()).select_from(subscriptions).where(mine, wanted)
        if connection.execute(count).scalar_one() >= most:
            return None
        # Unique until it has its own.
        row["digest"] = secrets.token_hex(16)
        made = sa.insert(subscriptions).values(row).returning(subscriptions.c.id)
        wish_id = int(connection.execute(made).scalar_one())
        own = digest(msgspec.structs.replace(wish, id=wish_id))
        change = sa.update(subscriptions).where(subscriptions.c.id == wish_id)
        connection.execute(change.values(digest=own))
        _forget(connection, wish.account_id)
    return wish_id


def holds_webhook(state: State, account_id: int, webhook_id: str) -> bool:
    """Whether the account has a webhook of this id."""
    found = sa.select(webhooks.c.id).where(
        webhooks.c.id == webhook_id, webhooks.c.account_id == account_id
    )
    with state.read() as connection:
        return connection.execute(found).one_or_none() is not None


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


class Told(msgspec.Struct, frozen=True):
    """What was written for one wish."""

    #: How many letters.
    count: int
    #: When the last one was put into the outbox, microseconds UTC.
    last_at: int


def told(state: State, account_id: int) -> dict[int, Told]:
    """What was written for each wish of an account; those without a letter are left out."""
    wanted = (
        sa.select(
            letters.c.subscription_id,
            sa.func.count().label("how_many"),
            sa.func.max(letters.c.created_at).label("last_at"),
        )
        .where(letters.c.account_id == account_id, letters.c.subscription_id > 0)
        .group_by(letters.c.subscription_id)
    )
    with state.read() as connection:
        rows = connection.execute(wanted)
        return {row.subscription_id: Told(row.how_many, row.last_at) for row in rows}


def known(state: State, keys: Collection[str]) -> set[str]:
    """Those of these keys of letters that are in the outbox already."""
    each = sorted(set(keys))
    found: set[str] = set()
    with state.read() as connection:
        for start in range(0, len(each), _AT_ONCE):
            some = letters.c.key.in_(each[start : start + _AT_ONCE])
            found.update(connection.execute(sa.select(letters.c.key).where(some)).scalars())
    return found


def remember(state: State, memories: Mapping[int, str]) -> None:
    """Write down what was seen for these wishes, at once."""
    with state.write() as connection:
        for wish_id, memory in memories.items():
            wanted = sa.update(subscriptions).where(subscriptions.c.id == wish_id)
            connection.execute(wanted.values(memory=memory))


def looked(state: State, wish_id: int, *, due_at: int, memory: str) -> None:
    """Write down what was seen, and when to look again."""
    _change(state, wish_id, due_at=due_at, memory=memory)


def end(state: State, wish_id: int, *, why: str, at: int) -> bool:
    """End a wish; it is kept to be shown. Whether it was wanted until now.

    Its waiting letters are withdrawn, unless it is done: then they say so.
    """
    return _end(state, subscriptions.c.id == wish_id, why=why, at=at)


def end_by_digest(state: State, digest: str, *, why: str, at: int) -> bool:
    """End the wish whose link has the secret of this digest. Whether it was wanted until now."""
    return _end(state, subscriptions.c.digest == digest, why=why, at=at)


def _end(state: State, which: sa.ColumnElement[bool], *, why: str, at: int) -> bool:
    ids = sa.select(subscriptions.c.id).where(which)
    withdrawn = sa.update(letters).where(
        letters.c.subscription_id.in_(ids), letters.c.status == "waiting"
    )
    ended = sa.update(subscriptions).where(which, subscriptions.c.ended_at == 0)
    with state.write() as connection:
        if why != DONE:
            connection.execute(withdrawn.values(status="withdrawn", ended_at=at))
        return bool(connection.execute(ended.values(ended_at=at, ended_why=why)).rowcount)


def _forget(connection: sa.Connection, account_id: int) -> None:
    """Drop the wishes of an account that ended longest ago."""
    ended = (subscriptions.c.account_id == account_id) & (subscriptions.c.ended_at > 0)
    kept = sa.select(subscriptions.c.id).where(ended)
    kept = kept.order_by(subscriptions.c.ended_at.desc(), subscriptions.c.id.desc())
    old = connection.execute(kept.offset(_ENDED_KEPT)).scalars().all()
    if old:
        connection.execute(sa.delete(subscriptions).where(subscriptions.c.id.in_(old)))


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
