"""Runs the real command in an empty home directory."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: The installed command, beside the Python that runs the tests.
POSTROAD = Path(sys.executable).with_name("postroad")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(home: Path) -> Run:
    """Run `postroad` with these arguments; output as text, nothing on standard input."""

    def run(*arguments: str, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(
            [POSTROAD, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=home,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def serving(home: Path) -> Iterator[str]:
    """Serve in this home on a free port, as a user would; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    log = (home / "serve.log").open("w")
    server = subprocess.Popen([POSTROAD, "serve", "--listen", listen], stderr=log, cwd=home)
    try:
        path = home / "postroad" / "postroad.sock"
        _wait(lambda: server.poll() is not None or _answers(path))
        assert server.poll() is None, (home / "serve.log").read_text()
        yield f"http://{listen}"
    finally:
        server.send_signal(signal.SIGINT)
        status = server.wait(timeout=30)
        log.close()
    assert status == 0
    assert "Traceback" not in (home / "serve.log").read_text()
    assert not path.exists()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
