"""What can be followed, expected and watched: each kind's question, checked, and its memory."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from postroad.errors import AccountError
from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.status import Status
from postroad.model.text import say
from postroad.model.when import shown
from postroad.store.changes import Change

#: Longest address (RFC 5321 section 4.5.3.1: 64 octets, "@" and 255), and part of a subject.
_LONGEST, _LONGEST_SUBJECT = 320, 200
#: Replies that say "later" (RFC 5321 section 4.2.1).
_LATER = range(400, 500)

_Kind = TypeVar("_Kind", bound=msgspec.Struct)
_Hours = Annotated[int, Meta(ge=1, le=168)]


class Event(StrEnum):
    """What can happen to mail that is expected."""

    #: It was delivered.
    ARRIVED = "arrived"
    #: It, or its sender, was told to come back later.
    DEFERRED = "deferred"
    #: It was refused, or it failed, or it was kept out of the inbox.
    REFUSED = "refused"


class Follow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of one message: for one recipient, or for all that its sender wrote to."""

    #: Key of the message.
    message: str
    #: As addressed; empty: all of them.
    recipient: str = ""
    #: When it came, microseconds UTC.
    first_at: int = 0


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mail that somebody waits for. What is empty is not asked for."""

    #: Address, or `@domain`.
    sender: str = ""
    #: Address of one's own, or `@domain`.
    recipient: str = ""
    #: Part of the subject.
    subject: str = ""
    events: tuple[Event, ...] = (Event.ARRIVED,)
    #: Up to when, microseconds UTC; 0: until it is ended.
    until: int = 0
    #: Those of the two parties that were its account's own when it was asked.
    own: tuple[str, ...] = ()

    def lost(self, scope: Scope) -> bool:
        """Whether a party that was its account's own is not any more."""
        return not all(_is_held(scope, party) for party in self.own)

    def holds(self, delivery: Delivery, *, since: int) -> Event | None:
        """What happened to a delivery, if that is asked for; `since` is when it was asked."""
        at = max(delivery.first_at, delivery.last_attempt_at)
        return event_of(delivery) if at >= since and self.fits(delivery) else None

    def fits(self, row: Delivery | Change) -> bool:
        """Whether this is asked for, whenever it happened."""
        return (
            event_of(row) in self.events
            and not (self.until and row.first_at > self.until)
            and _is(row.sender, self.sender)
            and any(_is(each, self.recipient) for each in (row.recipient, *row.targets))
            and self.subject.casefold() in row.subject.casefold()
        )


class Rule(StrEnum):
    """What an alert looks at."""

    #: How much of the mail that was sent failed.
    FAILURES = "failures"
    #: Mail that waits long.
    WAITING = "waiting"
    #: A receiving provider that refuses this server for what it thinks of it.
    PROVIDER = "provider"
    #: A sender who sends much more than is usual.
    SENDING = "sending"
    #: A log without lines, or with lines missing.
    SILENCE = "silence"


