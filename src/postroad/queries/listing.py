"""Listing: all deliveries that answer a question, however many, as they were at one moment.

Which deliveries they are, and in which order, is found out at once and written to a file without a
name, 32 octets each; the rows themselves are read some thousands at a time, when they are taken.
So memory holds a few rows, whoever takes them may be slow, and the list ends: what comes in
meanwhile is not on it, and nothing is on it twice. A row says what is known when it is taken. One
that the log's later lines moved in time is found again by its id; one that they withdrew is left
out, so that fewer rows than `total` may come.
"""

from __future__ import annotations

import struct
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

import msgspec

from postroad.errors import StoreError, StoreFull
from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.queries.plan import plan
from postroad.queries.ranges import Range
from postroad.queries.terms import MESSAGE_KEY_LENGTH, admits
from postroad.queries.view import View
from postroad.store import Store, columns

#: Rows that are read at once: a few megabytes.
CHUNK = 2_000
#: A place in the order of time, and the delivery's id, as the store writes them (`RowBinary`).
_KEY = struct.Struct("<q24s")
#: Octets of keys that memory holds before they go to a file.
_IN_MEMORY = 1 << 20


class _Key(NamedTuple):
    ago: int
    id: str


class _Moved(msgspec.Struct):
    ago: int
    id: str


class Listing:
    """The deliveries of one question, masked for its viewer. Used by one thread at a time."""

    def __init__(
        self, store: Store, scope: Scope, search: Search, *, folder: Path | None = None
    ) -> None:
        """Find out which they are. `folder` is where the file may be, the system's unless given.

        Raises `StoreError`, and `StoreFull` where the folder has no space.
        """
        self._store = store
        self._scope = scope
        self._keys: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - `close` does
            _IN_MEMORY, dir=str(folder) if folder else None
        )
        # Also where nobody closes it: a file that is left to the collector is complained about.
        self._end = weakref.finalize(self, self._keys.close)
        #: How many there were.
        self.total = 0
        try:
            if (planned := plan(store, scope, search)) is not None:
                asked = Range(planned)
                octets = self._write(store.stream(asked.keys(), asked.parameters), folder)
                self.total, rest = divmod(octets, _KEY.size)
                if rest:
                    raise StoreError("The list that was asked for came broken from the store.")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Forget the list."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def chunks(self, size: int = CHUNK) -> Iterator[list[Delivery]]:
        """The deliveries in order, so many at a time. Raises `StoreError`."""
        self._keys.seek(0)
        while read := self._keys.read(size * _KEY.size):
            yield self._rows([_Key(ago, id_.decode()) for ago, id_ in _KEY.iter_unpack(read)])

    def _write(self, pieces: Iterator[bytes], folder: Path | None) -> int:
        octets = 0
        for piece in pieces:
            try:
                octets += self._keys.write(piece)
            except OSError as error:
                where = folder or tempfile.gettempdir()
                message = f"The list cannot be written below {where} ({error.strerror})."
                raise StoreFull(message) from error
        return octets

    def _rows(self, keys: list[_Key]) -> list[Delivery]:
        found = self._read(keys)
        gone = [key.id for key in keys if key.id not in found]
        if gone:
            found |= self._read(self._moved(gone))
        rows = [row for key in keys if (row := found.get(key.id)) is not None]
        if self._scope.is_everything:
            return rows
        return [View(self._scope, row).delivery() for row in rows]

    def _read(self, keys: list[_Key]) -> dict[str, Delivery]:
        """The rows of these keys that are still shown and the viewer's, by id."""
        if not keys:
            return {}
        # As two sets, of which the engine makes use sooner than of a set of pairs.
        rows = self._store.read(
            f"SELECT {columns.DELIVERY} FROM deliveries FINAL "
            "WHERE ago IN {agos:Array(Int64)} AND id IN {ids:Array(String)}",
            {"agos": [key.ago for key in keys], "ids": [key.id for key in keys]},
            Delivery,
        )
        return {
            row.id: row
            for row in rows
            if not row.deleted and not row.folded and admits(self._scope, row)
        }

    def _moved(self, ids: list[str]) -> list[_Key]:
        """Where in time deliveries are now: a late line told of an earlier beginning."""
        messages = sorted({each[:MESSAGE_KEY_LENGTH] for each in ids})
        rows = self._store.read(
            "SELECT ago, id FROM deliveries_by_key FINAL WHERE key IN {keys:Array(String)} "
            "AND id IN {ids:Array(String)} AND shown",
            {"keys": messages, "ids": ids},
            _Moved,
        )
        return [_Key(row.ago, row.id) for row in rows]


def iterate(store: Store, scope: Scope, search: Search, *, page: int = CHUNK) -> Iterator[Delivery]:
    """All deliveries that match, in the order asked for, `page` of them read at a time."""
    with Listing(store, scope, search) as listing:
        for rows in listing.chunks(page):
            yield from rows
