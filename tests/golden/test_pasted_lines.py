"""A line of a log that is pasted into the one box leads to the message that it is about."""

from __future__ import annotations

import pytest
from tests.golden.story import load

from postroad.model import box

#: Share of the lines that hold the id: continued lines do not, nor qmail's deliveries by number.
LEAST = {"exim": 0.99, "postfix": 0.97, "qmail": 0.95}


@pytest.mark.parametrize("server", LEAST)
def test_lines_lead_to_their_message(server: str) -> None:
    """The box finds the queue id that the parser finds, in nearly every line that holds it."""
    found = total = 0
    for story in load():
        if story.server != server:
            continue
        for line, event in zip(story.lines, story.read(story.lines), strict=True):
            queue_id = getattr(event, "queue_id", "").strip("<>")
            if queue_id and queue_id in line:
                understood = box.understand(line)
                total += 1
                found += queue_id in understood.values()

    assert total > 100
    assert found / total >= LEAST[server]
