"""Who is who in the yard: hosts, addresses and domains, all of them reserved for documentation.

One table is the truth for the addresses on the loopback interface, the zone that the DNS server
serves and the SMTP sinks that listen. Behaviour of a sink: see `sinks.py`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

#: The host name in every syslog line: rsyslog knows only the machine's own.
SYSLOG_HOST = "mx2"

#: Our mail servers: name of the instance, its host name, its address.
SERVERS = {
    "exim": ("mx1.example.com", "192.0.2.11"),
    "exim-cpanel": ("mx3.example.com", "192.0.2.13"),
    "exim-full": ("mx5.example.com", "192.0.2.15"),
    "postfix": ("mx2.example.com", "192.0.2.12"),
    "postfix-short": ("mx4.example.com", "192.0.2.14"),
    "opensmtpd": ("mx6.example.com", "192.0.2.16"),
    "sendmail": ("mx7.example.com", "192.0.2.17"),
}

#: Domains with mailboxes on our servers, and the instance that DNS sends their mail to.
HOSTED = {
    "customer.example": "exim",
    "bakery.example": "exim",
    "school.example": "postfix",
    "club.example": "postfix",
    "farm.example": "opensmtpd",
    "mill.example": "sendmail",
}


@dataclass(frozen=True)
class Sink:
    """A receiving server somewhere else: it answers as its manner says."""

    domain: str
    host: str
    address: str
    manner: str


SINKS = (
    Sink("partner.example", "mail.partner.example", "198.51.100.11", "accept"),
    Sink("bigmail.example", "mx1.bigmail.example", "198.51.100.12", "wordy"),
    Sink("university.example", "smtp.university.example", "198.51.100.13", "greylist"),
    Sink("busy.example", "mx.busy.example", "198.51.100.14", "defer"),
    Sink("full.example", "mx.full.example", "198.51.100.15", "full_for_a_while"),
    Sink("quota.example", "mx.quota.example", "198.51.100.16", "over_quota"),
    Sink("strict.example", "mx.strict.example", "198.51.100.17", "reject_recipient"),
    Sink("guard.example", "filter.guard.example", "198.51.100.18", "reject_data"),
    Sink("flaky.example", "mx.flaky.example", "198.51.100.19", "drop_in_data"),
    Sink("slow.example", "mx.slow.example", "198.51.100.20", "slow"),
    Sink("secure.example", "mx.secure.example", "198.51.100.21", "starttls"),
    Sink("closed.example", "mx.closed.example", "198.51.100.22", "refuse_to_talk"),
    Sink("picky.example", "mx.picky.example", "198.51.100.23", "reject_sender"),
    Sink("mixed.example", "mx.mixed.example", "198.51.100.24", "mixed"),
    Sink("later.example", "mx.later.example", "198.51.100.25", "defer_data_once"),
    Sink("vanish.example", "mx.vanish.example", "198.51.100.26", "drop_after_dot"),
    Sink("six.example", "mx.six.example", "2001:db8:25::1", "accept"),
)

#: Clients that bring mail to our servers: reverse name and address.
CLIENTS = {
    "out.partner.example": "203.0.113.11",
    "out.bigmail.example": "203.0.113.12",
    "news.shop.example": "203.0.113.13",
    "home.isp.example": "203.0.113.50",
    "office.customer.example": "203.0.113.60",
    "": "203.0.113.66",
    "spam.listed.example": "203.0.113.99",
    "mail.six.example": "2001:db8:66::25",
}

#: A domain whose zone cannot be loaded: the DNS server fails, "try again later".
BROKEN = "broken.example"

#: Domains whose mail cannot be handed over, or should not be, by what DNS says.
_ODD = (
    "down.example. MX 10 mx.down.example.",
    "mx.down.example. A 198.51.100.99",
    "nullmx.example. MX 0 .",
    "aliasmx.example. MX 10 mail.aliasmx.example.",
    "mail.aliasmx.example. CNAME mail.partner.example.",
    "noaddress.example. MX 10 nowhere.noaddress.example.",
    # A block list of one.
    "99.113.0.203.list.example. A 127.0.0.2",
    '99.113.0.203.list.example. TXT "listed for the tests"',
)


def ipv6_of(address: str) -> str:
    """The IPv6 address of one of our servers, which listens there too."""
    return f"2001:db8:1::{address.rpartition('.')[2]}"


def addresses() -> list[str]:
    """Every address that the loopback interface must answer to."""
    servers = [address for _, address in SERVERS.values()]
    sinks = [sink.address for sink in SINKS]
    servers += [ipv6_of(address) for address in servers]
    return [*servers, *sinks, "198.51.100.99", *CLIENTS.values()]


def hosts_file() -> str:
    """Lines for /etc/hosts: our own names only, everything else is asked of the DNS server."""
    return "".join(
        f"{address} {host} {host.partition('.')[0]}\n" for host, address in SERVERS.values()
    )


def zone() -> str:
    """The whole DNS in one zone: the root."""
    lines = [
        "$TTL 300",
        ". SOA ns.example.com. hostmaster.example.com. 1 3600 600 86400 5",
        ". NS ns.example.com.",
        "ns.example.com. A 127.0.0.1",
        "example.com. MX 10 mx1.example.com.",
        *_ODD,
    ]
    for host, address in SERVERS.values():
        lines += _host(host, address)
    for domain, server in HOSTED.items():
        lines.append(f"{domain}. MX 10 {SERVERS[server][0]}.")
    for sink in SINKS:
        lines.append(f"{sink.domain}. MX 10 {sink.host}.")
        lines += _host(sink.host, sink.address)
    for host, address in CLIENTS.items():
        if host:
            lines += _host(host, address)
            lines.append(f'{host.partition(".")[2]}. TXT "v=spf1 ip4:{address} -all"')
    return "\n".join(lines) + "\n"


def _host(name: str, address: str) -> list[str]:
    parsed = ipaddress.ip_address(address)
    kind = "A" if parsed.version == 4 else "AAAA"
    return [f"{name}. {kind} {address}", f"{parsed.reverse_pointer}. PTR {name}."]
