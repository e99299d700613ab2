"""Every golden story: what its lines say, what deliveries they prove, and that the rest does not matter.

The rest: where reading begins, where the log is cut, how often and in what pieces it is read, how
it is packed, and in which order lines of one second stand.
"""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path

import pytest
from tests.correlate.book import Book
from tests.golden.story import Story, differences, kind_of, lines_of, load, mismatch

from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.event import Attempted, Event, Noise, Rejected
from postroad.model.status import Outcome, Status
from postroad.parsers.prefix import Envelope
from postroad.sources.archives import open_content
from postroad.sources.reading import Reading

STORIES = load()
#: The second or a later piece of a long line in syslog, which is nothing without the first.
_LATER_PIECE = re.compile(r"\]: \[(?!1[/\\])\d+[/\\]\d+\] ")
every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
#: Cuts of one story at which the deliveries are worked out as well.
_CUTS = 24
_SEEDS = range(5)


@every_story
def test_every_line_says_what_it_means(story: Story) -> None:
    """Each line is the event, the noise or the unknown thing that the grammar makes it."""
    assert len(story.events) == len(story.lines)
    wrong = []
    for (number, kinds, *fields), event in zip(story.events, story.read(story.lines), strict=True):
        said = kind_of(event)
        if kinds != "?" and said not in kinds.split("|"):
            wrong.append(f"line {number}: expected {kinds}, got {said} {event}")
        elif fields and (wrongs := differences(fields[0], event)):
            wrong.append(f"line {number}: {'; '.join(wrongs)}")
    assert not wrong, "\n".join([story.sentence, *wrong])


@every_story
def test_deliveries_are_those_that_the_log_proves(story: Story) -> None:
    """Each delivery has the status, attempts and parties worked out by hand; none is invented."""
    problem = mismatch(story.deliveries, story.fold(story.lines).rows())
    assert not problem, f"{story.sentence}\n{problem}"


@every_story
def test_reading_may_begin_at_any_line(story: Story) -> None:
    """What became of a recipient does not change as long as the line that decided it is read."""
    full = story.fold(story.lines).rows()
    said = story.read(story.lines)
    for start in range(1, len(story.lines)):
        if _LATER_PIECE.search(story.lines[start]):
            continue
        rest = story.fold(story.lines[start:], memory=story.memory(start)).rows()
        for row in full:
            if row.status.is_final and start <= _decided(row, said):
                assert any(_is_same_end(row, other) for other in rest), (
                    f"from line {start + 1} on, {row.recipient} is no longer {row.status.word}"
                )


@every_story
def test_a_log_cut_anywhere_is_read_to_the_cut(story: Story) -> None:
    """Cut at any byte, no line stops the parser, and no cut the correlator."""
    reader = story.reader()
    ends = [0]
    for line in story.data.splitlines(keepends=True):
        ends.append(ends[-1] + len(line))
        for cut in range(1, len(line)):
            reader.read("".join(lines_of(line[:cut])))
    whole = _statuses(story.fold(story.lines))
    for cut in random.Random(1).sample(range(len(story.data)), min(_CUTS, len(story.data))):
        rows = story.fold(lines_of(story.data[:cut])).rows()
        last = max(end for end in ends if end <= cut)
        for row in rows:
            if row.status is Status.DELIVERED and cut == last:
                assert whole.get(_identity(row), Status.DELIVERED) in _AFTER_DELIVERED


#: A delivery that was logged may turn out to have been a hand-over to another queue id.
_AFTER_DELIVERED = (Status.DELIVERED, Status.IN_PROGRESS, Status.DEFERRED, Status.FAILED)


@every_story
def test_read_twice_is_read_once(story: Story) -> None:
    """The same lines again, in one go or in a second run, change nothing."""
    once = story.fold(story.lines)
    assert story.fold(story.lines, story.fold(story.lines)).facts() == once.facts()
    if story.lines == list(dict.fromkeys(story.lines)):
        assert story.fold([*story.lines, *story.lines[-3:]]).facts() == once.facts()


@every_story
def test_line_by_line_is_all_at_once(story: Story) -> None:
    """Followed line by line, with every change stored at once, the story ends the same."""
    assert story.fold(story.lines, singly=True).facts() == story.fold(story.lines).facts()


