"""The live check: what the servers that an address leads to say to it now, one after the other.

In go an address and its destinations, out comes a `Probe`. No message is ever sent. Port 25 only,
to public addresses only, a name's address is looked up once; and all of it ends in time.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from postroad.model.check import (
    Conversation,
    Destination,
    Finding,
    Outcome,
    Probe,
    State,
    Topic,
)
from postroad.model.text import Text, join, say, say_many
from postroad.trace import dane, mta_sts
from postroad.trace.conversation import PORT, Call, Spoken, converse
from postroad.trace.envelope import Recipient
from postroad.trace.lookup import Answer, Lookup
from postroad.trace.mta_sts import Policy
from postroad.trace.safety import Fence

#: Servers that are asked, and addresses of each: one of IPv4 and one of IPv6.
_MOST_HOSTS = 5
#: Seconds that are kept back for each address that still waits, and the least to begin with.
_SHARE, _LEAST = 1.0, 0.3
#: What a firewall does: it is silent or forbids, or it refuses in the servers' place.
_SILENT = (errno.ETIMEDOUT, errno.EACCES, errno.EPERM)
_BLOCKED = (*_SILENT, errno.ECONNREFUSED, errno.EHOSTUNREACH)
_NO_WAY = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How to check."""

    #: Seconds in all.
    seconds: float = 10.0
    #: How we call ourselves; empty for our address.
    helo: str = ""
    #: Envelope sender; empty for the null sender.
    sender: str = ""
    #: Our own host name: whoever greets with it elsewhere is ourselves.
    own_name: str = ""
    #: Whether some server was reached on the port lately, so that it is not closed.
    has_reached: bool = False


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """One address of one server that is to be asked."""

    destination: Destination
    ip: str
    #: Whether MX and address are authenticated, as DANE needs.
    is_secure: bool


def probe(
    recipient: Recipient,
    destinations: Sequence[Destination],
    *,
    rules: Rules,
    lookup: Lookup,
    fence: Fence,
) -> Probe:
    """Ask every destination in turn what it says to this recipient; never raises."""
    return _Round(recipient, rules, lookup, fence).run(destinations)


class _Round:
    """One live check at work."""

    def __init__(self, recipient: Recipient, rules: Rules, lookup: Lookup, fence: Fence) -> None:
        self._recipient = recipient
        self._rules = rules
        self._lookup = lookup
        self._fence = fence
        self._end = time.monotonic() + rules.seconds
        self._notes: list[Text] = []
        self._errors: list[tuple[str, int]] = []
        self._is_redirected = False

    def run(self, destinations: Sequence[Destination]) -> Probe:
        at = time.time_ns() // 1000
        ordered = sorted(destinations, key=lambda each: each.preference)
        if left := len(ordered[_MOST_HOSTS:]):
            note = say_many(
                "One more server was not asked.", "{count} more servers were not asked.", left
            )
            self._notes.append(note)
        ordered = ordered[:_MOST_HOSTS]
        with ThreadPoolExecutor(_MOST_HOSTS + 1, thread_name_prefix="check") as aside:
            policy = self._policy(aside, ordered)
            named = {
                each.host: aside.submit(dane.ask, each.host, PORT, self._lookup) for each in ordered
            }
            places, conversations = self._to_ask(ordered)
            spoken = [
                self._ask(place, waiting=len(places) - number - 1)
                for number, place in enumerate(places)
            ]
            held = policy.result() if policy else None
            for place, each in zip(places, spoken, strict=True):
                tlsa = named[place.destination.host].result()
                conversations.append(_with_findings(place, each, tlsa, held))
        order = {each.host: index for index, each in enumerate(ordered)}
        conversations.sort(key=lambda each: order[each.host])
        is_closed = not self._rules.has_reached and self._looks_closed()
        outcome = _outcome(conversations)
        return Probe(
            address=self._recipient.path,
            sender=self._rules.sender,
            at=at,
            took=time.time_ns() // 1000 - at,
            outcome=outcome,
            verdict=self._verdict(outcome, conversations, is_closed=is_closed),
            conversations=tuple(conversations),
            is_port_closed=is_closed,
            findings=(held.finding,) if held else (),
            notes=tuple(self._notes),
        )

    def _policy(
        self, aside: ThreadPoolExecutor, ordered: Sequence[Destination]
    ) -> Future[Policy] | None:
        """The domain's MTA-STS policy, looked for meanwhile, where its own servers are asked."""
        if not any(each.is_exchanger for each in ordered):
            return None
        return aside.submit(
            mta_sts.look, self._recipient.domain, self._lookup, self._fence, until=self._end
        )

    def _to_ask(
        self, destinations: Sequence[Destination]
    ) -> tuple[list[_Place], list[Conversation]]:
        places: list[_Place] = []
        others: list[Conversation] = []
        for each in destinations:
            here, refused = self._places(each)
            places += here
            others += refused
        return places, others

    def _places(self, destination: Destination) -> tuple[list[_Place], list[Conversation]]:
        """Where to ask, and what is not asked and why."""
        if destination.port != PORT:
            why = say("Only port {port} is asked.", port=PORT)
            return [], [_not_asked(destination, "", why)]
        addresses: Sequence[str] = destination.addresses
        is_secure = destination.is_secure
        if not addresses:
            addresses, is_safe, is_certain = self._lookup.addresses(destination.host)
            is_secure = is_secure and is_safe
            if not addresses:
                why = (
                    say("{host} has no address in the DNS.", host=destination.host)
                    if is_certain
                    else say("The address of {host} could not be found out.", host=destination.host)
                )
                return [], [_not_asked(destination, "", why)]
        places: list[_Place] = []
        refused: list[Conversation] = []
        for ip in _one_of_each(addresses):
            if why_not := self._fence.why_not(ip):
                refused.append(_not_asked(destination, ip, why_not))
            else:
                places.append(_Place(destination=destination, ip=ip, is_secure=is_secure))
        return places, refused

    def _ask(self, place: _Place, *, waiting: int) -> Spoken:
        """Have the conversation, leaving some time for the addresses that wait."""
        destination = place.destination
        left = self._end - time.monotonic()
        if left < _LEAST:
            why = say("The time was over before {host} was asked.", host=destination.host)
            return Spoken(conversation=_not_asked(destination, place.ip, why))
        share = left - waiting * min(_SHARE, left / (waiting + 1))
        call = Call(
            host=destination.host,
            ip=place.ip,
            preference=destination.preference,
            helo=self._rules.helo,
            sender=self._rules.sender,
            recipient=self._recipient,
            until=time.monotonic() + share,
        )
        spoken = converse(call)
        self._errors.append((destination.host, spoken.error))
        own = self._rules.own_name.lower()
        greeted = spoken.greeting.lower().split(" ")[0]
        self._is_redirected |= bool(own) and greeted == own != destination.host.lower()
        return spoken

    def _looks_closed(self) -> bool:
        """Whether nobody at all could be reached, in the way firewalls do that."""
        # Without IPv6 of our own the addresses of IPv6 say nothing.
        tried = [(host, error) for host, error in self._errors if error not in _NO_WAY]
        errors = {error for _, error in tried}
        if not tried or not errors <= set(_BLOCKED):
            return False
        return bool(errors & set(_SILENT)) or len({host for host, _ in tried}) > 1

    def _verdict(
        self, outcome: Outcome, conversations: Sequence[Conversation], *, is_closed: bool
    ) -> Text:
        if self._is_redirected:
            return say(
                "The connection was answered by this server itself: outgoing connections to port "
                "{port} are redirected here, so that nothing can be checked from here. Allow "
                "postroad's user to connect (in WHM: “SMTP Restrictions”).",
                port=PORT,
            )
        if is_closed:
            return say(
                "None of the servers answers on port {port}. If other mail cannot be sent either, "
                "outgoing connections to port {port} are closed, here or by the provider: ask them "
                "to open it.",
                port=PORT,
            )
        decided = next((each for each in conversations if each.outcome is outcome), None)
        if decided is None:
            return say("There is no server to ask.")
        forbidden = any(
            each.state is State.FAULT and each.topic in (Topic.DANE, Topic.MTA_STS)
            for each in decided.findings
        )
        but = say("Senders that honour DANE or MTA-STS would not send it, though.")
        is_taken = outcome is Outcome.ACCEPTED
        return join([decided.verdict, but if forbidden and is_taken else ""])


