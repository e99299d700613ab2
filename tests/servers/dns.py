"""The DNS of the yard: NSD from Debian, authoritative for the root and so for everything."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from . import names

_CONFIGURATION = """\
server:
  ip-address: 127.0.0.1
  username: ""
  chroot: ""
  zonesdir: "{place}"
  database: ""
  pidfile: "{place}/nsd.pid"
  xfrdfile: "{place}/xfrd.state"
  zonelistfile: "{place}/zone.list"
  logfile: "{place}/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "{place}/root.zone"
zone:
  name: "{broken}"
  zonefile: "{place}/nowhere.zone"
"""


def start(place: Path) -> None:
    """Serve `names.zone()` on 127.0.0.1 port 53, and wait until it answers."""
    place.mkdir()
    (place / "root.zone").write_text(names.zone())
    (place / "nsd.conf").write_text(_CONFIGURATION.format(place=place, broken=names.BROKEN))
    subprocess.run(["/usr/sbin/nsd", "-c", place / "nsd.conf"], check=True)
    deadline = time.monotonic() + 20
    while not _answers():
        if time.monotonic() > deadline:
            log = (place / "nsd.log").read_text() if (place / "nsd.log").exists() else ""
            raise TimeoutError(f"NSD does not answer: {log}")
        time.sleep(0.05)


def _answers() -> bool:
    """Whether a bare query for the root's SOA comes back."""
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.sendto(query, ("127.0.0.1", 53))
        try:
            return asking.recv(512)[7] > 0
        except OSError:
            return False
