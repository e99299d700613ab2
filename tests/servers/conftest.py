"""One run of the yard for all tests of a session, and the rows of each of its logs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from . import yard
from .reading import Book, Rows, read


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The logs and the truth of one run of all servers."""
    if reason := yard.why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("yard")
    return Book(folder, yard.run(folder, "tests.servers.scenario"))


@pytest.fixture(scope="session")
def rows_of(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Rows]:
    """Import a log of a server, once, and give its rows.

    The store is closed before this returns: a process has room for one engine path at a time.
    """
    known: dict[tuple[str, str], Rows] = {}

    def rows(server: str, form: str) -> Rows:
        if (server, form) not in known:
            folder: Path = tmp_path_factory.mktemp("store")
            truth = book.server(server)
            known[server, form] = read(
                folder, book.logs(server, form), host=truth["host"], zone=truth["zone"]
            )
        return known[server, form]

    return rows
