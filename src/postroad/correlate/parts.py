"""Parts: the events of a message sorted by kind and time, and the facts that its rows share."""

from __future__ import annotations

from postroad.correlate.message import Message
from postroad.model import address as addresses
from postroad.model.event import Arrived, Attempted, Described, Ended, Rejected, SessionTls
from postroad.model.status import Outcome

#: How much an outcome settles, for lines that bear the same time.
WEIGHT = {
    Outcome.POSTPONED: 0,
    Outcome.DEFERRED: 1,
    Outcome.BLOCKED: 2,
    Outcome.FAILED: 3,
    Outcome.DISCARDED: 4,
    Outcome.DELIVERED: 5,
}


class Parts:
    """The events of a message, sorted into their kinds."""

    __slots__ = ("arrived", "attempts", "described", "ended", "rejected", "tls")

    def __init__(self, message: Message) -> None:
        """Sort by time; lines of the same time by how much they settle, then by their text."""
        arrived: list[tuple[int, str, Arrived]] = []
        described: list[tuple[int, str, Described]] = []
        attempts: list[tuple[int, int, str, Attempted]] = []
        rejected: list[tuple[int, str, Rejected]] = []
        self.ended: list[Ended] = []
        self.tls: list[SessionTls] = []
        for line, event in message.events.items():
            if isinstance(event, Attempted):
                attempts.append((event.at, WEIGHT[event.outcome], line, event))
            elif isinstance(event, Ended):
                self.ended.append(event)
            elif isinstance(event, Arrived):
                arrived.append((event.at, line, event))
            elif isinstance(event, Described):
                described.append((event.at, line, event))
            elif isinstance(event, Rejected):
                rejected.append((event.at, line, event))
            elif isinstance(event, SessionTls):
                self.tls.append(event)
        if len(arrived) > 1:
            arrived.sort()
        if len(described) > 1:
            described.sort()
        if len(attempts) > 1:
            attempts.sort()
        if len(rejected) > 1:
            rejected.sort()
        self.arrived = [each[2] for each in arrived]
        self.described = [each[2] for each in described]
        self.attempts = [each[3] for each in attempts]
        self.rejected = [each[2] for each in rejected]


def facts_of(message: Message, parts: Parts) -> dict[str, object]:
    """What all rows of a message share, as the columns of a delivery."""
    facts: dict[str, object] = {
        "host": message.host,
        "instance": message.instance,
        "queue_id": message.queue_id,
        "first_at": message.first_at,
        "last_at": message.last_at if message.closed_at else 0,
        "bounce_of": message.bounce_of,
        "bounced_as": message.bounced_as,
    }
    origins: dict[str, None] = {}
    if parts.arrived:
        arrived = parts.arrived[0]
        facts["sent_at"] = arrived.at
        facts["sender"] = arrived.sender
        facts["message_id"] = arrived.message_id
        facts["subject"] = arrived.subject
        facts["size"] = arrived.size or 0
        facts["client_host"] = arrived.client_host
        facts["client_ip"] = arrived.client_ip
        facts["helo"] = arrived.helo
        facts["protocol"] = arrived.protocol
        facts["auth"] = arrived.auth
        if arrived.user_proven and arrived.user:
            user = arrived.user
            facts["user"] = user
            facts["domain"] = addresses.domain(user)
            origins[addresses.key(user)] = None
        if arrived.bounce_of:
            facts["bounce_of"] = arrived.bounce_of
    else:
        _sent_from_delay(facts, parts.attempts)
    for described in parts.described:
        _describe(facts, described, origins)
    if not facts.get("sender"):
        told: tuple[Attempted | Rejected, ...] = (*parts.attempts, *parts.rejected)
        facts["sender"] = next((each.sender for each in told if each.sender), "")
    facts["origins"] = list(origins)
    return facts


def _sent_from_delay(facts: dict[str, object], attempts: list[Attempted]) -> None:
    """Where the arrival was not seen, Postfix's `delay=` says how long ago it was."""
    for attempt in attempts:
        if attempt.delay is not None:
            facts["sent_at"] = attempt.at - int(attempt.delay * 1_000_000)
            return


def _describe(facts: dict[str, object], described: Described, origins: dict[str, None]) -> None:
    """Add what a line says about the message; what is known already stays."""
    if described.has_sender:
        # What the queue manager says, or an operator changed it to, is what bounces go to.
        facts["sender"] = described.sender
    for name in ("message_id", "subject", "client_host", "client_ip", "helo", "protocol", "size"):
        value = getattr(described, name)
        if value and not facts.get(name):
            facts[name] = value
    if described.spam_score is not None:
        facts["spam_score"] = described.spam_score
    if described.user:
        facts["user"] = described.user
        origins[addresses.key(described.user)] = None
    if described.domain:
        facts["domain"] = described.domain.lower()
    if described.identified_sender:
        sender = described.identified_sender
        if not facts.get("user"):
            facts["user"] = sender
        origins[addresses.key(sender)] = None
