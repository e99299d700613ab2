"""One Message-ID, many messages: lists do it, and whoever wants to can."""

from __future__ import annotations

import time

import msgspec
import pytest
from tests.correlate.book import Line, fold_all, fold_in_runs
from tests.correlate.copies import ID, dovecot, postfix, rows, scanned
from tests.correlate.stories import SECOND, START, Script

from postroad.correlate import Correlator
from postroad.model.event import Described
from postroad.model.status import Outcome, Status


def crowd(count: int, *, session: bool, user: str = "") -> list[Line]:
    """So many messages of one Message-ID, each with what the mailbox server says of its copy."""
    script = Script("postfix")
    said: list[Line] = []
    for number in range(count):
        queue_id = f"4A{number:08d}z"
        name = user or f"u{number}@example.com"
        end = f"<{name}> S{number} Saved" if session else "delivered via dovecot service"
        script.arrived(number, queue_id, client_host="mx.example.org", client_ip="192.0.2.9")
        script.described(number, queue_id, message_id=ID)
        script.attempted(number, queue_id, Outcome.DELIVERED, name, reply=f"250 2.0.0 {end}")
        script.ended(number, queue_id)
        event, line = dovecot(name, 0, session=f"S{number}" if session else "")
        said.append(
            (msgspec.structs.replace(event, at=START + number * SECOND), f"{number} {line}")
        )
    return [each for four in zip(*[iter(script.lines)] * 4, said, strict=True) for each in four]


@pytest.mark.parametrize("user", ["", "ann@example.com"])
@pytest.mark.parametrize("session", [True, False])
def test_thousands_of_messages_share_a_message_id(*, session: bool, user: str):
    """Whoever sends one Message-ID again and again costs time and rows for each message, no more."""
    lines = crowd(3_000, session=session, user=user)
    correlator, rows, began = Correlator(), 0, time.process_time()
    for number, (event, line) in enumerate(lines):
        correlator.feed(event, line)
        if number % 1_000 == 999:
            while correlator.flagged():
                pass
            batch = correlator.drain()
            rows += len(batch.deliveries) + len(batch.attempts)

    assert time.process_time() - began < 10
    assert rows < 40 * 3_000


def moved(lines: list[Line], seconds: float, **more: object) -> list[Line]:
    """The same lines at another time, with other fields."""
    return [
        (msgspec.structs.replace(event, at=event.at + int(seconds * SECOND), **more), f"+ {line}")
        for event, line in lines
    ]


def renamed(lines: list[Line], queue_id: str, seconds: float) -> list[Line]:
    """Another message like this one."""
    return moved(lines, seconds, queue_id=queue_id)


def test_a_folder_of_another_domain_is_not_taken_over():
    """Who has a message of the same Message-ID and no mailbox here does not learn a folder."""
    program = postfix(session=False, users=("eve",))
    told = dovecot("ann@other.example", 0, session="", mailbox="Lists.Secret")
    for lines in ([*program, told], [told, *program]):
        book = fold_all(lines)
        assert rows(book) == {
            "eve@example.com": (Status.DELIVERED, ""),
            "ann@other.example": (Status.DELIVERED, "Lists.Secret"),
        }
        [eve] = [row for row in book.rows() if row.recipient == "eve@example.com"]
        assert eve.asides == []


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("runs", [False, True])
def test_a_mailbox_of_another_name_among_several_messages(order: int, *, runs: bool):
    """Whose mailbox it is can be told by elimination only if there is one message."""
    first = postfix(session=False, users=("ann",))
    second = renamed(postfix(session=False, users=("eve",)), "4BBBBBBBBBBz", 5)
    told = dovecot("u1234", 7, session="")
    lines = [told, *first, *second] if order < 0 else [*first, told, *second]
    book = fold_in_runs(lines, [len(first) + 1]) if runs else fold_all(lines)

    assert {mailbox for _, mailbox in rows(book).values()} == {""}


@pytest.mark.parametrize("runs", [False, True])
def test_a_copy_does_not_answer_for_another_session(*, runs: bool):
    """What was done in another session with mail of the same Message-ID is not said of this one."""
    first, told = postfix(users=("ann",)), dovecot("ann@example.com", 0)
    second = [
        (msgspec.structs.replace(event, reply=event.reply.replace("SESSION0", "SESSION7")), line)
        if hasattr(event, "reply")
        else (event, line)
        for event, line in renamed(first, "4BBBBBBBBBBz", 5)
    ]
    lines = [*first, told, *second]
    book = fold_in_runs(lines, [len(first) + 1]) if runs else fold_all(lines)

    assert sorted(row.mailbox for row in book.rows()) == ["", "INBOX"]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("runs", [False, True])
def test_a_verdict_is_on_the_message_that_came_in_then(order: int, *, runs: bool):
    """Who sends spam under the Message-ID of another's mail does not make that mail spam."""
    first = postfix(users=("ann",))
    second = renamed(postfix(users=("eve",)), "4BBBBBBBBBBz", 60)
    good, bad = scanned(0.5), moved([scanned(99)], 60)[0]
    lines = [*first, good, *second, bad] if order > 0 else [bad, good, *second, *first]
    book = fold_in_runs(lines, [len(lines) // 2]) if runs else fold_all(lines)

    assert {row.recipient: row.spam_score for row in book.rows()} == {
        "ann@example.com": 0.5,
        "eve@example.com": 99,
    }


def test_verdicts_that_cannot_be_told_apart():
    """Two messages in one second and two verdicts: neither is believed, rather than both."""
    first = postfix(users=("ann",))
    second = renamed(postfix(users=("eve",)), "4BBBBBBBBBBz", 0)
    other = scanned(99)[0]
    assert isinstance(other, Described)
    book = fold_all([*first, *second, scanned(0.5), (other, "other")])

    assert {row.spam_score for row in book.rows()} == {None}
