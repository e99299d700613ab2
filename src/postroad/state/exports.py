"""Exports that are made in the background: what was asked for, how far it is, what became of it.

A row may be gone at any moment: it goes with its account, or is removed by its owner. What changes
one tells whether it was still there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.state.engine import State
from postroad.state.notices import exports

#: It waits for its turn; it is being written; it can be fetched; it was fetched, and still can be.
WAITING, RUNNING, DONE, FETCHED = "waiting", "running", "done", "fetched"
#: It could not be made; its owner stopped it.
FAILED, STOPPED = "failed", "stopped"
#: Not ended; with a file.
OPEN, READY = (WAITING, RUNNING), (DONE, FETCHED)


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One export of one account."""

    #: Random: it names its file, too.
    id: str
    account_id: int
    #: JSON: the question and the layout.
    what: str
    #: `csv`, `json` or `parquet`.
    format: str
    #: `waiting`, `running`, `done`, `failed`, `stopped` or `fetched`.
    status: str = WAITING
    rows: int = 0
    #: How many there are to be; 0: not counted yet.
    total: int = 0
    octets: int = 0
    #: Microseconds UTC; `ended_at` is 0 before the end.
    created_at: int
    ended_at: int = 0
    #: When it is removed; 0 before the end.
    expires_at: int = 0
    #: What went wrong.
    said: str = ""
    #: Address that is told when it is ready; empty: nobody.
    mail_to: str = ""


def add(state: State, export: Export, *, most: int) -> bool:
    """Keep an order; False where the account has so many that were not removed."""
    row = msgspec.structs.asdict(export)
    mine = exports.c.account_id == export.account_id
    count = sa.select(sa.func.count()).select_from(exports).where(mine)
    with state.write() as connection:
        if connection.execute(count).scalar_one() >= most:
            return False
        connection.execute(sa.insert(exports).values(row))
    return True


def get(state: State, export_id: str) -> Export | None:
    """The export of this id."""
    found = _those(state, exports.c.id == export_id)
    return found[0] if found else None


def of_account(state: State, account_id: int) -> list[Export]:
    """The exports of an account, the newest first."""
    return _those(state, exports.c.account_id == account_id)[::-1]


def of_status(state: State, statuses: Sequence[str]) -> list[Export]:
    """The exports of all accounts that are in one of these, the oldest first."""
    return _those(state, exports.c.status.in_(statuses))


def expired(state: State, *, at: int) -> list[Export]:
    """Those whose time to be removed has come."""
    return _those(state, exports.c.expires_at.between(1, at))


def ids(state: State) -> set[str]:
    """The ids of all of them."""
    with state.read() as connection:
        return set(connection.execute(sa.select(exports.c.id)).scalars())


def change(state: State, export_id: str, *, among: Sequence[str], **values: Any) -> bool:
    """Change it if it is in one of these statuses; whether it was."""
    wanted = sa.update(exports).where(exports.c.id == export_id, exports.c.status.in_(among))
    with state.write() as connection:
        return bool(connection.execute(wanted.values(values)).rowcount)


def remove(state: State, export_id: str) -> bool:
    """Forget it; whether there was one."""
    with state.write() as connection:
        return bool(
            connection.execute(sa.delete(exports).where(exports.c.id == export_id)).rowcount
        )


def _those(state: State, condition: sa.ColumnElement[bool]) -> list[Export]:
    wanted = sa.select(exports).where(condition)
    with state.read() as connection:
        rows = connection.execute(wanted.order_by(exports.c.created_at, exports.c.id))
        return [Export(**row._mapping) for row in rows]  # noqa: SLF001
