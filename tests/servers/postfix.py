"""A Postfix of Debian's, with folders, address, log and instance of its own.

In goes a `Flavour`, out come its log files. All daemons of master.cf run, under the accounts that
they would have; only chroot is off. What the queue manager would retry by itself, `retry()` makes
it look at, because the yard's clock jumps.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from . import companions, names, rsyslog, world
from .people import Accounts

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Flavour:
    """How one Postfix logs and numbers."""

    long_ids: bool
    #: Through the yard's rsyslog; else through postlogd into a file of its own.
    syslog: bool
    #: The first of the ports of its companions.
    first_port: int
    syslog_name: str = "postfix"


FLAVOURS = {
    "postfix": Flavour(long_ids=True, syslog=True, first_port=10022),
    "postfix-short": Flavour(long_ids=False, syslog=False, first_port=11022),
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
        self.companions = companions.Companions(self.flavour.first_port, accounts.passwords)
        self._prepare()

    def start(self) -> None:
        """Start the companions and all daemons."""
        self.companions.start()
        self.run("postfix", "start")

    def run(
        self, tool: str, *arguments: str, **options: object
    ) -> subprocess.CompletedProcess[str]:
        """Run one of Postfix's commands on this instance, as root."""
        command = [f"/usr/sbin/{tool}", "-c", str(self._conf), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload]
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done  # type: ignore[no-any-return]

    def submit(self, user: str, sender: str, recipients: Iterable[str], message: bytes) -> None:
        """Hand in a message on this host as a local user, with sendmail."""
        command = ["/usr/sbin/sendmail", "-C", str(self._conf), "-i"]
        command += ["-f", sender, *recipients] if sender else list(recipients)
        number = world.user_id(user)
        subprocess.run(
            command,
            input=message,
            user=number,
            group=number,
            extra_groups=[],
            check=True,
            capture_output=True,
            timeout=30,
        )

    def retry(self) -> None:
        """Make the queue manager look at the deferred queue: only what is due is tried.

        The request is that of master(8) every five minutes (`QMGR_REQ_SCAN_DEFERRED`), sent as
        postkick(1) would, which breaks its pipe here.
        """
        with socket.socket(socket.AF_UNIX) as trigger:
            trigger.connect(str(self.place / "queue/public/qmgr"))
            trigger.sendall(b"D")
            trigger.settimeout(10)
            trigger.recv(1)

    def queued(self) -> list[str]:
        """The ids of the messages in the queue."""
        folders = ("incoming", "active", "deferred", "hold", "maildrop")
        found = [path for folder in folders for path in (self.place / "queue" / folder).rglob("*")]
        return sorted(path.name for path in found if path.is_file())

    def operate(self, command: tuple[str, ...]) -> None:
        """An operator's command: the tool and its arguments."""
        self.run(*command)

    def is_busy(self) -> bool:
        """Whether messages wait for the queue manager or are being delivered."""
        folders = ("incoming", "active", "maildrop")
        return any(
            path.is_file() for name in folders for path in (self.place / "queue" / name).rglob("*")
        )

    def logs(self) -> dict[str, Path]:
        """The log files by the name they are kept under."""
        if not self.flavour.syslog:
            return {"mail.log": self.place / "log/mail.log"}
        folder = world.ROOT / "syslog"
        return {form: folder / f"postfix-{form}" for form in rsyslog.FORMS}

    def _prepare(self) -> None:
        for folder in ("etc", "queue", "data", "log"):
            (self.place / folder).mkdir(parents=True)
        subprocess.run(["chown", "postfix:postfix", self.place / "data"], check=True)
        mail = world.ROOT / "mail" / self.name
        mail.mkdir(parents=True)
        mail.chmod(0o1777)
        values = self._values()
        for template in sorted((HERE / "conf/postfix").iterdir()):
            text = Template(template.read_text()).safe_substitute(values)
            (self._conf / template.name).write_text(text)
        boxes = {box: "/".join(reversed(box.split("@"))) + "/" for box in self._accounts.mailboxes}
        self._table("mailboxes", boxes | dict.fromkeys(self._accounts.transported, "nowhere/"))
        aliases = {name: ", ".join(targets) for name, targets in self._accounts.aliases.items()}
        self._table("virtual", aliases)
        _trust(self._conf)

    def _values(self) -> dict[str, str]:
        base = self.companions.base
        return {
            "PLACE": str(self.place),
            "HOSTNAME": self.host,
            "ADDRESS": self.address,
            "LISTENER6": names.ipv6_of(self.address),
            "INSTANCE": self.name,
            "LONG_IDS": "yes" if self.flavour.long_ids else "no",
            "MAILLOG": "" if self.flavour.syslog else f"{self.place}/log/mail.log",
            "SYSLOG_NAME": self.flavour.syslog_name,
            "AUTH_PORT": str(base + companions.AUTH),
            "POLICY_PORT": str(base + companions.POLICY),
            "FILTER_PORT": str(base + companions.FILTER),
            "REENTRY_PORT": str(base + companions.REENTRY),
            "MILTER_PORT": str(base + companions.MILTER),
        }

    def _table(self, name: str, entries: dict[str, str]) -> None:
        lines = "".join(f"{key} {value}\n" for key, value in entries.items())
        (self._conf / name).write_text(lines)


def _trust(configuration: Path) -> None:
    """Name it in the main configuration: postdrop, being set-gid, takes no other."""
    main = Path("/etc/postfix/main.cf")
    before = main.read_text() if main.exists() else "alternate_config_directories =\n"
    main.write_text(before + f"    {configuration}\n")
