"""What a person chose for the pages, the searches they saved, and the last ones they asked.

By account, so that it is the same in every browser. Viewers without an account (the Unix socket)
get the defaults, and nothing is kept of them. Queries are query strings of the page, as in
`to=bob%40example.com&status=failed`; they hold addresses, so they are their account's alone and go
with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from postroad.accounts.account import Viewer
from postroad.accounts.wording import packed, unpacked
from postroad.errors import AccountError
from postroad.model.text import say
from postroad.state import State
from postroad.state.people import choices, recent_searches, saved_searches

#: How many of the last questions are kept.
RECENT = 10
#: How many searches a person may save, and how many characters their names and queries have.
MOST_SAVED, LONGEST_NAME, LONGEST_QUERY = 100, 100, 4096
#: How many rows a page may show.
MOST_ROWS = 1000
#: Seconds: no page is asked for more often by itself, and none waits longer.
FASTEST_REFRESH, SLOWEST_REFRESH = 5, 3600
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}")
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_COLUMNS = 60


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What one person chose; empty means: as it comes."""

    #: Zone that times are shown in, as in `Europe/Berlin`.
    zone: str = ""
    #: Language of the pages, as in `de`.
    language: str = ""
    #: Columns of the table, in order.
    columns: tuple[str, ...] = ()
    #: Rows of a page.
    rows: int = 50
    #: Seconds until the page asks again by itself; 0: it does not.
    refresh: int = 0


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A search that was given a name."""

    id: int
    name: str
    query: str
    at: int


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was asked, and how it reads."""

    query: str
    words: str
    at: int


class Notebook:
    """Read and written for one viewer at a time."""

    def __init__(self, state: State, clock: Callable[[], int]) -> None:
        self._state = state
        self._clock = clock

    def get(self, viewer: Viewer) -> Choices:
        """What this viewer chose, or the defaults."""
        query = sa.select(choices.c.data).where(choices.c.account_id == viewer.account_id)
        with self._state.read() as connection:
            kept = connection.execute(query).scalar_one_or_none()
        try:
            return _checked(msgspec.json.decode(kept, type=Choices)) if kept else Choices()
        except (msgspec.ValidationError, msgspec.DecodeError, AccountError):
            return Choices()

    def set(self, viewer: Viewer, chosen: Choices) -> None:
        """Keep all of it in place of what was kept. Raises `AccountError`."""
        data = msgspec.json.encode(_checked(chosen)).decode()
        if not viewer.account_id:
            return
        mine = choices.c.account_id == viewer.account_id
        with self._state.write() as connection:
            if not connection.execute(sa.update(choices).where(mine).values(data=data)).rowcount:
                row = {"account_id": viewer.account_id, "data": data}
                connection.execute(sa.insert(choices).values(row))

    def saved(self, viewer: Viewer) -> list[Saved]:
        """The searches that this viewer saved, by name."""
        query = sa.select(saved_searches).where(saved_searches.c.account_id == viewer.account_id)
        with self._state.read() as connection:
            rows = connection.execute(query).all()
        found = [Saved(id=row.id, name=row.name, query=row.query, at=row.at) for row in rows]
        return sorted(found, key=lambda each: (each.name.casefold(), each.id))

    def save(self, viewer: Viewer, name: str, query: str) -> None:
        """Save a search under a name, in place of one that has it. Raises `AccountError`."""
        name, query = _named(name), _query(query)
        if not viewer.account_id:
            raise AccountError(say("Searches are saved for accounts, and this is none."))
        mine = saved_searches.c.account_id == viewer.account_id
        same = mine & (saved_searches.c.name == name)
        row = {"query": query, "at": self._clock()}
        with self._state.write() as connection:
            if connection.execute(sa.update(saved_searches).where(same).values(row)).rowcount:
                return
            count = sa.select(sa.func.count()).select_from(saved_searches).where(mine)
            if connection.execute(count).scalar_one() >= MOST_SAVED:
                raise AccountError(
                    say(
                        "{count} searches are saved, which is the most. Forget one.",
                        count=MOST_SAVED,
                    )
                )
            row |= {"account_id": viewer.account_id, "name": name}
            connection.execute(sa.insert(saved_searches).values(row))

    def forget(self, viewer: Viewer, saved_id: int) -> None:
        """Forget a saved search. Raises `AccountError` if this viewer has none of this id."""
        mine = saved_searches.c.account_id == viewer.account_id
        query = sa.delete(saved_searches).where(mine & (saved_searches.c.id == saved_id))
        with self._state.write() as connection:
            if not connection.execute(query).rowcount:
                raise AccountError(say("There is no such saved search of yours."), "not_found")

    def recent(self, viewer: Viewer) -> list[Recent]:
        """The last questions of this viewer, newest first, each once."""
        query = (
            sa.select(recent_searches)
            .where(recent_searches.c.account_id == viewer.account_id)
            .order_by(recent_searches.c.id.desc())
            .limit(RECENT)
        )
        with self._state.read() as connection:
            rows = connection.execute(query).all()
        return [Recent(query=row.query, words=unpacked(row.words), at=row.at) for row in rows]

    def note(self, viewer: Viewer, query: str, words: str) -> None:
        """Remember that this was asked just now; a query that is too long is not kept."""
        if not viewer.account_id or len(query) > LONGEST_QUERY:
            return
        mine = recent_searches.c.account_id == viewer.account_id
        row = {
            "account_id": viewer.account_id,
            "query": query,
            "words": packed(words),
            "at": self._clock(),
        }
        with self._state.write() as connection:
            connection.execute(sa.delete(recent_searches).where(mine & _is(query)))
            connection.execute(sa.insert(recent_searches).values(row))
            kept = sa.select(recent_searches.c.id).where(mine)
            kept = kept.order_by(recent_searches.c.id.desc()).limit(RECENT)
            newest = connection.execute(kept).scalars().all()
            old = recent_searches.c.id.not_in(newest)
            connection.execute(sa.delete(recent_searches).where(mine & old))

    def forget_recent(self, viewer: Viewer) -> None:
        """Forget the last questions of this viewer; who looked at whose mail stays in the audit."""
        with self._state.write() as connection:
            mine = recent_searches.c.account_id == viewer.account_id
            connection.execute(sa.delete(recent_searches).where(mine))


