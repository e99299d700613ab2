"""Checks that are made now: what a mail server answers, and how a domain stands with others.

Frozen values; texts are `Text`, to be translated where they are shown. Times are microseconds UTC.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class State(StrEnum):
    """How one thing that was looked at stands. The values are public names."""

    #: As it should be.
    OK = "ok"
    #: It works, but should be changed.
    WARNING = "warning"
    #: Mail suffers from it.
    FAULT = "fault"
    #: It could not be found out.
    UNKNOWN = "unknown"


class Topic(StrEnum):
    """What can be looked at. The values are public names; append, never rename."""

    #: Which hosts take mail for the domain.
    MX = "mx"
    #: Which hosts may send for the domain (RFC 7208).
    SPF = "spf"
    #: Keys that sign the domain's mail (RFC 6376).
    DKIM = "dkim"
    #: What receivers shall do with mail that proves nothing (RFC 9989).
    DMARC = "dmarc"
    #: The name of a sending address, and whether it leads back (RFC 1912 section 2.1).
    PTR = "ptr"
    #: Lists of addresses that send spam.
    BLOCKLIST = "blocklist"
    #: The policy that mail to the domain must be encrypted (RFC 8461).
    MTA_STS = "mta_sts"
    #: Where reports on encryption go (RFC 8460).
    TLS_RPT = "tls_rpt"
    #: Whether a server encrypts (RFC 3207).
    STARTTLS = "starttls"
    #: Whom its certificate names, who vouches for it, and until when.
    CERTIFICATE = "certificate"
    #: Certificates named in signed DNS (RFC 7672).
    DANE = "dane"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: how it stands, and what to change."""

    topic: Topic
    state: State
    #: What it is about: a domain, a selector, an address, a host.
    about: str
    #: How it stands, in a sentence.
    title: str
    #: What is published, or was shown, word for word; several lines where there are several.
    record: str = ""
    #: What to change, exactly; empty where nothing is to be changed.
    advice: str = ""


class Who(StrEnum):
    """Who speaks in a conversation."""

    CLIENT = "client"
    SERVER = "server"
    #: What happened without a word: connected, encrypted, hung up.
    NOTE = "note"


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a conversation."""

    at: int
    who: Who
    text: str


class Step(IntEnum):
    """How far a conversation came: the step that decided it."""

    CONNECT = 1
    GREETING = 2
    EHLO = 3
    STARTTLS = 4
    MAIL = 5
    RCPT = 6

    @property
    def word(self) -> str:
        """The public name: `rcpt`."""
        return self.name.lower()


class Outcome(StrEnum):
    """What a server would do with the mail, as far as it can be known without sending it."""

    #: It took the recipient.
    ACCEPTED = "accepted"
    #: It said "later" (4xx).
    DEFERRED = "deferred"
    #: It said "never" (5xx).
    REFUSED = "refused"
    #: No connection came about.
    UNREACHABLE = "unreachable"
    #: It broke the rules, hung up or was silent.
    BROKEN = "broken"
    #: It was not asked.
    NOT_ASKED = "not_asked"


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a server showed to prove who it is."""

    #: The names that it is for (RFC 6125 section 6.4), at most a hundred.
    names: tuple[str, ...]
    subject: str
    issuer: str
    valid_since: int
    valid_until: int
    #: SHA-256 over the certificate, in hexadecimal digits.
    fingerprint: str


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """The encryption that came about."""

    #: As in `TLSv1.3`.
    version: str
    cipher: str
    certificate: Certificate | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What one server said on one of its addresses, from the connection to QUIT."""

    host: str
    ip: str
    preference: int
    outcome: Outcome
    #: What that means, in a sentence.
    verdict: str
    step: Step = Step.CONNECT
    #: Reply code that decided; 0 where no reply did.
    code: int = 0
    turns: tuple[Turn, ...] = ()
    encryption: Encryption | None = None
    findings: tuple[Finding, ...] = ()


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A live check of one address."""

    address: str
    #: The envelope sender that was named; empty for the null sender.
    sender: str
    at: int
    #: How long it took, microseconds.
    took: int
    outcome: Outcome
    #: The answer in a sentence or two.
    verdict: str
    conversations: tuple[Conversation, ...]
    #: Whether everything looks as if nobody here may connect to port 25.
    is_port_closed: bool = False
    #: What is true of the domain and not of one server: its MTA-STS policy.
    findings: tuple[Finding, ...] = ()
    #: What was left out, and why.
    notes: tuple[str, ...] = ()


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A server that mail would be handed to over SMTP."""

    host: str
    preference: int = 0
    #: Addresses that were found for it; none where that was not tried.
    addresses: tuple[str, ...] = ()
    port: int = 25
    #: Whether the domain's own MX records lead to it, so that its MTA-STS policy is about it.
    is_exchanger: bool = True
    #: Whether the MX records were authenticated by DNSSEC, without which DANE is not used.
    is_secure: bool = False


class DomainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How a sending domain stands."""

    domain: str
    at: int
    took: int
    #: The addresses that mail is sent from, as far as they are known.
    sending: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """The worst of all: what cannot be found out is worse than well, and better than wrong."""
        worst = (State.FAULT, State.WARNING, State.UNKNOWN)
        found = {each.state for each in self.findings}
        return next((each for each in worst if each in found), State.OK)
