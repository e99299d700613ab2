"""A Dovecot of Debian's with folders, users and a log of its own; it takes mail over LMTP."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.servers import world

from postroad.parsers.neighbours.folder import readable

from .people import PEOPLE

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Place:
    """One mail server and the Dovecot behind it."""

    name: str
    host: str
    address: str
    domain: str
    #: Where Dovecot logs: `syslog`, or a file.
    log: str
    #: `deliver_log_format`.
    format: str = "msgid=%m: %$"
    #: `log_timestamp`.
    stamp: str = "%b %d %H:%M:%S "

    @property
    def root(self) -> Path:
        """Dovecot's folder."""
        return world.ROOT / f"dovecot-{self.name}"

    def fill(self, template: str) -> str:
        """Put this place's names into a configuration."""
        return Template(template).safe_substitute(
            PLACE=self.root,
            HOST=self.host,
            ADDRESS=self.address,
            DOMAIN=self.domain,
            LOG=self.log,
            FORMAT=self.format,
            STAMP=self.stamp,
        )


def start(place: Place) -> None:
    """Write configuration, users and scripts, and start it."""
    for folder in ("run", "state"):
        (place.root / folder).mkdir(parents=True)
    configuration = place.root / "dovecot.conf"
    configuration.write_text(place.fill((HERE / "conf/dovecot.conf").read_text()))
    lines = []
    for person in PEOPLE:
        if not person.exists:
            continue
        home = _home(place, person.name)
        home.mkdir(parents=True)
        if person.sieve:
            script = person.sieve.replace("{domain}", place.domain)
            (home / ".dovecot.sieve").write_text(script + "\n")
        rule = f" userdb_quota_rule=*:bytes={person.quota}" if person.quota else ""
        lines.append(f"{person.name}@{place.domain}:{{plain}}x:2603:2603::{home}::{rule.strip()}\n")
    home = _home(place, "carol")
    home.mkdir(parents=True)
    lines.append(f"carol@{place.domain}:{{plain}}x:2603:2603::{home}::\n")
    (place.root / "users").write_text("".join(lines))
    subprocess.run(["chown", "-R", "vmail:vmail", world.ROOT / "boxes" / place.name], check=True)
    command = ["/usr/sbin/dovecot", "-c", configuration]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (place.root / "lmtp").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Dovecot {place.name} does not start")
        time.sleep(0.05)


def stored(place: Place) -> dict[str, dict[str, list[str]]]:
    """The messages on disk: person, folder as people read it, texts."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted((world.ROOT / "boxes" / place.name).rglob("*")):
        if path.parent.name not in {"new", "cur"} or not path.is_file():
            continue
        box = path.parent.parent
        person = next(part for part in reversed(box.parents) if part.parent.name == place.name).name
        # Maildir++: a folder is a directory beside new and cur, with dots between its levels.
        name = "INBOX" if box.name == "Maildir" else readable(box.name[1:]).replace(".", "/")
        texts = found.setdefault(person, {}).setdefault(name, [])
        texts.append(path.read_text("utf-8", "backslashreplace"))
    return found


def _home(place: Place, name: str) -> Path:
    return world.ROOT / "boxes" / place.name / name
