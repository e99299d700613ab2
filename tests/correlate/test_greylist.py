"""Knocks that were greylisted, and the message let in after them: one story."""

from __future__ import annotations

import time

import pytest

from postroad.correlate.greylist import MOST, WINDOW, Greylist, network
from postroad.model.delivery import Batch, Delivery
from postroad.model.status import Direction, Status

MINUTE = 60_000_000
NOON = 1_790_000_000_000_000


def knock(minute: int, **fields: object) -> Delivery:
    """A refusal that asks to come back."""
    values = {
        "id": f"{minute:024x}",
        "message_key": f"{minute:016x}",
        "queue_id": "",
        "version": 2,
        "status": Status.REJECTED,
        "reason": "greylisted",
        "smtp_code": 450,
    } | fields
    return row(minute, **values)


def row(minute: int, **fields: object) -> Delivery:
    """A delivery that came in at this minute."""
    values: dict[str, object] = {
        "id": f"{minute + 100_000:024x}",
        "message_key": f"{minute + 100_000:016x}",
        "host": "mx1",
        "instance": "",
        "queue_id": f"q{minute}",
        "version": 8,
        "status": Status.DELIVERED,
        "direction": Direction.INBOUND,
        "sender": "x@example.org",
        "recipient": "Ann@example.com",
        "client_ip": "192.0.2.9",
        "sent_at": NOON + minute * MINUTE,
        "first_at": NOON + minute * MINUTE,
    } | fields
    return Delivery(**values)  # type: ignore[arg-type]


def settled(*batches: list[Delivery]) -> dict[str, Delivery]:
    """The rows that the store has in the end."""
    greylist, stored = Greylist(), {}
    for rows in batches:
        batch = Batch(deliveries=list(rows))
        greylist.settle(batch)
        for each in batch.deliveries:
            if each.id not in stored or stored[each.id].version <= each.version:
                stored[each.id] = each
    return stored


@pytest.mark.parametrize("cut", range(4))
def test_knocks_and_the_message_are_one(cut: int):
    """However they come in, the message says how often it was refused, and the knocks are folded."""
    rows = [knock(0), knock(4, client_ip="192.0.2.77"), row(10)]
    stored = settled(rows[:cut], rows[cut:])

    assert (stored[rows[2].id].knocks, stored[rows[2].id].knocked_at) == (2, NOON)
    assert [stored[each.id].folded for each in rows] == [True, True, False]
    assert {stored[each.id].next_queue_id for each in rows[:2]} == {"q10"}


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "y@example.org"},
        {"recipient": "bob@example.com"},
        {"client_ip": "198.51.100.1"},
        {"first_at": NOON + WINDOW + MINUTE},
        {"first_at": NOON - MINUTE},
        {"direction": Direction.OUTBOUND},
        {"status": Status.REJECTED},
        {"folded": True},
        {"queue_id": ""},
    ],
)
def test_what_is_no_answer_to_a_knock(fields: dict[str, object]):
    """Another sender, recipient or network, or mail at another time, leaves a knock alone."""
    first, other = knock(0), row(10, **fields)
    stored = settled([first, other])

    assert stored[other.id].knocks == 0
    assert not stored[first.id].folded


def test_a_knock_is_that_of_the_first_message_after_it():
    """Mail that passes later, for its sender is known by then, did not wait."""
    rows = [knock(0), row(10), row(30)]
    stored = settled([rows[0]], [rows[1], rows[2]], [rows[2]])

    assert [stored[each.id].knocks for each in rows[1:]] == [1, 0]


def test_told_again_nothing_changes():
    """The same lines read again, after a restart too, leave everything as it was."""
    rows = [knock(0), row(10)]
    stored = settled(rows, rows)
    assert (stored[rows[1].id].knocks, stored[rows[0].id].folded) == (1, True)

    again = Greylist()
    again.learn(stored.values())
    batch = Batch(deliveries=[knock(0), row(10), row(20)])
    again.settle(batch)
    assert [each.knocks for each in batch.deliveries] == [0, 1, 0]


def test_other_refusals_are_no_knocks():
    """Who was refused for another reason was not asked to come back."""
    first, other = knock(0, reason="mailbox_unknown"), row(10)
    assert settled([first, other])[other.id].knocks == 0


@pytest.mark.parametrize("first", [0, 10**10])
def test_a_client_that_knocks_all_day(first: int):
    """Thousands of knocks, before mail or after it, cost nothing for each message let in."""
    greylist, began = Greylist(), time.process_time()
    knocks = [knock(0, id=f"{n:024x}", first_at=NOON + first + n) for n in range(10_000)]
    greylist.settle(Batch(deliveries=knocks))
    let_in = [
        row(0, id=f"f{n:023x}", queue_id=f"q{n}", first_at=NOON + 10**8) for n in range(5_000)
    ]
    batch = Batch(deliveries=list(let_in))
    greylist.settle(batch)
    greylist.settle(Batch(deliveries=list(let_in)))

    assert time.process_time() - began < 5
    assert sum(each.knocks for each in let_in) == (0 if first else 10_000)
    assert sum(each.folded for each in batch.deliveries) == (0 if first else 10_000)


def test_more_knocks_than_are_held():
    """The oldest are forgotten: of other clients first, and in the end of the one that goes on."""
    greylist = Greylist()
    greylist.settle(Batch(deliveries=[knock(0, client_ip="198.51.100.7")]))
    knocks = [knock(0, id=f"{n:024x}", first_at=NOON + n) for n in range(MOST + 10)]
    greylist.settle(Batch(deliveries=knocks))
    mine, other = row(10), row(11, client_ip="198.51.100.7")
    greylist.settle(Batch(deliveries=[mine, other]))

    assert mine.knocks > MOST // 3
    assert mine.knocked_at > NOON
    assert other.knocks == 0


def test_stored_knocks_are_learnt_after_those_of_the_log():
    """What the store knows of a knock, that somebody was let in, is no second knock."""
    greylist, first = Greylist(), knock(0)
    greylist.settle(Batch(deliveries=[first]))
    greylist.learn([knock(0, folded=True, next_queue_id="q10", version=3)])
    rows = [row(10), row(20)]
    greylist.settle(Batch(deliveries=list(rows)))

    assert [each.knocks for each in rows] == [1, 0]


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("192.0.2.9", "192.0.2"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.9", "::/64"),
        ("no address", "no address"),
    ],
)
def test_networks(ip: str, expected: str):
    """IPv4 by 24 bits, IPv6 by 64; what is no address stands for itself."""
    assert network(ip) == expected
