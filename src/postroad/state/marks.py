"""Marks: how far each log has been read, recognised by what is in it and not by its name.

A reading goes through the content of one file (what it holds, unpacked) from its start. Its mark
tells how many bytes were read and a digest over all of them, so that the same content is known
again when the file was renamed, compressed, copied or grown. One content may bear several marks,
of readings that ended at different lengths.

`commit` writes marks and the correlator's context in one transaction, after the store has
acknowledged the rows that they speak of.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from postroad.state.base import metadata
from postroad.state.engine import State


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far one reading has come."""

    #: Names the reading; a later mark of the same reading replaces this one.
    reading: str
    #: The host that lines which name none were read for.
    host: str
    #: Digest of the first line, by which marks of a content are found.
    head: str
    #: Bytes of content that were read, to the end of a line.
    length: int
    #: Digest of these bytes; see `postroad.sources.identity`.
    digest: str
    #: What the digest is continued from.
    chain: str
    #: Lines in these bytes.
    lines: int
    #: Name of the followed source; empty for an import.
    source: str = ""
    path: str = ""
    #: Where the file was when it was read; 0 for what has no inode.
    device: int = 0
    inode: int = 0
    #: Latest time that a line bore; microseconds UTC.
    newest: int = 0
    #: When this was written; microseconds UTC.
    read_at: int = 0
    #: Counts of the minutes that may still grow; see `postroad.ingest.tally`.
    tally: bytes = b""


_marks = sa.Table(
    "marks",
    metadata,
    sa.Column("reading", sa.String(32), primary_key=True),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
    sa.Column("lines", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("device", sa.String(32), nullable=False),
    sa.Column("inode", sa.String(32), nullable=False),
    sa.Column("newest", sa.BigInteger, nullable=False),
    sa.Column("read_at", sa.BigInteger, nullable=False),
    sa.Column("tally", sa.LargeBinary, nullable=False),
    sa.Index("ix_marks_host_head", "host", "head"),
    sa.Index("ix_marks_source", "source"),
)

_contexts = sa.Table(
    "contexts",
    metadata,
    sa.Column("name", sa.String(1024), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)


def of_content(state: State, host: str, head: str) -> list[Mark]:
    """Marks of the contents that begin with the line of this digest, longest first."""
    wanted = sa.select(_marks).where(_marks.c.host == host, _marks.c.head == head)
    with state.read() as connection:
        rows = connection.execute(wanted.order_by(_marks.c.length.desc()))
        return [_mark(row) for row in rows]


def of_source(state: State, source: str) -> list[Mark]:
    """Marks of a followed source, the last written first."""
    wanted = sa.select(_marks).where(_marks.c.source == source)
    with state.read() as connection:
        return [_mark(row) for row in connection.execute(wanted.order_by(_marks.c.read_at.desc()))]


def every(state: State) -> list[Mark]:
    """All marks, the last written first: what was read, and up to when."""
    with state.read() as connection:
        rows = connection.execute(sa.select(_marks).order_by(_marks.c.read_at.desc()))
        return [_mark(row) for row in rows]


def commit(state: State, marks: Iterable[Mark], *, name: str, context: bytes, at: int) -> None:
    """Write marks, each in place of the one its reading had, and the context called `name`."""
    rows = [_row(mark, at) for mark in marks]
    with state.write() as connection:
        if rows:
            readings = [row["reading"] for row in rows]
            connection.execute(_marks.delete().where(_marks.c.reading.in_(readings)))
            connection.execute(_marks.insert(), rows)
        connection.execute(_contexts.delete().where(_contexts.c.name == name))
        connection.execute(_contexts.insert(), {"name": name, "data": context, "at": at})


def begin(state: State, mark: Mark, *, at: int) -> None:
    """Write down that a log is being followed, before anything of it was read.

    Should it be rotated away before the first commit, it is known to be missing.
    """
    same = (
        (_marks.c.source == mark.source)
        & (_marks.c.length == 0)
        & (_marks.c.device == str(mark.device))
        & (_marks.c.inode == str(mark.inode))
    )
    with state.write() as connection:
        connection.execute(_marks.delete().where(same))
        connection.execute(_marks.insert(), _row(mark, at))


def followed_since(state: State, source: str, *, now: int) -> int:
    """When following this source began: now, the first time it is asked for."""
    name = f"follow {source}"
    with state.write() as connection:
        wanted = sa.select(_contexts.c.at).where(_contexts.c.name == name)
        known: int | None = connection.execute(wanted).scalar()
        if known is None:
            connection.execute(_contexts.insert(), {"name": name, "data": b"", "at": now})
        return now if known is None else known


def context(state: State, name: str) -> bytes:
    """The context last committed under this name; empty if there is none."""
    with state.read() as connection:
        wanted = sa.select(_contexts.c.data).where(_contexts.c.name == name)
        return bytes(connection.execute(wanted).scalar() or b"")


def drop(state: State, readings: Iterable[str]) -> None:
    """Drop the marks of these readings: what they marked is no more."""
    with state.write() as connection:
        connection.execute(_marks.delete().where(_marks.c.reading.in_(list(readings))))


def forget(state: State, *, before: int) -> int:
    """Drop marks not written since `before`; how many. What they marked would be read again."""
    with state.write() as connection:
        return connection.execute(_marks.delete().where(_marks.c.read_at < before)).rowcount


def _mark(row: sa.Row[tuple[object, ...]]) -> Mark:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    values["device"] = int(values["device"])
    values["inode"] = int(values["inode"])
    return Mark(**values)


def _row(mark: Mark, at: int) -> dict[str, object]:
    # Device and inode numbers use all 64 bits on some file systems; no SQL integer holds them.
    values = msgspec.structs.asdict(mark)
    return {**values, "device": str(mark.device), "inode": str(mark.inode), "read_at": at}
