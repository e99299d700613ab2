"""Marks, contexts and jobs: written together, found by content, replaced by reading."""

from __future__ import annotations

import pytest

from postroad.state import State, jobs, marks
from postroad.state.marks import Mark


@pytest.fixture
def state(tmp_path):
    """An empty state database."""
    with State.open(tmp_path / "state.db") as state:
        yield state


def mark(**changes):
    """A mark in which only what matters differs."""
    values = {"reading": "r1", "host": "mx", "head": "h", "length": 10, "digest": "d", "chain": "c"}
    return Mark(**{**values, "lines": 1, **changes})


def test_a_mark_comes_back_as_it_was_written(state):
    """Every field survives, inode numbers of 64 bits and odd paths included."""
    written = mark(device=2**64 - 1, inode=2**63, path="a\\xff\n'", tally=b"\0\1", newest=5)
    marks.commit(state, [written], name="ingest", context=b"", at=7)
    [read] = marks.of_content(state, "mx", "h")
    assert read == Mark(
        **{**{f: getattr(written, f) for f in Mark.__struct_fields__}, "read_at": 7}
    )


def test_a_reading_has_one_mark(state):
    """A later mark of the same reading replaces the earlier one."""
    for length in (10, 20, 30):
        marks.commit(state, [mark(length=length)], name="ingest", context=b"", at=length)
    assert [m.length for m in marks.every(state)] == [30]


def test_marks_of_one_content_come_longest_first(state):
    """Readings of the same head are found together, for their own host only."""
    several = [mark(reading=f"r{n}", length=n) for n in (5, 50, 20)]
    several.append(mark(reading="other", host="elsewhere", length=99))
    marks.commit(state, several, name="ingest", context=b"", at=1)
    assert [m.length for m in marks.of_content(state, "mx", "h")] == [50, 20, 5]


def test_marks_of_a_source_come_newest_first(state):
    """A followed source finds what it was reading last."""
    for at, reading in enumerate(("r1", "r2"), start=1):
        marks.commit(state, [mark(reading=reading, source="mail")], name="x", context=b"", at=at)
    assert [m.reading for m in marks.of_source(state, "mail")] == ["r2", "r1"]


def test_a_reading_that_begins_has_a_mark(state):
    """Before anything was read, there is one mark for each file, however often it was opened."""
    for at, reading in enumerate(("r1", "r2"), start=1):
        begun = mark(reading=reading, length=0, source="mail", inode=5)
        marks.begin(state, begun, at=at)
    marks.begin(state, mark(reading="r3", length=0, source="mail", inode=6), at=3)
    assert [m.reading for m in marks.of_source(state, "mail")] == ["r3", "r2"]


def test_marks_and_context_stand_or_fall_together(state):
    """A commit that fails halfway keeps the context and the marks of the one before."""
    marks.commit(state, [mark()], name="ingest", context=b"one", at=1)
    twice = [mark(length=20), mark(length=30)]
    with pytest.raises(Exception, match="UNIQUE"):
        marks.commit(state, twice, name="ingest", context=b"two", at=2)
    assert marks.context(state, "ingest") == b"one"
    assert [m.length for m in marks.every(state)] == [10]


def test_old_marks_can_be_forgotten(state):
    """Marks written before a moment are dropped and counted."""
    marks.commit(state, [mark()], name="x", context=b"", at=1)
    marks.commit(state, [mark(reading="r2")], name="x", context=b"", at=9)
    assert marks.forget(state, before=5) == 1
    assert [m.reading for m in marks.every(state)] == ["r2"]


def test_a_job_is_followed_from_begin_to_end(state):
    """A job begins as running and ends with what it says."""
    job = jobs.begin(state, kind="import", what="/var/log/mail.log", at=1)
    assert jobs.latest(state) == [job]
    jobs.end(state, job.id, status="done", result='{"lines": 3}', at=2)
    [ended] = jobs.latest(state)
    assert (ended.status, ended.result, ended.ended_at) == ("done", '{"lines": 3}', 2)


def test_jobs_whose_process_died_are_called_interrupted(state):
    """What still runs according to the table is interrupted; what ended keeps its end."""
    done = jobs.begin(state, kind="import", what="a", at=1)
    jobs.end(state, done.id, status="done", result="{}", at=2)
    jobs.begin(state, kind="import", what="b", at=3)
    assert jobs.interrupt(state, at=4) == 1
    assert [job.status for job in jobs.latest(state)] == ["interrupted", "done"]
