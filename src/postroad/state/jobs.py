"""Jobs: imports that were asked for, how they went, and what they said.

Kept so that a page or another process can tell what became of an import. A job that was running
when its process ended is found by `interrupt` at the next start.
"""

from __future__ import annotations

import secrets

import msgspec
import sqlalchemy as sa

from postroad.state.base import metadata
from postroad.state.engine import State


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One import."""

    id: str
    kind: str
    #: What was to be read, in words.
    what: str
    #: `running`, `done`, `failed` or `interrupted`.
    status: str
    #: Microseconds UTC; `ended_at` is 0 while it runs.
    started_at: int
    ended_at: int = 0
    #: JSON: the counts, and the sentences for whoever asked.
    result: str = "{}"


_jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Index("ix_jobs_started_at", "started_at"),
)


def begin(state: State, *, kind: str, what: str, at: int) -> Job:
    """Write down that a job has begun."""
    job = Job(id=secrets.token_hex(8), kind=kind, what=what, status="running", started_at=at)
    with state.write() as connection:
        connection.execute(_jobs.insert(), msgspec.structs.asdict(job))
    return job


def end(state: State, job: str, *, status: str, result: str, at: int) -> None:
    """Write down how the job with this id ended."""
    with state.write() as connection:
        connection.execute(
            _jobs.update()
            .where(_jobs.c.id == job)
            .values(status=status, result=result, ended_at=at)
        )


def latest(state: State, limit: int = 50) -> list[Job]:
    """The jobs begun last, the newest first."""
    wanted = sa.select(_jobs).order_by(_jobs.c.started_at.desc(), _jobs.c.id).limit(limit)
    with state.read() as connection:
        return [Job(**row._mapping) for row in connection.execute(wanted)]  # noqa: SLF001


def interrupt(state: State, *, at: int) -> int:
    """Call jobs that still count as running interrupted: their process is gone. How many."""
    stale = _jobs.update().where(_jobs.c.status == "running")
    with state.write() as connection:
        return connection.execute(stale.values(status="interrupted", ended_at=at)).rowcount
