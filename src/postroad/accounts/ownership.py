"""What an account may see, all in all: its own, what panels say is its, and what its users have.

Here an account becomes a `Scope`. An owner has the domains of its row and those of the panel's
user of its name (or of one of its logins). A reseller has that too, and everything of the users it
owns: those that a panel's file says are its, and the owner accounts that name it as their reseller.

Limits: resellers of resellers are not followed; a mailbox account has what its row says.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from postroad.accounts.account import Account, Kind
from postroad.accounts.local import account_of
from postroad.accounts.panel import Panel, Reading
from postroad.model.scope import Scope
from postroad.state import State
from postroad.state.people import accounts


class Ownership:
    """Accounts to scopes."""

    def __init__(self, state: State, panel: Panel) -> None:
        self._state = state
        self._panel = panel

    def scope(self, account: Account) -> Scope:
        """What this account may see now."""
        if account.kind not in (Kind.OWNER, Kind.RESELLER):
            return account.scope
        reading = self._panel.reading()
        names = {account.name, *account.logins}
        owned: list[Account] = []
        if account.kind is Kind.RESELLER:
            owned = self._owned(account.name)
            names |= _users(reading, names)
            names |= {name for each in owned for name in (each.name, *each.logins)}
        users = names & reading.known
        scopes = [account.scope, *(each.scope for each in owned)]
        return Scope.of(
            domains=_union(
                [*(each.domains for each in scopes), *(reading.domains.get(u, ()) for u in users)]
            ),
            addresses=_union(each.addresses for each in scopes),
            logins=_union([*(each.logins for each in scopes), users]),
        )

    def knows(self, name: str) -> bool:
        """Whether a panel's files name this user."""
        return name in self._panel.reading().known

    def problems(self) -> list[str]:
        """What is wrong with the panel's files now, one sentence or two for each."""
        return self._panel.problems()

    def _owned(self, name: str) -> list[Account]:
        query = sa.select(accounts).where(
            accounts.c.reseller == name, accounts.c.kind == int(Kind.OWNER)
        )
        with self._state.read() as connection:
            return [account_of(row) for row in connection.execute(query)]


def _users(reading: Reading, owners: Iterable[str]) -> set[str]:
    return {user for owner in owners for user in reading.users.get(owner, ())}


def _union(parts: Iterable[Iterable[str]]) -> set[str]:
    return {each for part in parts for each in part}
