"""Bad input gets a sentence that says what, where and what to do; the rest is still read."""

from __future__ import annotations

import gzip
import os
import sqlite3
from datetime import timedelta

import pytest
from tests.ingest import logs
from tests.ingest.world import differences

from postroad import parsers
from postroad.errors import ConfigError, StateError, StoreFull
from postroad.sources.look import look


@pytest.fixture
def good(tmp_path):
    """A log that can be read, beside what cannot."""
    path = tmp_path / "mainlog"
    path.write_bytes(logs.data(logs.exim(10)))
    return path


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bytes(range(256)) * 100, "holds binary data, not lines of text"),
        (b"PK\x03\x04" + b"x" * 500, "is a zip archive. Unpack it"),
        (b"LPKSHHRH" + bytes(500), "Export it: `journalctl -o json | postroad import -`"),
        (b"Dear Sir or Madam,\nplease find attached\n" * 50, "Is it a mail log?"),
        (b"x" * 10_000_000, "Is it a mail log?"),
        (b"\0" * 1_000_000, "Is it a mail log?"),
        (os.urandom(100_000), "binary data"),
    ],
    ids=["binary", "zip", "journal", "letter", "one line", "zeros", "noise"],
)
def test_what_is_no_log_is_named_and_the_rest_is_read(world, tmp_path, good, data, sentence):
    """The sentence names the file; the log beside it is imported."""
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    result = world.load(bad, good)
    [problem] = result.problems
    assert str(bad) in problem
    assert sentence in problem
    assert result.understood == len(logs.exim(10))


def test_a_file_that_is_not_of_the_named_server_is_told(world, tmp_path, good):
    """Naming the wrong server is noticed by that nothing is understood."""
    result = world.load(good, server="postfix")
    assert result.understood == 0
    assert "none of its" in result.problems[0]
    assert "postfix writes" in result.problems[0]


def test_an_unknown_server_is_refused(world, good):
    """The sentence says which there are."""
    with pytest.raises(ConfigError, match=r"exim, postfix, .*; 'sendmale' is none of them"):
        world.load(good, server="sendmale")


def test_an_empty_file_is_a_note(world, tmp_path, good):
    """There is nothing wrong with an empty log."""
    (tmp_path / "empty").touch()
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    result = world.load(tmp_path / "empty", tmp_path / "empty.gz", good)
    assert result.problems == []
    assert result.notes == [f"{tmp_path / 'empty'} is empty."]
    assert result.files == 1


