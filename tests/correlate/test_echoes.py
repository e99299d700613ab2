"""The same refusal in two of Exim's logs, told twice in syslog."""

from __future__ import annotations

import tracemalloc

from tests.correlate.stories import SECOND, START

from postroad.correlate.echoes import Echoes
from postroad.model.event import Rejected


def refusal(at: int, sender: str = "x@example.org") -> Rejected:
    """A refused recipient."""
    return Rejected(at=at, host="mail", command="RCPT", sender=sender, recipient="ann@example.com")


def test_the_second_is_the_first():
    """What comes within a second and is the same but for its time is told once."""
    echoes = Echoes({})
    assert echoes.first(refusal(START), "a") == (START, "a")
    assert echoes.first(refusal(START + 5), "b") == (START, "a")
    assert echoes.first(refusal(START + 2 * SECOND + 1), "c") == (START + 2 * SECOND + 1, "c")
    assert echoes.first(refusal(START, "y@example.org"), "d") == (START, "d")


def test_over_a_restart():
    """After a restart the time is known, though the line is not."""
    echoes = Echoes({})
    echoes.first(refusal(START), "a")
    assert Echoes(echoes.kept()).first(refusal(START + 5), "b") == (START, "")


def test_an_older_log_is_not_remembered_whole():
    """Behind a line of today, those of last year's log come and go."""
    echoes = Echoes({})
    echoes.first(refusal(START), "a")
    tracemalloc.start()
    for number in range(60_000):
        echoes.first(refusal(START - 10**12 + number * SECOND, f"{number}@example.org"), "older")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 8_000_000
