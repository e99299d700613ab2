"""Scope: which deliveries a viewer may see. Applied in SQL by `queries`, for every reader."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from postroad.model import address


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What one viewer may see. Made in `accounts` only; a query cannot be asked without one."""

    #: Everything, unmasked: the administrator.
    is_everything: bool = False
    #: Every mailbox of these domains (lower case).
    domains: frozenset[str] = frozenset()
    #: These addresses (lower case).
    addresses: frozenset[str] = frozenset()
    #: Logins without a domain that are this viewer's: system or hosting accounts (lower case).
    logins: frozenset[str] = frozenset()

    @classmethod
    def everything(cls) -> Scope:
        """The administrator's scope. Called in `accounts` and nowhere else."""
        return cls(is_everything=True)

    @classmethod
    def of(
        cls,
        *,
        domains: Collection[str] = (),
        addresses: Collection[str] = (),
        logins: Collection[str] = (),
    ) -> Scope:
        """A scope of these domains, addresses and logins, in any case."""
        return cls(
            domains=frozenset(d.lower() for d in domains),
            addresses=frozenset(address.key(a) for a in addresses),
            logins=frozenset(login.lower() for login in logins),
        )

    def holds(self, party: str) -> bool:
        """Whether an address or login is this viewer's own."""
        if self.is_everything:
            return True
        party = address.key(party)
        return (
            party in self.addresses or party in self.logins or address.domain(party) in self.domains
        )

    def covers(self, other: Scope) -> bool:
        """Whether whoever has this scope sees everything that whoever had the other one saw."""
        if self.is_everything or other.is_everything:
            return self.is_everything
        return other.domains <= self.domains and all(
            map(self.holds, other.addresses | other.logins)
        )
