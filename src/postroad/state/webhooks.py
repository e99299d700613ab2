"""Webhooks: addresses that accounts have their letters sent to as calls."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.state.engine import State
from postroad.state.notices import letters, subscriptions, webhooks
from postroad.state.outbox import WAITING, WEBHOOK, WITHDRAWN
from postroad.state.subscriptions import REMOVED

#: Octets of an id and of a secret.
_ID, _SECRET = 8, 32


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook of one account."""

    id: str
    account_id: int
    #: What it is for, in its owner's words.
    label: str
    url: str
    #: What calls are signed with.
    secret: str
    #: Microseconds UTC.
    created_at: int
    paused: bool


def add(
    state: State, *, account_id: int, label: str, url: str, at: int, most: int
) -> Webhook | None:
    """Make a webhook with a new secret. None where the account has `most` already."""
    made = Webhook(
        id=secrets.token_hex(_ID),
        account_id=account_id,
        label=label,
        url=url,
        secret=secrets.token_hex(_SECRET),
        created_at=at,
        paused=False,
    )
    count = sa.select(sa.func.count()).where(webhooks.c.account_id == account_id)
    with state.write() as connection:
        if connection.execute(count).scalar_one() >= most:
            return None
        connection.execute(sa.insert(webhooks).values(msgspec.structs.asdict(made)))
    return made


def get(state: State, webhook_id: str) -> Webhook | None:
    """The webhook of this id, whoever's it is."""
    found = _read(state, webhooks.c.id == webhook_id)
    return found[0] if found else None


def of_account(state: State, account_id: int) -> list[Webhook]:
    """The webhooks of an account, the oldest first."""
    return _read(state, webhooks.c.account_id == account_id)


def pause(state: State, webhook_id: str, *, paused: bool) -> None:
    """Stop calling a webhook, or go on."""
    change = sa.update(webhooks).where(webhooks.c.id == webhook_id)
    with state.write() as connection:
        connection.execute(change.values(paused=paused))


def remove(state: State, webhook_id: str, *, at: int) -> None:
    """Delete a webhook. What was to be told there is not told: wishes end, letters do not go."""
    wishes = sa.update(subscriptions).where(
        subscriptions.c.channel == WEBHOOK,
        subscriptions.c.target == webhook_id,
        subscriptions.c.ended_at == 0,
    )
    waiting = sa.update(letters).where(
        letters.c.channel == WEBHOOK,
        letters.c.target == webhook_id,
        letters.c.status == WAITING,
    )
    with state.write() as connection:
        connection.execute(sa.delete(webhooks).where(webhooks.c.id == webhook_id))
        connection.execute(wishes.values(ended_at=at, ended_why=REMOVED))
        connection.execute(waiting.values(status=WITHDRAWN, ended_at=at))


def _read(state: State, condition: sa.ColumnElement[bool]) -> list[Webhook]:
    wanted = sa.select(webhooks).where(condition).order_by(webhooks.c.created_at, webhooks.c.id)
    with state.read() as connection:
        return [_webhook(row) for row in connection.execute(wanted)]


def _webhook(row: Any) -> Webhook:
    return Webhook(**row._mapping)  # noqa: SLF001
