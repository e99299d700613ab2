"""Sessions: what a browser's cookie stands for. Kept here, not in the cookie."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import sqlalchemy as sa

from postroad.accounts import secret
from postroad.accounts.account import Account
from postroad.accounts.local import account_of
from postroad.model.when import HOUR
from postroad.state import State
from postroad.state.people import accounts, sessions


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its owner sees it: without the secret."""

    created_at: int
    expires_at: int
    #: Address it was opened from.
    client: str
    #: Whether it is the one that asks.
    is_this: bool


class Sessions:
    """Opened by signing in; ended by signing out, by time, or by a change of the account."""

    def __init__(self, state: State, clock: Callable[[], int], hours: int) -> None:
        self._state = state
        self._clock = clock
        self._hours = hours

    def open(self, account: Account, client: str, via: str = "session") -> str:
        """A new session's secret, for the cookie; `via` is how its owner proved who they are."""
        made = secret.make()
        now = self._clock()
        row = {
            "digest": secret.digest(made),
            "account_id": account.id,
            "created_at": now,
            "expires_at": now + self._hours * HOUR,
            "client": client[:64],
            "via": via,
        }
        with self._state.write() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(sa.insert(sessions).values(row))
        return made

    def find(self, given: str) -> tuple[Account, str] | None:
        """The account whose session this is and how it was opened, or None if it is none."""
        query = (
            sa.select(accounts, sessions.c.via)
            .join(sessions)
            .where(sessions.c.digest == secret.digest(given))
            .where(sessions.c.expires_at > self._clock())
            .where(~accounts.c.disabled)
        )
        with self._state.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (account_of(row), row.via)

    def end(self, given: str) -> None:
        """End it; nothing happens if it is over."""
        with self._state.write() as connection:
            digest = secret.digest(given)
            connection.execute(sa.delete(sessions).where(sessions.c.digest == digest))

    def of(self, account_id: int, given: str = "") -> list[Session]:
        """The sessions of an account that are not over, newest first.

        `given` is the secret of the one that asks.
        """
        query = (
            sa.select(sessions)
            .where(sessions.c.account_id == account_id, sessions.c.expires_at > self._clock())
            .order_by(sessions.c.created_at.desc(), sessions.c.digest)
        )
        own = secret.digest(given) if given else ""
        with self._state.read() as connection:
            return [
                Session(
                    created_at=row.created_at,
                    expires_at=row.expires_at,
                    client=row.client,
                    is_this=row.digest == own,
                )
                for row in connection.execute(query)
            ]

    def end_all(self, account_id: int, *, but: str = "") -> None:
        """End every session of an account, except the one with the secret `but`."""
        query = sa.delete(sessions).where(sessions.c.account_id == account_id)
        if but:
            query = query.where(sessions.c.digest != secret.digest(but))
        with self._state.write() as connection:
            connection.execute(query)
