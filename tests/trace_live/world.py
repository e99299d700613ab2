"""The mail world of these tests: domains, their servers and faults, on addresses of the loopback.

Every server listens on the port that is its in life, on an address of 127.0.0.0/8 that is drawn
anew for each run, so that runs do not meet. Ports below 1024 need root.
"""

from __future__ import annotations

import os
import random
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postroad.config import Settings, load
from postroad.model.check import Destination, Probe
from postroad.trace.envelope import recipient
from postroad.trace.lookup import Lookup
from postroad.trace.probe import Rules, probe
from postroad.trace.safety import Fence

from . import sinks
from .authority import Authority, Issued, self_signed
from .names import NameServers, Zones
from .policies import POLICIES, web
from .senders import sender_lines
from .sinks import Manner, Sink, speaker

#: Domains whose server has a certificate that fits, and how each behaves.
_WITH_TLS: dict[str, Manner] = {
    "good": speaker(),
    "later": speaker(rcpt="450 4.2.0 greylisted, come back"),
    "never": speaker(rcpt="550-5.1.1 no such user|550 5.1.1 look elsewhere"),
    "notls": speaker(starttls="454 4.7.0 TLS not available"),
}
_PLAIN: dict[str, Manner] = {
    "plain": speaker(),
    "busy": speaker(connect="421 4.7.0 too many connections"),
    "closed": speaker(connect="554 5.7.1 no mail here"),
    "latermail": speaker(mail="451 4.3.0 try later"),
    "nomail": speaker(mail="550 5.7.1 not you"),
    "old": speaker(ehlo="502 5.5.1 what"),
    "dislikes": speaker(ehlo="550 5.7.0 bad name"),
    "odd": speaker(rcpt="354 go on"),
    "leaves": speaker(hangs_up="RCPT"),
    "falls": speaker(is_silent="MAIL"),
    "silent": sinks.silent,
    "endless": sinks.endless_banner,
    "drip": sinks.drip,
    "huge": sinks.huge_line,
    "web": sinks.web_server,
    "gone": sinks.hangs_up,
    "broken": sinks.resets,
    "evil": speaker(rcpt="550 5.1.1 \x1b[2J<script>alert(1)</script>\u202egpj.exe"),
    "tlsgarbage": sinks.tls_fault(answer=b"\x00" * 100),
    "tlssilent": sinks.tls_fault(stays=True),
    "tlshangup": sinks.tls_fault(),
    "injection": sinks.tls_fault(b"250 injected\r\n", stays=True),
}


@dataclass
class World:
    """Everything that runs."""

    settings: Settings
    base: str
    sinks: dict[str, Sink]
    issued: dict[str, Issued]
    authority: Authority
    network: sinks.Sinks
    folder: Path
    names: NameServers
    extra: dict[str, Any] = field(default_factory=dict)

    def lookup(self, seconds: float = 10) -> Lookup:
        """Questions to the validating resolver."""
        return Lookup(self.settings.resolver, seconds=seconds)

    def fence(self, *allowed: str) -> Fence:
        """What may be connected to: by default what the settings of these tests say."""
        return Fence(allowed or self.settings.check_networks)

    def probe(self, address: str, *hosts: str, seconds: float = 10, **changed: Any) -> Probe:
        """Check an address live, by its MX records unless hosts are given."""
        lookup = self.lookup(seconds)
        found = recipient(address)
        destinations = [Destination(host=each) for each in hosts]
        for _ in range(0 if hosts else _TRIES):
            if destinations := exchangers(found.domain, lookup):
                break
            # On a busy machine the name servers may not answer in time.
            lookup = self.lookup(seconds)
        rules = Rules(seconds=seconds, **{"helo": "probe.example", **changed})
        return probe(found, destinations, rules=rules, lookup=lookup, fence=self.fence())


#: How often the world's own name servers are asked for a domain's mail servers.
_TRIES = 3


def exchangers(domain: str, lookup: Lookup) -> list[Destination]:
    """The servers that a domain's MX records name."""
    answer = lookup.ask(domain, "MX")
    return [
        Destination(
            host=each.exchange.to_text(omit_final_dot=True),
            preference=each.preference,
            is_secure=answer.is_secure,
        )
        for each in answer.records
    ]


def build(folder: Path, servers: Path) -> World:
    """Start name servers, mail servers and web servers."""
    draw = random.SystemRandom()
    base = f"127.{draw.randint(16, 254)}.{draw.randint(0, 254)}"
    authority = Authority()
    network = sinks.Sinks()
    zones = Zones()
    world = World(
        settings=_settings(folder, base),
        base=base,
        sinks={},
        issued={},
        authority=authority,
        network=network,
        folder=folder,
        names=NameServers(_made(folder / "dns"), f"{base}.1", servers),
    )
    roots = folder / "roots.pem"
    roots.write_bytes(_pem(authority.root))
    os.environ["SSL_CERT_FILE"] = str(roots)
    _mail_servers(world, zones)
    _policies(world, zones)
    zones.root += sender_lines(base)
    world.names.start(zones)
    world.settings = _settings(folder, base, resolver=world.names.resolver)
    return world


def _settings(folder: Path, base: str, resolver: str = "127.0.0.1") -> Settings:
    values = {
        "home": folder / "home",
        "host": "mail.ours.example",
        "resolver": resolver,
        "check_networks": f"{base}.0/24, ::1",
        "sending_addresses": "192.0.2.25",
    }
    return load(values, environ={})


