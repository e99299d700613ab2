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


#: Through a journal with whole seconds, in which the result is written in the second of the start.
JOURNAL = """\
new msg 44
info msg 44: bytes 900 from <ann@sender.example> qp 7 uid 2
starting delivery 2: msg 44 to local anna@b.example
delivery 2: success: did_1+0+0/
starting delivery 3: msg 44 to remote bob@other.example
delivery 3: failure: Sorry,_I_couldn't_find_any_host_named_other.example._(#5.1.2)/
starting delivery 4: msg 44 to remote dora@slow.example
delivery 4: deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/
"""
LATER = """\
starting delivery 9: msg 44 to remote dora@slow.example
delivery 9: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/
bounce msg 44 qp 50
end msg 44
new msg 45
info msg 45: bytes 900 from <> qp 50 uid 2
starting delivery 10: msg 45 to remote ann@sender.example
delivery 10: deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/
"""
LATEST = """\
starting delivery 14: msg 45 to remote ann@sender.example
delivery 14: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/
end msg 45
"""


def test_taken_up_again_by_stored_lines(world, tmp_path):
    """Lines of one second are stored in another order; read again, they say the same."""
    for number, text in enumerate((JOURNAL, LATER, LATEST)):
        stamp = f"Mar  1 1{number}:00:00 mx1 qmail-send[31]: "
        path = tmp_path / f"part{number}"
        path.write_text("".join(f"{stamp}{line}\n" for line in text.splitlines()))
        assert world.load(path).noise == 0
    rows = world.rows(
        "SELECT recipient, toString(status) AS status, attempts, bounce_of, bounced_as "
        "FROM deliveries FINAL WHERE NOT deleted ORDER BY recipient"
    )

    assert [tuple(row.values()) for row in rows] == [
        ("ann@sender.example", "delivered", 2, "44", ""),
        ("anna@b.example", "delivered", 1, "", ""),
        ("bob@other.example", "failed", 1, "", "45"),
        ("dora@slow.example", "delivered", 2, "", ""),
    ]
