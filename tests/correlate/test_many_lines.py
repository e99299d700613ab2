"""Logs that nobody's mail server writes: the time they take grows with their lines, not faster."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.correlate.stories import SECOND, START

from postroad.correlate import Correlator
from postroad.model.event import Arrived, Attempted, Ended, EndKind, Event, Linked, LinkKind
from postroad.model.status import Outcome


def _short(event: Callable[..., Event], seconds: int, **more: object) -> Event:
    """A line about a queue id that comes round again."""
    at = START + seconds * SECOND
    return event(at=at, host="mail", instance="postfix", queue_id="ABCDEF", **more)


def _long(event: Callable[..., Event], number: int, **more: object) -> Event:
    """A line about a message of its own."""
    queue_id = f"1vAAAA-{number:011d}-0001"
    return event(at=START + number, host="mail", queue_id=queue_id, **more)


def _turn(number: int) -> Event:
    """Arrivals and ends at times that go back and forth."""
    seconds = number * 7919 % 1000
    if number % 2:
        return _short(Arrived, seconds)
    return _short(Ended, seconds, kind=EndKind.REMOVED)


_OTHER = "1vBBBB-00000000001-0001"
_SHAPES: dict[str, Callable[[int], Event]] = {
    "arrivals in one second": lambda n: _short(Arrived, 0, client_host=str(n)),
    "arrivals backwards": lambda n: _short(Arrived, -10 * n),
    "back and forth": _turn,
    "one id for ever": lambda n: _short(Arrived, 10 * n),
    "all name one that never comes": lambda n: _long(
        Linked, n, kind=LinkKind.BOUNCED_AS, other=_OTHER
    ),
    "all go on as one": lambda n: _long(
        Attempted, n, outcome=Outcome.DELIVERED, address="a@example.com", forwarded_as=_OTHER
    ),
    "each goes on as the next": lambda n: _long(
        Attempted,
        n,
        outcome=Outcome.DELIVERED,
        address="a@example.com",
        forwarded_as=f"1vAAAA-{n + 1:011d}-0001",
    ),
    "one message, many tries": lambda n: Attempted(
        at=START + n,
        host="mail",
        queue_id=_OTHER,
        outcome=Outcome.DEFERRED,
        address="a@example.com",
    ),
    "one message, many recipients": lambda n: Attempted(
        at=START + n,
        host="mail",
        queue_id=_OTHER,
        outcome=Outcome.DELIVERED,
        address=f"a{n}@example.com",
    ),
}


@pytest.mark.parametrize("shape", _SHAPES)
def test_time_grows_with_lines(shape: str):
    """Ten thousand lines take a few seconds, in whatever way they name each other."""
    correlator, began = Correlator(), time.process_time()
    for number in range(10_000):
        correlator.feed(_SHAPES[shape](number), f"line {number}")
        if number % 5_000 == 4_999:
            while correlator.flagged():
                pass
            correlator.drain()

    assert time.process_time() - began < 8
