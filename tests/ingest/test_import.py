"""Importing logs: all of it is read, in order, once."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.ingest import logs
from tests.ingest.world import differences

from postroad.ingest import Pipeline
from postroad.state import marks

LOGS = {"exim": logs.exim, "postfix": logs.postfix}


@pytest.mark.parametrize("server", LOGS)
def test_a_log_becomes_deliveries(server, world, tmp_path):
    """Every line is understood and counted, and the deliveries are in the store."""
    lines = LOGS[server](60)
    path = tmp_path / "log"
    path.write_bytes(logs.data(lines))
    result = world.load(path)
    held = world.everything()
    assert (result.problems, result.notes, result.stopped) == ([], [], False)
    assert (result.files, result.lines, result.bytes) == (1, len(lines), path.stat().st_size)
    assert (result.understood, result.noise, result.unknown) == (len(lines), 0, 0)
    assert result.messages == len({row["message_key"] for row in held["deliveries"]}) > 50
    assert result.deliveries == len(held["deliveries"])
    assert {row["host"] for row in held["deliveries"]} == {"mx1"}
    assert sum(row["understood"] for row in held["coverage"]) == len(lines)
    assert result.newest == max(row["last_at"] for row in held["deliveries"])


@pytest.mark.parametrize("server", LOGS)
def test_the_same_content_again_changes_nothing(server, world, tmp_path):
    """Again, under another name, copied, packed in any way: all of it is known."""
    data = logs.data(LOGS[server](40))
    (tmp_path / "log").write_bytes(data)
    world.load(tmp_path / "log")
    before = world.everything()
    (tmp_path / "copy").write_bytes(data)
    (tmp_path / "log.1.gz").write_bytes(gzip.compress(data))
    (tmp_path / "log.2.bz2").write_bytes(bz2.compress(data))
    (tmp_path / "log.3.xz").write_bytes(lzma.compress(data))
    for name in ("log", "copy", "log.1.gz", "log.2.bz2", "log.3.xz"):
        result = world.load(tmp_path / name)
        assert (result.known, result.files, result.lines) == (1, 0, 0), name
        assert result.skipped == len(data)
    (tmp_path / "log").rename(tmp_path / "log.4")
    assert world.load(tmp_path / "log.4").known == 1
    assert differences(before, world.everything()) == []


@pytest.mark.parametrize("server", LOGS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_log_that_grows_is_read_on(server, seed, make_world, tmp_path):
    """Read in pieces, renamed and packed on the way, it gives what it gives in one go."""
    lines = LOGS[server](80, seed=seed)
    path = tmp_path / "log"
    path.write_bytes(logs.data(lines))
    whole, grown = make_world("whole"), make_world("grown")
    whole.load(path)
    path.unlink()
    cuts = sorted(random.Random(seed).sample(range(len(lines)), 4))
    read = 0
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        with path.open("ab") as log:
            log.write(logs.data(lines[start:end]))
        if number == 2:
            path = path.rename(tmp_path / "renamed")
        if number == 4:
            packed = tmp_path / "renamed.gz"
            packed.write_bytes(gzip.compress(path.read_bytes()))
            path = packed
        result = grown.load(path)
        assert result.lines == end - start
        read += result.lines
    assert read == len(lines)
    assert differences(whole.everything(), grown.everything()) == []


def test_a_log_is_read_on_in_the_middle_of_a_line(make_world, tmp_path):
    """A line that was cut when it was read first is whole in the end, and only whole."""
    data = logs.data(logs.exim(30))
    (tmp_path / "log").write_bytes(data)
    whole, cut = make_world("whole"), make_world("cut")
    whole.load(tmp_path / "log")
    middle = data.index(b" => ", len(data) // 2) + 60
    (tmp_path / "live").write_bytes(data[:middle])
    writer = threading.Timer(0.3, _append, (tmp_path / "live", data[middle : middle + 5]))
    writer.start()
    first = cut.load(tmp_path / "live")
    writer.join()
    _append(tmp_path / "live", data[middle + 5 :])
    second = cut.load(tmp_path / "live")
    assert first.lines == data[:middle].count(b"\n")
    assert first.lines + second.lines == data.count(b"\n")
    assert differences(whole.everything(), cut.everything()) == []


def test_a_last_line_without_newline_is_read(world, tmp_path):
    """Where nobody is writing any more, the last line counts although it has no end."""
    lines = logs.exim(10)
    (tmp_path / "log").write_bytes(logs.data(lines)[:-1])
    assert world.load(tmp_path / "log").lines == len(lines)
    assert len(world.rows("SELECT * FROM log_lines WHERE text LIKE '%Completed'")) == sum(
        line.endswith("Completed") for line in lines
    )


def test_a_log_that_begins_like_a_known_one_is_read_from_its_start(world, tmp_path):
    """The same first lines do not make it the same log."""
    lines = logs.exim(40)
    (tmp_path / "one").write_bytes(logs.data(lines))
    world.load(tmp_path / "one")
    other = lines[:20] + [line.replace("example.org", "example.net") for line in lines[20:]]
    (tmp_path / "two").write_bytes(logs.data(other))
    result = world.load(tmp_path / "two")
    assert (result.skipped, result.lines) == (0, len(other))


def test_the_same_content_of_another_host_is_read(world, tmp_path):
    """What one server logged is not known of another."""
    (tmp_path / "log").write_bytes(logs.data(logs.exim(10)))
    assert world.load(tmp_path / "log", host="mx1").known == 0
    assert world.load(tmp_path / "log", host="mx2").known == 0
    hosts = {row["host"] for row in world.everything()["deliveries"]}
    assert hosts == {"mx1", "mx2"}


@pytest.mark.parametrize("server", LOGS)
def test_rotated_logs_in_any_order_tell_one_story(server, make_world, tmp_path):
    """A rotated set named in one go, or file by file from the newest, is the whole log."""
    lines = LOGS[server](80)
    whole, together, backwards = map(make_world, ("whole", "together", "backwards"))
    (tmp_path / "all").write_bytes(logs.data(lines))
    whole.load(tmp_path / "all")
    quarter = len(lines) // 4
    names = ["log.3.gz", "log.2.gz", "log.1", "log"]
    for number, name in enumerate(names):
        data = logs.data(lines[number * quarter : (number + 1) * quarter if number < 3 else None])
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    result = together.load(tmp_path / "log*")
    assert (result.files, result.lines) == (4, len(lines))
    assert differences(whole.everything(), together.everything()) == []
    for name in reversed(names):
        backwards.load(tmp_path / name)
    expected, got = whole.everything(), backwards.everything()
    # The TLS line of a session is evidence only for what comes after it.
    del expected["lines"], got["lines"]
    assert differences(expected, got) == []


def test_an_overlapping_log_adds_only_what_is_new(make_world, tmp_path):
    """Two pieces that share lines, whose contents begin differently, make the whole."""
    lines = logs.exim(80)
    whole, pieces = make_world("whole"), make_world("pieces")
    for name, part in {"all": lines, "a": lines[:200], "b": lines[90:]}.items():
        (tmp_path / name).write_bytes(logs.data(part))
    whole.load(tmp_path / "all")
    pieces.load(tmp_path / "a")
    assert pieces.load(tmp_path / "b").skipped == 0
    expected, got = whole.everything(), pieces.everything()
    del expected["coverage"], got["coverage"]
    assert differences(expected, got) == []


def test_logs_that_overlap_in_one_go(make_world, tmp_path):
    """Every other line in one file and the rest in another, named together, make the whole."""
    lines = logs.exim(80)
    whole, halves = make_world("whole"), make_world("halves")
    for name, part in {"all": lines, "a": lines[::2], "b": lines[1::2]}.items():
        (tmp_path / name).write_bytes(logs.data(part))
    whole.load(tmp_path / "all")
    halves.load(tmp_path / "a", tmp_path / "b")
    assert differences(whole.everything(), halves.everything()) == []


def test_two_hosts_in_one_go(world, tmp_path):
    """Lines that name their host are that host's."""
    (tmp_path / "a").write_bytes(logs.data(logs.postfix(20, host="mx1")))
    (tmp_path / "b").write_bytes(logs.data(logs.postfix(20, seed=2, host="mx2")))
    assert world.load(tmp_path / "a", tmp_path / "b", host="elsewhere").files == 2
    held = world.everything()
    assert {row["host"] for row in held["deliveries"]} == {"mx1", "mx2"}
    assert {row["host"] for row in held["coverage"]} == {"mx1", "mx2"}