class Alert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures that alarm. What a number means depends on the rule: see `USUAL`."""

    rule: Rule
    #: Per cent (failures, provider), hours (waiting), times its busiest stretch of the weeks before
    #: (sending), minutes (silence).
    threshold: Annotated[int, Meta(ge=1, le=10_000)]
    #: How many mails there have to be for it to mean anything.
    least: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    #: How many hours are looked at.
    hours: _Hours = 1
    #: Hours in which the same is not told again.
    quiet: _Hours = 12
    #: Whether to say so when it is over.
    says_over: bool = False


#: What is usual for each rule.
USUAL = {
    Rule.FAILURES: Alert(rule=Rule.FAILURES, threshold=20, least=20, hours=6),
    Rule.WAITING: Alert(rule=Rule.WAITING, threshold=4, least=1),
    Rule.PROVIDER: Alert(rule=Rule.PROVIDER, threshold=30, least=10, hours=3),
    Rule.SENDING: Alert(rule=Rule.SENDING, threshold=2, least=100, hours=1),
    Rule.SILENCE: Alert(rule=Rule.SILENCE, threshold=60, hours=24),
}
#: The rules that only administrators may ask for: they tell how logs are read.
FOR_ADMINISTRATORS = frozenset({Rule.SILENCE})


class ExpectMemory(msgspec.Struct, kw_only=True):
    """What was seen for mail that is expected."""

    #: Up to where changes were looked at: the store's clock, microseconds.
    mark: int = 0
    #: When the current hour of telling began, and how many letters were written in it.
    hour: int = 0
    count: int = 0
    #: Deliveries that there were too many of, and how many: told of together.
    more: list[str] = []
    more_count: int = 0


class Incident(msgspec.Struct, kw_only=True):
    """Something that alarms, while it lasts."""

    #: When it was noticed, microseconds UTC.
    since: int
    #: When it was to be told, and when it was over, which its letters' keys have; 0: not yet.
    telling: int = 0
    ended: int = 0
    is_told: bool = False


class AlertMemory(msgspec.Struct, kw_only=True):
    """What was seen for an alert, by what it is about."""

    open: dict[str, Incident] = {}
    #: What ended, until that is told.
    over: dict[str, Incident] = {}
    #: When each was told of last, microseconds UTC.
    told: dict[str, int] = {}


class FollowMemory(msgspec.Struct, kw_only=True):
    """What was seen for a message that is followed."""

    #: Since when there is nothing of it that its follower may see; 0: there is.
    missing: int = 0


def event_of(row: Delivery | Change) -> Event | None:
    """What happened to a delivery so far; None where nothing is known."""
    match row.status:
        case Status.DELIVERED:
            return Event.ARRIVED
        case Status.DEFERRED:
            return Event.DEFERRED
        case Status.REJECTED:
            # Who is refused for now, as by greylisting, comes back.
            return Event.DEFERRED if row.smtp_code in _LATER else Event.REFUSED
        case Status.FAILED | Status.BLOCKED | Status.FILTERED:
            return Event.REFUSED
        case Status.IN_PROGRESS:
            return None


def read(text: str, kind: type[_Kind]) -> _Kind | None:
    """What was kept as JSON; None where it is not of this kind (any more)."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None


def memory(text: str, kind: type[_Kind]) -> _Kind:
    """What was remembered as JSON; nothing where it cannot be read."""
    return read(text, kind) or kind()


def written(value: msgspec.Struct) -> str:
    """JSON of a wish or a memory."""
    return msgspec.json.encode(value).decode()


def expected(wish: Expect, scope: Scope, *, now: int) -> Expect:
    """The wish as it is compared, of whoever has this scope.

    Raises `AccountError` for one that cannot be asked.
    """
    subject = " ".join(wish.subject.split())
    if not (wish.sender.strip() or wish.recipient.strip() or subject):
        raise AccountError(say("Say which mail you expect: from whom, to whom, or about what."))
    if len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
        raise AccountError(
            say("A part of a subject has at most {most} characters.", most=_LONGEST_SUBJECT)
        )
    if not wish.events:
        raise AccountError(say("Say what you want to be told of: that it arrived, waits, failed."))
    if wish.until and wish.until <= now:
        raise AccountError(say("The day up to which mail is expected is over."))
    sender, recipient = _party(wish.sender), _party(wish.recipient)
    return msgspec.structs.replace(
        wish,
        sender=sender,
        recipient=recipient,
        own=tuple(each for each in (sender, recipient) if each and _is_held(scope, each)),
        subject=subject,
        events=tuple(event for event in Event if event in wish.events),
    )


def _party(text: str) -> str:
    """An address or `@domain` in lower case; empty for none. Raises `AccountError`."""
    party = address.key(text.strip())
    if party and "@" not in party:
        party = f"@{party}"
    is_party = address.is_address(party) or address.is_address(f"x{party}")
    if party and (not is_party or len(party) > _LONGEST or not party.isprintable()):
        raise AccountError(
            say("{text} is neither an address nor a domain.", text=shown(text)),
        )
    return party


def _is_held(scope: Scope, party: str) -> bool:
    """Whether an address is in the scope, or any of a domain's."""
    if not party.startswith("@"):
        return scope.holds(party)
    domain = party[1:]
    return (
        scope.is_everything
        or domain in scope.domains
        or any(address.domain(each) == domain for each in scope.addresses)
    )


def _is(party: str, asked: str) -> bool:
    party = party.lower()
    if asked.startswith("@"):
        return address.domain(party) == asked[1:]
    return not asked or party == asked
