"""The audit trail: who asked what, and when. Written before the answer is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.accounts.account import Viewer
from postroad.state import State
from postroad.state.people import audit


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did."""

    id: int
    at: int
    account: str
    #: `session`, `token` or `socket`.
    via: str
    client: str
    #: `search`, `counts`, `detail`, `sign_in`, `account`, `token`, `import`, ...
    action: str
    #: The question in words, or what it was done to.
    subject: str


class Audit:
    """Written and read; entries are removed by age only."""

    def __init__(self, state: State, clock: Callable[[], int]) -> None:
        self._state = state
        self._clock = clock

    def write(self, viewer: Viewer, action: str, subject: str) -> None:
        """Note that this viewer did this, now."""
        row = {
            "at": self._clock(),
            "account": viewer.name,
            "via": viewer.via,
            "client": viewer.client[:64],
            "action": action,
            "subject": subject,
        }
        with self._state.write() as connection:
            connection.execute(sa.insert(audit).values(row))

    def read(self, *, before: int = 0, limit: int = 100) -> list[Entry]:
        """The newest entries, or those with ids below `before`."""
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before:
            query = query.where(audit.c.id < before)
        with self._state.read() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def drop_before(self, at: int) -> None:
        """Forget what is older."""
        with self._state.write() as connection:
            connection.execute(sa.delete(audit).where(audit.c.at < at))


def _entry(row: Any) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__struct_fields__})
