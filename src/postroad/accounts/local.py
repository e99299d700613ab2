"""The accounts that postroad keeps itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from postroad.accounts.account import Account, Draft, Kind, checked
from postroad.accounts.hasher import Hasher
from postroad.errors import AccountError
from postroad.model.when import shown
from postroad.state import State
from postroad.state.people import accounts, sessions


class Directory:
    """Accounts by name: made, changed, listed, and their passwords checked."""

    def __init__(
        self,
        state: State,
        hasher: Hasher,
        clock: Callable[[], int],
        is_known: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_known` tells whether a hosting panel has a user of a name."""
        self._is_known = is_known
        self._state = state
        self._hasher = hasher
        self._clock = clock

    def add(self, draft: Draft) -> Account:
        """Make an account. Raises `AccountError`, also where the name is taken."""
        draft = self._checked(draft)
        now = self._clock()
        row = {**_columns(draft), "disabled": False, "created_at": now, "changed_at": now}
        row["password"] = self._hasher.hash(draft.password) if draft.password else ""
        try:
            with self._state.write() as connection:
                connection.execute(sa.insert(accounts).values(row))
        except IntegrityError as error:
            message = f"There is already an account {shown(draft.name)}."
            raise AccountError(message, "conflict") from error
        return self.get(draft.name)

    def change(self, name: str, draft: Draft, *, disabled: bool | None = None) -> Account:
        """Replace what the account of this name is; an empty password keeps the old one.

        Whoever is signed in to it has to do so again. Raises `AccountError`.
        """
        old = self.get(name)
        draft = self._checked(draft)
        row = {**_columns(draft), "changed_at": self._clock()}
        if draft.password:
            row["password"] = self._hasher.hash(draft.password)
        if disabled is not None:
            row["disabled"] = disabled
        try:
            with self._state.write() as connection:
                connection.execute(sa.update(accounts).where(accounts.c.id == old.id).values(row))
                connection.execute(sa.delete(sessions).where(sessions.c.account_id == old.id))
                kept = draft.name if draft.kind is Kind.RESELLER else ""
                _follow(connection, old.name, kept)
        except IntegrityError as error:
            message = f"There is already an account {shown(draft.name)}."
            raise AccountError(message, "conflict") from error
        return self.get(draft.name)

    def remove(self, name: str) -> None:
        """Delete the account with its sessions and tokens. Raises `AccountError`."""
        with self._state.write() as connection:
            found = connection.execute(sa.delete(accounts).where(accounts.c.name == _key(name)))
            _follow(connection, _key(name), "")
        if not found.rowcount:
            raise _missing(name)

    def get(self, name: str) -> Account:
        """The account of this name. Raises `AccountError`."""
        if (found := self.find(name)) is None:
            raise _missing(name)
        return found

    def find(self, name: str) -> Account | None:
        """The account of this name, or None."""
        with self._state.read() as connection:
            row = connection.execute(_ACCOUNT.where(accounts.c.name == _key(name))).one_or_none()
        return None if row is None else account_of(row)

    def by_id(self, account_id: int) -> Account | None:
        """The account of this id, or None."""
        with self._state.read() as connection:
            query = sa.select(accounts).where(accounts.c.id == account_id)
            row = connection.execute(query).one_or_none()
        return account_of(row) if row else None

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._state.read() as connection:
            rows = connection.execute(_ACCOUNT.order_by(accounts.c.name))
            return [account_of(row) for row in rows]

    def verify(self, name: str, password: str) -> Account | None:
        """The account, if this is its password and it may be used.

        Takes as long for a name that does not exist as for one that does.
        """
        with self._state.read() as connection:
            query = sa.select(accounts).where(accounts.c.name == _key(name))
            row = connection.execute(query).one_or_none()
        stored = row.password if row is not None else ""
        if not self._hasher.matches(stored, password) or row is None or row.disabled:
            return None
        if self._hasher.is_outdated(stored):
            self._renew(row.id, password)
        return account_of(row)

    def has_password(self, account_id: int) -> bool:
        """Whether this account signs in with a password that is kept here."""
        query = sa.select(accounts.c.password).where(accounts.c.id == account_id)
        with self._state.read() as connection:
            return bool(connection.execute(query).scalar_one_or_none())

    def set_password(self, account_id: int, password: str) -> None:
        """Replace the password of an account. Raises `AccountError`."""
        row = {"password": self._hasher.hash(password), "changed_at": self._clock()}
        with self._state.write() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(row))

    def vouched(self, name: str, backend: str, *, makes: bool = True) -> Account | None:
        """The account that this name may use because another backend vouches for who it is.

        That is an account of this backend, or a mailbox account without a password of its own. An
        account with a password here, or with more rights than a mailbox, is not opened so: who
        made it did not ask for that. Where there is none, and with `makes`, a mailbox account is
        made for the address. None where the name may not be used.
        """
        with self._state.read() as connection:
            query = sa.select(accounts).where(accounts.c.name == _key(name))
            row = connection.execute(query).one_or_none()
        if row is None:
            return self._make(name, backend) if makes else None
        is_its = row.backend == backend or (row.kind == Kind.MAILBOX and not row.password)
        return account_of(row) if is_its and not row.disabled else None

    def _make(self, name: str, backend: str) -> Account | None:
        """A mailbox account for an address; None for what is none."""
        try:
            draft = checked(Draft(name=name, kind=Kind.MAILBOX))
        except AccountError:
            return None
        if draft.addresses != (draft.name,):
            return None
        now = self._clock()
        row = {**_columns(draft), "disabled": False, "created_at": now, "changed_at": now}
        row |= {"password": "", "backend": backend}
        with suppress(IntegrityError), self._state.write() as connection:
            connection.execute(sa.insert(accounts).values(row))
        return self.vouched(name, backend, makes=False)

    def _checked(self, draft: Draft) -> Draft:
        draft = checked(draft, is_known=self._is_known(_key(draft.name)))
        if draft.reseller and self._kind(draft.reseller) is not Kind.RESELLER:
            message = f"There is no reseller account {shown(draft.reseller)}."
            raise AccountError(message)
        return draft

    def _kind(self, name: str) -> Kind | None:
        query = sa.select(accounts.c.kind).where(accounts.c.name == name)
        with self._state.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else Kind(found)

    def _renew(self, account_id: int, password: str) -> None:
        row = {"password": self._hasher.hash(password)}
        with self._state.write() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(row))


_ACCOUNT = sa.select(*(column for column in accounts.c if column.name != "password"))


def account_of(row: Any) -> Account:
    """The account in a row that has its columns, as other tables' queries join them."""
    return Account(
        id=row.id,
        name=row.name,
        kind=Kind(row.kind),
        disabled=row.disabled,
        domains=tuple(row.domains),
        addresses=tuple(row.addresses),
        logins=tuple(row.logins),
        reseller=row.reseller,
        backend=row.backend,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "kind": int(draft.kind),
        "domains": list(draft.domains),
        "addresses": list(draft.addresses),
        "logins": list(draft.logins),
        "reseller": draft.reseller,
    }


def _follow(connection: sa.Connection, old: str, new: str) -> None:
    """Let the accounts of a reseller belong to its new name, or to none."""
    if old != new:
        change = sa.update(accounts).where(accounts.c.reseller == old)
        connection.execute(change.values(reseller=new))


def _key(name: str) -> str:
    return name.strip().lower()[:320]


def _missing(name: str) -> AccountError:
    return AccountError(f"There is no account {shown(name)}.", "not_found")
