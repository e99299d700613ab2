"""Runs the real command in an empty home directory."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: The installed command, beside the Python that runs the tests.
COMMAND = Path(sys.executable).with_name("postroad")
LOGS = Path(__file__).parent / "logs"

Run = Callable[..., subprocess.CompletedProcess[str]]


class Postroad:
    """The command in one home directory."""

    def __init__(self, home: Path) -> None:
        """Begin with an empty home and an environment without settings."""
        self.home = home
        home.mkdir(exist_ok=True)
        self.environ = {
            name: value
            for name, value in os.environ.items()
            # The width of a terminal is that of a person's, or of one that a test opens.
            if not name.startswith("POSTROAD_") and name not in ("COLUMNS", "LINES")
        }
        self.environ |= {"HOME": str(home), "POSTROAD_HOME": str(home / "p"), "TZ": "Asia/Tokyo"}

    @property
    def socket(self) -> Path:
        """The Unix socket of a `serve` or `follow` in this home."""
        return self.home / "p" / "postroad.sock"

    def run(
        self, *arguments: str | Path, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run it with these arguments; output as text, nothing on standard input."""
        return subprocess.run(
            [COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.home,
            env=self.environ,
            timeout=timeout,
            check=False,
        )

    def run_in_terminal(self, *arguments: str, columns: int = 100) -> str:
        """Run it in a terminal of this width; what it writes there, stdout and stderr."""
        main, terminal = pty.openpty()
        environ = self.environ | {"COLUMNS": str(columns), "TERM": "xterm-256color"}
        process = subprocess.Popen(
            [COMMAND, *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=self.home,
            env=environ,
        )
        os.close(terminal)
        written = bytearray()
        try:
            while piece := os.read(main, 4096):
                written += piece
        except OSError:  # EIO: the other side is closed
            pass
        os.close(main)
        process.wait(timeout=60)
        return written.decode().replace("\r\n", "\n")

    @contextmanager
    def running(self, *arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
        """Keep `serve` or `follow` running; at the end it must stop cleanly by itself."""
        said = self.home / "said"
        with said.open("wb") as log:
            process = subprocess.Popen(
                [COMMAND, *arguments], stderr=log, cwd=self.home, env=self.environ
            )
            try:
                wait(lambda: process.poll() is not None or self.is_answering())
                assert process.poll() is None, said.read_text()
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                status = process.wait(timeout=60)
        assert (status, "Traceback" in said.read_text()) == (0, False), said.read_text()
        assert not self.socket.exists()

    def is_answering(self) -> bool:
        """Whether something listens on the Unix socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0


def wait(is_so: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until it is so; whether it came to be."""
    until = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < until:
        time.sleep(0.05)
    return so


def free_port() -> str:
    """An address on this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def postroad(tmp_path: Path) -> Postroad:
    """Give an empty home."""
    return Postroad(tmp_path / "h")


@pytest.fixture
def run(postroad: Postroad) -> Run:
    """Give the command in an empty home."""
    return postroad.run


@pytest.fixture
def serving(postroad: Postroad) -> Iterator[str]:
    """Serve in the empty home on a free port; give the address."""
    listen = free_port()
    with postroad.running("serve", "--listen", listen):
        yield f"http://{listen}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroad]:
    """Give a home with two small logs imported, and a `serve` that answers for it."""
    postroad = Postroad(tmp_path_factory.mktemp("archive"))
    postroad.environ["POSTROAD_RETENTION_DAYS"] = "36500"
    read = postroad.run("import", "--host", "mx1", "--timezone", "UTC", LOGS)
    assert read.returncode == 0, read.stderr
    with postroad.running("serve", "--listen", free_port()):
        yield postroad
