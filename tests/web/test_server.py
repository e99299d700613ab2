"""The running process: who gets in by the socket, how it starts, and how it ends."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.web.served import Served, free_port, serving

from postroad import app, config
from postroad.accounts import CHEAPEST, Hasher
from postroad.errors import ConfigError, StoreInUse


def settings(home: Path, **more: object) -> config.Settings:
    """Settings of a home of its own."""
    given = {"home": str(home), "listen": f"127.0.0.1:{free_port()}", **more}
    return config.load(given, environ={})


def test_only_its_user_may_open_the_socket(served: Served):
    """The socket is a file that nobody else may open, in a directory that nobody else may enter."""
    assert stat.S_IMODE(Path(served.socket).stat().st_mode) == 0o600
    assert stat.S_IMODE(served.home.stat().st_mode) == 0o700


def test_whoever_opens_the_socket_is_an_administrator(served: Served):
    """Over the socket no token is needed, and everything is seen."""
    with served.administrator() as client:
        status = client.get("/status").json()

    assert (status["account"], status["kind"]) == ("local administrator", "administrator")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_told_to(tmp_path: Path, number: signal.Signals):
    """Ctrl-C and SIGTERM end it at once, without a word, and take the socket away."""
    with serving(tmp_path / "home") as running:
        with running.administrator() as client:
            client.get("/counts")
        began = time.monotonic()
        status, said = running.stop(number)

    assert (status, said) == (0, "")
    assert time.monotonic() - began < 10
    assert not Path(running.socket).exists()


def test_it_stops_in_the_middle_of_an_answer(tmp_path: Path):
    """Who waits for an answer that takes long is told that the server ends; it ends quietly."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = f"127.0.0.1:{silent.getsockname()[1]}"
        with (
            serving(tmp_path / "home", resolver=[resolver]) as running,
            running.administrator() as client,
            ThreadPoolExecutor() as threads,
        ):
            asked = threads.submit(client.get, "/trace", params={"address": "a@b.test"})
            silent.recv(1)
            status, said = running.stop()
            assert asked.result().status_code == 503
    assert (status, said) == (0, "")


def test_it_stops_in_the_middle_of_an_import(tmp_path: Path):
    """An import under way is told to stop; its last line says that it was."""
    line = (
        "2026-11-20 09:15:02 1vMA{n:03d}-0000000{m:04d}-1aBc <= a@example.org H=out.example.org "
        "[192.0.2.8] P=esmtp S=2048\n"
    )
    log = tmp_path / "mainlog"
    log.write_text("".join(line.format(n=n, m=m) for n in range(60) for m in range(5000)))
    lines: list[str] = []
    with serving(tmp_path / "home") as running, running.administrator() as client:
        order = {"paths": [str(log)], "timezone": "UTC"}
        with client.stream("POST", "/imports", json=order) as answer:
            for each in answer.iter_lines():
                lines.append(each)
                if len(lines) == 1:
                    running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=30)

    assert running.process.returncode == 0
    assert '"stopped":true' in lines[-1]


def test_a_second_one_is_refused(served: Served):
    """Where one runs already, another says so in a sentence, and does the first no harm."""
    where = settings(served.home)

    with pytest.raises(StoreInUse, match="already runs here"):
        app.serve(where)
    assert Path(served.socket).exists()


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path):
    """The file of a killed process does not keep the next one from starting."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(home / "postroad.sock"))

    with serving(home) as running, running.administrator() as client:
        assert client.get("/health").status_code == 200


def test_a_port_in_use_is_a_sentence(tmp_path: Path):
    """Where another program has the port, the message names it; no socket stays behind."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        where = settings(tmp_path / "home", listen=f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(ConfigError, match=r"Another program already listens on 127\.0\.0\.1"):
            app.serve(where)

    assert not where.socket.exists()


def test_a_path_too_long_for_a_socket_is_a_sentence(tmp_path: Path):
    """A home so deep that the system cannot have a socket there is refused with advice."""
    where = settings(tmp_path / ("d" * 60) / ("e" * 60))

    with pytest.raises(ConfigError, match="Set `socket` to a shorter one"):
        app.serve(where)


def test_mounted_answers_in_this_process(tmp_path: Path):
    """Another program has the application in itself, on a socket that is gone afterwards."""
    with app.mounted(settings(tmp_path / "home"), hasher=Hasher(CHEAPEST)) as path:
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(transport=transport, base_url="http://postroad") as client:
            assert client.get("/api/v1/counts").json()["total"] == 0
            assert client.get("/api/v1/users").json() == {"users": []}

    assert not path.exists()
    assert {"postroad", "retention", "follow"}.isdisjoint(t.name for t in threading.enumerate())


def test_mounted_raises_what_keeps_it_from_starting(tmp_path: Path):
    """What cannot be opened is raised where the program asked for it, not in a thread."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    where = settings(blocked / "home", socket=str(tmp_path / "socket"))

    with pytest.raises(ConfigError, match="cannot be made"), app.mounted(where):
        pytest.fail("it started")


def test_the_sources_are_followed(tmp_path: Path):
    """A line that is written while it runs is a row that can be asked for, in seconds."""
    log = tmp_path / "mainlog"
    log.write_text("")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    source = f'[[sources]]\npath = "{log}"\nname = "exim"\nmta = "exim"\nhost = "mx5"\n'
    (home / "postroad.toml").write_text(source)
    with serving(home, timezone="UTC") as running, running.administrator() as client:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        with log.open("a") as writing:
            writing.write(
                f"{stamp} 1vMAbc-00000000001-1aBc <= a@example.org H=out.example.org "
                f"[192.0.2.8] P=esmtp S=2048\n{stamp} 1vMAbc-00000000001-1aBc => b@example.com "
                'R=local T=lmtp C="250 Saved"\n'
                f"{stamp} 1vMAbc-00000000001-1aBc Completed\n"
            )
        until = time.monotonic() + 30
        found: list[dict] = []
        while not found and time.monotonic() < until:
            time.sleep(0.1)
            found = client.get("/deliveries", params={"from": "a@example.org"}).json()["deliveries"]
        sources = client.get("/sources").json()["sources"]

    assert [(each["recipient"], each["status"]) for each in found] == [
        ("b@example.com", "delivered")
    ]
    [read] = [each for each in sources if each["followed"]]
    assert (read["name"], read["host"], read["lines"]) == ("exim", "mx5", 3)


def test_without_pages_there_is_no_port(tmp_path: Path):
    """Told to follow only, it listens on the socket and nowhere else."""
    where = settings(tmp_path / "home")
    program = (
        "from postroad import app, config\n"
        f"where = config.load({{'home': {str(where.home)!r}, 'listen': {where.listen!r}}}, environ={{}})\n"
        "app.serve(where, pages=False, ready=lambda: print('ready', flush=True))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{where.listen}/")
        running.terminate()

    assert running.returncode == 0


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/health", "/nothing"])
def test_a_head_is_a_get_without_its_body(served: Served, path: str):
    """HEAD answers as GET does, without the body (RFC 9110 section 9.3.2)."""
    with served.visitor() as client:
        full, head = client.get(path), client.head(path)

    assert (head.status_code, head.content) == (full.status_code, b"")
    assert head.headers["content-type"] == full.headers["content-type"]
