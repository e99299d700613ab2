"""Parquet: columns with types, compressed, for programs that analyse.

Times are UTC with microseconds, and null where they are not known; words out of few are
dictionaries; every column says what it holds. Values are those of the JSON lines. The only module
that knows pyarrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from postroad.model.delivery import Delivery
from postroad.services.exports.fields import FIELDS, Kind
from postroad.services.exports.layout import Layout

# Its usual pool keeps what it is given back, for as long as the process lives.
pa.set_memory_pool(pa.system_memory_pool())

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.WORD: pa.dictionary(pa.int32(), pa.string()),
    Kind.NUMBER: pa.int64(),
    Kind.SCORE: pa.float64(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
}
#: Rows of a row group, about: more compress better, and take more memory.
_GROUP = 4_000
#: Last moment that other programs have a date for: the end of the year 9999.
_LAST = 253_402_300_799_999_999


class Parquet:
    """Writes one file of Parquet."""

    def __init__(self, layout: Layout) -> None:
        """Nothing is written yet."""
        self._schema = pa.schema([_field(name) for name in layout.fields])
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._held: list[pa.RecordBatch] = []

    def begin(self) -> bytes:
        """What marks a file as Parquet."""
        return self._sink.taken()

    def rows(self, deliveries: Sequence[Delivery]) -> bytes:
        """Nothing, or a row group of these and those before."""
        arrays = [
            pa.array(_values(field.name, deliveries), type=field.type) for field in self._schema
        ]
        self._held.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if sum(each.num_rows for each in self._held) >= _GROUP:
            self._flush()
        return self._sink.taken()

    def end(self) -> bytes:
        """The last row group, and what describes all: without it the file cannot be read."""
        self._flush()
        self._writer.close()
        return self._sink.taken()

    def _flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held, self._schema)
            self._held = []
            self._writer.write_table(table, row_group_size=table.num_rows)


class _Sink:
    """A file to pyarrow, which keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0
        self.closed = False

    def write(self, octets: bytes) -> int:
        self._held += octets
        self._at += len(octets)
        return len(octets)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """It is taken, not flushed."""

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def taken(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def _field(name: str) -> pa.Field:
    kind, description = FIELDS[name]
    is_nullable = kind in (Kind.SCORE, Kind.TIME)
    return pa.field(name, _TYPES[kind], is_nullable, metadata={"description": description})


def _values(name: str, deliveries: Sequence[Delivery]) -> list[object]:
    kind, _ = FIELDS[name]
    if name in _WORDS:
        return [_WORDS[name](row) for row in deliveries]
    if kind is Kind.TIME:
        return [_moment(getattr(row, name)) for row in deliveries]
    return [getattr(row, name) for row in deliveries]


_WORDS: dict[str, Callable[[Delivery], str]] = {
    "status": lambda row: row.status.word,
    "direction": lambda row: row.direction.word,
}


def _moment(at: int) -> int | None:
    """Microseconds; None where it is not known, or where the calendar has no such day."""
    return at if 0 < at <= _LAST else None
