"""The outbox: letters that are to be sent, each once, and what became of them.

A letter has a key. Whoever finds out that one is due puts it in, as often as they like: the same
key is written once. So a program that is killed and looks again does not tell anything twice.

What becomes of a letter: `waiting` until it is tried, and again until it is tried once more;
`sending` from the moment in which it can no longer be called back until there is an answer; then
`sent`, and `bounced` if it came back later; `failed`; or `withdrawn`, if there was nothing to tell
any more. A letter that was `sending` when its process ended is `unclear`: it may have been sent, so
it is not sent again by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from postroad.model.when import DAY
from postroad.state.engine import State
from postroad.state.notices import letters, tries, webhooks

#: Where letters go.
EMAIL, WEBHOOK = "email", "webhook"
#: What becomes of them.
WAITING, SENDING, SENT, UNCLEAR = "waiting", "sending", "sent", "unclear"
FAILED, BOUNCED, WITHDRAWN = "failed", "bounced", "withdrawn"
#: A key, and the how manieth time its letter is sent by hand.
_AGAIN = re.compile(r"(?P<key>.*) again (?P<number>\d{1,6})", re.ASCII | re.DOTALL)
_LONGEST_KEY = 200
#: Characters of an answer that are kept.
LONGEST_SAID = 500


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One letter to one address or webhook."""

    id: int = 0
    key: str
    account_id: int
    subscription_id: int = 0
    #: `report`, `follow`, `expect`, `alert`, `export` or `test`.
    kind: str
    #: `email` or `webhook`.
    channel: str
    #: Address, or id of the webhook.
    target: str
    #: JSON: what it is made of when it is sent.
    recipe: str = "{}"
    #: `waiting`, `sending`, `sent`, `unclear`, `failed`, `bounced` or `withdrawn`.
    status: str = WAITING
    #: Without brackets; empty for webhooks, and before it was first tried.
    message_id: str = ""
    #: Microseconds UTC.
    created_at: int = 0
    #: When it is tried next; once it was sent by e-mail, when it is next looked for in the log.
    next_at: int = 0
    ended_at: int = 0
    tries: int = 0
    #: What the other side said last, or a sentence of ours.
    said: str = ""

    @property
    def event(self) -> str:
        """What it tells of: the same for a letter and for all that repeat it."""
        found = _AGAIN.fullmatch(self.key)
        return found["key"] if found else self.key


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One try to send a letter."""

    letter_id: int = 0
    #: Microseconds UTC, and microseconds.
    at: int
    took: int
    #: Of SMTP or HTTP; 0: there was no answer.
    code: int
    said: str


def put(state: State, letter: Letter, *, at: int) -> bool:
    """Put a letter in, to be sent from now on. False where its key was put in before."""
    row = msgspec.structs.asdict(letter) | {"created_at": at, "next_at": letter.next_at or at}
    del row["id"]
    with suppress(IntegrityError), state.write() as connection:
        connection.execute(sa.insert(letters).values(row))
        return True
    return False


def again(state: State, letter: Letter, *, at: int) -> bool:
    """Put in a letter that repeats this one, by hand. False where that was done before.

    The repetition has a letter of its own, which can be repeated in turn.
    """
    return put(state, repetition(letter), at=at)


def repetition(letter: Letter) -> Letter:
    """The letter that repeats this one."""
    found = _AGAIN.fullmatch(letter.key)
    behind = f" again {int(found['number']) + 1 if found else 2}"
    return Letter(
        key=letter.event[: _LONGEST_KEY - len(behind)] + behind,
        account_id=letter.account_id,
        subscription_id=letter.subscription_id,
        kind=letter.kind,
        channel=letter.channel,
        target=letter.target,
        recipe=letter.recipe,
    )


def latest(
    state: State, account_id: int, limit: int = 100, *, before: int = 0, target: str = ""
) -> list[Letter]:
    """The letters of an account, the newest first: below an id, or to one target alone."""
    wanted = sa.select(letters).where(letters.c.account_id == account_id)
    if before:
        wanted = wanted.where(letters.c.id < before)
    if target:
        wanted = wanted.where(letters.c.target == target)
    return _read(state, wanted.order_by(letters.c.id.desc()).limit(limit))


def get(state: State, letter_id: int) -> Letter | None:
    """The letter of this id."""
    found = _read(state, sa.select(letters).where(letters.c.id == letter_id))
    return found[0] if found else None


def repeated(state: State, found: Sequence[Letter]) -> set[int]:
    """The ids of those among these that are repeated by a letter of their own."""
    keys = {repetition(each).key: each.id for each in found}
    wanted = sa.select(letters.c.key).where(letters.c.key.in_(list(keys)))
    with state.read() as connection:
        return {keys[key] for key in connection.execute(wanted).scalars()}


def due(state: State, channel: str, *, at: int, limit: int = 1, target: str = "") -> list[Letter]:
    """Letters that are to be tried by now, those that are due longest first."""
    wanted = sa.select(letters).where(_is_due(at), letters.c.channel == channel)
    if target:
        wanted = wanted.where(letters.c.target == target)
    return _read(state, wanted.order_by(letters.c.next_at, letters.c.id).limit(limit))


def due_targets(state: State, *, at: int) -> list[tuple[str, int]]:
    """Webhooks that have letters to be tried by now, with their accounts; paused ones wait."""
    paused = sa.select(webhooks.c.id).where(webhooks.c.paused)
    wanted = (
        sa.select(letters.c.target, letters.c.account_id)
        .where(
            _is_due(at),
            letters.c.channel == WEBHOOK,
            letters.c.target.not_in(paused),
        )
        .group_by(letters.c.target, letters.c.account_id)
        .order_by(sa.func.min(letters.c.next_at))
    )
    with state.read() as connection:
        return [(row.target, row.account_id) for row in connection.execute(wanted)]


def begin(state: State, letter_id: int, *, message_id: str) -> bool:
    """Write down that a letter is sent in this moment. False where it waits no more.

    Once this is committed, a letter whose process ends is not sent by itself any more.
    """
    change = sa.update(letters).where(letters.c.id == letter_id, letters.c.status == WAITING)
    with state.write() as connection:
        done = connection.execute(change.values(status=SENDING, message_id=message_id))
        return bool(done.rowcount)


def tried(
    state: State, letter_id: int, made: Try, *, status: str, at: int, next_at: int = 0
) -> None:
    """Write down a try, and what the letter is after it: `waiting` is tried again at `next_at`."""
    said = made.said[:LONGEST_SAID]
    values = {
        "status": status,
        "said": said,
        "tries": letters.c.tries + 1,
        "next_at": next_at,
        "ended_at": 0 if status == WAITING else at,
    }
    row = msgspec.structs.asdict(made) | {"letter_id": letter_id, "said": said}
    # What was withdrawn while it was tried stays so, unless it was sent all the same.
    before = (WAITING, SENDING, *((WITHDRAWN, UNCLEAR) if status == SENT else ()))
    change = sa.update(letters).where(letters.c.id == letter_id, letters.c.status.in_(before))
    with state.write() as connection:
        if connection.execute(sa.select(letters.c.id).where(letters.c.id == letter_id)).first():
            connection.execute(change.values(values))
            connection.execute(sa.insert(tries).values(row))


def put_off(state: State, letter_id: int, *, until: int) -> None:
    """Let a letter that was surely not sent wait until then; that is no try."""
    _change(state, letter_id, WAITING, SENDING, status=WAITING, next_at=until)


def first_tried(state: State, letter_id: int) -> int:
    """When a letter was first tried; 0: not yet."""
    wanted = sa.select(sa.func.min(tries.c.at)).where(tries.c.letter_id == letter_id)
    with state.read() as connection:
        return connection.execute(wanted).scalar_one() or 0


def give_up_paused(state: State, *, before: int, said: str, at: int) -> int:
    """Give letters up that are older than this and whose webhook is paused. How many."""
    paused = sa.select(webhooks.c.id).where(webhooks.c.paused)
    change = sa.update(letters).where(
        letters.c.status == WAITING,
        letters.c.channel == WEBHOOK,
        letters.c.created_at < before,
        letters.c.target.in_(paused),
    )
    with state.write() as connection:
        done = connection.execute(change.values(status=FAILED, said=said, ended_at=at))
        return done.rowcount


def withdraw(state: State, letter_id: int, *, said: str, at: int) -> None:
    """Do not send a letter that waits: there is nothing to tell, or nobody to tell it to."""
    _change(state, letter_id, WAITING, status=WITHDRAWN, said=said, ended_at=at)


def strand(state: State, *, said: str, at: int) -> int:
    """Call letters unclear whose process ended while they were sent. How many.

    To be called before anything is sent: at the start of the one process that sends.
    """
    change = sa.update(letters).where(letters.c.status == SENDING)
    values = {"status": UNCLEAR, "said": said, "ended_at": at, "next_at": at}
    with state.write() as connection:
        return connection.execute(change.values(values)).rowcount


def tries_of(state: State, ids: Sequence[int], limit: int = 1000) -> dict[int, list[Try]]:
    """The tries of these letters, by letter, the newest first."""
    columns = (tries.c.letter_id, tries.c.at, tries.c.took, tries.c.code, tries.c.said)
    wanted = sa.select(*columns).where(tries.c.letter_id.in_(ids))
    wanted = wanted.order_by(tries.c.id.desc()).limit(limit)
    found: dict[int, list[Try]] = {}
    with state.read() as connection:
        for row in connection.execute(wanted):
            found.setdefault(row.letter_id, []).append(Try(**row._mapping))  # noqa: SLF001
    return found


def drop_before(state: State, at: int) -> int:
    """Drop letters that were done with before this time, and their tries. How many."""
    old = sa.delete(letters).where(letters.c.ended_at.between(1, at - 1))
    with state.write() as connection:
        return connection.execute(old).rowcount


def _is_due(at: int) -> sa.ColumnElement[bool]:
    """Whether a letter is to be tried by now.

    A clock that was ahead when the letter was put in, or put off, holds it up no longer.
    """
    is_ahead = sa.or_(
        sa.and_(letters.c.tries == 0, letters.c.next_at == letters.c.created_at),
        sa.and_(letters.c.tries > 0, letters.c.next_at > at + DAY),
    )
    return sa.and_(letters.c.status == WAITING, sa.or_(letters.c.next_at <= at, is_ahead))


def letter_of(row: Any) -> Letter:
    """A row of the table as a letter."""
    return Letter(**row._mapping)  # noqa: SLF001


def _read(state: State, wanted: sa.Select[Any]) -> list[Letter]:
    with state.read() as connection:
        return [letter_of(row) for row in connection.execute(wanted)]


def _change(state: State, letter_id: int, *before: str, **values: Any) -> None:
    change = sa.update(letters).where(letters.c.id == letter_id, letters.c.status.in_(before))
    with state.write() as connection:
        connection.execute(change.values(values))