def _mail_servers(world: World, zones: Zones) -> None:
    folder = _made(world.folder / "tls")
    number = 10
    every: dict[str, tuple[Manner, Issued | None, bool]] = {
        name: (manner, world.authority.issue(f"mx.{name}.example"), True)
        for name, manner in _WITH_TLS.items()
    }
    every |= {name: (manner, None, True) for name, manner in _PLAIN.items()}
    issue = world.authority.issue
    every |= {
        "selfsigned": (speaker(), self_signed("mx.selfsigned.example"), True),
        "expired": (speaker(), issue("mx.expired.example", start=-100, end=-10), True),
        "early": (speaker(), issue("mx.early.example", start=10), True),
        "soon": (speaker(), issue("mx.soon.example", end=5), True),
        "wrongname": (speaker(), issue("www.elsewhere.example"), True),
        "wildcard": (speaker(), issue("*.wildcard.example"), True),
        "incomplete": (speaker(), issue("mx.incomplete.example"), False),
        "strict": (speaker(), issue("mx.strict.example"), True),
        "strictbad": (speaker(), self_signed("mx.strictbad.example"), True),
        "unlisted": (speaker(), issue("mx.unlisted.example"), True),
    }
    for name, (manner, issued, with_above) in every.items():
        certificate = None
        if issued:
            certificate = issued.write(folder, name, with_above=with_above)
            world.issued[name] = issued
        address = f"{world.base}.{number}"
        number += 1
        world.sinks[name] = world.network.open(address, manner, certificate=certificate)
        zones.root += [
            f"{name}.example. MX 10 mx.{name}.example.",
            f"mx.{name}.example. A {address}",
        ]
    zones.root += [
        f"down.example. MX 10 mx.down.example.\nmx.down.example. A {world.base}.250",
        "inside.example. MX 10 mx.inside.example.\nmx.inside.example. A 127.0.0.1",
        "private.example. MX 10 mx.private.example.\nmx.private.example. A 10.1.2.3",
        "nowhere.example. MX 10 mx.nowhere.example.",
        "two.example. MX 10 mx.down.example.\ntwo.example. MX 20 mx.good.example.",
        "both.example. MX 10 mx.both.example.\nmx.both.example. AAAA ::1",
        f"mx.both.example. A {world.sinks['good'].address}",
        *(f"many.example. MX {n} mx.silent.example." for n in range(1, 2)),
        *(f"many.example. MX {n} s{n}.many.example." for n in range(2, 9)),
        *(f"s{n}.many.example. A {world.sinks['silent'].address}" for n in range(2, 9)),
        f"hangs.example. NS ns.hangs.example.\nns.hangs.example. A {world.base}.240",
    ]
    _signed(world, zones, folder)


def _signed(world: World, zones: Zones, folder: Path) -> None:
    """Servers whose certificates signed DNS names, rightly or wrongly."""
    issue = world.authority.issue
    middle = world.authority.middle
    made = {
        "dane": self_signed("mx.dane.example"),
        "wrong": self_signed("mx.wrong.example"),
        "anchor": issue("mx.anchor.secure.example"),
    }
    lines: list[str] = []
    for number, (name, issued) in enumerate(made.items(), start=100):
        host = f"mx.{name}.secure.example"
        address = f"{world.base}.{number}"
        path = issued.write(folder, f"secure-{name}")
        world.sinks[f"{name}.secure"] = world.network.open(address, speaker(), certificate=path)
        world.issued[f"{name}.secure"] = issued
        lines += [f"{name}.secure.example. MX 10 {host}.", f"{host}. A {address}"]
    digests = {
        "dane": f"3 1 1 {made['dane'].key_digest}",
        "wrong": f"3 1 1 {'00' * 32}",
        "anchor": f"2 1 1 {middle.key_digest}",
        "bare": f"3 1 1 {'11' * 32}",
        "useless": f"1 1 1 {'22' * 32}",
    }
    for name, record in digests.items():
        lines.append(f"_25._tcp.mx.{name}.secure.example. TLSA {record}")
    lines += [
        "bare.secure.example. MX 10 mx.bare.secure.example.",
        f"mx.bare.secure.example. A {world.sinks['plain'].address}",
        "useless.secure.example. MX 10 mx.useless.secure.example.",
        f"mx.useless.secure.example. A {world.sinks['good'].address}",
    ]
    zones.signed["secure.example"] = lines
    zones.signed["bogus.example"] = [
        "bogus.example. MX 10 mx.bogus.example.",
        f"mx.bogus.example. A {world.sinks['good'].address}",
        "_25._tcp.mx.bogus.example. A 127.0.0.9",
    ]
    zones.bogus.add("bogus.example")
    good = world.issued["good"].key_digest
    # Named, but in a zone that nobody signed.
    zones.root.append(f"_25._tcp.mx.good.example. TLSA 3 1 1 {good}")


def _policies(world: World, zones: Zones) -> None:
    """Web servers with policies, each on an address of its own."""
    folder = _made(world.folder / "web")
    for number, (name, policy) in enumerate(POLICIES.items(), start=150):
        address = f"{world.base}.{number}"
        host = f"mta-sts.{name}.example"
        issued = world.authority.issue(policy.certified or host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued.write(folder, name))
        world.network.open(address, web(policy), port=443, tls=context)
        zones.root += [
            f"{host}. A {policy.address or address}",
            *(f'_mta-sts.{name}.example. TXT "{each}"' for each in policy.records),
        ]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _pem(issued: Issued) -> bytes:
    from .authority import pem

    return pem(issued.certificate)
