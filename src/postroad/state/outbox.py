"""The outbox: letters that are to be sent, each once, and what became of them.

A letter has a key. Whoever finds out that one is due puts it in, as often as they like: the same
key is written once. So a program that is killed and looks again does not tell anything twice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from postroad.state.engine import State
from postroad.state.notices import letters

#: Where letters go.
EMAIL, WEBHOOK = "email", "webhook"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One letter to one address or webhook."""

    id: int = 0
    key: str
    account_id: int
    subscription_id: int = 0
    #: `report`, `follow`, `expect`, `alert` or `export`.
    kind: str
    #: `email` or `webhook`.
    channel: str
    #: Address, or id of the webhook.
    target: str
    #: JSON: what it is made of when it is sent.
    recipe: str = "{}"
    #: `waiting`, `sending`, `sent`, `unclear`, `failed` or `withdrawn`.
    status: str = "waiting"
    message_id: str = ""
    #: Microseconds UTC.
    created_at: int = 0
    next_at: int = 0
    ended_at: int = 0
    tries: int = 0
    said: str = ""


def put(state: State, letter: Letter, *, at: int) -> bool:
    """Put a letter in, to be sent from now on. False where its key was put in before."""
    row = msgspec.structs.asdict(letter) | {"created_at": at, "next_at": letter.next_at or at}
    del row["id"]
    with suppress(IntegrityError), state.write() as connection:
        connection.execute(sa.insert(letters).values(row))
        return True
    return False


def latest(state: State, account_id: int, limit: int = 100) -> list[Letter]:
    """The letters of an account, the newest first."""
    wanted = sa.select(letters).where(letters.c.account_id == account_id)
    wanted = wanted.order_by(letters.c.id.desc()).limit(limit)
    with state.read() as connection:
        return [letter_of(row) for row in connection.execute(wanted)]


def letter_of(row: Any) -> Letter:
    """A row of the table as a letter."""
    return Letter(**row._mapping)  # noqa: SLF001
