"""What the API takes and gives, field by field. Names are a promise: they are not renamed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from postroad.accounts import Kind
from postroad.accounts.account import LONGEST_NAME
from postroad.accounts.hasher import LONGEST as LONGEST_PASSWORD
from postroad.accounts.tokens import LONGEST as LONGEST_LIFE
from postroad.model.status import Status as StatusValue

#: RFC 3339 in UTC, with microseconds and `Z`; null where not known.
Time = Annotated[
    str | None,
    Meta(description="RFC 3339 in UTC with microseconds; null where it is not known."),
]
StatusWord = Literal[
    "delivered", "in_progress", "deferred", "failed", "rejected", "blocked", "filtered"
]
DirectionWord = Literal["unknown", "inbound", "outbound", "internal", "relayed"]
OutcomeWord = Literal["delivered", "deferred", "failed", "discarded", "postponed", "blocked"]
KindWord = Literal["administrator", "reseller", "owner", "mailbox"]
BackendWord = Literal["local", "imap", "proxy", "oidc"]
Text = Annotated[str, Meta(max_length=LONGEST_NAME)]


def status_word(status: StatusValue) -> StatusWord:
    """The public name of a status, as the type of its field."""
    return cast("StatusWord", status.word)


def kind_word(kind: Kind) -> KindWord:
    """The public name of a kind of account, as the type of its field."""
    return cast("KindWord", kind.word)


def backend_word(backend: str) -> BackendWord:
    """The name of a backend, as the type of its field."""
    return cast("BackendWord", backend)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message for one recipient. Addresses the viewer may not see read `•••@•••`."""

    id: str
    host: str
    queue_id: str
    message_id: str
    status: StatusWord
    direction: DirectionWord
    sender: str
    recipient: str
    delivered_to: str
    #: Folder that it was stored in, where the mailbox server says so.
    mailbox: str
    sent_at: Time
    last_attempt_at: Time
    attempts: int
    #: How often it was refused before it was let in (greylisting), and when first.
    knocks: int
    knocked_at: Time
    subject: str
    size: int
    spam_score: float | None
    #: Program that judged the content, and its verdict in its own words.
    scanner: str
    spam_verdict: str
    user: str
    domain: str
    auth: str
    client_host: str
    client_ip: str
    router: str
    transport: str
    remote_host: str
    remote_ip: str
    tls: str
    smtp_code: int
    enhanced_code: str
    result: str
    reason: str


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries, in the order asked for."""

    #: The question as a sentence: what was understood.
    question: str
    deliveries: list[Delivery]
    #: Ask again with it as `cursor` for the next page; null when this is the last.
    next_cursor: str | None
    #: How many match in all; null unless asked for with `count=true`.
    total: int | None
    #: How many a page holds at most.
    limit: int
    #: What explains an empty answer.
    notes: list[dict[str, Any]]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to hand the copy on."""

    at: Time
    queue_id: str
    outcome: OutcomeWord
    #: False where no host or mailbox was really tried.
    counted: bool
    address: str
    router: str
    transport: str
    remote_host: str
    remote_ip: str
    remote_port: int
    tls: str
    smtp_code: int
    enhanced_code: str
    reply: str
    reason: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log, as it stood there, but for masked addresses."""

    at: Time
    host: str
    queue_id: str
    text: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one side of an SMTP conversation said, or a note between."""

    at: Time
    who: Literal["client", "server", "note"]
    text: str
    #: Whether it follows from what was logged, and was not logged itself.
    derived: bool


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's retry rules say."""

    #: Not tried again before.
    next_at: Time
    #: Given up at the first try that fails after this.
    gives_up_at: Time
    rule: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt that came back says: no more than that whoever wrote it says so."""

    #: `delivered failed delayed relayed expanded`, as a server says; `displayed deleted dispatched
    #: processed denied`, as a program says.
    says: str
    #: The same in words.
    text: str
    recipient: str
    at: Time
    #: The reporting server or program, and the server that it speaks of.
    reporter: str
    remote: str
    smtp_code: int
    enhanced_code: str
    diagnostic: str
    #: Whether a person sent it, as it says.
    by_hand: bool
    #: Whether it names the recipient that the message was sent to.
    is_for_recipient: bool


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message that was handed in as a receipt."""

    #: Of how many recipients it tells; 0 if it is no receipt.
    receipts: int


class Pasted(msgspec.Struct, frozen=True, kw_only=True):
    """The question that finds the mail that a text is about."""

    #: Parameters for `GET /deliveries`.
    values: dict[str, str]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery with everything that is known about it."""

    delivery: Delivery
    #: What happened, in a sentence or two.
    verdict: str
    attempts: list[Attempt]
    log_lines: list[Line]
    family: list[dict[str, Any]]
    #: The SMTP conversation as far as it follows from the log.
    conversation: list[Turn]
    #: When it is tried next; null where it is final, or no retry rules are known.
    retry: Retry | None
    #: What came back about it, the earliest first. Anybody can write such.
    receipts: list[Receipt]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries of each status the question finds."""

    question: str
    counts: dict[StatusWord, int]
    total: int


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An account, without its password."""

    name: str
    kind: KindWord
    disabled: bool
    domains: list[str]
    addresses: list[str]
    logins: list[str]
    #: The reseller account that an owner belongs to; empty: none.
    reseller: str
    #: What checks who it is.
    backend: BackendWord
    created_at: Time
    changed_at: Time


class People(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts, by name."""

    users: list[Person]


class NewPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to be made."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    kind: KindWord
    password: Annotated[str, Meta(max_length=LONGEST_PASSWORD)] = ""
    domains: list[Text] = []
    addresses: list[Text] = []
    logins: list[Text] = []
    #: Of an owner: the reseller account that it belongs to.
    reseller: Text = ""


class ChangedPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different about an account; null leaves a field as it is."""

    name: Text | None = None
    kind: KindWord | None = None
    password: Annotated[str, Meta(max_length=LONGEST_PASSWORD)] | None = None
    domains: list[Text] | None = None
    addresses: list[Text] | None = None
    logins: list[Text] | None = None
    reseller: Text | None = None
    disabled: bool | None = None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is listed."""

    id: str
    account: str
    label: str
    created_at: Time
    #: Null if it does not expire.
    expires_at: Time
    #: Null if it was never used.
    used_at: Time


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """The viewer's tokens, or for an administrator all, newest first."""

    tokens: list[Token]


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to be made."""

    label: Annotated[str, Meta(min_length=1, max_length=200)]
    #: Whose; the viewer's own unless an administrator names another.
    account: Text = ""
    #: How long it works; 0 until it is revoked.
    days: Annotated[int, Meta(ge=0, le=LONGEST_LIFE)] = 0


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new token. This answer is the only place where its secret ever stands."""

    token: str
    id: str
    account: str
    label: str
    expires_at: Time


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """That it runs."""

    status: Literal["ok"]
    version: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What this postroad is, and who is asking."""

    version: str
    account: str
    kind: KindWord
    retention_days: int
    #: Zone that dates without one are read in.
    timezone: str
    now: Time
    started_at: Time


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did."""

    id: int
    at: Time
    account: str
    via: str
    client: str
    action: str
    subject: str
    #: The addresses and domains that were asked for.
    about: list[str]


class AuditTrail(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, newest first. Ask again with the last `id` as `before`."""

    audit: list[AuditEntry]


class NewImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to import, by paths on the server."""

    paths: Annotated[list[str], Meta(min_length=1)]
    mta: Annotated[str, Meta(max_length=255)] = "auto"
    host: Annotated[str, Meta(max_length=255)] = ""
    timezone: Annotated[str, Meta(max_length=255)] = ""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import that was asked for."""

    id: str
    #: What was to be read.
    what: str
    #: `running`, `done`, `failed` or `interrupted`.
    status: str
    started_at: Time
    ended_at: Time
    #: Counts and sentences, as at the end of its stream.
    result: dict[str, Any]


class Imports(msgspec.Struct, frozen=True, kw_only=True):
    """The imports begun last, newest first."""

    imports: list[Import]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a source that are missing, or may be."""

    source: str
    host: str
    #: `silent`: none came for much longer than is usual. `rotated`, `cut`, `unresumed`: what was
    #: being read is gone. `dropped`: there was no room for what was received.
    kind: Literal["silent", "rotated", "cut", "unresumed", "dropped"]
    since: Time
    until: Time
    #: How many lines; 0 where nobody counted.
    lost: int
    text: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from one source, of one host."""

    #: The configured name, or the path it was imported from.
    name: str
    host: str
    #: What it reads: a path, matches of the journal or peers; empty for an import.
    path: str
    #: The server whose log it is, as it was set or told from the lines; empty if not known now.
    server: str
    #: Zone of dates that name none; empty for an import.
    zone: str
    #: Whether it is one of the configured sources, which are followed.
    followed: bool
    read_since: Time
    read_until: Time
    lines: int
    understood: int
    noise: int
    unknown: int
    #: Octets that are there and were not read yet.
    behind: int
    #: Messages received since the start; null where none are.
    received: int | None
    #: Messages that were dropped for want of room, and such that were cut.
    dropped: int
    cut: int
    #: What hinders reading it now.
    problems: list[str]
    #: What happened to it.
    notes: list[str]
    #: Of the last thirty days, the latest first.
    gaps: list[Gap]


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was read or is to be read, source by source."""

    sources: list[Source]
    #: What hinders reading or receiving as such.
    problems: list[str]


class CoverageStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one source gave in one step of log time."""

    source: str
    host: str
    start: Time
    lines: int
    understood: int
    noise: int
    unknown: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, step by step; steps without lines are left out."""

    step_seconds: int
    coverage: list[CoverageStep]
    #: Where lines are missing in this period, the latest first.
    gaps: list[Gap]


class UnknownLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that no parser understood."""

    source: str
    host: str
    at: Time
    #: The line with digits and addresses replaced: lines of one kind have one shape.
    shape: str
    position: str
    text: str


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A bounded sample of lines that were not understood, newest first."""

    unknown: list[UnknownLine]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is well, to be looked at, or wrong."""

    level: Literal["ok", "warn", "error"]
    title: str
    #: What to do.
    detail: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor says, in the order in which to read it."""

    findings: list[Finding]
