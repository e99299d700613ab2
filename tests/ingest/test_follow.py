"""Following: lines become rows at once, through rotation, truncation, and restarts."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
import time
from contextlib import contextmanager

import pytest
from tests.ingest import logs
from tests.ingest.world import UTC, differences

from postroad.config import Source
from postroad.errors import ConfigError
from postroad.ingest import Follower, Pipeline


@contextmanager
def following(world, *paths, pipeline=None, **settings):
    """Follow these paths in a thread until the block ends."""
    sources = [Source(path=str(path), name="log", **settings) for path in paths]
    follower = Follower(world.store, world.state, sources, host="mx1", zone=UTC, pipeline=pipeline)
    stop = threading.Event()
    thread = threading.Thread(target=follower.run, args=(stop,))
    thread.start()
    try:
        wait(lambda: world.rows("SELECT 1") and follower.looked)
        yield follower
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def wait(condition, seconds=20):
    """Return when the condition holds; fail if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def append(path, lines):
    """Write as a server does."""
    with path.open("ab") as log:
        log.write(logs.data(lines))


def count(world):
    """How many lines of messages are stored."""
    return world.rows("SELECT count() AS n FROM log_lines FINAL")[0]["n"]


@pytest.fixture
def expected(make_world, tmp_path):
    """What the whole log gives when it is imported: its lines, and all rows."""
    lines = logs.exim(120)
    (tmp_path / "whole").write_bytes(logs.data(lines))
    calm = make_world("calm")
    calm.load(tmp_path / "whole")
    return lines, calm.everything(), count(calm)


def same(world, expected):
    """Wait until everything is there and written; what still differs after that."""
    _, rows, number = expected
    wait(lambda: count(world) >= number)
    end = time.monotonic() + 5
    while (found := differences(rows, world.everything())) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_a_line_is_a_visible_row_in_under_two_seconds(world, tmp_path):
    """From writing the line to finding its delivery."""
    log = tmp_path / "mainlog"
    log.touch()
    lines = [line for line in logs.exim(40) if " rejected " not in line]
    slowest = 0.0
    with following(world, log):
        for number, line in enumerate(lines[:8], start=1):
            append(log, [line])
            began = time.monotonic()
            wait(lambda number=number: count(world) == number)
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.13)
    assert slowest < 2


def test_rotation_by_renaming_loses_nothing(world, tmp_path, expected):
    """Lines written to the old log after it was renamed are read, beside those of the new one."""
    lines, log = expected[0], tmp_path / "mainlog"
    append(log, lines[:50])
    with following(world, log):
        wait(lambda: count(world) > 20)
        late = log.open("ab")
        log.rename(tmp_path / "mainlog.1")
        append(log, lines[60:200])
        late.write(logs.data(lines[50:60]))
        late.close()
        time.sleep(1.5)
        (tmp_path / "mainlog.1").rename(tmp_path / "mainlog.2")
        log.rename(tmp_path / "mainlog.1")
        append(log, lines[200:])
        assert same(world, expected) == []


def test_rotation_by_copying_and_truncating_loses_nothing(world, tmp_path, expected):
    """What was written between the last look and the copy is read in the copy."""
    lines, log = expected[0], tmp_path / "mainlog"
    append(log, lines[:50])
    with following(world, log):
        wait(lambda: count(world) > 20)
        for start in (50, 120):
            append(log, lines[start : start + 70])
            if (tmp_path / "mainlog.1").exists():
                data = (tmp_path / "mainlog.1").read_bytes()
                (tmp_path / "mainlog.2.gz").write_bytes(gzip.compress(data))
            shutil.copy(log, tmp_path / "mainlog.1")
            os.truncate(log, 0)
            time.sleep(0.7)
        append(log, lines[190:])
        assert same(world, expected) == []


def test_a_log_that_shrinks_is_read_from_its_start(world, tmp_path):
    """A log that was emptied goes on; that something may be missing is said."""
    lines, log = logs.exim(60), tmp_path / "mainlog"
    append(log, lines[:100])
    with following(world, log) as follower:
        wait(lambda: count(world) > 50)
        log.write_bytes(logs.data(lines[100:]))
        whole = sum(" rejected " not in line for line in lines)
        refused = len(lines) - whole
        wait(lambda: count(world) == whole + refused)
        [status] = follower.health().sources
    assert "was cut short" in status.notes[-1]


def test_a_log_that_appears_later_is_read(world, tmp_path, expected):
    """Until it is there the source says so; then all of it is read."""
    log = tmp_path / "later" / "mainlog"
    with following(world, log) as follower:
        [status] = follower.health().sources
        assert "does not exist yet" in status.problems[0]
        log.parent.mkdir()
        append(log, expected[0])
        assert same(world, expected) == []
        [status] = follower.health().sources
        assert status.problems == []
        assert status.logs[0].read == status.logs[0].size == log.stat().st_size


def test_a_pattern_is_followed_in_the_order_of_time(world, tmp_path, expected):
    """Packed, finished and growing logs that match are read; new matches, too."""
    lines = expected[0]
    (tmp_path / "main-03.gz").write_bytes(gzip.compress(logs.data(lines[:90])))
    append(tmp_path / "main-01", lines[90:180])
    with following(world, tmp_path / "main-*"):
        wait(lambda: count(world) > 100)
        append(tmp_path / "main-01", lines[180:220])
        append(tmp_path / "main-02", lines[220:])
        assert same(world, expected) == []


