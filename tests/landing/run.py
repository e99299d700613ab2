"""The run: Postfix and Exim, a Dovecot behind each, a message to everyone, and what is on disk.

    run(folder)                                  from outside: everything happens in a child
    python -m tests.landing.run FOLDER TREE      what that child runs, in namespaces of its own

In the folder afterwards: the logs, and `truth.json`. Nothing of the truth is taken from a log.
"""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.servers import world
from tests.servers.yard import _UNSHARE, YardFailed, _reap_until

from . import dovecot, filters, packages
from .dovecot import Place
from .people import PEOPLE

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
LOG = world.ROOT / "log"
#: Postfix and its Dovecot share one syslog; Exim and its Dovecot write a file each.
PLACES = (
    Place("postfix", "mx2.example.com", "192.0.2.12", "school.example", "syslog"),
    Place(
        "exim",
        "mx1.example.com",
        "192.0.2.11",
        "customer.example",
        str(LOG / "dovecot.log"),
        format="from=%f, size=%p, msgid=%m: %$",
        stamp="%Y-%m-%d %H:%M:%S ",
    ),
)
_LIMIT = 120
_RSPAMD = "X-Filter: rspamd\r\n"
#: Messages that filters judge: what they hold, and a header that chooses Exim's filter.
JUDGED = {
    "spam": (filters.SPAM, ""),
    "ham": ("", ""),
    "spam.rspamd": (filters.SPAM, _RSPAMD),
    "nearly.rspamd": ("", _RSPAMD + "X-Nearly: yes\r\n"),
    "ham.rspamd": ("", _RSPAMD),
}
_ACCOUNTS = (("dovecot", 2611), ("dovenull", 2612))
_RSYSLOG = """\
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.UseSysTimeStamp="off"
       SysSock.RateLimit.Interval="0")
global(workDirectory="{log}" net.enableDNS="off" maxMessageSize="64k"
       parser.permitSlashInProgramName="on")
if $syslogfacility-text == "mail" then
  action(type="omfile" file="{log}/mail.log" template="RSYSLOG_FileFormat")
"""


def run(folder: Path) -> dict[str, Any]:
    """Run it and return the truth. Raises `YardFailed`."""
    command = [*_UNSHARE, "--mount-proc", sys.executable, "-m", "tests.landing.run"]
    command += [str(folder), str(packages.unpacked())]
    with (folder / "run.log").open("w") as said:
        child = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=said, stderr=said, start_new_session=True
        )
        try:
            status = child.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            status = -1
        finally:
            child.kill()
            child.wait()
    if status != 0:
        raise YardFailed((folder / "run.log").read_text()[-4000:])
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return truth


