"""The writer: rows of the model into their tables, in blocks of bounded size.

The structs are written as they are, one JSON object per line: their field names are the column
names. That takes less than a microsecond a row here; the rest happens in ClickHouse, which does
not hold Python's lock meanwhile. A row that stands already is replaced by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from postroad.store.engine import Engine

#: Most rows and octets of one block: what an import needs of memory beside its own rows.
BLOCK_ROWS = 100_000
BLOCK_BYTES = 24 * 1024 * 1024
#: Rows that are encoded at once.
_PIECE_ROWS = 1_000

_encoder = msgspec.json.Encoder()


def write(engine: Engine, table: str, rows: Sequence[Any]) -> None:
    """Add these rows to the table. Returns when all are kept; raises `StoreError`."""
    for block in _blocks(rows):
        engine.insert(table, block)


def _blocks(rows: Sequence[Any]) -> Iterator[list[bytes]]:
    pieces: list[bytes] = []
    count = size = 0
    for start in range(0, len(rows), _PIECE_ROWS):
        piece = _encoder.encode_lines(rows[start : start + _PIECE_ROWS])
        if pieces and (count >= BLOCK_ROWS or size + len(piece) > BLOCK_BYTES):
            yield pieces
            pieces, count, size = [], 0, 0
        pieces.append(piece)
        count += _PIECE_ROWS
        size += len(piece)
    if pieces:
        yield pieces
