"""DNS alone, asked of real name servers: NSD with zones for the purpose, Unbound that validates."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from tests.servers.packages import PackagesMissing, unpacked
from tests.trace_live.names import NameServers, Zones

from postroad.model.route import Dnssec, Icon, Kind, Method, Node, Side
from postroad.trace import Tools, checked, trace

#: Where a name server listens that never answers, and where none is.
_SILENT, _NOBODY = "127.0.7.53", "127.0.7.54"

ROOT = [
    "one.example. MX 10 mx.one.example.",
    "mx.one.example. A 192.0.2.1",
    "two.example. MX 20 b.two.example.",
    "two.example. MX 10 a.two.example.",
    "a.two.example. A 192.0.2.10",
    "a.two.example. AAAA 2001:db8::10",
    "b.two.example. A 192.0.2.20",
    "nullmx.example. MX 0 .",
    "alias-mx.example. MX 10 mail.alias-mx.example.",
    "mail.alias-mx.example. CNAME mx.one.example.",
    "bare.example. A 192.0.2.30",
    "nothing.example. TXT nothing",
    "six.example. MX 10 mx.six.example.",
    "mx.six.example. AAAA 2001:db8::25",
    "noaddress.example. MX 10 nowhere.noaddress.example.",
    "half.example. MX 10 nowhere.half.example.",
    "half.example. MX 20 mx.one.example.",
    "numbers.example. MX 10 192.0.2.1.",
    "loop.example. MX 10 loop.loop.example.",
    "loop.loop.example. A 127.0.0.1",
    "inside.example. MX 10 inside.inside.example.",
    "inside.inside.example. A 10.1.2.3",
    "cname.example. CNAME one.example.",
    "circle.example. CNAME circle2.example.",
    "circle2.example. CNAME circle.example.",
    "lame.example. NS ns.lame.example.",
    f"ns.lame.example. A {_NOBODY}",
    "hang.example. NS ns.hang.example.",
    f"ns.hang.example. A {_SILENT}",
    "lamemx.example. MX 10 mx.lame.example.",
    "xn--bcher-kva.example. MX 10 mx.one.example.",
    *(f"twenty.example. MX {number} mx{number}.twenty.example." for number in range(20)),
    *(f"mx{number}.twenty.example. A 198.51.100.{number + 1}" for number in range(20)),
    *(f"crowd.example. MX {number} mx{number}.crowd.example." for number in range(300)),
]
SIGNED = {
    "signed.example": [
        "signed.example. MX 10 mx.signed.example.",
        "mx.signed.example. A 192.0.2.40",
    ],
    "bogus.example": ["bogus.example. MX 10 mx.bogus.example.", "mx.bogus.example. A 192.0.2.41"],
}

Tracer = Callable[..., Node]


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name servers, and one at whose address nobody answers."""
    zones = Zones(root=ROOT, signed=SIGNED, bogus={"bogus.example"})
    try:
        servers = NameServers(tmp_path_factory.mktemp("names"), "127.0.0.1", unpacked())
    except PackagesMissing as missing:
        pytest.skip(str(missing))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        if os.geteuid() == 0:
            silent.bind((_SILENT, 53))
        servers.start(zones)
        yield servers.resolver
        servers.close()


@pytest.fixture
def traced(resolver: str) -> Tracer:
    """Trace an address with them."""

    def go(address: str, seconds: float = 10) -> Node:
        tools = Tools(method=Method.DNS, resolver=(resolver,), seconds=seconds)
        return trace(checked(address), tools).root

    return go


def test_one_server(traced: Tracer):
    """Host, address and priority are told in the words of the field."""
    node = traced("x@one.example")

    assert (Kind.SMTP, Icon.SERVER, None) == (node.kind, node.icon, node.side)
    assert "DNS via mx.one.example [192.0.2.1] MX=10" == node.words
    assert Dnssec.INSECURE is node.hosts[0].dnssec


def test_servers_stand_in_the_order_they_are_tried_in(traced: Tracer):
    """The lowest number first, with all addresses of each."""
    node = traced("x@two.example")

    assert [
        ("a.two.example [192.0.2.10] MX=10", "a.two.example [2001:db8::10] MX=10"),
        ("b.two.example [192.0.2.20] MX=20",),
    ] == [each.lines for each in node.hosts]
    assert "DNS via a.two.example [192.0.2.10] MX=10 and 2 more" == node.words


def test_null_mx(traced: Tracer):
    """A domain that takes no mail says so, and it is no fault of ours."""
    node = traced("x@nullmx.example")

    assert (Kind.BOUNCE, Side.THERE) == (node.kind, node.side)
    assert "takes no mail (null MX, RFC 7505)" in node.words


