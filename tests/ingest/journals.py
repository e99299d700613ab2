"""Real journals, written by systemd-journal-remote of Debian, unpacked and never installed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

from tests.servers import packages
from tests.trace_live.packages import libraries

#: The program that writes journals, and the one library of it that small machines lack.
_WANTED = ("systemd-journal-remote", "libmicrohttpd12")
_BOOT = "0f" * 16
UNIT = "postfix@-.service"


@cache
def writer() -> Path:
    """The folder that the program is unpacked in. Raises `PackagesMissing`."""
    if shutil.which("journalctl") is None:
        raise packages.PackagesMissing("journalctl is not on this machine")
    folder = packages.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    tree = folder / "tree-journal"
    with packages._alone(folder):
        if not (tree / "lib/systemd/systemd-journal-remote").exists():
            fresh = folder / "download-journal"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *_WANTED]
            packages._run(command, fresh)
            packages._unpack(sorted(fresh.glob("*.deb")), tree)
    return tree


def entry(at: int, text: str | bytes, *, unit: str = UNIT, **fields: str) -> bytes:
    """An entry in the export format; `at` in microseconds UTC."""
    message = text if isinstance(text, bytes) else text.encode()
    tag, _, rest = message.decode("latin-1").partition(": ")
    name, _, pid = tag.rstrip("]").partition("[")
    written = {
        "__REALTIME_TIMESTAMP": str(at),
        "__MONOTONIC_TIMESTAMP": str(at % 10**12),
        "_BOOT_ID": _BOOT,
        "_HOSTNAME": "mx1",
        "SYSLOG_FACILITY": "2",
        "SYSLOG_IDENTIFIER": name,
        "_PID": pid,
        "_SYSTEMD_UNIT": unit,
    } | fields
    head = "".join(f"{name}={value}\n" for name, value in written.items()).encode()
    body = rest.encode("latin-1")
    # RFC-less: systemd's "Journal Export Formats" writes what is not plain text with its length.
    return head + b"MESSAGE\n" + struct.pack("<Q", len(body)) + body + b"\n\n"


def write(journal: Path, entries: list[bytes]) -> None:
    """Append entries to this journal file, `NAME.journal`; make it where it is not."""
    tree = writer()
    journal.parent.mkdir(exist_ok=True)
    # Its own libraries are the machine's: it belongs to the systemd that is installed.
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries(tree)}
    program = tree / "lib/systemd/systemd-journal-remote"
    done = subprocess.run(
        [program, "-o", journal, "-"], input=b"".join(entries), capture_output=True, env=environment
    )
    assert done.returncode == 0, done.stderr.decode()
