"""What the API gives of checks, field by field. Names are a promise: they are not renamed."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from postroad.api.shapes import Time
from postroad.model import check, when

StateWord = Literal["ok", "warning", "fault", "unknown"]
TopicWord = Literal[
    "mx",
    "spf",
    "dkim",
    "dmarc",
    "ptr",
    "blocklist",
    "mta_sts",
    "tls_rpt",
    "starttls",
    "certificate",
    "dane",
]
OutcomeWord = Literal["accepted", "deferred", "refused", "unreachable", "broken", "not_asked"]
StepWord = Literal["connect", "greeting", "ehlo", "starttls", "mail", "rcpt"]
WhoWord = Literal["client", "server", "note"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: how it stands, and what to change."""

    topic: TopicWord
    state: StateWord
    #: What it is about: a domain, a selector, an address, a host.
    about: str
    title: str
    #: What is published or was shown, word for word.
    record: str
    #: What to change; empty where nothing is to be changed.
    advice: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a conversation, or what happened without a word."""

    at: Time
    who: WhoWord
    text: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a server showed to prove who it is."""

    names: list[str]
    subject: str
    issuer: str
    valid_since: Time
    valid_until: Time
    fingerprint: str


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """The encryption that came about."""

    version: str
    cipher: str
    certificate: Certificate | None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What one server said on one of its addresses."""

    host: str
    ip: str
    preference: int
    outcome: OutcomeWord
    #: What that means, in a sentence.
    verdict: str
    #: How far it came.
    step: StepWord
    #: The reply code that decided; 0 where none did.
    code: int
    encryption: Encryption | None
    findings: list[Finding]
    transcript: list[Turn]


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A live check of one address. No message was sent."""

    address: str
    #: The envelope sender that was named; empty for the null sender.
    sender: str
    at: Time
    seconds: float
    outcome: OutcomeWord
    verdict: str
    #: Whether it looks as if outgoing connections to port 25 are closed.
    port_closed: bool
    conversations: list[Conversation]
    findings: list[Finding]
    #: What was left out, and why.
    notes: list[str]


class Probes(msgspec.Struct, frozen=True, kw_only=True):
    """A live check for each address that the one asked for leads to."""

    probes: list[Probe]


class DomainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How a sending domain stands."""

    domain: str
    #: The worst of all findings.
    state: StateWord
    at: Time
    seconds: float
    #: The addresses that mail is sent from, as far as they are known.
    sending_addresses: list[str]
    findings: list[Finding]


def probe(made: check.Probe) -> Probe:
    """A live check as the API gives it."""
    return Probe(
        address=made.address,
        sender=made.sender,
        at=when.rfc3339(made.at),
        seconds=made.took / when.SECOND,
        outcome=made.outcome.value,
        verdict=str(made.verdict),
        port_closed=made.is_port_closed,
        conversations=[_conversation(each) for each in made.conversations],
        findings=_findings(made.findings),
        notes=[str(each) for each in made.notes],
    )


def domain(made: check.DomainCheck) -> DomainCheck:
    """A check of a domain as the API gives it."""
    return DomainCheck(
        domain=made.domain,
        state=made.state.value,
        at=when.rfc3339(made.at),
        seconds=made.took / when.SECOND,
        sending_addresses=list(made.sending),
        findings=_findings(made.findings),
    )


def _findings(findings: tuple[check.Finding, ...]) -> list[Finding]:
    return [
        Finding(
            topic=each.topic.value,
            state=each.state.value,
            about=each.about,
            title=str(each.title),
            record=each.record,
            advice=str(each.advice),
        )
        for each in findings
    ]


def _conversation(talked: check.Conversation) -> Conversation:
    return Conversation(
        host=talked.host,
        ip=talked.ip,
        preference=talked.preference,
        outcome=talked.outcome.value,
        verdict=str(talked.verdict),
        step=cast("StepWord", talked.step.word),
        code=talked.code,
        encryption=_encryption(talked.encryption),
        findings=_findings(talked.findings),
        transcript=[
            Turn(
                at=when.rfc3339(each.at),
                who=each.who.value,
                text=str(each.text),
            )
            for each in talked.turns
        ],
    )


def _encryption(made: check.Encryption | None) -> Encryption | None:
    if made is None:
        return None
    certificate = _certificate(made.certificate) if made.certificate else None
    return Encryption(version=made.version, cipher=made.cipher, certificate=certificate)


def _certificate(shown: check.Certificate) -> Certificate:
    return Certificate(
        names=list(shown.names),
        subject=shown.subject,
        issuer=shown.issuer,
        valid_since=when.rfc3339(shown.valid_since),
        valid_until=when.rfc3339(shown.valid_until),
        fingerprint=shown.fingerprint,
    )
