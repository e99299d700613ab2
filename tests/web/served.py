"""A running postroad for tests: this file as a program serves it, as a module it starts that.

It is a process of its own, as in life: the embedded store allows one directory a process, and the
Unix socket, signals and threads are the real ones. Passwords have the cheapest hashes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
#: Everybody's.
PASSWORD = "correct horse"
ACCOUNTS: list[dict[str, Any]] = [
    {"name": "root", "kind": "administrator"},
    {"name": "agency", "kind": "reseller"},
    {"name": "shop", "kind": "owner", "domains": ["example.com"], "reseller": "agency"},
    {"name": "rival", "kind": "owner", "domains": ["example.net"]},
    {"name": "anna@example.com", "kind": "mailbox"},
    {"name": "carl@example.net", "kind": "mailbox"},
    {"name": "sales@example.com", "kind": "mailbox", "addresses": ["info@example.com"]},
]


class Served:
    """A running postroad: where it is, and what its mail is called."""

    def __init__(self, process: subprocess.Popen[str], home: Path, told: dict[str, Any]) -> None:
        self.process = process
        self.home = home
        self.url: str = told["url"]
        self.socket: str = told["socket"]
        #: Names of the sample's deliveries to their ids.
        self.ids: dict[str, str] = told["ids"]
        #: Moment that the sample ends at, microseconds.
        self.now: int = told["now"]

    @contextmanager
    def administrator(self) -> Iterator[httpx.Client]:
        """A client over the Unix socket."""
        transport = httpx.HTTPTransport(uds=self.socket)
        with httpx.Client(transport=transport, base_url="http://postroad/api/v1", timeout=60) as it:
            yield it

    @contextmanager
    def holder(self, account: str) -> Iterator[httpx.Client]:
        """A client of the API with a token of this account."""
        with self.administrator() as administrator:
            order = {"label": "a test", "account": account}
            token = administrator.post("/tokens", json=order).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        base = f"{self.url}/api/v1"
        with httpx.Client(base_url=base, headers=headers, timeout=60) as client:
            yield client

    @contextmanager
    def visitor(self) -> Iterator[httpx.Client]:
        """A browser of sorts: keeps cookies, follows nothing by itself."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            yield client

    @contextmanager
    def reader(self, account: str) -> Iterator[httpx.Client]:
        """A visitor who has signed in."""
        with self.visitor() as client:
            key = form_key(client.get("/sign-in").text)
            form = {"name": account, "password": PASSWORD, "form_key": key}
            answer = client.post("/sign-in", data=form)
            assert answer.status_code == 303, answer.text
            yield client

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it with this signal: its exit status, and what it said."""
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode, _complaints(self.home).read_text()


def _complaints(home: Path) -> Path:
    """Where it says what went wrong: a file, for a pipe that nobody reads would hold it up."""
    return home.with_name(f"{home.name}.err")


def forget_searches(reader: httpx.Client) -> None:
    """Empty the list of the reader's last searches, which every page of theirs repeats."""
    key = form_key(reader.get("/").text)
    assert reader.post("/searches/clear", data={"form_key": key}).status_code == 303


def form_key(page: str) -> str:
    """The key in the forms of a page."""
    return page.split('name="form_key" value="', 1)[1].split('"', 1)[0]


@contextmanager
def serving(home: Path, **settings: Any) -> Iterator[Served]:
    """Serve the sample (or the one of this name) from this home, with these settings."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("POSTROAD_")}
    order = json.dumps({"home": str(home), **settings})
    complaints = _complaints(home)
    with complaints.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, order],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=ROOT,
            env=environ | {"PYTHONPATH": str(ROOT)},
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(complaints.read_text())
        yield Served(process, home, json.loads(line))
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    assert complaints.read_text() == ""


def main(order: str) -> None:
    """Write the sample and the accounts, serve, and say where."""
    import msgspec
    from tests.web import mail as samples

    from postroad import app, config
    from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
    from postroad.state import State
    from postroad.store import Store

    asked = json.loads(order)
    sample = getattr(samples, asked.pop("sample", "sample"))
    given = {
        "listen": f"127.0.0.1:{free_port()}",
        "timezone": "Europe/Berlin",
        # No test asks the real DNS by accident: on this port nobody answers.
        "resolver": ["127.0.0.1:9"],
        "mail_server": "none",
        "check_seconds": 3,
        "trace_seconds": 5,
    } | asked
    settings = config.load(given, environ={})
    config.make_home(settings)
    hasher = Hasher(CHEAPEST)
    now = time.time_ns() // 1000
    mail = sample(now)
    with Store.open(settings.store) as store, State.open(settings.state) as state:
        store.write(mail.batch)
        store.write_coverage(mail.coverage())
        directory = Accounts(state, hasher=hasher).directory
        for each in ACCOUNTS:
            lists = {name: tuple(each.get(name, ())) for name in ("domains", "addresses")}
            kind = Kind.from_word(each["kind"])
            draft = Draft(name=each["name"], kind=kind, password=PASSWORD, **lists)
            directory.add(msgspec.structs.replace(draft, reseller=each.get("reseller", "")))
    told = {
        "url": f"http://{settings.listen}",
        "socket": str(settings.socket),
        "ids": mail.ids,
        "now": now,
    }

    def ready() -> None:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    app.serve(settings, ready=ready, hasher=hasher)


def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1])