def _is(query: str) -> sa.ColumnElement[bool]:
    return recent_searches.c.query == query


def _checked(chosen: Choices) -> Choices:
    """The choices, if every one of them can be. Raises `AccountError`."""
    if chosen.zone and not _is_zone(chosen.zone):
        raise AccountError(say("There is no time zone “{zone}”.", zone=chosen.zone[:100]))
    if chosen.language and not _LANGUAGE.fullmatch(chosen.language):
        language = chosen.language[:100]
        raise AccountError(say("“{language}” is not a language.", language=language))
    if len(chosen.columns) > _MOST_COLUMNS or not all(map(_COLUMN.fullmatch, chosen.columns)):
        raise AccountError(say("Choose the columns from those of the table."))
    if not 1 <= chosen.rows <= MOST_ROWS:
        raise AccountError(say("A page shows 1 to {most} rows.", most=MOST_ROWS))
    if chosen.refresh and not FASTEST_REFRESH <= chosen.refresh <= SLOWEST_REFRESH:
        raise AccountError(
            say(
                "A page refreshes every {fastest} to {slowest} seconds, or not at all.",
                fastest=FASTEST_REFRESH,
                slowest=SLOWEST_REFRESH,
            )
        )
    return msgspec.structs.replace(chosen, columns=tuple(dict.fromkeys(chosen.columns)))


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (OSError, ValueError, KeyError):
        return False


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountError(
            say("A saved search needs a name of 1 to {most} characters.", most=LONGEST_NAME)
        )
    return name


def _query(query: str) -> str:
    query = query.removeprefix("?")
    if len(query) > LONGEST_QUERY or not query.isprintable():
        raise AccountError(say("This search is too long to be saved."))
    return query