def _outcome(conversations: Sequence[Conversation]) -> Outcome:
    """What becomes of mail: the first server that answers decides."""
    for each in conversations:
        if each.outcome in (Outcome.ACCEPTED, Outcome.REFUSED):
            return each.outcome
    found = {each.outcome for each in conversations}
    for outcome in (Outcome.DEFERRED, Outcome.BROKEN, Outcome.UNREACHABLE):
        if outcome in found:
            return outcome
    return Outcome.NOT_ASKED


def _one_of_each(addresses: Sequence[str]) -> list[str]:
    """The first IPv4 address and the first IPv6 address."""
    four = [each for each in addresses if ":" not in each]
    six = [each for each in addresses if ":" in each]
    return [*four[:1], *six[:1]]


def _not_asked(destination: Destination, ip: str, why: Text) -> Conversation:
    return Conversation(
        host=destination.host,
        ip=ip,
        preference=destination.preference,
        outcome=Outcome.NOT_ASKED,
        verdict=why,
    )


def _with_findings(
    place: _Place, spoken: Spoken, tlsa: Answer, policy: Policy | None
) -> Conversation:
    """The conversation with what signed DNS and the domain's policy say to it."""
    talked = spoken.conversation
    if talked.outcome in (Outcome.UNREACHABLE, Outcome.NOT_ASKED):
        return talked
    named = dane.judge(
        talked.host,
        tlsa,
        spoken.chain,
        is_secure=place.is_secure,
        has_tls=talked.encryption is not None,
    )
    findings = [*talked.findings, named]
    if policy and place.destination.is_exchanger and policy.mode in ("enforce", "testing"):
        findings.append(_against_policy(spoken, policy))
    return msgspec.structs.replace(talked, findings=tuple(findings))


def _against_policy(spoken: Spoken, policy: Policy) -> Finding:
    """What the domain's policy says to this server and its certificate."""
    host = spoken.conversation.host
    state = State.FAULT if policy.is_enforced else State.WARNING
    advice: str = ""
    if not policy.allows(host):
        title = say("The MTA-STS policy does not name {host}.", host=host)
        advice = say(
            "Add the line {line} to the policy, and change the id of its record.",
            line=f"mx: {host}",
        )
    elif spoken.judgement is None:
        title = say(
            "The MTA-STS policy asks for encryption, which {host} does not give.", host=host
        )
        advice = say("Let {host} offer STARTTLS with a valid certificate.", host=host)
    elif not spoken.judgement.is_valid:
        title = say(
            "The MTA-STS policy asks for a valid certificate; that of {host} is not.", host=host
        )
        advice = spoken.judgement.finding.advice
    else:
        state, title = State.OK, say("{host} is as its MTA-STS policy says.", host=host)
    return Finding(topic=Topic.MTA_STS, state=state, about=host, title=title, advice=advice)
