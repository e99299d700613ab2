"""A log of qmail is in parts, and a delivery may begin in one and end in the next."""

from __future__ import annotations

import random

import pytest
from tests.ingest.test_follow import following, wait

BASE = 0x400000000000000A + 1_772_366_400


def lines(count, *, name="a", first=5000):
    """Write messages whose deliveries overlap: starts and results stand far from each other."""
    chance, texts = random.Random(count), []
    for number in range(count):
        message, at = first + number, number * 10.0
        texts += [
            (at, f"new msg {message}"),
            (at + 0.1, f"info msg {message}: bytes 900 from <{name}@sender.example> qp 7 uid 2"),
            (at + 0.2, f"starting delivery {number + 2}: msg {message} to local {name}@b.example"),
            (end := at + chance.uniform(1, 90), f"delivery {number + 2}: success: did_1+0+0/"),
            (end + 0.1, f"end msg {message}"),
        ]
    return [f"@{BASE + int(at):016x}{int(at % 1 * 1e9):08x} {text}" for at, text in sorted(texts)]


def parts(folder, texts, pieces=5):
    """Write lines as multilog does, in files of unequal length."""
    folder.mkdir(parents=True, exist_ok=True)
    step = len(texts) // pieces
    for number in range(pieces):
        piece = texts[number * step : None if number == pieces - 1 else (number + 1) * step]
        name = "current" if number == pieces - 1 else f"{piece[-1][:25]}.{'us'[number > 0]}"
        (folder / name).write_text("".join(f"{line}\n" for line in piece))
    for name in ("lock", "state"):
        (folder / name).touch()


def outcomes(world):
    """How many deliveries have which status."""
    return {
        row["status"]: row["n"]
        for row in world.rows(
            "SELECT status, count() AS n FROM deliveries FINAL WHERE NOT deleted GROUP BY status"
        )
    }


def test_a_directory_of_multilog(world, tmp_path):
    """Every result is known, though its delivery began in the file before."""
    parts(tmp_path / "send", lines(60))
    result = world.load(tmp_path / "send")

    assert (result.files, result.unknown, result.noise, result.problems) == (5, 0, 0, [])
    assert list(outcomes(world).values()) == [60]


def test_two_logs_are_not_mixed(world, tmp_path):
    """Logs in two directories have the same numbers for other deliveries."""
    parts(tmp_path / "one", lines(60))
    parts(tmp_path / "two", lines(40, name="z", first=9000))
    result = world.load(tmp_path / "one", tmp_path / "two")

    assert result.noise == 0
    for name in ("a", "z"):
        [row] = world.rows(
            "SELECT count() AS n, uniqExact(sender) AS senders FROM deliveries FINAL "
            f"WHERE recipient = '{name}@b.example' AND NOT deleted"
        )
        assert row["senders"] == 1


def test_what_came_later_goes_on(make_world, tmp_path):
    """A second import, in another process, goes on with what was under way in the first."""
    texts = lines(60)
    parts(tmp_path / "send", texts)
    current = tmp_path / "send" / "current"
    last = current.read_text()
    current.unlink()
    world = make_world("later")
    world.load(tmp_path / "send")
    current.write_text(last)
    result = world.load(tmp_path / "send")

    assert (result.known, result.noise) == (4, 0)
    assert list(outcomes(world).values()) == [60]


@pytest.mark.parametrize("pieces", [2, 3])
def test_followed_through_a_rotation(world, tmp_path, pieces):
    """What is under way when multilog begins a new file ends in that."""
    texts = lines(60)
    folder = tmp_path / "send"
    folder.mkdir()
    current, step = folder / "current", len(texts) // pieces
    current.touch()
    with following(world, current):
        for number in range(pieces):
            piece = texts[number * step : None if number == pieces - 1 else (number + 1) * step]
            if number:
                current.rename(folder / f"{texts[number * step - 1][:25]}.s")
            with current.open("a") as log:
                log.write("".join(f"{line}\n" for line in piece))
            until = len(texts[: None if number == pieces - 1 else (number + 1) * step])
            wait(
                lambda until=until: (
                    world.rows("SELECT count() AS n FROM log_lines FINAL")[0]["n"] >= until
                )
            )
    assert list(outcomes(world).values()) == [60]
