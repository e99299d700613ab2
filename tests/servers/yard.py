"""The yard: builds the private world, starts what a plan asks for, runs it, and keeps the logs.

    run(folder, plan)        from outside: everything happens in a child with its own namespaces
    python -m tests.servers.yard FOLDER PLAN TREE      what that child runs

A plan is a module with `start()` (when the yard's clock begins, ahead of now), `servers()` and
`play(yard)`; `FLAVOUR`, if it has one, is how its Exim logs, `REAL_TIME` that its clock is not set. In the folder afterwards: `<server>/<log>` and `truth.json`. Needs root with
CAP_SYS_ADMIN; `why_not()` says what is missing. Nothing outlives the child: it is process 1.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from . import clock, dns, exim, names, opensmtpd, packages, postfix, rsyslog, sendmail, sinks, world
from .people import Accounts, hosted

REPOSITORY = Path(__file__).resolve().parent.parent.parent

#: Seconds until a run is taken for hanging.
LIMIT = 300

_UNSHARE = ("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")

Server = exim.Exim | postfix.Postfix | opensmtpd.OpenSmtpd | sendmail.Sendmail


class YardFailed(Exception):
    """The run ended badly; the message ends with what it said last."""


@functools.cache
def why_not() -> str:
    """Why the yard cannot be built on this machine, or an empty string."""
    if os.geteuid() != 0:
        return "real mail servers run as root, which this is not"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "unshare or ip is missing (Debian packages util-linux and iproute2)"
    tried = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        return f"this root may not make namespaces: {tried.stderr.strip()}"
    try:
        packages.unpacked()
    except packages.PackagesMissing as missing:
        return str(missing)
    return ""


def run(folder: Path, plan: str, limit: float = LIMIT) -> dict[str, Any]:
    """Play a plan and return the truth that it wrote down.

    Raises `YardFailed` if that goes wrong or takes longer than `limit` seconds.
    """
    tree = packages.unpacked()
    folder.mkdir(parents=True, exist_ok=True)
    command = [*_UNSHARE, "--mount-proc", sys.executable, "-m", "tests.servers.yard"]
    command += [str(folder), plan, str(tree)]
    with (folder / "run.log").open("w") as said:
        # Its own session: a Ctrl-C here must not reach half of it.
        child = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=said, stderr=said, start_new_session=True
        )
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            status = -1
            said.write(f"No end after {limit} seconds.\n")
        finally:
            # unshare holds off SIGTERM; its death takes process 1 and all others with it.
            child.kill()
            child.wait()
    if status != 0:
        raise YardFailed((folder / "run.log").read_text()[-4000:])
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return truth


class Yard:
    """What a plan has to play with."""

    def __init__(self, folder: Path, plan: Any) -> None:
        """Build everything; start nothing."""
        self.folder = folder
        self.clock = clock.Clock(plan.start())
        if not getattr(plan, "REAL_TIME", False):
            world.preload_clock()
        self.certificate = _certificate()
        self.sinks = sinks.Sinks(names.SINKS, self.clock.now, self.certificate)
        self.servers: dict[str, Server] = {}
        for name in plan.servers():
            self.servers[name] = _make(name, getattr(plan, "FLAVOUR", None))

    def start(self) -> None:
        """DNS, rsyslog, sinks and the mail servers, in the order they need each other."""
        dns.start(world.ROOT / "dns")
        rsyslog.start(world.ROOT / "syslog")
        self.sinks.start()
        for server in self.servers.values():
            server.start()

    def settle(self, patience: float = 20, server: Server | None = None) -> None:
        """Wait until no server (or not this one) is at work, and has not been for a moment."""
        servers = [server] if server else list(self.servers.values())
        deadline = time.monotonic() + patience
        calm = 0
        while calm < 3 and time.monotonic() < deadline:
            busy = any(server.is_busy() for server in servers)
            calm = 0 if busy else calm + 1
            time.sleep(0.1)

    def mailboxes(self, server: Server) -> dict[str, list[str]]:
        """The messages in each mailbox of one server, whole, as text."""
        root = world.ROOT / "mail" / server.name
        found: dict[str, list[str]] = {}
        for path in sorted(root.rglob("*")):
            if path.parent.name == "new":
                domain, user = path.parent.parent.parent.name, path.parent.parent.name
                text = path.read_text("utf-8", "backslashreplace")
                found.setdefault(f"{user}@{domain}", []).append(text)
            elif path.is_file() and path.parent == root:
                text = path.read_text("utf-8", "backslashreplace")
                messages = [f"From {each}" for each in f"\n{text}".split("\nFrom ")[1:]]
                found[f"{path.name}@{server.host}"] = messages
        return found

    def keep(self, truth: dict[str, Any]) -> None:
        """Copy the logs out of the yard, and write down the truth beside them."""
        logs = {}
        for name, server in self.servers.items():
            target = self.folder / name
            target.mkdir(exist_ok=True)
            for file, path in server.logs().items():
                shutil.copyfile(path, target / file)
                # Logs without years are dated by when they were written last.
                os.utime(target / file, (self.clock.now() / 1e6,) * 2)
            logs[name] = sorted(server.logs())
        truth |= {
            "logs": logs,
            "answers": [dataclasses.asdict(each) for each in self.sinks.answers],
        }
        text = json.dumps(truth, indent=1, ensure_ascii=False)
        (self.folder / "truth.json").write_text(text + "\n")


def accounts_of(kind: str) -> Accounts:
    """Who has mail on a server of this kind."""
    if kind == "exim":
        return hosted("customer.example", "bakery.example")
    return hosted("school.example", "club.example")


def _make(name: str, flavour: exim.Flavour | None) -> Server:
    if name.startswith("exim"):
        return exim.Exim(name, accounts_of("exim"), flavour)
    if name == "opensmtpd":
        return opensmtpd.OpenSmtpd(name)
    if name == "sendmail":
        return sendmail.Sendmail(name)
    return postfix.Postfix(name, accounts_of("postfix"))


def _certificate() -> Path:
    """A key and a certificate of our own, in one file that everyone in the yard may read."""
    folder = world.ROOT / "tls"
    folder.mkdir()
    key, certificate, both = (folder / name for name in ("key.pem", "cert.pem", "server.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "3650", "-subj", "/CN=mail.example.com"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + certificate.read_text())
    both.chmod(0o644)
    return both


def _inside(folder: Path, plan_name: str, tree: Path) -> None:
    """The whole run, in a process that is not number 1."""
    plan = importlib.import_module(plan_name)
    world.build(tree)
    yard = Yard(folder, plan)
    yard.start()
    plan.play(yard)


def _reap_until(child: int) -> int:
    """As process 1: bury every orphan, and end with the status of our own child."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    if worker := os.fork():
        sys.exit(_reap_until(worker))
    _inside(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    sys.stdout.flush()
    os._exit(0)