@every_story
@pytest.mark.parametrize("packing", ["plain", "crlf", "gzip"])
def test_packing_does_not_matter(story: Story, packing: str, tmp_path: Path) -> None:
    """With DOS line ends, or packed with gzip, the log says the same."""
    path = tmp_path / "log"
    data = story.data
    if packing == "crlf":
        data = data.replace(b"\n", b"\r\n")
    path.write_bytes(gzip.compress(data) if packing == "gzip" else data)
    lines: list[str] = []
    with open_content(path) as content:
        reading = Reading(content)
        while chunk := reading.chunk(final=True):
            lines += chunk.lines
    assert story.fold(lines).facts() == story.fold(story.lines).facts()


@every_story
@pytest.mark.parametrize("seed", _SEEDS)
def test_order_within_a_second_does_not_matter(story: Story, seed: int) -> None:
    """Several daemons write at once: lines of one second may stand in any order."""
    if not story.may_be_shuffled:
        return
    shuffled = _shuffled(story, random.Random(seed))
    assert story.fold(shuffled).facts() == story.fold(story.lines).facts()


@pytest.mark.parametrize("server", ["exim", "postfix", "qmail"])
def test_each_server_has_its_stories(server: str) -> None:
    """There are at least 45 stories for each server, and each says what it is about."""
    stories = [story for story in STORIES if story.server == server]
    assert len(stories) >= 45
    assert all(story.sentence.endswith(".") for story in stories)


_OUTCOMES = {
    Status.DELIVERED: Outcome.DELIVERED,
    Status.FAILED: Outcome.FAILED,
    Status.FILTERED: Outcome.DISCARDED,
    Status.BLOCKED: Outcome.BLOCKED,
}


def _decided(row: Delivery, said: list[Event | Noise | None]) -> int:
    """The index of the last line that gave this row its status by itself; -1 if none did."""
    return max((number for number, event in enumerate(said) if _decides(event, row)), default=-1)


def _decides(event: Event | Noise | None, row: Delivery) -> bool:
    if isinstance(event, Rejected):
        return not event.queue_id and (event.at, event.host) == (row.sent_at, row.host)
    if not isinstance(event, Attempted):
        return False
    parties = {address.key(row.recipient), address.key(row.delivered_to)} - {""}
    return (
        (event.host, event.instance) == (row.host, row.instance)
        and event.queue_id in (row.queue_id, *row.hops)
        and row.first_at <= event.at <= (row.last_at or event.at)
        and event.outcome is _OUTCOMES.get(row.status)
        and not event.forwarded_as
        and not {address.key(event.address), address.key(event.original)}.isdisjoint(parties)
    )


def _is_same_end(row: Delivery, other: Delivery) -> bool:
    return (
        other.status is row.status
        and other.host == row.host
        and other.queue_id in (row.queue_id, *row.hops)
        and address.key(other.recipient)
        in (address.key(row.recipient), address.key(row.delivered_to))
    )


def _identity(row: Delivery) -> tuple[str, str, str, str, int]:
    return (row.host, row.queue_id, row.recipient, row.delivered_to, row.sent_at)


def _statuses(book: Book) -> dict[tuple[str, str, str, str, int], Status]:
    return {_identity(row): row.status for row in book.rows()}


def _shuffled(story: Story, chance: random.Random) -> list[str]:
    """The lines, mixed within each second; lines without a time stay behind the one before them."""
    seconds: list[tuple[int, list[list[str]]]] = []
    envelope = Envelope(story.reader().clock)
    for line, event in zip(story.lines, story.read(story.lines), strict=True):
        if event is None or isinstance(event, Noise) or envelope.split(line) is None:
            if seconds:
                seconds[-1][1][-1].append(line)
            else:
                seconds.append((0, [[line]]))
        elif seconds and seconds[-1][0] == event.at // 1_000_000:
            seconds[-1][1].append([line])
        else:
            seconds.append((event.at // 1_000_000, [[line]]))
    mixed: list[str] = []
    for _, groups in seconds:
        chance.shuffle(groups)
        mixed += [line for group in groups for line in group]
    return mixed
