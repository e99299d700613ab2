"""The systemd journal: read by the real journalctl from a real journal, resumed at its cursor."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from tests.ingest import journals
from tests.ingest.journals import entry, write
from tests.ingest.receiving import delivered, receiving, recipients, stories, story, wait
from tests.ingest.test_kill import Child
from tests.ingest.world import World
from tests.servers.packages import PackagesMissing

from postroad.config import Source
from postroad.sources.journal import Journal
from postroad.sources.spool import Spools

#: 2026-03-02 08:00 UTC.
START = 1_772_438_400_000_000
SECOND = 1_000_000


@pytest.fixture
def journal(tmp_path):
    """The path of a journal that can be written to."""
    try:
        journals.writer()
    except PackagesMissing as missing:
        pytest.skip(str(missing))
    return tmp_path / "journal" / "remote.journal"


def source(directory, **values):
    """A source that reads it."""
    matches = ["_SYSTEMD_UNIT=postfix@-.service"]
    return {"journal": matches, "path": str(directory.parent)} | values


def entries(count, start=0, **fields):
    """The entries of so many messages, a hundredth of a second apart."""
    return [
        entry(START + (start * 5 + number) * SECOND // 100, text, **fields)
        for number, text in enumerate(stories(count, start))
    ]


def lines(world):
    """How many lines were counted."""
    return world.rows("SELECT sum(lines) AS n FROM coverage FINAL")[0]["n"]


def test_from_the_first_entry_to_new_ones(world, tmp_path, journal):
    """What the journal holds is read, then what comes; of the units that are asked for."""
    write(journal, [*entries(3), entry(START, "kernel[1]: lost connection", unit="other.service")])
    with receiving(world, tmp_path / "h", sources=[source(journal)]) as (follower, _):
        wait(lambda: delivered(world) == recipients(range(3)))
        write(journal, entries(2, 3))
        wait(lambda: delivered(world) == recipients(range(5)))
        [status] = follower.health().sources
        assert (status.received, status.dropped, status.problems) == (25, 0, [])
        assert status.name == "journal _SYSTEMD_UNIT=postfix@-.service"
    assert lines(world) == 25
    [first] = world.rows("SELECT min(at) AS at FROM log_lines")
    assert first["at"] == START
    assert world.rows("SELECT DISTINCT host FROM deliveries") == [{"host": "mx1"}]


def test_stopped_and_started_again(world, tmp_path, journal):
    """Reading goes on behind the last entry: nothing is missing, nothing there twice, no gap."""
    home = tmp_path / "h"
    write(journal, entries(2))
    for number in range(1, 4):
        with receiving(world, home, sources=[source(journal)]):
            wait(lambda n=number: delivered(world) == recipients(range(2 * n)))
        write(journal, entries(2, 2 * number))
    with receiving(world, home, sources=[source(journal)]):
        wait(lambda: delivered(world) == recipients(range(8)))
        wait(lambda: len(list((home / "spool").glob("*/*.log"))) == 1)
    assert lines(world) == 40
    assert world.rows("SELECT * FROM gaps") == []


def test_a_reader_that_is_killed(tmp_path, journal):
    """However it is killed, every entry of the journal is in the store once."""
    home = tmp_path / "home"
    with Child("journal", home, 1 << 20, journal.parent) as child:
        for number in range(6):
            write(journal, entries(40, 40 * number))
            child.start()
            time.sleep(0.3 * number)
            child.kill()
        child.start()
        time.sleep(4)
        child.end()
    world = World(home, "killed")
    assert delivered(world) == recipients(range(240))
    assert lines(world) == 1200
    assert world.rows("SELECT * FROM gaps") == []
    world.close()


def test_octets_that_are_no_text(world, tmp_path, journal):
    """A message with other octets comes as an array: it is one line, and nothing breaks out."""
    text = story(1)
    strange = (
        b"postfix/smtp[14]: A0000001: to=<r1@example.org>, relay=mx.example.org[198.51.100.4]:25, "
        b"delay=1, delays=0.1/0/0.5/0.4, dsn=5.1.1, status=bounced (host "
        b"mx.example.org[198.51.100.4] said: 550 5.1.1 gr\xfc\xdfe\x1b[2J\nnext: A0000001: removed "
        b"(in reply to RCPT TO command))"
    )
    texts = [*text[:3], strange, text[4]]
    write(journal, [entry(START + n * SECOND, each) for n, each in enumerate(texts)])
    with receiving(world, tmp_path / "h", sources=[source(journal)]):
        wait(lambda: world.rows("SELECT 1 FROM deliveries FINAL WHERE status = 'failed'"))
    [row] = world.rows("SELECT text FROM log_lines WHERE position(text, 'bounced') > 0")
    assert "gr\\xfc\\xdfe#033[2J#012next: " in row["text"]
    [reply] = world.rows("SELECT reply FROM attempts FINAL")
    assert "550 5.1.1 gr\\xfc\\xdfe" in reply["reply"]


def test_entries_that_were_removed(world, tmp_path, journal):
    """When the journal was emptied meanwhile, what is there is read, and the gap is told."""
    home = tmp_path / "h"
    write(journal, entries(2))
    with receiving(world, home, sources=[source(journal)]):
        wait(lambda: delivered(world) == recipients(range(2)))
    journal.unlink()
    write(journal, entries(2, 500))
    with receiving(world, home, sources=[source(journal)]):
        wait(lambda: delivered(world) == recipients([0, 1, 500, 501]))
        wait(lambda: world.rows("SELECT * FROM gaps"))
    [gap] = world.rows("SELECT kind, since, until FROM gaps FINAL")
    assert gap == {
        "kind": "unresumed",
        "since": START + 9 * SECOND // 100,
        "until": START + 2500 * SECOND // 100,
    }


def test_another_question_is_no_gap(world, tmp_path, journal):
    """Where other matches are asked for, reading goes on, and nothing is said to be missing."""
    home, name = tmp_path / "h", "mail"
    write(journal, entries(2))
    with receiving(world, home, sources=[source(journal, name=name)]):
        wait(lambda: delivered(world) == recipients(range(2)))
    write(journal, entries(2, 2, unit="postfix.service"))
    asked = ["_SYSTEMD_UNIT=postfix.service"]
    with receiving(world, home, sources=[source(journal, name=name, journal=asked)]):
        wait(lambda: delivered(world) == recipients(range(4)))
    assert world.rows("SELECT * FROM gaps") == []


def test_no_room_loses_nothing(world, tmp_path, journal):
    """What finds no room in the spool waits in the journal."""
    write(journal, entries(1200))
    real = world.store.write
    world.store.write = lambda batch: (time.sleep(0.3), real(batch))
    values = {"sources": [source(journal)], "spool_megabytes": 1}
    with receiving(world, tmp_path / "h", **values):
        wait(lambda: len(delivered(world)) == 1200, 60)
    assert lines(world) == 6000


def reader(tmp_path, program):
    """A journal reader with another program in the place of journalctl."""
    spools = Spools(tmp_path / "spool", 1 << 20)
    return Journal(Source(journal=("A=b",)), spools, host="here", program=str(program))


def test_journalctl_is_missing(tmp_path):
    """That is a sentence."""
    journal = reader(tmp_path, tmp_path / "none")
    journal.start()
    wait(journal.problems)
    journal.close()
    assert "none is not on this machine" in journal.problems()[0]


def test_journalctl_ends(tmp_path):
    """What it said is told, it is started again, and its last cursor is given up if it must."""
    program = tmp_path / "ends"
    line = json.dumps({"__CURSOR": "c1", "__REALTIME_TIMESTAMP": str(START), "MESSAGE": "x"})
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {tmp_path}/calls\n'
        f"case \"$*\" in *cursor*) echo 'Failed to seek to cursor: no' >&2; exit 1;; esac\n"
        f"echo '{line}'; sleep 1.2; exit 3\n"
    )  # fmt: skip
    program.chmod(0o755)
    journal = reader(tmp_path, program)
    journal.start()
    wait(lambda: journal.supplied()[0].counts.unresumed)
    wait(lambda: "Failed to seek to cursor: no" in journal.problems()[0])
    wait(lambda: len((tmp_path / "calls").read_text().splitlines()) == 3)
    journal.close()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert ["--cursor=c1" in each for each in calls] == [False, True, False]
    [lapse] = journal.supplied()[0].counts.unresumed
    assert lapse.since == START


def test_an_export_can_be_imported(world, tmp_path, journal):
    """`journalctl -o json` through a pipe or from a file is read as before."""
    write(journal, entries(3))
    command = ["journalctl", "--directory", journal.parent, "-o", "json", "--no-pager"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    (tmp_path / "export").write_bytes(output)
    assert world.load(tmp_path / "export").unknown == 0
    assert delivered(world) == recipients(range(3))
