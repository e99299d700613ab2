"""What became of letters by e-mail after they were handed over, as the log tells it later."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from postroad.state.engine import State
from postroad.state.notices import letters
from postroad.state.outbox import (
    BOUNCED,
    EMAIL,
    FAILED,
    LONGEST_SAID,
    SENT,
    UNCLEAR,
    Letter,
    letter_of,
)


class Troubled(NamedTuple):
    """Letters that did not arrive."""

    number: int
    #: What was said of the last of them.
    said: str


def unsettled(state: State, *, at: int, limit: int) -> list[Letter]:
    """Letters by e-mail that may have left, and are to be looked for in the log by now."""
    wanted = sa.select(letters).where(
        letters.c.status.in_((SENT, UNCLEAR)),
        letters.c.next_at.between(1, at),
        letters.c.channel == EMAIL,
    )
    wanted = wanted.order_by(letters.c.next_at, letters.c.id).limit(limit)
    with state.read() as connection:
        return [letter_of(row) for row in connection.execute(wanted)]


def settle(
    state: State, letter_id: int, before: str, *, status: str, said: str, next_at: int
) -> None:
    """Write down what the log says of a letter that was `before`, and when to look next; 0: not."""
    values: dict[str, Any] = {"status": status, "next_at": next_at}
    if status != before:
        values["said"] = said[:LONGEST_SAID]
    change = sa.update(letters).where(letters.c.id == letter_id, letters.c.status == before)
    with state.write() as connection:
        connection.execute(change.values(values))


def last_of(state: State, subscription_id: int, limit: int) -> list[str]:
    """What became of the last letters by e-mail of a subscription, the newest first."""
    wanted = (
        sa.select(letters.c.status)
        .where(letters.c.subscription_id == subscription_id, letters.c.channel == EMAIL)
        .where(letters.c.status.in_((SENT, BOUNCED, FAILED, UNCLEAR)))
        .order_by(letters.c.id.desc())
        .limit(limit)
    )
    with state.read() as connection:
        return list(connection.execute(wanted).scalars())


def troubled(state: State, status: str, *, since: int, until: int) -> Troubled:
    """Letters by e-mail that are this, were tried, and were put in between these times."""
    which = (
        letters.c.status == status,
        letters.c.channel == EMAIL,
        letters.c.said != "",
        letters.c.created_at.between(since, until),
    )
    count = sa.select(sa.func.count()).select_from(letters).where(*which)
    last = sa.select(letters.c.said).where(*which).order_by(letters.c.id.desc()).limit(1)
    with state.read() as connection:
        said = connection.execute(last).scalar_one_or_none() or ""
        return Troubled(connection.execute(count).scalar_one(), said)