def test_standard_input_packed_or_not(world):
    """`-` is read to its end, and packed data on it is unpacked."""
    data = logs.data(logs.exim(20))
    result = world.load("-", stdin=io.BytesIO(gzip.compress(data)))
    assert (result.problems, result.files, result.bytes) == ([], 1, len(data))
    again = world.load("-", stdin=io.BytesIO(data))
    assert (again.files, again.unknown) == (1, 0)
    assert len(world.everything()["deliveries"]) == result.deliveries


def test_reading_standard_input_twice_changes_nothing(make_world):
    """A stream cannot be known again; its lines can."""
    data = logs.data(logs.postfix(40))
    once, twice = make_world("once"), make_world("twice")
    for world, times in ((once, 1), (twice, 2)):
        for _ in range(times):
            world.load("-", stdin=io.BytesIO(data))
    assert differences(once.everything(), twice.everything()) == []


def test_progress_tells_bytes_rate_messages_and_what_is_left(world, tmp_path):
    """The callback sees growing numbers, and at the end all of them."""
    (tmp_path / "log").write_bytes(logs.data(logs.exim(400)))
    seen = []

    def watch(progress):
        seen.append((progress.done, progress.total, progress.bytes, progress.lines, progress.left))

    result = world.load(tmp_path / "log", progress=watch)
    size = (tmp_path / "log").stat().st_size
    assert seen[-1] == (size, size, size, result.lines, 0.0)
    assert sorted(seen) == seen


