"""A sendmail of Debian's: daemon and submission program, each with its queue.

The configuration is made by m4 out of Debian's own macros (sendmail-cf), as an administrator would.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from string import Template

from . import names, rsyslog, world

HERE = Path(__file__).parent

#: Local users with a mailbox, and where other names lead.
PEOPLE = ("carol", "dave")
ALIASES = {"all": ("carol", "dave"), "dora": ("dora.private@partner.example",)}

_PROGRAM = "/usr/libexec/sendmail/sendmail"


class Sendmail:
    """One running sendmail."""

    kind = "sendmail"
    flavour = None

    def __init__(self, name: str) -> None:
        """Write its configuration; nothing runs yet."""
        self.name = name
        self.host, self.address = names.SERVERS[name]
        self.place = world.ROOT / name
        self._prepare()

    def start(self) -> None:
        """Start the daemon, and wait for the port."""
        self._run("-L", "sm-mta", "-bD", wait=False)
        world.await_port(self.address)

    def submit(self, user: str, sender: str, recipients: Iterable[str], message: bytes) -> None:
        """Hand in a message on this host as a local user, through the submission program."""
        command = [_PROGRAM, "-i"]
        command += ["-f", sender, *recipients] if sender else list(recipients)
        number = world.user_id(user)
        subprocess.run(
            command,
            input=message,
            user=number,
            group=number,
            extra_groups=[],
            check=True,
            timeout=30,
        )

    def retry(self) -> None:
        """Run the queues once."""
        self._run("-L", "sm-mta", "-q")

    def queued(self) -> list[str]:
        """The ids of the messages in the queue."""
        return sorted(path.name[2:] for path in (self.place / "queue").glob("qf*"))

    def operate(self, command: tuple[str, ...]) -> None:
        """An operator's command: options of sendmail(8)."""
        self._run(*command)

    def is_busy(self) -> bool:
        """Whether a message is being received or delivered: then its queue has a transcript."""
        return any((self.place / "queue").glob("xf*"))

    def logs(self) -> dict[str, Path]:
        """The log files by the name they are kept under."""
        folder = world.ROOT / "syslog"
        return {form: folder / f"sendmail-{form}" for form in rsyslog.FORMS}

    def _run(self, *options: str, wait: bool = True) -> None:
        command = [_PROGRAM, "-C", str(self.place / "sendmail.cf"), *options]
        with (self.place / "said").open("a") as said:
            child = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
            if wait and child.wait(60) not in {0, os.EX_TEMPFAIL}:
                raise RuntimeError((self.place / "said").read_text())

    def _prepare(self) -> None:
        world.own_spool()
        for folder in ("queue", "client", "run"):
            (self.place / folder).mkdir(parents=True)
        (self.place / "queue").chmod(0o700)
        submission = world.user_id("smmsp")
        os.chown(self.place / "client", submission, submission)
        (self.place / "client").chmod(0o770)
        os.chown(_PROGRAM, 0, submission)
        Path(_PROGRAM).chmod(0o2755)
        mail = world.ROOT / "mail" / self.name
        mail.mkdir(parents=True)
        mail.chmod(0o1777)
        # Where mail.local files is built in.
        Path("/var/mail").rmdir()
        Path("/var/mail").symlink_to(mail)
        lines = [f"{name}: {', '.join(targets)}\n" for name, targets in ALIASES.items()]
        (self.place / "aliases").write_text(
            "".join([*lines, "postmaster: carol\n", "MAILER-DAEMON: postmaster\n"])
        )
        (self.place / "hosts").write_text(f"mill.example\n{self.host}\n")
        values = {
            "PLACE": str(self.place),
            "HOST": self.host,
            "ADDRESS": self.address,
            "TLS": str(world.ROOT / "tls"),
        }
        for name in ("sendmail", "submit"):
            source = Template((HERE / f"conf/{name}.mc").read_text()).safe_substitute(values)
            made = subprocess.run(
                [
                    "m4",
                    "-D_CF_DIR_=/usr/share/sendmail/cf/",
                    "/usr/share/sendmail/cf/m4/cf.m4",
                    "-",
                ],
                input=source,
                capture_output=True,
                text=True,
                check=True,
            )
            (self.place / f"{name}.cf").write_text(made.stdout)
        # A submission program that is told another place gives up its group.
        Path("/etc/mail/submit.cf").write_text((self.place / "submit.cf").read_text())
        self._run("-bi")
