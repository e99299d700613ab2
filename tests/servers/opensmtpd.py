"""An OpenSMTPD of Debian's, with mailboxes of virtual users.

Its places are built in (`/var/spool/smtpd`, `/run/smtpd.sock`), so the yard's own /var/spool and
/run are laid over the machine's. Its processes lock themselves into empty folders, where no clock
can be set for them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from . import names, rsyslog, world

#: Who has a mailbox in `farm.example`, and where other addresses lead.
PEOPLE = ("anna", "ben")
ALIASES = {"all": ("anna", "ben"), "dora": ("dora.private@partner.example",)}

_SPOOL = Path("/var/spool/smtpd")
_CONFIGURATION = """\
queue ttl {ttl}
table virtuals file:{place}/virtuals
listen on {address} port 25 hostname {host}
listen on socket
action "box" maildir "{mail}/%{{dest.domain}}/%{{dest.user}}" virtual <virtuals>
action "out" relay src {address} helo {host}
match from any for domain "farm.example" action "box"
match from socket for any action "out"
"""


class OpenSmtpd:
    """One running OpenSMTPD."""

    kind = "opensmtpd"
    flavour = None

    def __init__(self, name: str) -> None:
        """Write its configuration; nothing runs yet."""
        self.name = name
        self.host, self.address = names.SERVERS[name]
        self.place = world.ROOT / name
        self._conf = self.place / "smtpd.conf"
        self._prepare()

    def start(self) -> None:
        """Start all processes, and wait for the port."""
        subprocess.run(["/usr/sbin/smtpd", "-f", self._conf], check=True, capture_output=True)
        world.await_port(self.address)

    def submit(self, user: str, sender: str, recipients: Iterable[str], message: bytes) -> None:
        """Hand in a message on this host as a local user."""
        command = ["sendmail", "-i", *(["-f", sender] if sender else []), *recipients]
        number = world.user_id(user)
        subprocess.run(
            command,
            executable="/usr/sbin/smtpctl",
            input=message,
            user=number,
            group=number,
            extra_groups=[],
            check=False,
            timeout=30,
        )

    def retry(self) -> None:
        """Make the scheduler try all that waits."""
        self._control("schedule", "all")

    def queued(self) -> list[str]:
        """The numbers of the envelopes in the queue."""
        lines = self._control("show", "queue").splitlines()
        return sorted(line.partition("|")[0] for line in lines if "|" in line)

    def operate(self, command: tuple[str, ...]) -> None:
        """An operator's command, as smtpctl(8) takes it."""
        self._control(*command)

    def is_busy(self) -> bool:
        """Whether an envelope is being delivered now."""
        lines = self._control("show", "queue").splitlines()
        return any("|inflight|" in line or "|pending|0|" in line for line in lines)

    def logs(self) -> dict[str, Path]:
        """The log files by the name they are kept under."""
        folder = world.ROOT / "syslog"
        return {form: folder / f"opensmtpd-{form}" for form in rsyslog.FORMS}

    def _control(self, *arguments: str) -> str:
        command = ["/usr/sbin/smtpctl", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout

    def _prepare(self) -> None:
        world.own_spool()
        # As the package's installation script does.
        control = Path("/usr/sbin/smtpctl")
        os.chown(control, 0, world.user_id("opensmtpq"))
        control.chmod(0o2755)
        self.place.mkdir()
        mail = world.ROOT / "mail" / self.name
        mail.mkdir(parents=True)
        os.chown(mail, world.user_id("vmail"), world.user_id("vmail"))
        for folder, mode in (("", 0o711), *_FOLDERS):
            path = _SPOOL / folder
            path.mkdir(exist_ok=True)
            path.chmod(mode)
            owner = world.user_id("opensmtpq") if folder in _OF_THE_QUEUE else 0
            os.chown(path, owner, world.user_id("opensmtpq") if folder == "offline" else 0)
        Path("/var/lib/opensmtpd/empty").mkdir(parents=True)
        (self.place / "virtuals").write_text(_virtuals())
        self._conf.write_text(
            _CONFIGURATION.format(
                host=self.host, address=self.address, place=self.place, mail=mail, ttl="25s"
            )
        )
        self._conf.chmod(0o600)


def _virtuals() -> str:
    lines = [f"{name}@farm.example vmail" for name in PEOPLE]
    for name, targets in ALIASES.items():
        full = ",".join(each if "@" in each else f"{each}@farm.example" for each in targets)
        lines.append(f"{name}@farm.example {full}")
    return "".join(f"{line}\n" for line in lines)


_OF_THE_QUEUE = frozenset({"queue", "corrupt", "incoming", "purge", "temporary"})
_FOLDERS = (
    ("queue", 0o700),
    ("corrupt", 0o700),
    ("incoming", 0o700),
    ("purge", 0o700),
    ("temporary", 0o700),
    ("offline", 0o770),
)