def test_an_alias_at_mx_is_marked(traced: Tracer):
    """It is gone to all the same, but it is a fault at the receiving end."""
    node = traced("x@alias-mx.example")
    (host,) = node.hosts

    assert (Kind.SMTP, Side.THERE) == (node.kind, node.side)
    assert ("192.0.2.1",) == host.ips
    assert "alias (CNAME) of mx.one.example" in host.fault
    assert "RFC 2181" in host.fault


def test_a_domain_without_mx_is_its_own_server(traced: Tracer):
    """Its address counts (RFC 5321 section 5.1), and the trace says why."""
    node = traced("x@bare.example")

    assert "DNS via bare.example [192.0.2.30]" == node.words
    assert None is node.hosts[0].mx
    assert any("no MX record" in each for each in node.notes)


@pytest.mark.parametrize(
    ("domain", "kind", "words"),
    [
        ("nothing.example", Kind.BOUNCE, "neither a mail server (MX) nor an address"),
        ("gone.example", Kind.BOUNCE, "no domain gone.example"),
        ("noaddress.example", Kind.BOUNCE, "None of the servers"),
        ("numbers.example", Kind.BOUNCE, "None of the servers"),
        ("lame.example", Kind.DEFER, "answer"),
        ("lamemx.example", Kind.DEFER, "tells no address"),
        ("circle.example", Kind.DEFER, "fail to answer"),
        ("bogus.example", Kind.DEFER, "signatures of the servers of bogus.example are not valid"),
    ],
)
def test_no_way(traced: Tracer, domain: str, kind: Kind, words: str):
    """Where there is no way, it says whether for good or for now, why, and that it is there."""
    node = traced(f"x@{domain}")

    assert (kind, Side.THERE, Icon.TROUBLE) == (node.kind, node.side, node.icon)
    assert words in node.words


def test_faults_of_single_servers(traced: Tracer):
    """A server without an address does not hide the one that has one."""
    first, second = traced("x@half.example").hosts

    assert "has no address" in first.fault
    assert ("192.0.2.1",) == second.ips


def test_ipv6_only(traced: Tracer):
    """An address of the new kind is as good."""
    assert ("2001:db8::25",) == traced("x@six.example").hosts[0].ips


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("loop.example", "every machine's own address"),
        ("inside.example", "nobody outside reaches it"),
    ],
)
def test_servers_nobody_reaches(traced: Tracer, domain: str, words: str):
    """An MX that leads to this very machine, or inside, is marked as the fault it is."""
    node = traced(f"x@{domain}")

    assert Side.THERE is node.side
    assert words in node.hosts[0].fault


def test_signed(traced: Tracer):
    """What a validating resolver vouches for is told as secure."""
    node = traced("x@signed.example")

    assert Dnssec.SECURE is node.hosts[0].dnssec
    assert Kind.SMTP is node.kind


def test_a_domain_that_is_an_alias(traced: Tracer):
    """A domain may be an alias itself; its target's servers count."""
    assert "mx.one.example" == traced("x@cname.example").hosts[0].name


def test_idn(traced: Tracer):
    """A domain in letters of any language is asked for as DNS knows it."""
    node = traced("x@bücher.example")

    assert "x@xn--bcher-kva.example" == node.address
    assert Kind.SMTP is node.kind


def test_many_servers(traced: Tracer):
    """Twenty are all told; of three hundred so many, and how many more there are."""
    assert list(range(20)) == [each.mx for each in traced("x@twenty.example").hosts]
    crowd = traced("x@crowd.example")
    assert Kind.BOUNCE is crowd.kind
    assert 50 == len(crowd.hosts)


def test_an_address_instead_of_a_domain(traced: Tracer):
    """It is gone to directly."""
    assert ("198.51.100.7",) == traced("x@[198.51.100.7]").hosts[0].ips
    assert ("2001:db8::7",) == traced("x@[IPv6:2001:db8::7]").hosts[0].ips


@pytest.mark.skipif(os.geteuid() != 0, reason="name servers listen on port 53: one must be root")
def test_a_domain_whose_dns_hangs(traced: Tracer):
    """It ends in time, as something to be tried again."""
    begun = time.monotonic()
    node = traced("x@hang.example", 4)

    assert time.monotonic() - begun < 6
    assert (Kind.DEFER, Side.THERE) == (node.kind, node.side)


def test_a_resolver_that_hangs():
    """Nobody answers at all: the trace ends in time, and says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        tools = Tools(
            method=Method.DNS, resolver=(f"127.0.0.1:{silent.getsockname()[1]}",), seconds=2
        )
        begun = time.monotonic()
        node = trace("x@one.example", tools).root

    assert time.monotonic() - begun < 3
    assert Kind.DEFER is node.kind
    assert "no answer for one.example in time" in node.words
