"""An Exim of Debian's, with folders, address, log form and users of its own.

In goes a `Flavour` (how it logs), out come its log files. Runs as in life: the daemon as root,
receiving as Debian-exim, local deliveries as vmail or the user. Queue runs are started by hand,
because the yard's clock jumps.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import clock, names, rsyslog, world
from .people import Accounts

HERE = Path(__file__).parent

#: The configuration that the binary is built with, and the only one that it trusts in the hands
#: of ordinary users: each instance sees its own there, in a mount namespace of its own.
_BUILT_IN = "/etc/exim4/exim4.conf"
_OWN_VIEW = (
    "env",
    "-u",
    clock.NOT_FOR_EXIM,
    "unshare",
    "--mount",
    "sh",
    "-c",
    f'mount --bind "$0" {_BUILT_IN} && exec "$@"',
)


@dataclass(frozen=True)
class Flavour:
    """How one Exim logs."""

    selector: str
    zone: str = "UTC"
    #: Write the zone on every line.
    log_zone: bool = False
    #: Send everything to syslog as well.
    syslog: bool = False
    #: The lines that cPanel's configuration adds.
    cpanel: bool = False
    authenticator: str = "login"


FLAVOURS = {
    # As Debian's exim4-config sets it.
    "exim": Flavour(
        "+smtp_protocol_error +smtp_syntax_error +tls_certificate_verified +tls_peerdn"
    ),
    "exim-cpanel": Flavour(
        "+arguments +subject +received_recipients +incoming_port +smtp_connection"
        " +all_parents +retry_defer",
        zone="America/New_York",
        cpanel=True,
        authenticator="dovecot",
    ),
    "exim-full": Flavour(
        "+all -arguments -pipelining",
        zone="Europe/Vienna",
        log_zone=True,
        syslog=True,
    ),
}


class Exim:
    """One running Exim."""

    kind = "exim"

    def __init__(self, name: str, accounts: Accounts, flavour: Flavour | None = None) -> None:
        """Write its configuration; nothing runs yet."""
        self.name = name
        self.host, self.address = names.SERVERS[name]
        self.flavour = flavour or FLAVOURS[name]
        self.place = world.ROOT / name
        self._accounts = accounts
        self._prepare()

    def start(self) -> None:
        """Start the daemon and wait until it listens."""
        command = self._command("-bd")
        # The daemon keeps its descriptors: a pipe would never end.
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not (self.place / "exim.pid").exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Exim {self.name} does not start")
            time.sleep(0.05)

    def run(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run the binary with this instance's configuration, as root."""
        command = self._command(*arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]

    def submit(self, user: str, sender: str, recipients: Iterable[str], message: bytes) -> None:
        """Hand in a message on this host as a local user, as a script would with sendmail."""
        sender_option = ["-f", sender] if sender else []
        command = self._command("-oi", *sender_option, *recipients, user=user)
        subprocess.run(command, input=message, check=False, capture_output=True, timeout=30)

    def retry(self) -> None:
        """A queue run, as the daemon would start it: only what is due is tried."""
        self.run("-q")

    def queued(self) -> list[str]:
        """The ids of the messages in the queue."""
        found = (self.place / "spool/input").rglob("*-H")
        return sorted(path.name.removesuffix("-H") for path in found)

    def operate(self, command: tuple[str, ...]) -> None:
        """An operator's command: the arguments of exim."""
        self.run(*command)

    def logs(self) -> dict[str, Path]:
        """The log files by the name they are kept under."""
        files = {path.name: path for path in sorted((self.place / "log").iterdir())}
        if self.flavour.syslog:
            folder = world.ROOT / "syslog"
            files |= {form: folder / f"exim-{form}" for form in rsyslog.FORMS}
        return files

    def is_busy(self) -> bool:
        """Whether any Exim of the yard is at work; the daemons do not count."""
        daemons = {path.read_text().strip() for path in world.ROOT.glob("*/exim.pid")}
        listed = subprocess.run(["pgrep", "exim4"], capture_output=True, text=True)
        return bool(set(listed.stdout.split()) - daemons)

    def _prepare(self) -> None:
        for folder in ("spool", "log"):
            (self.place / folder).mkdir(parents=True)
            subprocess.run(["chown", "Debian-exim:Debian-exim", self.place / folder], check=True)
        mail = world.ROOT / "mail" / self.name
        mail.mkdir(parents=True)
        subprocess.run(["chown", "vmail:vmail", mail], check=True)
        mail.chmod(0o1777)
        self._tables()
        self._configuration.write_text(self._macros() + (HERE / "conf/exim.conf").read_text())
        Path(_BUILT_IN).parent.mkdir(exist_ok=True)
        Path(_BUILT_IN).touch()

    @property
    def _configuration(self) -> Path:
        return self.place / "exim.conf"

    def _command(self, *arguments: str, user: str = "") -> list[str]:
        """A command line that runs Exim with this configuration, as root or as a user."""
        switch = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        started = [*_OWN_VIEW, str(self._configuration), *(switch if user else [])]
        return [*started, "/usr/sbin/exim4", *arguments]

    def _macros(self) -> str:
        logs = f"{self.place}/log/%slog" + (" : syslog" if self.flavour.syslog else "")
        macros = {
            "PLACE": str(self.place),
            "HOSTNAME": self.host,
            "ADDRESS": self.address,
            "LISTENER6": names.ipv6_of(self.address),
            "INSTANCE": self.name,
            "SELECTOR": self.flavour.selector,
            "ZONE": self.flavour.zone,
            "LOGS": logs,
            "AUTHNAME": self.flavour.authenticator,
        }
        if self.flavour.log_zone:
            macros["STAMPED"] = "yes"
        if self.flavour.cpanel:
            macros["CPANEL"] = "yes"
        return "".join(f"{name} = {value}\n" for name, value in macros.items())

    def _tables(self) -> None:
        accounts = self._accounts
        # The folder comes from this table: Exim does not trust an address as a path.
        folders = {box: "/".join(reversed(box.split("@"))) for box in accounts.mailboxes}
        (self.place / "mailboxes").write_text(
            "".join(f"{box}: {folder}\n" for box, folder in folders.items())
        )
        (self.place / "passwords").write_text(
            "".join(f"{login}: {word}\n" for login, word in accounts.passwords.items())
        )
        aliases = {**accounts.aliases, **accounts.exim_aliases}
        (self.place / "aliases").write_text(
            "".join(f"{name}: {', '.join(targets)}\n" for name, targets in aliases.items())
        )
        (self.place / "system.filter").write_text((HERE / "conf/system.filter").read_text())
