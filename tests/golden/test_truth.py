"""Where the truth is known otherwise than by hand: generated logs, and mail that Exim delivered."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bench import accuracy, eximtests, foreign, logs
from tests.correlate.book import Book

from postroad import parsers
from postroad.correlate import Correlator
from postroad.model.event import Event, Noise

LINES = 12_000
#: Lines between two drains, some of them in the middle of what happens.
DRAIN = 1_700


def _book(kind: str, path: Path) -> Book:
    reader = parsers.reader(
        kind.partition("-")[0],
        host="mx1",
        zone=ZoneInfo(logs.ZONE),
        newest=int((logs.START + 40 * 86_400) * 1_000_000),
    )
    correlator, book = Correlator(), Book()
    said: dict[str, Event] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        event = reader.read(line)
        if event is not None and not isinstance(event, Noise):
            said[line] = event
            correlator.feed(event, line)
        if number % DRAIN == 0:
            book.answer(correlator)
            book.write(correlator.drain(), said)
    book.answer(correlator)
    book.write(correlator.drain(), said)
    return book


@pytest.mark.parametrize("kind", logs.KINDS)
def test_a_generated_log_comes_out_as_it_was(kind: str, tmp_path: Path) -> None:
    """Every recipient of a generated log has the true status, sender, subject and attempts."""
    [path] = logs.write(kind, LINES, tmp_path, seed=7)
    agreement = accuracy.compare(kind, list(logs.truths(tmp_path)), _book(kind, path).rows())
    assert agreement.recipients > LINES / 20
    assert (agreement.exact, agreement.invented) == (agreement.recipients, 0), "\n".join(
        agreement.examples
    )


def test_what_exim_delivered_in_its_own_tests_is_delivered(corpora: Path) -> None:
    """Each mail in a mailbox of Exim's tests is a delivery of its log, and none is invented."""
    proof = eximtests.prove(corpora / "exim-testsuite")
    assert proof.copies > 400
    assert (proof.missed, proof.invented) == ([], [])


def test_no_line_of_a_message_is_unknown(corpora: Path) -> None:
    """In the logs that other projects test with, every line with a message's id is understood."""
    counted = [accuracy.count(each) for each in foreign.foreign_sets(corpora)]
    assert len(counted) >= 9
    assert {each.name: each.lost for each in counted if each.lost} == {}
