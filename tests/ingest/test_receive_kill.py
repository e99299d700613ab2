"""A receiver that is killed at any moment: what was in the spool is stored, and stored once."""

from __future__ import annotations

import random
import socket
import time

from tests.ingest.receiving import lines, rfc3164, stories
from tests.ingest.test_kill import Child
from tests.ingest.world import World

KILLS = 8


def free_port():
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def spooled(home):
    """The lines that are in the spool now."""
    files = sorted((home / "spool").glob("*/*.log"))
    return [line for path in files for line in path.read_bytes().decode().splitlines()]


def connected(port):
    """A connection, as soon as somebody listens."""
    end = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_receiver_that_is_killed_at_random_moments(tmp_path):
    """Every whole line that reached the spool is in the store, and is counted once."""
    rng = random.Random(31)
    home, port = tmp_path / "home", free_port()
    seen: dict[str, None] = {}
    number = 0
    with Child("receive", home, 1 << 20, f"tcp://127.0.0.1:{port}") as child:
        for _ in range(KILLS):
            child.start()
            with connected(port) as out:
                until = time.monotonic() + rng.uniform(0.05, 1.5)
                while time.monotonic() < until:
                    messages = lines([rfc3164(text) for text in stories(20, number)])
                    number += 20
                    # Now and then the last message is cut short.
                    out.sendall(rng.choice((messages, messages[:-7] + b"\n")))
                    time.sleep(rng.uniform(0, 0.05))
                child.kill()
            seen |= dict.fromkeys(spooled(home))
        child.start()
        time.sleep(3)
        child.end()
    world = World(home, "killed")
    stored = {row["text"] for row in world.rows("SELECT text FROM log_lines FINAL")}
    counts = world.rows("SELECT sum(lines) AS n FROM coverage FINAL")[0]
    world.close()
    assert len(seen) > 500
    assert stored <= set(seen)
    # Those that the test itself cut short say nothing.
    assert {line for line in set(seen) - stored if not line.endswith(": r")} == set()
    assert counts["n"] == len(seen)
