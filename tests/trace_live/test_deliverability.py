"""How sending domains stand, against name servers with every kind of record."""

from __future__ import annotations

import time

import pytest
from tests.trace_live.senders import OTHER, OURS

from postroad.model.check import Finding, State, Topic
from postroad.trace.deliverability import Order, check


@pytest.fixture
def findings(world):
    """Look at a domain, and give the findings on one topic."""

    def of(domain: str, topic: Topic, **changed) -> list[Finding]:
        order = Order(
            **{"domain": domain, "sending": (OURS,), "host": "mail.ours.example"} | changed
        )
        fence = world.fence(*world.settings.check_networks, "192.0.2.0/24")
        found = check(order, lookup=world.lookup(), fence=fence, seconds=10)
        return [each for each in found.findings if each.topic is topic]

    return of


def test_a_domain_in_good_order(world):
    """Nothing is to be changed, and it is quick."""
    began = time.monotonic()
    order = Order(
        domain="fine.example",
        sending=(OURS,),
        selectors=("good",),
        blocklists=("list.example",),
        host="mail.ours.example",
    )

    fence = world.fence("192.0.2.0/24")
    found = check(order, lookup=world.lookup(), fence=fence, seconds=10)

    assert {each.topic for each in found.findings} == {
        Topic.SPF,
        Topic.DKIM,
        Topic.DMARC,
        Topic.MX,
        Topic.PTR,
        Topic.BLOCKLIST,
        Topic.MTA_STS,
        Topic.TLS_RPT,
    }
    assert found.state is State.OK, [each for each in found.findings if each.state is not State.OK]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("domain", "states", "words"),
    [
        ("fine", [State.OK, State.OK], "0 of at most 10 lookups"),
        ("byname", [State.OK, State.OK], "2 of at most 10 lookups"),
        ("bymx", [State.OK, State.OK], "1 of at most 10 lookups"),
        ("redirected", [State.OK, State.OK], "1 of at most 10 lookups"),
        ("soft", [State.OK, State.FAULT], "v=spf1 ip4:192.0.2.25 ip4:198.51.100.1 ~all"),
        ("hard", [State.OK, State.FAULT], "v=spf1 ip4:192.0.2.25 ip4:198.51.100.1 -all"),
        ("open", [State.WARNING, State.OK], "v=spf1 ~all"),
        ("endless", [State.WARNING, State.OK], "v=spf1 ip4:192.0.2.25 ~all"),
        ("twospf", [State.FAULT], "v=spf1 ip4:192.0.2.25 mx -all"),
        ("typo", [State.FAULT], "does not work"),
        ("loop", [State.FAULT], "loop"),
        ("lost", [State.FAULT], "nobody.example"),
        ("greedy", [State.FAULT, State.FAULT], "a:h9.ours.example (1)"),
        ("macro", [State.OK, State.UNKNOWN], "depends on the single message"),
        ("oldptr", [State.WARNING, State.OK], "ptr"),
        ("mute", [State.FAULT], "v=spf1 ip4:192.0.2.25 mx ~all"),
    ],
)
def test_spf(findings, domain: str, states: list[State], words: str):
    """The record, and what it says to our address; the record that is wanted is given."""
    found = findings(f"{domain}.example", Topic.SPF)

    assert [each.state for each in found] == states, found
    assert words in " ".join(f"{each.title} {each.advice}" for each in found)


@pytest.mark.parametrize(
    ("selector", "state", "words"),
    [
        ("good", State.OK, "rsa, 2048 bits"),
        ("mail", State.OK, "ed25519, 256 bits"),
        ("short", State.WARNING, "1024 bits"),
        ("test", State.WARNING, "t=y"),
        ("gone", State.WARNING, "revoked"),
        ("bad", State.FAULT, "damaged"),
        ("none", State.FAULT, "cannot be read"),
        ("two", State.FAULT, "several records"),
        ("missing", State.FAULT, "missing._domainkey.fine.example"),
        ("über\n.x", State.UNKNOWN, ""),
    ],
)
def test_dkim(findings, selector: str, state: State, words: str):
    """Every kind of key that is published, or is not."""
    (found,) = findings("fine.example", Topic.DKIM, selectors=(selector,))

    assert found.state is state, found
    assert words in f"{found.title} {found.advice}"


def test_dkim_without_a_selector(findings):
    """Usual selectors are tried; where nothing is published at all, that is said."""
    (usual,) = findings("fine.example", Topic.DKIM)
    (unknown,) = findings("soft.example", Topic.DKIM)
    (nothing,) = findings("hard.example", Topic.DKIM)

    assert (usual.about, usual.state) == ("mail", State.OK)
    assert unknown.state is State.UNKNOWN
    assert "Give the selector" in unknown.advice
    assert nothing.state is State.FAULT


