"""A program that sends one letter, for tests that kill it: this file as a module starts it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "report 1 2026-01"
#: Statuses that a letter keeps by itself.
FINAL = ("sent", "unclear", "failed", "bounced", "withdrawn")


class Child:
    """The running program."""

    def __init__(self, folder: Path, *, port: int = 0, program: Path | None = None) -> None:
        order = {"folder": str(folder), "port": port, "program": str(program or "")}
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(order)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )

    def ready(self) -> None:
        """Wait until it is about to send."""
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        """SIGKILL, from whichever thread."""
        with suppress(ProcessLookupError):
            self.process.kill()

    def end(self, seconds: float = 60) -> str:
        """Wait for its end: what became of the letter; empty where it was killed."""
        said, _ = self.process.communicate(timeout=seconds)
        return said.removeprefix("ready\n").strip()


def main(order: str) -> None:
    """Put the letter in, send it, and say what became of it."""
    from tests.notify.desk import Desk

    from postroad.notify.line import Server
    from postroad.notify.program import Program
    from postroad.notify.submission import Submission
    from postroad.state import outbox

    asked = json.loads(order)
    server = Server.of(
        f"smtp://127.0.0.1:{asked['port'] or 1}", patience=10, last=10, name="me.test"
    )
    carrier = Program(asked["program"], 30) if asked["program"] else Submission(server)
    folder = Path(asked["folder"])
    desk = Desk(folder, carrier, clock=lambda: time.time_ns() // 1000)
    letter = outbox.Letter(
        key=KEY, account_id=desk.account, kind="report", channel="email", target="anna@example.com"
    )
    outbox.put(desk.state, letter, at=desk.clock())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while (status := desk.letter(KEY).status) not in FINAL:
        desk.round()
        time.sleep(0.01)
    sys.stdout.write(status + "\n")
    desk.close()


if __name__ == "__main__":
    main(sys.argv[1])
