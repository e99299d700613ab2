"""Evidence that was handed out by a link: kept by the digest of the link's secret.

The sealed document is kept with the parties of its delivery, so that it can be told whether the
account that made it may still see the delivery when the store has long dropped it.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.state.engine import State
from postroad.state.notices import evidence


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What the column `document` holds, as JSON."""

    #: The sealed document, character by character.
    sealed: str
    #: Who may see the delivery: address keys and logins.
    parties: tuple[str, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One document behind one link. Times are microseconds UTC."""

    #: BLAKE2b of the secret in its link.
    id: str
    account_id: int
    delivery_id: str
    body: Body
    created_at: int
    #: 0: it does not expire.
    expires_at: int = 0
    #: 0: it was not withdrawn.
    withdrawn_at: int = 0


def add(state: State, kept: Kept) -> None:
    """Keep a document."""
    row = msgspec.structs.asdict(kept)
    row["document"] = msgspec.json.encode(row.pop("body")).decode()
    with state.write() as connection:
        connection.execute(sa.insert(evidence).values(row))


def get(state: State, name: str) -> Kept | None:
    """The document whose link has the secret of this digest."""
    with state.read() as connection:
        row = connection.execute(sa.select(evidence).where(evidence.c.id == name)).one_or_none()
    return _kept(row) if row else None


def of_account(state: State, account_id: int, limit: int = 200) -> list[Kept]:
    """The documents of an account, the newest first."""
    wanted = sa.select(evidence).where(evidence.c.account_id == account_id)
    wanted = wanted.order_by(evidence.c.created_at.desc(), evidence.c.id).limit(limit)
    with state.read() as connection:
        return [_kept(row) for row in connection.execute(wanted)]


def withdraw(state: State, account_id: int, name: str, *, at: int) -> bool:
    """Close the link of a document of this account; False where there is none that is open."""
    wanted = sa.update(evidence).where(
        evidence.c.id == name, evidence.c.account_id == account_id, evidence.c.withdrawn_at == 0
    )
    with state.write() as connection:
        return bool(connection.execute(wanted.values(withdrawn_at=at)).rowcount)


def drop_before(state: State, moment: int) -> int:
    """Remove documents whose link ended before this moment; how many."""
    ended = sa.or_(
        sa.and_(evidence.c.expires_at > 0, evidence.c.expires_at < moment),
        sa.and_(evidence.c.withdrawn_at > 0, evidence.c.withdrawn_at < moment),
    )
    with state.write() as connection:
        return connection.execute(sa.delete(evidence).where(ended)).rowcount


def _kept(row: Any) -> Kept:
    values = dict(row._mapping)  # noqa: SLF001
    body = msgspec.json.decode(values.pop("document"), type=Body)
    return Kept(**values, body=body)
