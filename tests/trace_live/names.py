"""The DNS of these tests: NSD serves zones that are made here, Unbound asks it and validates."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import dns.dnssec
import dns.name
import dns.query
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

from . import packages

_NSD = """\
server:
  ip-address: {address}@{port}
  username: ""
  chroot: ""
  zonesdir: "{place}"
  database: ""
  pidfile: "{place}/nsd.pid"
  xfrdfile: "{place}/xfrd.state"
  zonelistfile: "{place}/zone.list"
  logfile: "{place}/nsd.log"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
{zones}
"""
_ZONE = 'zone:\n  name: "{name}"\n  zonefile: "{file}"\n'
_UNBOUND = """\
server:
  interface: {address}@{port}
  username: ""
  chroot: ""
  directory: "{place}"
  pidfile: "{place}/unbound.pid"
  logfile: "{place}/unbound.log"
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  module-config: "validator iterator"
  harden-dnssec-stripped: yes
  trust-anchor-signaling: no
  qname-minimisation: no
  outbound-msg-retry: 1
{reverse}
{anchors}
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: {address}@{nsd_port}
"""
#: Networks of documentation, whose reverse zones Unbound keeps to itself unless told.
_REVERSE = ("2.0.192", "100.51.198", "113.0.203", "127")


@dataclass
class Zones:
    """What is to be served: lines for the root, and zones that are signed."""

    root: list[str] = field(default_factory=list)
    #: Zone to its lines.
    signed: dict[str, list[str]] = field(default_factory=dict)
    #: Zones whose signatures are broken afterwards.
    bogus: set[str] = field(default_factory=set)


class NameServers:
    """NSD and Unbound, running."""

    def __init__(self, place: Path, address: str, servers: Path) -> None:
        """`servers` is the folder that NSD is unpacked in."""
        self.place = place
        self.address = address
        self._servers = servers
        self._unbound = packages.unbound()
        self._started: list[subprocess.Popen[bytes]] = []
        self.nsd_port, self.port = _free_port(address), _free_port(address)

    @property
    def resolver(self) -> str:
        """As the setting `resolver` names it."""
        return f"{self.address}:{self.port}"

    def start(self, zones: Zones) -> None:
        """Serve them, and wait until the resolver answers."""
        files = {".": _root(zones)}
        anchors = []
        for name, lines in zones.signed.items():
            text, anchor = _signed(name, lines)
            files[name] = _tampered(text) if name in zones.bogus else text
            anchors.append(anchor)
        for number, text in enumerate(files.values()):
            (self.place / f"{number}.zone").write_text(text)
        written = "".join(
            _ZONE.format(name=name, file=self.place / f"{number}.zone")
            for number, name in enumerate(files)
        )
        values = {"place": self.place, "address": self.address, "nsd_port": self.nsd_port}
        nsd = _NSD.format(port=self.nsd_port, zones=written, **values)
        unbound = _UNBOUND.format(
            port=self.port,
            anchors="\n".join(f'  trust-anchor: "{each}"' for each in anchors),
            reverse="\n".join(
                f'  local-zone: "{each}.in-addr.arpa." nodefault' for each in _REVERSE
            ),
            **values,
        )
        self._run("nsd", nsd, self._servers / "usr/sbin/nsd")
        _wait(self.address, self.nsd_port)
        self._run("unbound", unbound, self._unbound / "usr/sbin/unbound")
        _wait(self.address, self.port)

    def _run(self, name: str, text: str, program: Path) -> None:
        (self.place / f"{name}.conf").write_text(text)
        found = packages.libraries(self._servers, self._unbound)
        said = (self.place / f"{name}.said").open("wb")
        command = [str(program), "-d", "-c", str(self.place / f"{name}.conf")]
        environment = {**os.environ, "LD_LIBRARY_PATH": found}
        self._started.append(subprocess.Popen(command, env=environment, stdout=said, stderr=said))
        said.close()

    def close(self) -> None:
        """End both."""
        for process in self._started:
            process.terminate()
        for process in self._started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _root(zones: Zones) -> str:
    lines = [
        "$TTL 60",
        ". SOA ns.example. hostmaster.example. 1 3600 600 86400 5",
        ". NS ns.example.",
        "ns.example. A 127.0.0.1",
        *zones.root,
        *(f"{name}. NS ns.example." for name in zones.signed),
    ]
    return "\n".join(lines) + "\n"


def _signed(name: str, lines: list[str]) -> tuple[str, str]:
    """The zone with its signatures, and its trust anchor."""
    head = [
        "$TTL 60",
        f"{name}. SOA ns.example. hostmaster.example. 1 3600 600 86400 5",
        f"{name}. NS ns.example.",
    ]
    zone = dns.zone.from_text(
        "\n".join([*head, *lines]) + "\n", origin=dns.name.from_text(name), relativize=False
    )
    key = ec.generate_private_key(ec.SECP256R1())
    public = dns.dnssec.make_dnskey(key.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, 257)
    dns.dnssec.sign_zone(zone, keys=[(key, public)], lifetime=86400)
    return zone.to_text(relativize=False), f"{name}. DNSKEY {public.to_text()}"


def _tampered(text: str) -> str:
    """The zone with other addresses than those that were signed."""
    lines = text.splitlines()
    return "\n".join(
        f"{line.rpartition('.')[0]}.254" if " IN A " in line else line for line in lines
    )


def _free_port(address: str) -> int:
    """A port that neither UDP nor TCP is used on."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as second,
        ):
            first.bind((address, 0))
            port = int(first.getsockname()[1])
            try:
                second.bind((address, port))
            except OSError:
                continue
            return port


def _wait(address: str, port: int) -> None:
    query = dns.message.make_query("ns.example.", dns.rdatatype.A)
    deadline = time.monotonic() + 20
    while True:
        try:
            if dns.query.udp(query, address, timeout=0.3, port=port).answer:
                return
        except (dns.exception.DNSException, OSError):
            pass
        if time.monotonic() > deadline:
            message = f"the name server on {address}:{port} does not answer"
            raise TimeoutError(message)
        time.sleep(0.05)