def test_an_import_that_is_told_to_stop_keeps_what_it_read(make_world, tmp_path):
    """It ends after the chunk in hand, and the next one reads the rest."""
    lines = logs.exim(900)
    (tmp_path / "log").write_bytes(logs.data(lines))
    whole, stopped = make_world("whole"), make_world("stopped")
    whole.load(tmp_path / "log")
    stop = threading.Event()
    first = stopped.load(tmp_path / "log", stop=stop, progress=lambda _: stop.set())
    assert first.stopped
    assert 0 < first.lines < len(lines)
    second = stopped.load(tmp_path / "log")
    assert first.lines + second.lines == len(lines)
    assert second.skipped == first.bytes
    assert differences(whole.everything(), stopped.everything()) == []


def test_an_interrupt_loses_nothing(make_world, tmp_path):
    """Ctrl-C in the middle of an import: what was committed stays, the rest is read next time."""
    (tmp_path / "log").write_bytes(logs.data(logs.postfix(300)))
    whole, broken = make_world("whole"), make_world("broken")
    whole.load(tmp_path / "log")

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken.load(tmp_path / "log", progress=interrupt)
    broken.load(tmp_path / "log")
    assert differences(whole.everything(), broken.everything()) == []


def test_imports_share_the_pipeline_of_the_process(make_world, tmp_path):
    """Two imports at the same time, into one pipeline, tell what one after the other tells."""
    lines = logs.exim(200)
    (tmp_path / "a").write_bytes(logs.data(lines[::2]))
    (tmp_path / "b").write_bytes(logs.data(lines[1::2]))
    apart, shared = make_world("apart"), make_world("shared")
    apart.load(tmp_path / "a")
    apart.load(tmp_path / "b")
    with Pipeline(shared.store, shared.state) as pipeline:
        threads = [
            threading.Thread(
                target=shared.load, args=(tmp_path / name,), kwargs={"pipeline": pipeline}
            )
            for name in "ab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert differences(apart.everything(), shared.everything()) == []


def test_the_zone_of_the_log_is_that_which_was_given(world, tmp_path):
    """Times without a zone are read in the importer's; one that does not fit the ids is told."""
    (tmp_path / "log").write_bytes(logs.data(logs.exim(30)))
    result = world.load(tmp_path / "log", zone=ZoneInfo("Asia/Tokyo"))
    [note] = result.notes
    assert "9 hours" in note
    first = min(row["first_at"] for row in world.everything()["deliveries"])
    assert first == int((logs.START - timedelta(hours=9)).timestamp()) * 1_000_000


def test_a_year_less_log_is_read_on_over_new_year(make_world, tmp_path):
    """Reading on in the middle of a log without years gives the times of reading it whole."""
    start = datetime(2025, 12, 31, 23, 55, tzinfo=logs.START.tzinfo)
    lines = [_classic(line) for line in logs.postfix(200, start=start)]
    (tmp_path / "log").write_bytes(logs.data(lines))
    whole, pieces = make_world("whole"), make_world("pieces")
    whole.load(tmp_path / "log")
    held = whole.everything()
    years = {datetime.fromtimestamp(row["at"] / 1e6, UTC).year for row in held["lines"]}
    assert years == {2025, 2026}
    for end in (50, 700, len(lines)):
        (tmp_path / "growing").write_bytes(logs.data(lines[:end]))
        pieces.load(tmp_path / "growing")
    assert differences(whole.everything(), pieces.everything()) == []


def test_marks_tell_what_was_read(world, tmp_path):
    """After an import there is one mark, with the path, the lines and the latest time."""
    lines = logs.exim(30)
    (tmp_path / "log").write_bytes(logs.data(lines))
    result = world.load(tmp_path / "log")
    [mark] = marks.every(world.state)
    assert (mark.path, mark.lines, mark.length) == (
        str(tmp_path / "log"),
        len(lines),
        (tmp_path / "log").stat().st_size,
    )
    assert (mark.newest, mark.host, mark.source) == (result.newest, "mx1", "")


def _append(path, data):
    with path.open("ab") as log:
        log.write(data)


def _classic(line):
    """The line with a stamp of classic syslog."""
    stamp, rest = line.split(" ", 1)
    at = datetime.fromisoformat(stamp)
    return f"{at:%b} {at.day:2} {at:%H:%M:%S} {rest}"
