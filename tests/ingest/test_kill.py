"""Killed at any moment and started again: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ingest import logs
from tests.ingest.world import World, differences

from postroad.state import State, marks

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20


class Child:
    """The process under test, started and killed again and again."""

    def __init__(self, verb, home, checkpoint, path):
        """Start nothing yet."""
        self.command = [sys.executable, "-m", "tests.ingest.child"]
        self.command += [verb, str(home), str(checkpoint), str(path)]
        self.process = None

    def start(self):
        """Start it, and return when it begins to work."""
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        line = self.process.stdout.readline()
        assert line == b"open\n", self.process.stderr.read().decode()

    def kill(self):
        """Kill it as a power cut would; its output up to then."""
        self.process.kill()
        return self._ended()

    def end(self):
        """Ask it to end, or wait until it has; its output."""
        self.process.terminate()
        return self._ended()

    def _ended(self):
        output, errors = self.process.communicate(timeout=60)
        assert self.process.returncode in (0, -9, -15), errors.decode()
        assert b"Traceback" not in errors, errors.decode()
        self.process = None
        return output

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


def undisturbed(directory, data):
    """What the store holds when the whole log is imported in one go."""
    (directory / "whole.log").write_bytes(data)
    world = World(directory / "calm", "calm")
    world.load(directory / "whole.log")
    held = world.everything()
    world.close()
    return held


def survived(home):
    """What the killed process's store holds."""
    world = World(home, "killed")
    held = world.everything()
    world.close()
    return held


def marks_of(home):
    """The marks of the log that is followed."""
    if not (home / "killed.db").exists():
        return []
    with State.open(home / "killed.db") as state:
        return marks.of_source(state, "log")


@pytest.mark.parametrize(("server", "kills", "seed"), [("exim", 20, 11), ("postfix", 6, 12)])
def test_an_import_that_is_killed_at_random_moments(server, kills, seed, tmp_path):
    """After all the kills and one undisturbed run, the store is that of one undisturbed run."""
    rng = random.Random(seed)
    data = logs.data(getattr(logs, server)(1500, seed=seed))
    path, home = tmp_path / "log", tmp_path / "home"
    path.write_bytes(data)
    expected = undisturbed(tmp_path, data)
    moments = []
    with Child("import", home, 20_000, path) as child:
        child.start()
        began = time.monotonic()
        child.process.wait(120)
        longest = time.monotonic() - began
        child.end()
        shutil.rmtree(home)
        for _ in range(kills):
            child.start()
            moments.append(round(rng.uniform(0, longest / kills * 3), 3))
            time.sleep(moments[-1])
            child.kill()
        child.start()
        child.process.wait(120)
        child.end()
    found = differences(expected, survived(home))
    assert found == [], f"seed {seed}, killed after {moments} seconds"


@pytest.mark.parametrize(("server", "kills", "seed"), [("postfix", 20, 21), ("exim", 6, 22)])
def test_following_that_is_killed_at_random_moments(server, kills, seed, tmp_path):
    """While the log grows and is rotated in both ways, the kills lose and double nothing."""
    rng = random.Random(seed)
    lines = getattr(logs, server)(600, seed=seed)
    expected = undisturbed(tmp_path, logs.data(lines))
    home, log = tmp_path / "home", tmp_path / "mail.log"
    log.touch()
    cuts = sorted(rng.sample(range(1, len(lines)), 3 * kills - 1))
    rotations = set(rng.sample(range(3 * kills), kills // 2))
    moments = []
    with Child("follow", home, 1 << 20, log) as child:
        child.start()
        while not marks_of(home):
            time.sleep(0.05)
        bounds = zip([0, *cuts], [*cuts, len(lines)], strict=True)
        for number, (start, end) in enumerate(bounds):
            _write(log, logs.data(lines[start:end]), rng)
            if number in rotations:
                _rotate(log, rng)
            if number % 3 == 2:
                moments.append(round(rng.uniform(0, 1.2), 3))
                time.sleep(moments[-1])
                child.kill()
                child.start()
        time.sleep(4)
        child.end()
    found = differences(expected, survived(home))
    assert found == [], f"seed {seed}, killed after {moments} seconds, rotated at {rotations}"


def _write(log, data, rng):
    """Append as a server does, now and then in two pieces that cut a line."""
    middle = rng.randrange(len(data)) if rng.random() < 0.3 else 0
    for piece in (data[:middle], data[middle:]):
        with log.open("ab") as stream:
            stream.write(piece)
        if middle:
            time.sleep(0.05)


def _rotate(log, rng):
    """Move older logs on by one, pack one of them now and then, and begin a new log."""
    older = sorted(log.parent.glob("mail.log.[0-9]*"), key=lambda path: -_number(path))
    for path in older:
        path.rename(path.with_name(path.name.replace(f".{_number(path)}", f".{_number(path) + 1}")))
    if rng.random() < 0.5:
        log.rename(log.with_name("mail.log.1"))
        log.touch()
    else:
        shutil.copy(log, log.with_name("mail.log.1"))
        with log.open("r+b") as stream:
            stream.truncate(0)
    second = log.with_name("mail.log.2")
    if second.exists() and rng.random() < 0.5:
        packed = second.with_name("mail.log.2.gz")
        packed.write_bytes(gzip.compress(second.read_bytes()))
        shutil.copystat(second, packed)
        second.unlink()


def _number(path):
    return int(path.name.split(".")[2])
