"""The audit trail: who asked what, and when. Written before the answer is given.

An entry names the addresses and domains that were asked for, so that people can see who looked up
their mail. Only who could see such mail counts for that: a question for somebody else's address
finds the asker's own mail at most.

Limits: a list that was asked for without any address is about nobody in particular.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from postroad.accounts.account import Kind, Viewer
from postroad.model import address
from postroad.model.text import say
from postroad.state import State
from postroad.state.people import audit, audit_about

#: How many addresses and domains an entry keeps; a question names a few.
_MOST = 50
_LONGEST = 320
#: Names in one statement: SQLite takes a limited number of values.
_AT_ONCE = 500


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did."""

    id: int
    at: int
    account: str
    #: `session`, `token`, `socket`, `proxy` or `oidc`.
    via: str
    client: str
    #: `search`, `counts`, `detail`, `sign_in`, `account`, `token`, `import`, ...
    action: str
    #: The question in words, or what it was done to.
    subject: str
    #: The addresses and domains that were asked for, lower case.
    about: tuple[str, ...] = ()


class Audit:
    """Written and read; entries are removed by age only."""

    def __init__(self, state: State, clock: Callable[[], int]) -> None:
        self._state = state
        self._clock = clock

    def write(self, viewer: Viewer, action: str, subject: str, about: Iterable[str] = ()) -> None:
        """Note that this viewer did this, now, and which addresses and domains it was about."""
        row = {
            "at": self._clock(),
            "account": viewer.name,
            "via": viewer.via,
            "client": viewer.client[:64],
            "action": action,
            "subject": str(subject),
            "kind": int(viewer.kind),
        }
        parties = list(dict.fromkeys(filter(None, map(_party, about))))[:_MOST]
        with self._state.write() as connection:
            made = connection.execute(sa.insert(audit).values(row).returning(audit.c.id))
            audit_id = made.scalar_one()
            rows = [{"audit_id": audit_id, **_about_row(viewer, each)} for each in parties]
            if rows:
                connection.execute(sa.insert(audit_about), rows)

    def read(
        self, *, before: int = 0, limit: int = 100, account: str = "", about: str = ""
    ) -> list[Entry]:
        """The newest entries, or those with ids below `before`.

        With `account` only what this account did; with `about` only what was asked for this
        address, or for this domain and the addresses in it.
        """
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before:
            query = query.where(audit.c.id < before)
        if account:
            query = query.where(audit.c.account == account.strip().lower())
        if party := _party(about):
            named = audit_about.c.party if "@" in party else audit_about.c.domain
            query = query.where(
                audit.c.id.in_(sa.select(audit_about.c.audit_id).where(named == party))
            )
        with self._state.read() as connection:
            return _entries(connection, query)

    def about(self, viewer: Viewer, *, limit: int = 100) -> list[Entry]:
        """Who else looked up this viewer's own mail, newest first.

        For addresses: questions for them, and for their whole domain by somebody who has it. For
        domains: also questions for any address in them. Names of administrators are shown as the
        word `administrator`, clients not at all, and of what was asked for no more than what is
        the viewer's. An administrator, who owns no address, gets nothing.
        """
        scope = viewer.scope
        if scope.is_everything:
            return []
        parties = (
            scope.addresses | scope.logins | {address.domain(each) for each in scope.addresses}
        )
        found: dict[int, Entry] = {}
        with self._state.read() as connection:
            for column, names in (
                (audit_about.c.party, parties),
                (audit_about.c.domain, scope.domains),
            ):
                for some in _few(sorted(names)):
                    ids = sa.select(audit_about.c.audit_id).where(
                        column.in_(some), audit_about.c.is_held
                    )
                    query = (
                        sa.select(audit)
                        .where(audit.c.id.in_(ids), audit.c.account != viewer.name)
                        .order_by(audit.c.id.desc())
                        .limit(limit)
                    )
                    found |= {each.id: each for each in _entries(connection, query, as_others=True)}
        newest = sorted(found.values(), key=lambda each: -each.id)[:limit]
        return [_for(viewer, parties, each) for each in newest]

    def drop_before(self, at: int) -> None:
        """Forget what is older."""
        with self._state.write() as connection:
            connection.execute(sa.delete(audit).where(audit.c.at < at))


def _few(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _party(text: str) -> str:
    """An address or domain as it is compared; "" for what is too long to be one."""
    party = address.key(text.strip()).removeprefix("@").rstrip(".")
    return party if len(party) <= _LONGEST else ""


def _about_row(viewer: Viewer, party: str) -> dict[str, object]:
    scope = viewer.scope
    is_held = scope.holds(party) or party in scope.domains
    domain = address.domain(party) or party
    return {"party": party, "domain": domain, "is_held": is_held}


def _entries(
    connection: sa.Connection, query: sa.Select[Any], *, as_others: bool = False
) -> list[Entry]:
    """The entries of this query with what they are about, as administrators or others see them."""
    rows = connection.execute(query).all()
    abouts: dict[int, list[str]] = {}
    for some in _few([row.id for row in rows]):
        names = sa.select(audit_about.c.audit_id, audit_about.c.party)
        names = names.where(audit_about.c.audit_id.in_(some)).order_by(audit_about.c.id)
        for audit_id, party in connection.execute(names):
            abouts.setdefault(audit_id, []).append(party)
    return [_entry(row, abouts.get(row.id, ()), as_others=as_others) for row in rows]


def _entry(row: Any, about: Collection[str], *, as_others: bool) -> Entry:
    hides_name = as_others and row.kind == Kind.ADMINISTRATOR
    return Entry(
        id=row.id,
        at=row.at,
        account=say("administrator") if hides_name else row.account,
        via=row.via,
        client="" if as_others else row.client,
        action=row.action,
        subject=row.subject,
        about=tuple(about),
    )


def _for(viewer: Viewer, parties: Collection[str], entry: Entry) -> Entry:
    """The entry without the names of others: a question may hold several addresses."""
    own = tuple(
        each
        for each in entry.about
        if each in parties or each in viewer.scope.domains or viewer.scope.holds(each)
    )
    return msgspec.structs.replace(entry, about=own, subject=", ".join(own))
