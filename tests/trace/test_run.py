"""Tools of a mail server are run with an end to their time and to what they say."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from postroad.trace.limits import Deadline
from postroad.trace.run import LARGEST, run


def left() -> set[str]:
    """What runs below this process, or did and was left to the system."""
    found = set()
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", b"61.5"]:
            found.add(each.parent.name)
    return found


def test_what_goes_in_and_comes_out():
    """Input, both outputs and the exit status are told apart."""
    done = run(["sh", "-c", "cat; echo trouble >&2; exit 3"], Deadline(5), said=b"hello\n" * 50_000)

    assert ("hello\n" * 50_000, "trouble", 3) == (done.out, done.last_words, done.status)
    assert not done.is_late
    assert not done.is_endless


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 61.5",
        "sleep 61.5 & sleep 61.5",
        "setsid sleep 61.5 & sleep 61.5",
        "trap '' TERM INT HUP; sleep 61.5; sleep 61.5",
        "exec >&- 2>&-; sleep 61.5",
        "sleep 61.5 & exit 0",
    ],
)
def test_what_hangs_is_ended_with_all_it_started(script: str):
    """When the time is over nothing of it is left, in whatever group or session."""
    begun = time.monotonic()
    done = run(["sh", "-c", script], Deadline(0.5))

    assert done.is_late
    assert time.monotonic() - begun < 3
    deadline = time.monotonic() + 3
    while left() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert set() == left()


def test_what_never_stops_talking_is_stopped():
    """It costs one megabyte, and no more time than that takes."""
    done = run(["yes"], Deadline(10))

    assert done.is_endless
    assert LARGEST == len(done.out)


def test_talk_about_itself_is_cut_and_no_reason_to_stop():
    """Of standard error the first megabyte is kept; the answer still comes."""
    done = run(["sh", "-c", "head -c 3000000 /dev/zero >&2; echo answer"], Deadline(10))

    assert "answer\n" == done.out
    assert LARGEST == len(done.err)
    assert not done.is_endless


def test_nothing_is_started_when_the_time_is_over():
    """A deadline that has passed starts no process."""
    done = run(["/nonexistent"], Deadline(0))

    assert done.is_late


def test_a_program_that_is_not_there():
    """Its absence is an error of the system, for the caller to put into words."""
    with pytest.raises(FileNotFoundError):
        run(["/nonexistent"], Deadline(1))


def test_our_secrets_are_not_handed_on(monkeypatch: pytest.MonkeyPatch):
    """Settings in our environment may hold a token; tools do not get them."""
    monkeypatch.setenv("POSTROAD_TOKEN", "secret")

    assert "POSTROAD" not in run(["env"], Deadline(5)).out
    assert os.environ["POSTROAD_TOKEN"] == "secret"
