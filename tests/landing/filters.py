"""SpamAssassin, rspamd and amavis of Debian's; none of them asks DNS or learns anything."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from tests.servers import world

HERE = Path(__file__).parent
#: What SpamAssassin and rspamd take for spam: the Generic Test for Unsolicited Bulk Email.
SPAM = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

#: rspamd's modules that ask DNS, and would only wait here.
_ASKING = ("arc", "asn", "dkim", "dmarc", "hfilter", "mx_check", "rbl", "spf", "surbl")


def start_spamd(log: Path) -> None:
    """A spamd that logs into a file of its own."""
    Path("/etc/spamassassin/local.cf").write_text("use_bayes 0\n")
    home = _folder("spamd")
    command = ["/usr/sbin/spamd", "--listen=127.0.0.1:783", "--local", "--nouser-config"]
    command += ["--max-children=1", "--username=vmail", f"--helper-home-dir={home}"]
    log.touch()
    subprocess.run(["chown", "vmail:vmail", log], check=True)
    _background([*command, f"--syslog={log}"])


def start_rspamd(log: Path) -> None:
    """An rspamd that logs into a file of its own, and has a rule for a header."""
    place = _folder("rspamd")
    local = Path("/etc/rspamd/local.d")
    local.mkdir(exist_ok=True)
    settings = {
        "options.inc": 'dns { nameserver = ["127.0.0.1:5399"]; timeout = 0.1s; retransmits = 1; }\n',
        "logging.inc": f'type = "file";\nfilename = "{log}";\n',
        "worker-normal.inc": 'bind_socket = "127.0.0.1:11333";\ncount = 1;\n',
        "worker-controller.inc": f'bind_socket = "{place}/controller";\n',
        "worker-proxy.inc": "enabled = false;\n",
        "worker-fuzzy.inc": "count = -1;\n",
        "regexp.conf": 'NEARLY { re = "X-Nearly=/yes/{header}"; score = 7.0; }\n',
    }
    settings |= {f"{module}.conf": "enabled = false;\n" for module in _ASKING}
    for name, text in settings.items():
        (local / name).write_text(text)
    command = ["/usr/bin/rspamd", "-f", "-u", "vmail", "-g", "vmail"]
    command += [f"--var={name}={place}" for name in ("DBDIR", "RUNDIR", "LOGDIR")]
    _background(command)


def start_amavis(configuration: str) -> None:
    """An amavis that logs to syslog; `configuration` is its file's text."""
    place = _folder("amavis")
    for name in ("tmp", "db", "var"):
        (place / name).mkdir()
    # It takes no configuration that its own user might change.
    file = Path("/etc/amavisd.conf")
    file.write_text(configuration)
    subprocess.run(["chown", "-R", "vmail:vmail", place], check=True)
    _background(["/usr/sbin/amavisd", "-c", file, "foreground"])


def wait() -> None:
    """Wait until all of them take connections."""
    for port in (783, 11333, 10024):
        deadline = time.monotonic() + 40
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens on port {port}")
            time.sleep(0.1)


def _folder(name: str) -> Path:
    folder = world.ROOT / name
    folder.mkdir()
    subprocess.run(["chown", "vmail:vmail", folder], check=True)
    return folder


def _background(command: list[str | Path]) -> None:
    """Start a program that goes with the namespaces."""
    subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
