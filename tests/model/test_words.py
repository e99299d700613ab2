"""Words: what statuses, directions and outcomes are called."""

from __future__ import annotations

from postroad.model import words
from postroad.model.status import Direction, Outcome, Status


def test_every_word_has_words():
    """Every status, direction and outcome has a label, and every status its own."""
    assert len({words.label(each) for each in Status}) == len(Status)
    assert all(words.meaning(each).endswith(".") for each in Status)
    assert [words.direction(each) for each in Direction].count("") == 1
    assert all(words.outcome(each) for each in Outcome)
    assert {words.outcome_status(each) for each in Outcome} <= set(Status)
