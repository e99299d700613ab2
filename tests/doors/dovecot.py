"""A real Dovecot on loopback with TLS: IMAPS on one port, STARTTLS on another, and a few mailboxes.

127.0.0.2, where it answers too, is not in its certificate. It runs from its own folder with its own settings; nothing of the machine's Dovecot is touched.
As root it uses the users that Debian's package makes, else everything runs as who tests.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: Seconds until it answers, or is taken for broken.
_PATIENCE = 20

_SETTINGS = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1, 127.0.0.2
login_trusted_networks = 127.0.0.0/8
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
ssl_dh =
disable_plaintext_auth = yes
auth_mechanisms = plain
auth_verbose = yes
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/people
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/mail/%u
}}
"""


class Dovecot:
    """A running server: its ports, the certificate to trust, and its log."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], ports: Mapping[str, int]):
        self.folder = folder
        self.process = process
        self.imaps = ports["imaps"]
        self.starttls = ports["starttls"]
        self.ca = folder / "ca.pem"

    def log(self) -> str:
        """What it has logged so far."""
        return (self.folder / "log").read_text()

    def pause(self) -> None:
        """Let it keep its ports open and answer nothing."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        os.killpg(self.process.pid, signal.SIGCONT)


@contextmanager
def dovecot(program: Path, people: Mapping[str, str]) -> Iterator[Dovecot]:
    """Run it with these addresses and passwords until the block ends."""
    # Its users have to reach the folder, which they could not below pytest's own.
    with tempfile.TemporaryDirectory(prefix="postroad-dovecot-") as made:
        Path(made).chmod(0o711)
        with _running(program, Path(made), people) as running:
            yield running


@contextmanager
def _running(program: Path, folder: Path, people: Mapping[str, str]) -> Iterator[Dovecot]:
    for name in ("run", "state", "mail"):
        (folder / name).mkdir(parents=True)
    _certificates(folder)
    ports = {"imaps": _free_port(), "starttls": _free_port()}
    lines = [f"{name}:{{SHA256.hex}}{_sha256(text)}::::::\n" for name, text in people.items()]
    (folder / "people").write_text("".join(lines))
    who = _users()
    (folder / "dovecot.conf").write_text(_SETTINGS.format(folder=folder, **ports, **who))
    _open_to(folder, who["owner"])
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [program, "-F", "-c", folder / "dovecot.conf"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    running = Dovecot(folder, process, ports)
    try:
        for port in ports.values():
            _wait_for(port, running)
        yield running
    finally:
        running.go_on()
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _users() -> dict[str, str]:
    """Who runs which part."""
    me = pwd.getpwuid(os.geteuid())
    if os.geteuid():
        name = me.pw_name
        group = str(me.pw_gid)
        return {
            "internal": name,
            "login": name,
            "group": group,
            "owner": name,
            "owner_group": group,
        }
    return {
        "internal": "dovecot",
        "group": "dovecot",
        "login": "dovenull",
        "owner": "nobody",
        "owner_group": "nogroup",
    }


def _open_to(folder: Path, owner: str) -> None:
    """Give the mailboxes to their user."""
    if os.geteuid():
        return
    found = pwd.getpwnam(owner)
    os.chown(folder / "mail", found.pw_uid, found.pw_gid)


def _certificates(folder: Path) -> None:
    """A certificate authority, and a certificate of it for 127.0.0.1 and localhost."""

    def openssl(*arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        "req", "-x509", *key, "-days", "2", "-subj", "/CN=postroad test CA",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout", "ca.key", "-out", "ca.pem",
    )  # fmt: skip
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
        "-extfile", "names", "-out", "server.pem",
    )  # fmt: skip


def _wait_for(port: int, running: Dovecot) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and running.process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    said = (running.folder / "said").read_text() + running.log()
    raise RuntimeError(f"Dovecot does not answer: {said}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
