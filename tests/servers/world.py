"""A private world for the servers: mounts, network, host name, accounts and clock of its own.

Called as process 1 of fresh namespaces (see `yard.py`). Nothing done here is seen outside, and
all of it, processes included, vanishes when process 1 ends. So several test runs do not meet,
standard ports are free, MX records are looked up in a real DNS server, and no account or file is
added to the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

from . import clock, names

#: Where everything that the servers write lives: a file system in memory.
ROOT = Path("/srv")

#: Accounts of the yard: name, user id, group id, home. Fixed, so that /usr can be prepared.
ACCOUNTS = (
    ("postfix", 2601, 2601, "/var/spool/postfix"),
    ("Debian-exim", 2602, 2602, "/var/spool/exim4"),
    ("vmail", 2603, 2603, "/srv/mail"),
    ("carol", 2604, 2604, "/srv/home/carol"),
    ("dave", 2605, 2605, "/srv/home/dave"),
    ("shop", 2606, 2606, "/srv/home/shop"),
    ("opensmtpd", 2608, 2608, "/var/empty"),
    ("opensmtpq", 2609, 2609, "/var/empty"),
    ("smmta", 2610, 2610, "/var/spool/mqueue"),
    ("smmsp", 2611, 2611, "/var/spool/mqueue-client"),
)
POSTDROP = 2607

_DEVICES = (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9))


def user_id(name: str) -> int:
    """The number of one of the yard's accounts, which is that of its group too."""
    return next(uid for account, uid, _, _ in ACCOUNTS if account == name)


def build(tree: Path) -> None:
    """Make the world around this process, with the packages of `tree` in it."""
    scratch = _scratch()
    _lay_over("/usr", tree / "usr", scratch)
    _lay_over("/etc", tree / "etc", scratch)
    _devices()
    _accounts()
    _network()
    _allow_postdrop()


def own_spool() -> None:
    """Lay empty folders over /var and /run, for servers whose places are built in. Once is enough."""
    if Path("/var/spool/smtpd").exists():
        return
    for place in ("/var", "/run"):
        _mount("-t", "tmpfs", "-o", "mode=755", "yard", place)
    for folder in ("spool/smtpd", "empty", "mail", "tmp", "lib"):
        Path("/var", folder).mkdir(parents=True)
    Path("/var/mail").chmod(0o1777)
    Path("/var/tmp").chmod(0o1777)
    Path("/var/run").symlink_to("/run")


def await_port(address: str, port: int = 25) -> None:
    """Wait until somebody listens there. Raises `TimeoutError` after 20 seconds."""
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((address, port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens on {address} port {port}") from None
            time.sleep(0.05)
        else:
            return


def preload_clock() -> None:
    """From now on every program started here lives in the yard's time; this process does not."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    Path("/etc/ld.so.preload").write_text(f"{library}\n")
    os.environ.update(clock.ENVIRONMENT)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _scratch() -> Path:
    """A file system in memory for all that is written; it hides the machine's own /srv."""
    _mount("--make-rprivate", "/")
    _mount("-t", "tmpfs", "-o", "mode=755", "yard", str(ROOT))
    scratch = ROOT / ".layers"
    scratch.mkdir(mode=0o700)
    return scratch


def _lay_over(place: str, layer: Path, scratch: Path) -> None:
    """Show the files of `layer` in `place`, above the machine's own; writes go to `scratch`."""
    upper, work = (scratch / f"{place.strip('/')}-{part}" for part in ("upper", "work"))
    upper.mkdir()
    work.mkdir()
    options = f"lowerdir={layer}:{place},upperdir={upper},workdir={work}"
    _mount("-t", "overlay", "-o", options, "overlay", place)


def _devices() -> None:
    """A /dev of our own, so that /dev/log and shared memory are."""
    _mount("-t", "tmpfs", "-o", "mode=755", "dev", "/dev")
    for name, minor in _DEVICES:
        os.mknod(f"/dev/{name}", 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        Path("/dev", name).chmod(0o666)
    Path("/dev/fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        Path("/dev", name).symlink_to(f"/proc/self/fd/{number}")
    Path("/dev/shm").mkdir()
    Path("/dev/shm").chmod(0o1777)


def _accounts() -> None:
    with Path("/etc/passwd").open("a") as passwd, Path("/etc/group").open("a") as group:
        for name, uid, gid, home in ACCOUNTS:
            passwd.write(f"{name}:x:{uid}:{gid}:{name.title()}:{home}:/bin/sh\n")
            group.write(f"{name}:x:{gid}:\n")
            if home.startswith("/srv/"):
                Path(home).mkdir(parents=True)
                os.chown(home, uid, gid)
        group.write(f"postdrop:x:{POSTDROP}:\n")


def _network() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in names.addresses():
        suffix = "/128" if ":" in address else "/32"
        command = ["ip", "addr", "add", address + suffix, "dev", "lo"]
        subprocess.run([*command, "nodad"] if ":" in address else command, check=True)
    socket.sethostname(names.SYSLOG_HOST)
    Path("/etc/resolv.conf").unlink(missing_ok=True)
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{names.hosts_file()}")
    Path("/etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def _allow_postdrop() -> None:
    """What the package's installation script would do: postdrop and postqueue are set-gid."""
    for tool in ("postdrop", "postqueue"):
        path = Path("/usr/sbin", tool)
        shutil.chown(path, 0, POSTDROP)
        path.chmod(0o2755)
