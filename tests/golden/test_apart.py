"""Several programs in one log, or each in a log of its own, read in any order: one story."""

from __future__ import annotations

import itertools
from zoneinfo import ZoneInfo

import pytest
from tests.correlate.book import Book
from tests.golden.story import Story, load, micros

from postroad import parsers
from postroad.correlate import Correlator
from postroad.model.delivery import Delivery
from postroad.model.event import Event, Noise
from postroad.parsers import neighbours
from postroad.parsers.clock import Clock
from postroad.parsers.prefix import Envelope

_FAR = 4_000_000_000_000_000
_MAIL_SERVER = ""


def _apart(story: Story) -> dict[str, list[str]]:
    """The lines by the program that wrote them; those of milters stay with the mail server."""
    envelope = Envelope(Clock(ZoneInfo("UTC"), _FAR))
    logs: dict[str, list[str]] = {}
    for line in story.lines:
        head = envelope.split(line)
        server = ""
        if head is not None and neighbours.known(head.tag):
            server = parsers.detect([line]) or ""
        if server not in parsers.NEIGHBOURS:
            server = _MAIL_SERVER
        logs.setdefault(server, []).append(line)
    return logs


def _import(story: Story, lines: list[str], book: Book) -> None:
    """Read one log into a book, as one import does."""
    reader = parsers.reader(
        parsers.detect(lines) or story.server,
        host=story._settings["host"],
        zone=ZoneInfo(story._settings["zone"]),
        newest=micros(story._settings["newest"]),
    )
    correlator = Correlator(horizon=book.newest(), asides=book.asides())
    said: dict[str, Event] = {}
    for line in lines:
        event = reader.read(line)
        if event is not None and not isinstance(event, Noise):
            said[line] = event
            correlator.feed(event, line)
    book.answer(correlator)
    book.write(correlator.drain(), said)


def _shown(rows: list[Delivery]) -> list[tuple[object, ...]]:
    return sorted(
        (
            row.queue_id,
            row.recipient,
            row.status.word,
            row.mailbox,
            row.scanner,
            row.spam_score or 0.0,
            row.spam_verdict,
            tuple(row.spam_rules),
            tuple(row.hops),
            row.result,
        )
        for row in rows
    )


SHARED = [
    story for story in load() if story.server in parsers.MAIL_SERVERS and len(_apart(story)) > 1
]


@pytest.mark.parametrize("story", SHARED, ids=lambda story: story.name)
def test_logs_apart_tell_the_same_story(story: Story) -> None:
    """Each program's lines in a log of its own, whichever is read first, a day later or at once."""
    logs = _apart(story)
    together = _shown(story.fold(story.lines).rows())
    for order in itertools.permutations(logs):
        book = Book()
        for program in order:
            _import(story, logs[program], book)
        assert together == _shown(book.rows()), order


def test_there_are_chains_to_be_taken_apart() -> None:
    """Mailbox servers and several filters stand beside mail servers in the stories."""
    programs = {program for story in SHARED for program in _apart(story)}

    assert {"dovecot", "rspamd", "amavis", "mailscanner"} <= programs
