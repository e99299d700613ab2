"""`postroad import`: what it reads, what it says, how it ends."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from .conftest import COMMAND, LOGS, wait

KEEP = ("--set", "retention_days=36500")


def read(postroad, *arguments: str | Path, status: int = 0, stdin: str = "") -> tuple[dict, str]:
    """Import; its result as an object, and what it said."""
    done = postroad.run(*KEEP, "import", "--timezone", "UTC", *arguments, stdin=stdin)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout), done.stderr


def recipients(postroad) -> list[str]:
    """Recipients of everything in the store."""
    done = postroad.run(*KEEP, "search", "--limit", "0")
    return sorted(json.loads(line)["recipient"] for line in done.stdout.splitlines())


def test_again_under_another_name_and_compressed(postroad, tmp_path: Path):
    """The same log again changes nothing, whatever it is called and however it is packed."""
    result, _ = read(postroad, LOGS / "mainlog")
    assert (result["lines"], result["unknown"], result["messages"]) == (10, 0, 4)
    before = recipients(postroad)

    packed = tmp_path / "mainlog.1.gz"
    packed.write_bytes(gzip.compress((LOGS / "mainlog").read_bytes()))
    result, _ = read(postroad, packed)

    assert result["lines"] == 0
    assert recipients(postroad) == before


def test_standard_input(postroad):
    """A log on standard input is read like a file."""
    result, _ = read(postroad, "-", stdin=(LOGS / "mail.log").read_text())

    assert (result["lines"], result["deliveries"]) == (30, 6)


def test_one_bad_path_among_good_ones(postroad, tmp_path: Path):
    """What cannot be read is told with its path and status 3; the rest is read."""
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(4096))
    (tmp_path / "empty.log").touch()

    result, said = read(
        postroad,
        tmp_path / "gone.log",
        tmp_path / "picture.png",
        tmp_path / "empty.log",
        LOGS / "mainlog",
        status=3,
    )

    assert result["messages"] == 4
    assert str(tmp_path / "gone.log") in said
    assert str(tmp_path / "picture.png") in said
    assert said.count("gone.log") == 1


def test_zone_that_is_not_known(postroad):
    """An unknown zone is refused before anything is read."""
    done = postroad.run("import", "--timezone", "Mars/X", LOGS / "mainlog")

    assert done.returncode == 2
    assert "Mars/X" in done.stderr


def test_what_a_person_sees(postroad):
    """In a terminal the end of an import is a sentence with bytes, lines and messages."""
    shown = postroad.run_in_terminal(*KEEP, "import", "--timezone", "UTC", str(LOGS / "mainlog"))

    assert "10 lines, 4 messages, new or changed, every line understood." in " ".join(shown.split())


def test_interrupted(postroad, tmp_path: Path):
    """Ctrl-C ends an import with status 130, a sentence and no traceback; then it goes on."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [COMMAND, *KEEP, "import", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=postroad.environ,
    )
    process.stdin.write((LOGS / "mail.log").read_bytes())
    process.stdin.flush()
    lock = postroad.home / "p" / "store.lock"
    assert wait(lock.exists)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    # On a busy machine the first one may meet a program that is still starting.
    if not wait(lambda: process.poll() is not None, 20):
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Interrupted" in said
    assert b"Traceback" not in said
    read(postroad, LOGS / "mail.log")
    assert recipients(postroad) == ["dora@school.example"] * 6


def test_through_a_running_serve(postroad, serving: str):
    """While `serve` runs, an import goes through it, and is found at once."""
    result, _ = read(postroad, LOGS / "mainlog")

    assert result["messages"] == 4