@pytest.mark.parametrize(
    ("domain", "state", "words"),
    [
        ("fine", State.OK, "reject"),
        ("sub.fine", State.OK, "that of fine.example"),
        ("soft", State.WARNING, "v=DMARC1; p=quarantine; rua=mailto:reports@soft.example"),
        ("hard", State.WARNING, "v=DMARC1; p=quarantine; rua=mailto:postmaster@hard.example"),
        ("typo", State.FAULT, "maybe"),
        ("twospf", State.FAULT, "does not work"),
        ("away", State.WARNING, "fine.example does not indicate that it accepts"),
        ("mute", State.FAULT, "v=DMARC1; p=none; rua=mailto:postmaster@mute.example"),
    ],
)
def test_dmarc(findings, domain: str, state: State, words: str):
    """The policy, and the record that is wanted."""
    (found,) = findings(f"{domain}.example", Topic.DMARC)

    assert found.state is state, found
    assert words in f"{found.title} {found.advice}"


@pytest.mark.parametrize(
    ("domain", "state", "words"),
    [
        ("fine", State.OK, "takes mail"),
        ("takesnone", State.WARNING, "null MX"),
        ("aliased", State.WARNING, "name mail.ours.example"),
        ("numbered", State.FAULT, "names an address"),
        ("unfound", State.FAULT, "has no address"),
        ("within", State.FAULT, "nobody can reach"),
        ("implicit", State.WARNING, "10 implicit.example."),
        ("mute", State.FAULT, "cannot receive mail"),
        ("notthere", State.FAULT, "no domain"),
    ],
)
def test_mx(findings, domain: str, state: State, words: str):
    """Whether answers find their way back."""
    (found,) = findings(f"{domain}.example", Topic.MX)

    assert found.state is state, found
    assert words in f"{found.title} {found.advice}"


@pytest.mark.parametrize(
    ("address", "state", "words"),
    [
        (OURS, State.OK, "leads back"),
        (OTHER, State.FAULT, "Publish at elsewhere.example the A record 192.0.2.26"),
        ("192.0.2.27", State.FAULT, "has no name"),
        ("192.0.2.28", State.WARNING, "home users"),
        ("2001:db8::1", State.FAULT, "has no name"),
    ],
)
def test_reverse_names(findings, address: str, state: State, words: str):
    """A sending address has a name that leads back to it."""
    (found,) = findings("fine.example", Topic.PTR, sending=(address,))

    assert found.state is state, found
    assert words in f"{found.title} {found.advice}"


def test_unknown_sending_addresses(findings):
    """Without an address it is said what to set."""
    (found,) = findings("fine.example", Topic.PTR, sending=())

    assert found.state is State.UNKNOWN
    assert "sending_addresses" in found.advice


def test_block_lists(findings):
    """Listed, not listed, and a list that does not answer us."""
    lists = ("list.example", "closed.list.example")

    first, closed = findings("fine.example", Topic.BLOCKLIST, blocklists=lists)
    (listed,) = findings("fine.example", Topic.BLOCKLIST, blocklists=lists[:1], sending=(OTHER,))

    assert (first.state, closed.state, listed.state) == (State.OK, State.UNKNOWN, State.FAULT)
    assert "https://list.example/?ip=192.0.2.26" in listed.record
    assert findings("fine.example", Topic.BLOCKLIST) == []


@pytest.mark.parametrize(
    ("domain", "state", "words"),
    [
        ("strict", State.OK, "must be encrypted"),
        ("unlisted", State.WARNING, "mx: mx.unlisted.example"),
        ("over", State.OK, "none any more"),
        ("moved", State.FAULT, "301"),
        ("missing", State.FAULT, "404"),
        ("gibberish", State.FAULT, "cannot be read"),
        ("endlessweb", State.FAULT, "larger than"),
        ("wrongcert", State.FAULT, "not valid"),
        ("insideweb", State.FAULT, "this server itself"),
        ("twice", State.FAULT, "several"),
        ("badrecord", State.FAULT, "cannot be read"),
        ("brief", State.WARNING, "604800"),
        ("fine", State.OK, "mx: mail.ours.example"),
    ],
)
def test_mta_sts(findings, domain: str, state: State, words: str):
    """Policies over HTTPS, good and bad, and how to publish one."""
    (found,) = findings(f"{domain}.example", Topic.MTA_STS)

    assert found.state is state, found
    assert words in f"{found.title} {found.advice}"


@pytest.mark.parametrize(
    ("domain", "state"),
    [("fine", State.OK), ("soft", State.FAULT), ("hard", State.OK), ("strict", State.WARNING)],
)
def test_tls_rpt(findings, domain: str, state: State):
    """Reports on encryption belong to a policy of encryption."""
    (found,) = findings(f"{domain}.example", Topic.TLS_RPT)

    assert found.state is state, found


@pytest.mark.parametrize("domain", ["hangs.example", "slowweb.example"])
def test_what_hangs_is_unknown_in_time(world, domain: str):
    """Name servers and web servers that say nothing cost what they may cost."""
    began = time.monotonic()
    order = Order(domain=domain, sending=(OURS,), host="mail.ours.example")

    found = check(order, lookup=world.lookup(4), fence=world.fence(), seconds=4)

    assert time.monotonic() - began < 6
    assert found.state in (State.UNKNOWN, State.FAULT)


def test_broken_signatures_are_unknown(findings):
    """What a validating resolver does not tell is not called missing."""
    (found,) = findings("bogus.example", Topic.MX)

    assert found.state is State.UNKNOWN
