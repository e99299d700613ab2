"""A Postfix of Debian's, with folders, address, log and instance of its own.

In goes a `Flavour`, out come its log files. All daemons of master.cf run, under the accounts that
they would have; only chroot is off. What the queue manager would retry by itself, `retry()` makes
it look at, because the yard's clock jumps.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from . import names, world
from .people import Accounts

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Flavour:
    """How one Postfix logs and numbers."""

    long_ids: bool
    #: Through the yard's rsyslog; else through postlogd into a file of its own.
    syslog: bool
    syslog_name: str = "postfix"


FLAVOURS = {
    "postfix": Flavour(long_ids=True, syslog=True),
    "postfix-short": Flavour(long_ids=False, syslog=False),
}


class Postfix:
    """One running Postfix."""

    kind = "postfix"

    def __init__(self, name: str, accounts: Accounts) -> None:
        """Write its configuration; nothing runs yet."""
        self.name = name
        self.host, self.address = names.SERVERS[name]
        self.flavour = FLAVOURS[name]
        self.place = world.ROOT / name
        self._conf = self.place / "etc"
        self._accounts = accounts
        self._prepare()

    def start(self) -> None:
        """Start all daemons and wait until smtpd listens."""
        self.run("postfix", "start")

    def run(self, tool: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run one of Postfix's commands on this instance, as root."""
        command = [f"/usr/sbin/{tool}", "-c", str(self._conf), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload]
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done  # type: ignore[no-any-return]

    def submit(self, user: str, sender: str, recipients: Iterable[str], message: bytes) -> None:
        """Hand in a message on this host as a local user, with sendmail."""
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        command += ["/usr/sbin/sendmail", "-C", str(self._conf), "-i"]
        command += ["-f", sender, *recipients] if sender else list(recipients)
        subprocess.run(command, input=message, check=False, capture_output=True, timeout=30)

    def retry(self) -> None:
        """Make the queue manager look at the deferred queue: only what is due is tried."""
        self.run("postkick", "public", "qmgr", "D")

    def queued(self) -> list[str]:
        """The ids of the messages in the queue."""
        folders = ("incoming", "active", "deferred", "hold", "maildrop")
        found = [path for folder in folders for path in (self.place / "queue" / folder).rglob("*")]
        return sorted(path.name for path in found if path.is_file())

    def is_busy(self) -> bool:
        """Whether messages wait for the queue manager or are being delivered."""
        folders = ("incoming", "active", "maildrop")
        return any(
            path.is_file() for name in folders for path in (self.place / "queue" / name).rglob("*")
        )

    def _prepare(self) -> None:
        for folder in ("etc", "queue", "data", "log"):
            (self.place / folder).mkdir(parents=True)
        subprocess.run(["chown", "postfix:postfix", self.place / "data"], check=True)
        mail = world.ROOT / "mail" / self.name
        mail.mkdir(parents=True)
        mail.chmod(0o1777)
        self._tables()
        for name in ("main.cf", "master.cf"):
            text = (HERE / "conf/postfix" / name).read_text()
            (self._conf / name).write_text(Template(text).safe_substitute(self._values()))

    def _values(self) -> dict[str, str]:
        log = "" if self.flavour.syslog else f"{self.place}/log/mail.log"
        return {
            "PLACE": str(self.place),
            "HOSTNAME": self.host,
            "ADDRESS": self.address,
            "INSTANCE": self.name,
            "LONG_IDS": "yes" if self.flavour.long_ids else "no",
            "MAILLOG": log,
            "SYSLOG_NAME": self.flavour.syslog_name,
        }

    def _tables(self) -> None:
        accounts = self._accounts
        boxes = {box: "/".join(reversed(box.split("@"))) + "/" for box in accounts.mailboxes}
        self._map("mailboxes", boxes)
        aliases = {name: ", ".join(targets) for name, targets in accounts.aliases.items()}
        self._map("virtual", {**aliases, **accounts.postfix_aliases})
        for table, entries in accounts.postfix_tables.items():
            self._map(table, entries)
        (self._conf / "aliases").write_text(accounts.postfix_local_aliases)
        self.hash("postalias", "aliases")
        (self._conf / "header_checks").write_text(
            (HERE / "conf/postfix/header_checks").read_text()
        )

    def _map(self, table: str, entries: dict[str, str]) -> None:
        lines = "".join(f"{key} {value}\n" for key, value in entries.items())
        (self._conf / table).write_text(lines)

    def hash(self, tool: str, table: str) -> None:
        """Not needed: tables are read as text."""


def settle(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