def _inside(folder: Path, tree: Path) -> None:
    """The whole run, in a process that is not number 1."""
    world.build(tree)
    _accounts()
    LOG.mkdir()
    LOG.chmod(0o1777)
    configuration = LOG / "rsyslog.conf"
    configuration.write_text(_RSYSLOG.format(log=LOG))
    command = ["/usr/sbin/rsyslogd", "-f", configuration, "-i", LOG / "rsyslogd.pid"]
    subprocess.run(command, check=True)
    _wait(Path("/dev/log").exists, "rsyslogd does not start")
    filters.start_amavis(PLACES[0].fill((HERE / "conf/amavisd.conf").read_text()))
    filters.start_spamd(LOG / "spamd.log")
    filters.start_rspamd(LOG / "rspamd.log")
    for place in PLACES:
        dovecot.start(place)
    _start_postfix(PLACES[0])
    _start_exim(PLACES[1])
    filters.wait()
    sent = {place.name: _send_all(place) for place in PLACES}
    _settle()
    for name in ("mail.log", "dovecot.log", "spamd.log", "rspamd.log"):
        shutil.copyfile(LOG / name, folder / name)
    shutil.copyfile(world.ROOT / "exim/log/mainlog", folder / "mainlog")
    truth = {
        place.name: {"sent": sent[place.name], "stored": dovecot.stored(place)} for place in PLACES
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n")


def _accounts() -> None:
    with Path("/etc/passwd").open("a") as passwd, Path("/etc/group").open("a") as group:
        for name, number in _ACCOUNTS:
            passwd.write(f"{name}:x:{number}:{number}::/nonexistent:/bin/sh\n")
            group.write(f"{name}:x:{number}:\n")


def _start_postfix(place: Place) -> None:
    root = world.ROOT / "postfix"
    for folder in ("etc", "queue", "data"):
        (root / folder).mkdir(parents=True)
    subprocess.run(["chown", "postfix:postfix", root / "data"], check=True)
    main = place.fill((HERE / "conf/main.cf").read_text().replace("$PLACE", str(root)))
    (root / "etc/main.cf").write_text(main.replace("$MAILBOXES", str(place.root)))
    daemons = (HERE / "conf/master.cf").read_text()
    (root / "etc/master.cf").write_text(daemons.replace("$MAILBOXES", str(place.root)))
    done = subprocess.run(
        ["/usr/sbin/postfix", "-c", root / "etc", "start"], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)


def _start_exim(place: Place) -> None:
    root = world.ROOT / "exim"
    for folder in ("spool", "log"):
        (root / folder).mkdir(parents=True)
    subprocess.run(["chown", "-R", "Debian-exim:Debian-exim", root], check=True)
    macros = {
        "PLACE": root,
        "HOST": place.host,
        "ADDRESS": place.address,
        "DOMAIN": place.domain,
        "MAILBOXES": place.root,
    }
    built_in = Path("/etc/exim4/exim4.conf")
    built_in.parent.mkdir(exist_ok=True)
    lines = "".join(f"{name} = {value}\n" for name, value in macros.items())
    built_in.write_text(lines + (HERE / "conf/exim.conf").read_text())
    command = ["/usr/sbin/exim4", "-bd", "-q10s"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait((root / "exim.pid").exists, "Exim does not start")


def _send_all(place: Place) -> list[dict[str, Any]]:
    """A message to each, one to an alias for two, one to three at once, one without an id."""
    names = [(person.name,) for person in PEOPLE if place.name in person.at]
    sent = []
    aliases = [("both",)] if place.name == "postfix" else []
    without_id = ("junk",)
    for number, to in enumerate([*names, *aliases, ("inbox", "lists", "bin"), without_id]):
        message_id = "" if to is without_id else f"{'-'.join(to)}.{number}@sender.example"
        _send(place, to, message_id)
        sent.append({"to": [f"{name}@{place.domain}" for name in to], "message_id": message_id})
    for name, (pattern, header) in JUDGED.items():
        _send(place, ("inbox",), f"{name}@sender.example", pattern, header)
    return sent


def _send(
    place: Place, to: tuple[str, ...], message_id: str, more: str = "", header: str = ""
) -> None:
    head = f"Message-ID: <{message_id}>\r\n{header}" if message_id else ""
    text = f"From: carol@{place.domain}\r\nTo: {to[0]}@{place.domain}\r\nSubject: Hello\r\n{head}"
    body = text + f"Date: {formatdate()}\r\n\r\nHello, this is a test.\r\n{more}\r\n"
    with smtplib.SMTP(place.address, 25, "client.example", timeout=30) as client:
        recipients = [f"{name}@{place.domain}" for name in to]
        client.sendmail(f"carol@{place.domain}", recipients, body.encode())


def _settle() -> None:
    """Wait until both queues are empty, and nothing was logged for a moment."""

    def at_rest() -> bool:
        queues = [
            world.ROOT / "postfix/queue" / name for name in ("incoming", "active", "maildrop")
        ]
        queues.append(world.ROOT / "exim/spool/input")
        before = _logged()
        time.sleep(1)
        busy = any(path.is_file() for queue in queues for path in queue.rglob("*"))
        return not busy and before == _logged()

    _wait(at_rest, "the queues do not empty", 60)


def _logged() -> int:
    return sum(path.stat().st_size for path in LOG.iterdir())


def _wait(done: Any, problem: str, patience: float = 20) -> None:
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(problem)
        time.sleep(0.05)


if __name__ == "__main__":
    if worker := os.fork():
        sys.exit(_reap_until(worker))
    _inside(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.flush()
    os._exit(0)
