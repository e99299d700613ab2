"""The outbox: each letter once, and what becomes of it in every order of events."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.state import State, outbox, webhooks
from postroad.state.outbox import Letter, Try

NOW = 1_768_471_200_000_000
MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE


@pytest.fixture
def state(tmp_path):
    """A state database with an account, whose id is 1."""
    with State.open(tmp_path / "state.db") as opened:
        directory = Accounts(opened, hasher=Hasher(CHEAPEST)).directory
        assert 1 == directory.add(Draft(name="anna@example.com", kind=Kind.MAILBOX)).id
        yield opened


def put(state, key="report 1", *, at=NOW, **more):
    """Put a letter in."""
    made = {"kind": "report", "channel": "email", "target": "anna@example.com"} | more
    assert outbox.put(state, Letter(key=key, account_id=1, **made), at=at)
    return one(state, key)


def one(state, key="report 1"):
    """The letter of this key."""
    return next(each for each in outbox.latest(state, 1) if each.key == key)


def a_try(**more):
    """A try."""
    return Try(**{"at": NOW, "took": 5, "code": 250, "said": "taken"} | more)


def test_a_key_is_written_once(state):
    """However many put it in at the same time."""
    letter = Letter(key="k", account_id=1, kind="report", channel="email", target="a@example.com")
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(outbox.put(state, letter, at=NOW)))
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert 1 == sum(results)
    assert 1 == len(outbox.latest(state, 1))


def test_only_a_waiting_letter_begins(state):
    """Once: whoever comes second is told so."""
    letter = put(state)

    assert outbox.begin(state, letter.id, message_id="m@example.com")
    assert not outbox.begin(state, letter.id, message_id="m@example.com")
    assert ("sending", "m@example.com") == (one(state).status, one(state).message_id)


def test_what_is_due(state):
    """Letters that wait and whose time has come, the longest first."""
    later = put(state, "later", next_at=NOW + MINUTE)
    put(state, "hook", channel="webhook", target="w")
    first = put(state, "first", at=NOW - MINUTE)

    assert [first.id] == [each.id for each in outbox.due(state, "email", at=NOW, limit=9)]
    assert [first.id, later.id] == [
        each.id for each in outbox.due(state, "email", at=NOW + MINUTE, limit=9)
    ]
    assert [("w", 1)] == outbox.due_targets(state, at=NOW)


def test_a_clock_that_was_ahead_holds_no_letter_up(state):
    """Put in, or put off, at a time that is yet to come; what is to wait for its time does."""
    put(state, "put in", at=NOW + 400 * DAY)
    put_off = put(state, "put off")
    outbox.tried(state, put_off.id, a_try(), status="waiting", at=NOW, next_at=NOW + 400 * DAY)
    put(state, "in time", next_at=NOW + 2 * DAY)

    assert {"put in", "put off"} == {
        each.key for each in outbox.due(state, "email", at=NOW, limit=9)
    }


def test_tries_are_kept_in_order_and_cut(state):
    """The newest first; of what was said the beginning."""
    letter = put(state)
    outbox.tried(state, letter.id, a_try(code=451), status="waiting", at=NOW, next_at=NOW + 1)
    outbox.tried(state, letter.id, a_try(said="x" * 9000, at=NOW + 1), status="sent", at=NOW + 2)

    newest, first = outbox.tries_of(state, [letter.id])[letter.id]
    assert (451, 500) == (first.code, len(newest.said))
    found = one(state)
    assert ("sent", 2, NOW + 2) == (found.status, found.tries, found.ended_at)
    assert NOW == outbox.first_tried(state, letter.id)
    assert 0 == outbox.first_tried(state, 99)


@pytest.mark.parametrize(
    ("ended", "tried", "wanted"),
    [
        ("withdrawn", "waiting", "withdrawn"),
        ("withdrawn", "failed", "withdrawn"),
        ("withdrawn", "sent", "sent"),
        ("unclear", "sent", "sent"),
        ("sent", "failed", "sent"),
    ],
)
def test_what_happens_while_a_letter_is_tried(state, ended, tried, wanted):
    """What was withdrawn stays so, unless it left all the same; what was sent is not unsent."""
    letter = put(state)
    if ended == "withdrawn":
        outbox.withdraw(state, letter.id, said="gone", at=NOW)
    elif ended == "unclear":
        outbox.begin(state, letter.id, message_id="m@example.com")
        outbox.strand(state, said="unclear", at=NOW)
    else:
        outbox.tried(state, letter.id, a_try(), status="sent", at=NOW)
    outbox.tried(state, letter.id, a_try(), status=tried, at=NOW)

    assert wanted == one(state).status


def test_a_try_of_a_letter_that_is_gone(state):
    """An account that was removed takes its letters along; the try finds nothing to note."""
    letter = put(state)
    outbox.tried(state, letter.id, a_try(), status="waiting", at=NOW)
    Accounts(state, hasher=Hasher(CHEAPEST)).directory.remove("anna@example.com")
    outbox.tried(state, letter.id, a_try(), status="sent", at=NOW)

    assert [] == outbox.latest(state, 1)
    assert {} == outbox.tries_of(state, [letter.id])


def test_what_surely_was_not_sent_waits_again(state):
    """Also after it was written down that it is being sent; what was sent stays sent."""
    letter, sent = put(state), put(state, "sent")
    outbox.begin(state, letter.id, message_id="m@example.com")
    outbox.tried(state, sent.id, a_try(), status="sent", at=NOW)
    for each in (letter, sent):
        outbox.put_off(state, each.id, until=NOW + MINUTE)

    assert ("waiting", NOW + MINUTE, 0) == (
        (found := one(state)).status,
        found.next_at,
        found.tries,
    )
    assert "sent" == one(state, "sent").status


def test_repetitions_have_keys_of_their_own(state):
    """Of one letter one repetition, of that another; all tell of the same."""
    first = put(state, "alert 3 again and again", recipe='{"n":1}', subscription_id=7)
    assert outbox.again(state, first, at=NOW)
    assert not outbox.again(state, first, at=NOW)
    second = one(state, "alert 3 again and again again 2")
    assert outbox.again(state, second, at=NOW)
    third = one(state, "alert 3 again and again again 3")

    assert {first.key} == {each.event for each in (first, second, third)}
    assert ('{"n":1}', 7, "waiting") == (third.recipe, third.subscription_id, third.status)
    assert {first.id, second.id} == outbox.repeated(state, [first, second, third])


def test_webhooks_are_the_accounts(state):
    """Made with secrets of their own, up to a number; removed with what waits for them."""
    made = [
        webhooks.add(state, account_id=1, label=str(n), url="https://x.test/", at=NOW + n, most=2)
        for n in range(3)
    ]
    assert made[2] is None
    assert made[0].secret != made[1].secret
    assert ["0", "1"] == [each.label for each in webhooks.of_account(state, 1)]
    assert [] == webhooks.of_account(state, 2)

    put(state, "hook", channel="webhook", target=made[0].id)
    webhooks.pause(state, made[0].id, paused=True)
    assert [] == outbox.due_targets(state, at=NOW)
    webhooks.remove(state, made[0].id, at=NOW)
    assert webhooks.get(state, made[0].id) is None
    assert "withdrawn" == one(state, "hook").status


def test_what_is_committed_is_on_the_disk(state):
    """SQLite waits for the disk at each commit: what is being sent is known after a power cut."""
    with state.read() as connection:
        assert 2 == connection.execute(sa.text("PRAGMA synchronous")).scalar_one()