def test_a_directory_without_logs_is_told(world, tmp_path, good):
    """A directory that holds other things only, and one that holds nothing."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a").write_text("Dear Sir or Madam\n")
    (tmp_path / "letters" / "b").write_bytes(bytes(range(256)))
    (tmp_path / "nothing").mkdir()
    result = world.load(tmp_path / "letters", tmp_path / "nothing", good)
    assert [problem.split(" in ")[0] for problem in result.problems] == [
        f"No log of a mail server ({', '.join(parsers.SERVERS)}) was found"
    ] * 2
    assert result.files == 1


def test_a_line_of_ten_megabytes_is_cut_and_told(world, tmp_path):
    """The lines around it are read; the long one is counted, and its beginning kept."""
    lines = logs.exim(20)
    lines.insert(10, "2026-03-02 08:00:01 " + "x" * 10_000_000)
    (tmp_path / "log").write_bytes(logs.data(lines))
    result = world.load(tmp_path / "log")
    assert (result.lines, result.understood) == (len(lines), len(lines) - 1)
    assert "1 lines longer than 64 KiB" in result.notes[0]
    [unknown] = world.everything()["unknown"]
    assert unknown["text"].startswith("2026-03-02 08:00:01 xxx")
    assert len(unknown["text"]) < 100_000


def test_nuls_and_broken_utf8_do_not_stop_reading(world, tmp_path):
    """Lines behind a block of NULs, and lines with bytes of no encoding, are understood."""
    lines = logs.exim(30)
    data = logs.data(lines[:40]) + b"\0" * 4096 + logs.data(lines[40:])
    data = data.replace("ü".encode(), b"\xfc\xff")
    (tmp_path / "log").write_bytes(data)
    result = world.load(tmp_path / "log")
    assert (result.problems, result.understood) == ([], len(lines))
    subjects = {row["subject"] for row in world.everything()["deliveries"]} - {""}
    assert all("\\xfc\\xff" in subject for subject in subjects)


def test_a_truncated_gzip_is_read_as_far_as_it_goes(make_world, tmp_path, good):
    """What is there is read and told; when the whole file comes, only the rest is read."""
    lines = logs.exim(400)
    whole, cut = make_world("whole"), make_world("cut")
    (tmp_path / "log").write_bytes(logs.data(lines))
    whole.load(tmp_path / "log")
    packed = gzip.compress(logs.data(lines))
    (tmp_path / "log.gz").write_bytes(packed[: len(packed) // 2])
    first = cut.load(tmp_path / "log.gz")
    assert "ends in the middle of its gzip data" in first.notes[0]
    assert 0 < first.lines < len(lines)
    (tmp_path / "log.gz").write_bytes(packed)
    second = cut.load(tmp_path / "log.gz")
    assert first.lines + second.lines == len(lines)
    assert differences(whole.everything(), cut.everything()) == []


def test_a_file_that_vanishes_is_told(world, tmp_path, good, monkeypatch):
    """A file that is removed between looking at it and reading it."""
    gone = tmp_path / "gone"
    gone.write_bytes(logs.data(logs.exim(5, seed=2)))

    def look_and_remove(found, **options):
        seen = look(found, **options)
        if found.path == gone:
            gone.unlink()
        return seen

    monkeypatch.setattr("postroad.ingest.importer.look", look_and_remove)
    result = world.load(gone, good, tmp_path / "never")
    assert sorted(result.problems) == [
        f"{gone} does not exist.",
        f"{tmp_path}/never does not exist.",
    ]
    assert result.files == 1


def test_a_file_without_permission_is_told(world, tmp_path, good, monkeypatch):
    """Other files are read; the sentence says which group to join."""
    closed = tmp_path / "closed"
    closed.write_bytes(logs.data(logs.exim(5, seed=2)))
    closed.chmod(0)

    def look_as_nobody(found, **options):
        if found.path == closed and os.geteuid() == 0:
            os.seteuid(65534)
            try:
                return look(found, **options)
            finally:
                os.seteuid(0)
        return look(found, **options)

    monkeypatch.setattr("postroad.ingest.importer.look", look_as_nobody)
    result = world.load(closed, good)
    [problem] = result.problems
    assert problem.startswith(f"{closed} may not be read by this user.")
    assert "`adm`" in problem
    assert result.files == 1


def test_a_full_disk_stops_the_import_and_loses_nothing(make_world, tmp_path, monkeypatch):
    """The sentence of the store is raised; the next import goes on where this one committed."""
    (tmp_path / "log").write_bytes(logs.data(logs.exim(700)))
    whole, full = make_world("whole"), make_world("full")
    whole.load(tmp_path / "log")
    real, left = full.store.write, [2]

    def write(batch):
        if not left[0]:
            raise StoreFull("No space is left where the store is kept.")
        left[0] -= 1
        real(batch)

    monkeypatch.setattr(full.store, "write", write)
    from postroad.ingest import Pipeline

    with Pipeline(full.store, full.state, checkpoint=40_000) as pipeline:
        with pytest.raises(StoreFull, match="No space is left"):
            full.load(tmp_path / "log", pipeline=pipeline)
        with pytest.raises(StoreFull):
            full.load(tmp_path / "log", pipeline=pipeline)
        left[0] = 1_000
        result = full.load(tmp_path / "log", pipeline=pipeline)
    assert result.skipped > 0
    assert result.lines > 0
    assert differences(whole.everything(), full.everything()) == []


def test_positions_that_cannot_be_written_stop_the_import(world, tmp_path, good):
    """When the state fails after the store has acknowledged, the error comes out."""
    with sqlite3.connect(tmp_path / "home" / "postroad.db") as other:
        other.execute("DROP TABLE marks")
    other.close()
    with pytest.raises(StateError, match="cannot be used"):
        world.load(good)


def test_a_clock_that_goes_back_is_told(world, tmp_path):
    """Lines dated before those above them are read with the times they bear."""
    lines = logs.exim(20) + logs.exim(20, seed=3, start=logs.START - timedelta(days=3))
    (tmp_path / "log").write_bytes(logs.data(lines))
    result = world.load(tmp_path / "log")
    assert result.understood == len(lines)
    [note] = result.notes
    assert "time goes back from 2026-03-02" in note
    days = {row["first_at"] // 86_400_000_000 for row in world.everything()["deliveries"]}
    assert len(days) == 2


def test_a_clock_that_runs_ahead_is_told(world, tmp_path):
    """Lines dated long after the file was written are read, and remarked upon."""
    lines = logs.exim(3) + logs.exim(5, seed=3, start=logs.START + timedelta(days=9000))
    (tmp_path / "log").write_bytes(logs.data(lines))
    result = world.load(tmp_path / "log")
    assert result.understood == len(lines)
    assert "ahead of the time it was written" in result.notes[0]


def test_lines_that_are_not_understood_are_sampled_and_counted(world, tmp_path):
    """Of each shape a few are kept, with the file and the line; the rest is counted."""
    lines = logs.exim(10)
    strange = [
        f"2026-03-02 08:00:0{n % 10} something {n} happened to x{n}@example.com" for n in range(30)
    ]
    (tmp_path / "log").write_bytes(logs.data(lines + strange))
    result = world.load(tmp_path / "log")
    assert (result.unknown, result.understood) == (30, len(lines))
    samples = world.rows("SELECT * FROM unknown_lines FINAL ORDER BY text")
    assert 0 < len(samples) < 30
    assert len({row["shape"] for row in samples}) == 1
    assert samples[0]["position"] == f"{tmp_path / 'log'}:{len(lines) + 1}"
    assert sum(row["unknown"] for row in world.everything()["coverage"]) == 30


def test_a_hundred_thousand_shapes_are_bounded(world, tmp_path):
    """Text that is no log at all does not fill the store with samples."""
    words = "".join(f"2026-03-02 08:00:00 {'a' * (n % 300)} {n}\n" for n in range(20_000))
    (tmp_path / "log").write_text(words)
    result = world.load(tmp_path / "log", server="exim")
    assert result.unknown > 19_000
    assert world.rows("SELECT count() AS n FROM unknown_lines FINAL")[0]["n"] <= 5 * 300
