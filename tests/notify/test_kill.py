"""Killed at any moment of sending and started again: never two messages, and none lost."""

from __future__ import annotations

import random
import stat
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.notify import sinks
from tests.notify.child import KEY, Child
from tests.notify.desk import MINUTE

from postroad.notify.settling import Fate
from postroad.state import State, outbox


class Counting:
    """A mail server that counts the messages whose end it saw, and can be told of each step."""

    def __init__(self) -> None:
        self.count = 0
        #: Called with each step: `connect`, a verb, `body` before the end, `.`, `taken`.
        self.step = lambda _: None

    def __call__(self, connection) -> None:
        """Serve one connection."""
        stream = connection.makefile("rb")
        self.step("connect")
        connection.sendall(b"220 here\r\n")
        is_data = False
        for line in stream:
            if is_data:
                if line == b"End\r\n":
                    self.step("body")
                if line != b".\r\n":
                    continue
                is_data = False
                self.count += 1
                self.step(".")
                connection.sendall(b"250 taken\r\n")
                self.step("taken")
                continue
            verb = line.split()[0].upper().decode()
            self.step(verb)
            is_data = verb == "DATA"
            connection.sendall(b"354 go on\r\n" if is_data else b"250 here\r\n")


@contextmanager
def counting():
    """A counting server, and its port."""
    server = Counting()
    with sinks.faulty(server) as port:
        yield server, port


@pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "body", ".", "taken"])
def test_killed_at_each_step(tmp_path, step):
    """Before the end it is sent after the next start; between the end and the answer it is unclear."""
    with counting() as (server, port):
        first = Child(tmp_path, port=port)

        def kill(reached):
            if reached == step:
                first.kill()
                first.process.wait()

        server.step = kill
        assert "" == first.end() or step == "taken"
        server.step = lambda _: None
        status = Child(tmp_path, port=port).end()

        match step:
            case "body":
                # It may have been written down already that it is being sent.
                assert (status, server.count) in {("sent", 1), ("unclear", 0), ("unclear", 1)}
            case ".":
                assert ("unclear", 1) == (status, server.count)
            case "taken":
                assert status in {"sent", "unclear"}
                assert 1 == server.count
            case _:
                assert ("sent", 1) == (status, server.count)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random(tmp_path, seed):
    """Killed again and again at random moments: one message, or an unclear letter and one at most."""
    chance = random.Random(seed)
    with counting() as (server, port):
        # Each step takes a moment, so that kills fall into all of them.
        server.step = lambda _: time.sleep(0.01)
        for _ in range(4):
            child = Child(tmp_path, port=port)
            child.ready()
            timer = threading.Timer(chance.random() * 0.15, child.kill)
            timer.start()
            status = child.end()
            timer.cancel()
            if status:
                break
        status = Child(tmp_path, port=port).end()

        assert (status, server.count) in {("sent", 1), ("unclear", 0), ("unclear", 1)}


def test_what_is_unclear_is_settled_when_the_log_has_it(tmp_path, desk_for):
    """Found by its Message-ID it is sent; until then it is asked for again and again."""
    with counting() as (server, port):
        first = Child(tmp_path, port=port)

        def kill(reached):
            if reached == ".":
                first.kill()
                first.process.wait()

        server.step = kill
        first.end()
        found: dict[str, Fate] = {}
        asked = []

        def lookup(message_id, recipient):
            asked.append((message_id, recipient))
            return found.get(message_id)

        now = time.time_ns() // 1000
        desk = desk_for(port, lookup=lookup)
        desk.clock.now = now
        desk.round()
        letter = desk.letter(KEY)
        assert "unclear" == letter.status
        desk.pass_time(15 * MINUTE, step=MINUTE)
        assert 2 <= len(asked)
        assert {(letter.message_id, "anna@example.com")} == set(asked)

        found[letter.message_id] = Fate(has_failed=False)
        desk.pass_time(2 * 60 * MINUTE, step=MINUTE)
        assert "sent" == desk.letter(KEY).status
        assert 1 == server.count


def _program(folder: Path) -> Path:
    """A `sendmail` that takes its time and keeps each message in a file of its own."""
    (folder / "queue").mkdir()
    program = folder / "sendmail"
    program.write_text(
        "#!/bin/sh\n"
        f"cd {folder}/queue || exit 75\n"
        "sleep 0.1\n"
        "cat > $$.part\n"
        "sleep 0.1\n"
        'echo "$@" > $$.arguments\n'
        "mv $$.part $$.message\n"
    )
    program.chmod(stat.S_IRWXU)
    return program


@pytest.mark.parametrize("seed", range(3))
def test_killed_around_the_sendmail_program(tmp_path, seed):
    """Whatever is killed: the program is started once at most, and has the whole letter."""
    chance = random.Random(seed)
    program = _program(tmp_path)
    for _ in range(3):
        child = Child(tmp_path, program=program)
        child.ready()
        timer = threading.Timer(chance.random() * 0.4, child.kill)
        timer.start()
        status = child.end()
        timer.cancel()
        if status:
            break
    status = Child(tmp_path, program=program).end()
    time.sleep(0.5)
    queue = tmp_path / "queue"
    deadline = time.monotonic() + 20
    # What was left to itself ends by itself.
    while list(queue.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.05)

    messages = list(queue.glob("*.message"))
    assert (status, len(messages)) in {("sent", 1), ("unclear", 0), ("unclear", 1)}
    for each in messages:
        assert each.read_text().endswith("..two dots\nEnd\n")
    with State.open(tmp_path / "state.db") as state:
        assert 1 == len(outbox.latest(state, 1))
