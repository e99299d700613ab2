"""Deliveries to the pieces of a file, in whichever form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from postroad.model.delivery import Delivery
from postroad.services.exports.layout import Layout


class Piece(NamedTuple):
    """The next octets of a file."""

    content: bytes
    #: Rows that are written with it, from the first one on.
    rows: int


class Writer(Protocol):
    """What writes one file; each call gives the octets that come next."""

    def begin(self) -> bytes:
        """What goes before the first row."""
        ...

    def rows(self, deliveries: Sequence[Delivery]) -> bytes:
        """These rows."""
        ...

    def end(self) -> bytes:
        """What comes behind the last row."""
        ...


def written(word: str, chunks: Iterable[Sequence[Delivery]], layout: Layout) -> Iterator[Piece]:
    """A file of this form in pieces, about one for each chunk; the last ends the file."""
    writer = _writer(word, layout)
    rows = 0
    yield Piece(writer.begin(), rows)
    for chunk in chunks:
        if chunk:
            content = writer.rows(chunk)
            rows += len(chunk)
            yield Piece(content, rows)
    yield Piece(writer.end(), rows)


def _writer(word: str, layout: Layout) -> Writer:
    match word:
        case "csv":
            from postroad.services.exports.sheet import Sheet

            return Sheet(layout)
        case "json":
            from postroad.services.exports.lines import Lines

            return Lines(layout)
        case _:
            from postroad.services.exports.parquet import Parquet

            return Parquet(layout)
