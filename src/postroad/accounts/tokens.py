"""Tokens: what a program shows instead of a password. They see what their account sees."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.accounts import secret
from postroad.accounts.account import Account
from postroad.accounts.local import account_of
from postroad.errors import AccountError
from postroad.model.when import DAY, MINUTE, shown
from postroad.state import State
from postroad.state.people import accounts, tokens

#: Every token begins so, that leaked ones can be found.
PREFIX = "pr_"
#: Longest life that can be asked for, in days.
LONGEST = 3650
_LABEL = 200


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it can be listed: without the secret."""

    id: str
    account: str
    label: str
    created_at: int
    #: 0 if it does not expire.
    expires_at: int
    #: 0 if it was never used; to the minute.
    used_at: int


class Tokens:
    """Made, listed, used and revoked."""

    def __init__(self, state: State, clock: Callable[[], int]) -> None:
        self._state = state
        self._clock = clock

    def add(self, account: Account, label: str, days: int = 0) -> tuple[str, Token]:
        """A new token of this account: the secret, which is not kept, and what is kept.

        It lives so many days, or until it is revoked if `days` is 0. Raises `AccountError`.
        """
        label = label.strip()
        if not label or len(label) > _LABEL or not label.isprintable():
            message = f"A token needs a label of 1 to {_LABEL} characters: what it is for."
            raise AccountError(message)
        if not 0 <= days <= LONGEST:
            message = f"A token lives 1 to {LONGEST} days, or without end (0)."
            raise AccountError(message)
        made = secret.make(PREFIX)
        now = self._clock()
        row = {
            "id": secrets.token_hex(6),
            "digest": secret.digest(made),
            "account_id": account.id,
            "label": label,
            "created_at": now,
            "expires_at": now + days * DAY if days else 0,
            "used_at": 0,
        }
        with self._state.write() as connection:
            connection.execute(sa.insert(tokens).values(row))
        kept = {name: row[name] for name in Token.__struct_fields__ if name in row}
        return made, msgspec.convert({**kept, "account": account.name}, Token)

    def all(self, account_id: int | None) -> list[Token]:
        """The tokens of an account, or of all (None), newest first."""
        query = sa.select(tokens, accounts.c.name.label("account")).join(accounts)
        if account_id is not None:
            query = query.where(tokens.c.account_id == account_id)
        with self._state.read() as connection:
            rows = connection.execute(query.order_by(tokens.c.created_at.desc(), tokens.c.id))
            return [_token(row) for row in rows]

    def revoke(self, token_id: str, account_id: int | None) -> None:
        """Delete a token of an account, or of any (None). Raises `AccountError`."""
        query = sa.delete(tokens).where(tokens.c.id == token_id)
        if account_id is not None:
            query = query.where(tokens.c.account_id == account_id)
        with self._state.write() as connection:
            if not connection.execute(query).rowcount:
                message = f"There is no token {shown(token_id)} of yours."
                raise AccountError(message, "not_found")

    def account(self, given: str) -> Account | None:
        """The account whose token this is, or None."""
        if not given.startswith(PREFIX):
            return None
        now = self._clock()
        query = (
            sa.select(accounts, tokens.c.id.label("token_id"), tokens.c.used_at)
            .join(tokens)
            .where(tokens.c.digest == secret.digest(given))
            .where((tokens.c.expires_at == 0) | (tokens.c.expires_at > now))
            .where(~accounts.c.disabled)
        )
        with self._state.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if now - row.used_at >= MINUTE:
            self._note_use(row.token_id, now)
        return account_of(row)

    def _note_use(self, token_id: str, now: int) -> None:
        used = {"used_at": now - now % MINUTE}
        with self._state.write() as connection:
            connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(used))


def _token(row: Any) -> Token:
    return Token(**{name: getattr(row, name) for name in Token.__struct_fields__})
