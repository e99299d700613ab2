"""Exports of much mail: little memory, some speed, how far they are, and people who go away."""

from __future__ import annotations

import csv
import json
import resource
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import COMMAND, Postroad, free_port
from tests.exports.conftest import COUNT

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def large(place):
    """A `serve` that answers for that home, and the command that asks it."""
    postroad = Postroad(place)
    postroad.environ["POSTROAD_RETENTION_DAYS"] = "36500"
    with postroad.running("serve", "--listen", free_port()) as process:
        postroad.process = process
        yield postroad


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_bar_shows_how_far_it_is(large, form):
    """In a terminal it rises up to the total, with rate and time left; then a sentence says it."""
    file = large.home / f"mail.{form}"
    said = large.run_in_terminal("export", "--output", str(file), columns=120)
    seen = [
        int(each.rsplit(" ", 1)[-1].replace(",", ""))
        for each in said.split(f" of {COUNT:,} rows")[:-1]
        if each.rsplit(" ", 1)[-1].replace(",", "").isdigit()
    ]

    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert "rows/s" in said
    assert f"Wrote {COUNT:,} rows, " in said
    assert _count(file, form) == COUNT
    file.unlink()


def _count(file, form):
    """How many different deliveries another reader finds in a file."""
    if form == "parquet":
        return len(set(pq.read_table(file, columns=["id"]).column("id").to_pylist()))
    with file.open(newline="") as lines:
        if form == "json":
            return len({json.loads(each)["id"] for each in lines})
        return len({each["id"] for each in csv.DictReader(lines)})


def test_a_disk_that_fills_leaves_no_half_file(large):
    """Where no more can be written, a sentence says so and the old file stays as it was."""
    folder = large.home / "small"
    folder.mkdir()
    old = folder / "mail.csv"
    old.write_text("as it was")

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    ended = subprocess.run(
        [COMMAND, "export", "--output", str(old)],
        capture_output=True,
        text=True,
        env=large.environ,
        timeout=60,
        preexec_fn=limited,
    )

    assert ended.returncode == 1
    assert "cannot be written" in ended.stderr
    assert "There is no half file." in ended.stderr
    assert [each.name for each in folder.iterdir()] == ["mail.csv"]
    assert old.read_text() == "as it was"


def test_interrupted_it_leaves_no_half_file(large):
    """Ctrl-C ends it with a word, and nothing is left."""
    folder = large.home / "interrupted"
    folder.mkdir()
    process = subprocess.Popen(
        [COMMAND, "export", "--format", "json", "--output", str(folder / "mail.json")],
        stderr=subprocess.PIPE,
        text=True,
        env=large.environ,
    )
    _wait(lambda: any(each.stat().st_size for each in folder.iterdir()))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert said == "Interrupted. No file was written.\n"
    assert list(folder.iterdir()) == []


def test_a_reader_that_has_seen_enough_is_no_error(large):
    """A pipe that is closed at the other end stops the export without a word."""
    shell = f"{COMMAND} export --format csv --fields id | head -2 | wc -l"
    ended = subprocess.run(
        shell, shell=True, capture_output=True, text=True, env=large.environ, timeout=60
    )
    assert (ended.stdout.strip(), ended.stderr) == ("2", "")


def test_clients_that_go_away_leave_nothing_open(large):
    """Who breaks off an export ends it: no list of rows stays open, and others are served."""
    files = Path(f"/proc/{large.process.pid}/fd")

    def held():
        """Files without a name that the server has open."""
        found = []
        for each in files.iterdir():
            try:
                found += [each.readlink().name] if "deleted" in each.readlink().name else []
            except OSError:
                continue
        return found

    before = len(held())
    clients = []
    for _ in range(4):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(large.socket))
        client.sendall(b"GET /api/v1/export HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        clients.append(client)
    assert len(held()) > before
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    _wait(lambda: len(held()) <= before)

    assert large.run("export", "--fields", "id", "--limit", "1").returncode == 2
    assert large.run("search", "--limit", "1").returncode == 0


def _wait(is_so, seconds=30):
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)
