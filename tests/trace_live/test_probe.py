"""The live check against servers with every kind of answer and fault."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from tests.trace_live.sinks import speaker

from postroad.model.check import Destination, Outcome, Probe, State, Step, Topic, Who
from postroad.trace.envelope import recipient
from postroad.trace.probe import Rules, probe


def test_a_good_server(world):
    """Everything is said, in order, and nothing is ever sent."""
    found = world.probe("bob@good.example")

    (only,) = found.conversations
    assert found.outcome is only.outcome is Outcome.ACCEPTED
    said = [turn.text for turn in only.turns if turn.who is Who.CLIENT]
    assert said == [
        "EHLO probe.example",
        "STARTTLS",
        "EHLO probe.example",
        "MAIL FROM:<>",
        "RCPT TO:<bob@good.example>",
        "RSET",
        "QUIT",
    ]
    assert "DATA" not in " ".join(world.sinks["good"].book)
    assert only.encryption.version == "TLSv1.3"
    assert only.encryption.certificate.names == ("mx.good.example",)
    assert all(0 <= later.at - earlier.at < 5e6 for earlier, later in pairwise(only.turns))
    states = {each.topic: each.state for each in only.findings}
    assert states[Topic.STARTTLS] is states[Topic.CERTIFICATE] is State.OK


@pytest.mark.parametrize(
    ("name", "outcome", "step", "code"),
    [
        ("good", Outcome.ACCEPTED, Step.RCPT, 250),
        ("plain", Outcome.ACCEPTED, Step.RCPT, 250),
        ("later", Outcome.DEFERRED, Step.RCPT, 450),
        ("never", Outcome.REFUSED, Step.RCPT, 550),
        ("notls", Outcome.ACCEPTED, Step.RCPT, 250),
        ("busy", Outcome.DEFERRED, Step.GREETING, 421),
        ("closed", Outcome.REFUSED, Step.GREETING, 554),
        ("latermail", Outcome.DEFERRED, Step.MAIL, 451),
        ("nomail", Outcome.REFUSED, Step.MAIL, 550),
        ("old", Outcome.ACCEPTED, Step.RCPT, 250),
        ("dislikes", Outcome.REFUSED, Step.EHLO, 550),
        ("odd", Outcome.BROKEN, Step.RCPT, 354),
        ("leaves", Outcome.BROKEN, Step.RCPT, 0),
        ("web", Outcome.BROKEN, Step.CONNECT, 0),
        ("gone", Outcome.BROKEN, Step.CONNECT, 0),
        ("broken", Outcome.BROKEN, Step.CONNECT, 0),
        ("endless", Outcome.BROKEN, Step.CONNECT, 0),
        ("huge", Outcome.BROKEN, Step.CONNECT, 0),
        ("selfsigned", Outcome.ACCEPTED, Step.RCPT, 250),
        ("injection", Outcome.BROKEN, Step.STARTTLS, 0),
        ("tlsgarbage", Outcome.ACCEPTED, Step.RCPT, 250),
        ("tlshangup", Outcome.ACCEPTED, Step.RCPT, 250),
        ("evil", Outcome.REFUSED, Step.RCPT, 550),
    ],
)
def test_every_answer(world, name: str, outcome: Outcome, step: Step, code: int):
    """What a server answers, and at which step, decides."""
    began = time.monotonic()

    found = world.probe(f"bob@{name}.example")

    (only,) = found.conversations
    assert (only.outcome, only.step, only.code) == (outcome, step, code), only.turns
    assert found.outcome is outcome
    assert found.verdict == only.verdict
    assert not found.is_port_closed
    assert time.monotonic() - began < 5
    assert not any(line.upper().startswith("DATA") for line in world.sinks[name].book)


@pytest.mark.parametrize("name", ["silent", "drip", "falls", "tlssilent"])
def test_a_server_costs_at_most_its_time(world, name: str):
    """Who says nothing, or a letter now and then, is waited for until the time is over."""
    began = time.monotonic()

    found = world.probe(f"bob@{name}.example", seconds=3)

    assert 2.5 < time.monotonic() - began < 4
    assert found.outcome is Outcome.BROKEN
    assert "time was over" in found.verdict or "did not come about" in found.verdict


def test_several_silent_servers_cost_no_more_than_one(world):
    """Five of eight are asked, within the same time; of the others it is said."""
    began = time.monotonic()

    found = world.probe("bob@many.example", seconds=4)

    assert time.monotonic() - began < 5
    assert found.notes == ("3 more servers were not asked.",)
    assert len(found.conversations) == 5
    outcomes = [each.outcome for each in found.conversations]
    assert {*outcomes} <= {Outcome.BROKEN, Outcome.NOT_ASKED}
    # On a busy machine the time may be over before the last is asked.
    assert outcomes.count(Outcome.BROKEN) >= 4


def test_the_second_server_is_asked_too(world):
    """One that is down does not keep the next from being asked."""
    found = world.probe("bob@two.example")

    assert [each.outcome for each in found.conversations] == [
        Outcome.UNREACHABLE,
        Outcome.ACCEPTED,
    ]
    assert found.outcome is Outcome.ACCEPTED
    assert "cannot be reached on port 25" in found.conversations[0].verdict


def test_both_families_are_asked(world):
    """IPv4 first, then IPv6."""
    sink = world.network.open("::1", speaker(rcpt="450 4.0.0 six"))

    found = world.probe("bob@both.example")

    assert [(each.ip, each.code) for each in found.conversations] == [
        (world.sinks["good"].address, 250),
        ("::1", 450),
    ]
    assert sink.connections == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("selfsigned", "self-signed certificate"),
        ("expired", "ended on"),
        ("early", "valid from"),
        ("soon", "is good, but ends on"),
        ("wrongname", "not for mx.wrongname.example, but for www.elsewhere.example"),
        ("incomplete", "unable to get local issuer certificate"),
    ],
)
def test_certificates_are_judged(world, name: str, words: str):
    """A bad certificate is said to be one; mail is taken all the same."""
    found = world.probe(f"bob@{name}.example")

    (only,) = found.conversations
    (certificate,) = (each for each in only.findings if each.topic is Topic.CERTIFICATE)
    assert certificate.state is State.WARNING
    assert words in certificate.title
    assert certificate.advice
    assert only.outcome is Outcome.ACCEPTED


def test_a_wildcard_names_one_label(world):
    """`*.example.com` is good for `mx.example.com`."""
    found = world.probe("bob@wildcard.example")

    states = {each.topic: each.state for each in found.conversations[0].findings}
    assert states[Topic.CERTIFICATE] is State.OK


def test_injected_words_are_not_believed(world):
    """What came before the encryption ends the conversation: no recipient is named to it."""
    found = world.probe("bob@injection.example")

    (only,) = found.conversations
    assert "before the encryption" in only.verdict
    assert not any(line.startswith(("MAIL", "RCPT")) for line in world.sinks["injection"].book)


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("dane.secure", State.OK, "the one that signed DNS names"),
        ("anchor.secure", State.OK, "the one that signed DNS names"),
        ("wrong.secure", State.FAULT, "3 1 1"),
        ("bare.secure", State.FAULT, "STARTTLS"),
        ("useless.secure", State.FAULT, "3 1 1"),
        ("good", State.WARNING, "Sign the zones"),
        ("plain", State.OK, "needs none"),
    ],
)
def test_signed_dns_names_certificates(world, name: str, state: State, words: str):
    """DANE counts where DNS is signed, and then decides."""
    found = world.probe(f"bob@{name}.example")

    (named,) = (each for each in found.conversations[0].findings if each.topic is Topic.DANE)
    assert named.state is state
    assert words in f"{named.title} {named.advice}"


def test_the_record_that_would_fit_is_given(world):
    """What to publish is said to the letter."""
    found = world.probe("bob@wrong.secure.example")

    (named,) = (each for each in found.conversations[0].findings if each.topic is Topic.DANE)
    digest = world.issued["wrong.secure"].key_digest
    assert named.advice == (
        f"Publish at _25._tcp.mx.wrong.secure.example the TLSA record\n3 1 1 {digest}"
    )


def test_broken_signatures_give_no_servers(world):
    """A resolver that validates does not tell what was tampered with."""
    found = world.probe("bob@bogus.example", "mx.bogus.example")

    (only,) = found.conversations
    assert only.outcome is Outcome.NOT_ASKED
    assert "could not be found out" in only.verdict


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("strict", {State.OK}),
        ("strictbad", {State.OK, State.FAULT}),
        ("unlisted", {State.OK, State.WARNING}),
    ],
)
def test_a_policy_is_held_against_servers(world, name: str, states: set[State]):
    """Which servers a policy allows, and that their certificates are valid."""
    found = world.probe(f"bob@{name}.example")

    findings = [*found.findings, *found.conversations[0].findings]
    about = [each for each in findings if each.topic is Topic.MTA_STS]
    assert ("would not send it" in found.verdict) is (name == "strictbad")
    assert len(about) == 2
    assert {each.state for each in about} == states


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inside", "is this server itself"),
        ("private", "is not a public address"),
        ("nowhere", "has no address"),
    ],
)
def test_the_inside_is_not_asked(world, name: str, words: str):
    """Addresses of the inside are not connected to, and it is said why."""
    found = world.probe(f"bob@{name}.example")

    (only,) = found.conversations
    assert only.outcome is Outcome.NOT_ASKED
    assert words in only.verdict


def test_only_port_25(world):
    """A smart host on another port is left alone."""
    destination = Destination(host="mx.good.example", port=587, is_exchanger=False)
    lookup = world.lookup()

    found = probe(
        recipient("bob@good.example"),
        [destination],
        rules=Rules(),
        lookup=lookup,
        fence=world.fence(),
    )

    assert found.outcome is Outcome.NOT_ASKED
    assert found.verdict == "Only port 25 is asked."


def test_a_port_that_is_closed_is_recognised(world):
    """Two servers that nobody can connect to look like a closed port; reached lately, they do not."""
    closed = (f"s{number}.dark.example" for number in range(2))
    lookup = world.lookup()
    destinations = [
        Destination(host=each, addresses=(f"{world.base}.{index + 230}",), is_exchanger=False)
        for index, each in enumerate(closed)
    ]

    def ask(**changed) -> Probe:
        return probe(
            recipient("bob@dark.example"),
            destinations,
            rules=Rules(seconds=5, **changed),
            lookup=lookup,
            fence=world.fence(),
        )

    assert ask().is_port_closed
    assert "outgoing connections to port 25 are closed" in ask().verdict
    assert not ask(has_reached=True).is_port_closed


def test_a_port_that_leads_back_is_recognised(world):
    """Where a stranger greets with our own name, connections are turned round here."""
    found = world.probe("bob@plain.example", own_name="sink.example")

    assert "redirected here" in found.verdict


def test_what_strangers_say_is_kept_as_it_was(world):
    """Replies are data: escape sequences are in the transcript, and nowhere acted upon."""
    found = world.probe("bob@evil.example")

    assert "\x1b[2J<script>" in found.conversations[0].verdict


def test_letters_beyond_ascii_need_a_server_that_takes_them(world):
    """Without SMTPUTF8 the address is not named."""
    found = world.probe("bücher@good.example")

    assert found.outcome is Outcome.REFUSED
    assert "other than those of ASCII" in found.verdict


def test_a_megabyte_is_enough(world):
    """What is read of a flood stays below the limit."""
    found = world.probe("bob@huge.example")

    kept = sum(len(turn.text) for turn in found.conversations[0].turns)
    assert kept < 5000
    assert "a line of more than 4096 octets" in found.verdict