def test_a_directory_is_followed_with_its_rotated_logs(world, tmp_path, expected):
    """Files that are no mail logs are left alone; a copy of what was read is known."""
    lines, where = expected[0], tmp_path / "exim"
    where.mkdir()
    append(where / "mainlog", lines[:150])
    append(where / "rejectlog", ["2026-03-02 08:00:00 something else"])
    (where / "core").write_bytes(bytes(range(256)) * 50)
    with following(world, where):
        wait(lambda: count(world) > 80)
        (where / "mainlog.1.gz").write_bytes(gzip.compress((where / "mainlog").read_bytes()))
        (where / "mainlog").unlink()
        append(where / "mainlog", lines[150:])
        assert same(world, expected) == []


def test_a_link_that_is_turned_is_followed(world, tmp_path, expected):
    """A link to today's log leads to tomorrow's."""
    lines, link = expected[0], tmp_path / "current"
    append(tmp_path / "monday", lines[:100])
    link.symlink_to("monday")
    with following(world, link):
        wait(lambda: count(world) > 50)
        append(tmp_path / "tuesday", lines[100:])
        link.unlink()
        link.symlink_to("tuesday")
        assert same(world, expected) == []


def test_a_line_is_read_when_it_is_whole(world, tmp_path):
    """A line that is written in pieces is one line."""
    log = tmp_path / "mainlog"
    line = next(line for line in logs.exim(5) if " <= " in line)
    with following(world, log):
        for start in range(0, len(line), 40):
            with log.open("ab") as stream:
                stream.write(line[start : start + 40].encode())
            time.sleep(0.25)
        assert count(world) == 0
        append(log, [""])
        wait(lambda: count(world) == 1)
    assert world.rows("SELECT text FROM log_lines") == [{"text": line}]


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_rotated_away_while_stopped_is_read_first(world, tmp_path, expected, packed):
    """After a restart, the parts that were rotated twice meanwhile are found and finished."""
    lines, log = expected[0], tmp_path / "mainlog"
    append(log, lines[:80])
    with following(world, log):
        wait(lambda: count(world) > 40)
    append(log, lines[80:130])
    log.rename(tmp_path / "mainlog.2")
    append(tmp_path / "mainlog.1", lines[130:200])
    append(log, lines[200:])
    if packed:
        data = (tmp_path / "mainlog.2").read_bytes()
        (tmp_path / "mainlog.2.gz").write_bytes(gzip.compress(data))
        (tmp_path / "mainlog.2").unlink()
    with following(world, log):
        assert same(world, expected) == []


def test_a_gap_is_told(world, tmp_path):
    """When the part that was being read is gone, the source says from when lines are missing."""
    lines, log = logs.exim(60), tmp_path / "mainlog"
    append(log, lines[:80])
    with following(world, log):
        wait(lambda: count(world) > 40)
    log.unlink()
    append(log, lines[120:])
    with following(world, log) as follower:
        wait(lambda: count(world) > 60)
        [status] = follower.health().sources
    assert "may be missing" in status.notes[-1]


def test_logs_older_than_following_are_left_to_import(world, tmp_path):
    """What was rotated away before following began is not read by itself."""
    lines, log = logs.exim(40), tmp_path / "mainlog"
    append(tmp_path / "mainlog.1", lines[:60])
    os.utime(tmp_path / "mainlog.1", (time.time() - 3600, time.time() - 3600))
    append(log, lines[60:])
    with following(world, log):
        wait(lambda: count(world) >= len(lines) - 60)
        time.sleep(0.5)
    assert count(world) == len(lines) - 60


def test_history_can_be_imported_while_following(make_world, world, tmp_path, expected):
    """An import of older logs into the same pipeline, and what is written meanwhile, agree."""
    lines, log = expected[0], tmp_path / "mainlog"
    append(tmp_path / "mainlog.1", lines[:200])
    os.utime(tmp_path / "mainlog.1", (time.time() - 3600, time.time() - 3600))
    append(log, lines[200:230])
    with Pipeline(world.store, world.state) as pipeline, following(world, log, pipeline=pipeline):
        wait(lambda: count(world) > 20)
        importing = threading.Thread(
            target=world.load, args=(tmp_path / "mainlog.1",), kwargs={"pipeline": pipeline}
        )
        importing.start()
        append(log, lines[230:])
        importing.join()
        assert same(world, expected) == []


def test_following_goes_on_after_the_store_failed(world, tmp_path, expected, monkeypatch):
    """While writing fails the reason is told; afterwards nothing is missing."""
    from postroad.errors import StoreFull

    lines, log = expected[0], tmp_path / "mainlog"
    append(log, lines[:100])
    real, full = world.store.write, threading.Event()

    def write(batch):
        if full.is_set():
            raise StoreFull("No space is left where the store is kept.")
        real(batch)

    monkeypatch.setattr(world.store, "write", write)
    with following(world, log) as follower:
        wait(lambda: count(world) > 50)
        full.set()
        append(log, lines[100:])
        wait(lambda: "No space is left" in follower.health().problem)
        full.clear()
        assert same(world, expected) == []
        wait(lambda: follower.health().problem == "")


def test_a_file_that_is_no_log_is_told_and_tried_again(world, tmp_path, expected):
    """A source that points at binary data says so, and is read when a log stands there."""
    log = tmp_path / "mainlog"
    log.write_bytes(bytes(range(256)) * 50)
    with following(world, log) as follower:
        wait(lambda: follower.health().sources[0].problems)
        assert "binary data" in follower.health().sources[0].problems[0]
        log.unlink()
        append(log, expected[0])
        assert same(world, expected) == []
        wait(lambda: not follower.health().sources[0].problems)


def test_an_unknown_zone_of_a_source_is_refused(world, tmp_path):
    """The sentence names the source."""
    source = Source(path=str(tmp_path / "log"), timezone="Europe/Nowhere")
    with pytest.raises(ConfigError, match=r"log.*Europe/Nowhere"):
        Follower(world.store, world.state, [source], host="mx1", zone=UTC)
