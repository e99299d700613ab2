"""What somebody names becomes files, each once, in the order in which they were written."""

from __future__ import annotations

import gzip
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from postroad.sources import rotation
from postroad.sources.find import Found, find
from postroad.sources.look import in_order, look, newest_in

UTC_ZONE = ZoneInfo("UTC")
NOW = int(datetime(2026, 6, 15, tzinfo=UTC).timestamp()) * 1_000_000


def exim(day, number=1):
    """One line of Exim on this day of 2026."""
    return f"2026-{day} 10:00:00 1abcde-00000000{number:03}-0000 Completed\n".encode()


def postfix(day, number=1):
    """One line of Postfix with a stamp that has no year."""
    return f"{day} 10:00:00 mx postfix/qmgr[12]: 3{number:09X}: removed\n".encode()


def written(path, data, modified=None):
    """Write a file, packed if its name says so, changed last at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    if modified:
        os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def order(paths, **options):
    """Names of these files as they would be read."""
    arguments = {"server": "", "host": "mx", "zone": UTC_ZONE, "now": NOW, **options}
    return [
        seen.found.path.name
        for seen in in_order(look(Found(path=path), **arguments) for path in paths)
    ]


def test_files_are_found_once_however_often_they_are_named(tmp_path):
    """A path, a pattern, its directory and a link to it are one file."""
    log = written(tmp_path / "mainlog", exim("01-01"))
    (tmp_path / "link").symlink_to(log)
    found = find([str(log), str(tmp_path / "main*"), str(tmp_path), str(tmp_path / "link")])
    assert [each.path for each in found.files] == [log]
    assert found.problems == []


def test_names_that_lead_to_nothing_are_sentences(tmp_path):
    """A missing file, a pattern without a match and a socket-like thing are reported."""
    missing, pattern = str(tmp_path / "gone"), str(tmp_path / "*.log")
    found = find([missing, pattern, "/dev"])
    assert f"{missing} does not exist." in found.problems
    assert f"No file matches {pattern}." in found.problems


def test_a_file_named_like_a_pattern_is_that_file(tmp_path):
    """Brackets in a name that exists are no pattern."""
    log = written(tmp_path / "mail[1].log", exim("01-01"))
    assert [each.path for each in find([str(log)]).files] == [log]


def test_a_directory_is_searched_without_what_repeats_the_main_log(tmp_path):
    """The panic log, hidden files and what links back are left out."""
    for name in ("mainlog", "mainlog.1", "rejectlog", "rejectlog.1", "paniclog", ".hidden"):
        written(tmp_path / name, exim("01-01"))
    written(tmp_path / "old" / "mainlog.2.gz", exim("01-01"))
    (tmp_path / "old" / "loop").symlink_to(tmp_path)
    names = [str(each.path.relative_to(tmp_path)) for each in find([str(tmp_path)]).files]
    assert names == ["mainlog", "mainlog.1", "old/mainlog.2.gz", "rejectlog", "rejectlog.1"]


def test_a_pipe_is_found_when_it_is_named(tmp_path):
    """A named pipe can be read, but not when it merely lies in a directory."""
    os.mkfifo(tmp_path / "pipe")
    assert find([str(tmp_path)]).files == []
    [found] = find([str(tmp_path / "pipe")]).files
    assert (found.is_regular, found.size) == (False, 0)


def test_numbered_logs_are_read_from_the_oldest(tmp_path):
    """mainlog.10.gz comes before mainlog.9.gz and mainlog last, because of what is in them."""
    days = {"mainlog": 31, "mainlog.1": 30, "mainlog.2.gz": 29, "mainlog.9.gz": 22}
    days["mainlog.10.gz"] = 21
    paths = [written(tmp_path / name, exim(f"01-{day}")) for name, day in days.items()]
    expected = ["mainlog.10.gz", "mainlog.9.gz", "mainlog.2.gz", "mainlog.1", "mainlog"]
    assert order(paths) == order(reversed(paths)) == expected


def test_a_lying_name_does_not_matter(tmp_path):
    """Dates in names, wrong as they may be, do not decide over files whose lines have years."""
    paths = [
        written(tmp_path / "mail.log-20260301.gz", exim("02-20")),
        written(tmp_path / "mail.log-20260101.gz", exim("02-25")),
        written(tmp_path / "2026-02-01" / "mainlog", exim("02-22")),
    ]
    assert order(paths) == ["mail.log-20260301.gz", "mainlog", "mail.log-20260101.gz"]


def test_year_less_logs_are_ordered_over_new_year_by_the_age_of_the_files(tmp_path):
    """A log of December was written before one of January, when the file is that old."""
    december = datetime(2025, 12, 31, 23, tzinfo=UTC)
    paths = [
        written(tmp_path / "mail.log", postfix("Jan  5"), datetime(2026, 1, 6, tzinfo=UTC)),
        written(tmp_path / "mail.log.1", postfix("Dec 28"), december),
    ]
    assert order(paths) == ["mail.log.1", "mail.log"]


def test_a_date_in_the_name_tells_the_year_of_a_copied_log(tmp_path):
    """A year-less log that was copied, so that it is young, is as old as its name says."""
    paths = [
        written(tmp_path / "mail.log", postfix("Jun  1"), datetime(2026, 6, 2, tzinfo=UTC)),
        written(tmp_path / "mail.log-20250610.gz", postfix("Jun  3")),
    ]
    assert order(paths) == ["mail.log-20250610.gz", "mail.log"]
    [seen] = [look(Found(path=paths[1]), server="", host="mx", zone=UTC_ZONE, now=NOW)]
    assert datetime.fromtimestamp(seen.first_at / 1e6, UTC).year == 2025


@pytest.mark.parametrize("name", ["mail.log", "mail.log.gz"])
def test_a_year_less_log_of_several_years_begins_in_the_first(tmp_path, name):
    """The New Years inside a log are counted, in plain and in packed files."""
    months = ["Jan 15", "May  2", "Sep 20", "Dec 30"]
    lines = [postfix(month, number) for _ in range(3) for month in months for number in range(900)]
    path = written(tmp_path / name, b"".join(lines), datetime(2026, 1, 2, tzinfo=UTC))
    seen = look(Found(path=path), server="", host="mx", zone=UTC_ZONE, now=NOW)
    assert (seen.first_year, seen.server) == (2023, "postfix")
    assert datetime.fromtimestamp(seen.first_at / 1e6, UTC).year == 2023


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail.log-20260110.gz", datetime(2026, 1, 12, tzinfo=UTC)),
        ("mail-2026-01-10.log", datetime(2026, 1, 12, tzinfo=UTC)),
        ("mail.log-20261340", datetime(2026, 6, 1, tzinfo=UTC)),
        ("mail.log-1234202601109", datetime(2026, 6, 1, tzinfo=UTC)),
        ("mail.log", datetime(2026, 6, 1, tzinfo=UTC)),
    ],
)
def test_dates_in_names(name, expected):
    """A day in a name bounds the times; what only looks like one does not."""
    modified = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1_000_000
    assert newest_in(Path(name), modified, NOW) == int(expected.timestamp()) * 1_000_000


def test_a_server_is_told_from_lines_that_come_late(tmp_path):
    """Half a megabyte of other services before the first mail line does not hide it."""
    other = b"Jun  1 10:00:00 mx cron[1]: (root) CMD (true)\n" * 12_000
    path = written(tmp_path / "syslog", other + postfix("Jun  1"))
    assert look(Found(path=path), server="", host="mx", zone=UTC_ZONE, now=NOW).server == "postfix"


def test_what_is_no_log_is_a_problem_with_a_sentence(tmp_path):
    """Binary data, and a file that vanished, are told; an empty file is not a problem."""
    binary = written(tmp_path / "core", bytes(range(256)) * 40)
    empty = written(tmp_path / "empty", b"")
    problems = [
        look(Found(path=path), server="", host="mx", zone=UTC_ZONE, now=NOW).problem
        for path in (binary, tmp_path / "gone", empty)
    ]
    assert "binary data" in problems[0]
    assert "does not exist" in problems[1]
    assert problems[2] == ""


def test_a_stream_that_was_looked_at_is_still_whole(tmp_path):
    """What a first look took from a pipe is given back to who reads it."""
    os.mkfifo(tmp_path / "pipe")
    data = b"".join(exim("01-01", number) for number in range(500))
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
    writer.start()
    [found] = find([str(tmp_path / "pipe")]).files
    seen = look(found, server="", host="mx", zone=UTC_ZONE, now=NOW)
    assert seen.server == "exim"
    got = b""
    with seen.content:
        while more := seen.content.read(1000):
            got += more
    writer.join()
    assert got == data


def test_older_parts_of_a_log_are_found_beside_it_and_one_below(tmp_path):
    """Numbers and dates, before or behind the extension, packed or not, and nothing else."""
    parts = [
        "mail.log.1",
        "mail.log.2.gz",
        "mail.log-20260101",
        "mail.log-20260101.xz",
        "mail-20260101.log",
        "mail-2026-01-01.log.zst",
        "old/mail.log.3.bz2",
    ]
    others = ["mail.log", "mail.err", "mail.err.1", "mail.log.save", "xmail.log.1", "mail.log.1x"]
    for name in (*parts, *others):
        written(tmp_path / name, b"x\n")
    found = {str(path.relative_to(tmp_path)) for path in rotation.older(tmp_path / "mail.log")}
    assert found == set(parts)


def test_older_parts_of_a_linked_log_are_beside_what_it_links_to(tmp_path):
    """A link to a log has the older parts of the log."""
    written(tmp_path / "data" / "mainlog", b"x\n")
    written(tmp_path / "data" / "mainlog.1", b"x\n")
    (tmp_path / "mainlog").symlink_to(tmp_path / "data" / "mainlog")
    found = rotation.older(tmp_path / "mainlog")
    assert tmp_path / "data" / "mainlog.1" in found
