"""Recipients whose names were chosen to be alike: none of them hides another."""

from __future__ import annotations

import itertools

import pytest
from tests.correlate.stories import SECOND, START

from postroad.correlate import Correlator
from postroad.model.delivery import Batch, delivery_id
from postroad.model.event import Arrived, Attempted, Ended, EndKind, Event, Rejected
from postroad.model.status import Outcome

_ID = "1vAAAA-00000000001-0001"


@pytest.fixture(scope="module")
def alike() -> tuple[str, str]:
    """Two addresses that are named with the same 32 bits, found by trying."""
    known: dict[str, str] = {}
    for number in itertools.count():
        address = f"reader{number}@example.com"
        other = known.setdefault(delivery_id("", address, ""), address)
        if other != address:
            break
    return other, address


def _told(events: list[Event]) -> Batch:
    correlator = Correlator()
    for number, event in enumerate(events):
        correlator.feed(event, f"line {number}")
    return correlator.drain()


def test_each_has_a_delivery_and_its_own_attempts(alike: tuple[str, str]):
    """Both are told, in whichever order they were tried."""
    for first, second in (alike, alike[::-1]):
        common = {"host": "mail", "queue_id": _ID}
        batch = _told(
            [
                Arrived(at=START, sender="eve@example.net", recipients=alike, **common),
                Attempted(at=START + SECOND, outcome=Outcome.DELIVERED, address=first, **common),
                Attempted(
                    at=START + 2 * SECOND,
                    outcome=Outcome.FAILED,
                    address=second,
                    reply="550 no",
                    **common,
                ),
                Ended(at=START + 3 * SECOND, kind=EndKind.COMPLETED, **common),
            ]
        )
        rows = {row.id: row for row in batch.deliveries if not row.deleted}
        assert {row.recipient: row.status.word for row in rows.values()} == {
            first: "delivered",
            second: "failed",
        }
        assert {rows[each.delivery_id].recipient: each.address for each in batch.attempts} == {
            first: first,
            second: second,
        }


def test_each_that_was_refused_after_the_message_has_a_delivery(alike: tuple[str, str]):
    """Exim's reject log names the recipients of a message that has no queue id yet."""
    event = Rejected(
        at=START,
        host="mail",
        command="DATA",
        sender="eve@example.net",
        has_sender=True,
        recipients=alike,
    )
    batch = _told([event])

    assert {row.recipient for row in batch.deliveries if not row.deleted} == set(alike)
    assert len({row.id for row in batch.deliveries}) == len(batch.deliveries)
