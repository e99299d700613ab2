"""The state database: opened, brought up to date, and used in short transactions.

A path or an SQLAlchemy URL comes in, a `State` comes out, its tables migrated to what this
postroad knows. Threads and processes may share one database. What goes wrong in it is a
`StateError`, except a broken constraint: `sqlalchemy.exc.IntegrityError` is the caller's news.

Limits: SQLite allows one writer at a time; who waits longer than 30 s for another gives up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from postroad.errors import StateError
from postroad.state import migrate

#: Seconds that a writer waits for another process's transaction.
_PATIENCE = 30
_WRITES = "postroad_writes"


class State:
    """An open state database. Give it to the functions of this room; close it at the end."""

    def __init__(self, engine: sa.Engine, name: str) -> None:
        """Wrap an engine whose tables are up to date; `open()` makes one."""
        self.engine = engine
        self._name = name

    @classmethod
    def open(cls, where: str | Path) -> Self:
        """Open, creating and migrating as needed, a SQLite file or the database of a URL.

        Raises `StateError`.
        """
        url = _url(where)
        name = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
        engine = _engine(url, name or "")
        state = cls(engine, name or "")
        try:
            with state.write() as connection:
                migrate.upgrade(connection, name or "")
        except BaseException:
            engine.dispose()
            raise
        return state

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one moment of the database; nothing it writes is kept."""
        with self._sentences(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: committed when the block ends, undone when it raises."""
        with self._sentences(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise _sentence(self._name, error) from error


def _url(where: str | Path) -> sa.URL:
    if isinstance(where, Path) or "://" not in where:
        return sa.URL.create("sqlite", database=str(where))
    try:
        return sa.make_url(where)
    except ArgumentError as error:
        message = (
            "The setting `state` is not a database URL. "
            "Write sqlite:////path/to/state.db or postgresql://user:password@host/database."
        )
        raise StateError(message) from error


def _engine(url: sa.URL, name: str) -> sa.Engine:
    try:
        if url.get_backend_name() != "sqlite":
            return sa.create_engine(url, pool_pre_ping=True)
        _create_closed_to_others(Path(name))
        engine = sa.create_engine(url, connect_args={"timeout": _PATIENCE})
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        message = (
            f"postroad cannot keep its state in a database of the kind {url.drivername!r}: "
            f"{error}. Install its driver, or use sqlite:////path/to/state.db."
        )
        raise StateError(message) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_closed_to_others(path: Path) -> None:
    """Make the file readable by its owner alone: it holds password hashes and sessions."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        message = (
            f"The state database {path} cannot be opened for writing ({error.strerror}). "
            "Run as the user that it belongs to, or set POSTROAD_HOME to a directory of yours."
        )
        raise StateError(message) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Hand transactions to SQLAlchemy, and let readers and one writer work at the same time."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock at the start: a lock taken later cannot be waited for (SQLITE_BUSY)."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _sentence(name: str, error: DBAPIError) -> StateError:
    said = str(error.orig)
    advice = "The mail logs are not affected; try again once this is settled."
    if "locked" in said:
        what = f"another process held it for more than {_PATIENCE} seconds"
        advice = "Find who uses it (`fuser` on Linux), or try again."
    elif "not a database" in said or "malformed" in said:
        what = "it is damaged or is not a postroad database"
        advice = "Put a backup in its place, or move it away to start with empty accounts."
    elif "readonly" in said or "unable to open" in said:
        what = "it cannot be written to"
        advice = "Run as the user that it belongs to, and see that its directory is writable."
    elif "full" in said:
        what = "no space is left on the disk"
        advice = "Make room and try again: nothing was lost."
    else:
        what = said
    return StateError(f"The state database {name} cannot be used: {what}. {advice}")
