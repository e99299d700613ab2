"""The verdict on one delivery: what happened, whose side it is on, what can be done.

Comes in: a delivery and its attempts, as far as the viewer may see them. Goes out: sentences. They
promise no more than the log knows: a server that accepted a message has not shown it to anybody.
Times are not in them, as they belong into the reader's own zone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple, assert_never

from postroad.model.delivery import Attempt, Delivery
from postroad.model.status import Direction, Status
from postroad.reasons.explain import EXPLANATIONS, Explanation, Part
from postroad.reasons.reason import Reason


class Side(StrEnum):
    """On whose side the next step is, or the cause lies."""

    #: Nobody has to do anything.
    NOBODY = "nobody"
    #: The server whose log this is.
    HERE = "this server"
    #: The server at the other end of the connection.
    THERE = "the other server"
    SENDER = "the sender"
    RECIPIENT = "the recipient"


class Verdict(NamedTuple):
    """One delivery in plain words."""

    #: What happened.
    sentence: str
    side: Side
    #: What can be done; empty where there is nothing to do.
    advice: str

    @property
    def text(self) -> str:
        """All of it, to be read in one go."""
        return " ".join(part for part in (self.sentence, self.advice) if part)


def verdict(
    delivery: Delivery, attempts: Sequence[Attempt] = (), *, quote: Callable[[str], str] = str
) -> Verdict:
    """Say what became of a delivery.

    `attempts` are its attempts, in any order. `quote` is applied to every word that comes out of
    the log.
    """
    case = _Case(delivery, attempts, quote)
    match delivery.status:
        case Status.DELIVERED:
            return _delivered(case)
        case Status.IN_PROGRESS:
            return _in_progress(case)
        case Status.DEFERRED:
            return _deferred(case)
        case Status.FAILED:
            return _failed(case)
        case Status.REJECTED:
            return _rejected(case)
        case Status.BLOCKED:
            return _blocked(case)
        case Status.FILTERED:
            return _filtered(case)
    assert_never(delivery.status)


class _Case:
    """A delivery, and the words that are made of it."""

    def __init__(
        self, delivery: Delivery, attempts: Sequence[Attempt], quote: Callable[[str], str]
    ) -> None:
        self.delivery = delivery
        self.quote = quote
        self.counted = [attempt for attempt in attempts if attempt.counted]
        self.reason = _reason(delivery)
        self.why: Explanation = EXPLANATIONS[self.reason]

    @property
    def host(self) -> str:
        """The other server: its name, its address, or both; "" if none answered."""
        name, ip = self.delivery.remote_host, self.delivery.remote_ip
        if name and ip and name != ip:
            return f"{self.quote(name)} [{self.quote(ip)}]"
        return self.quote(name or ip)

    @property
    def answered(self) -> bool:
        """Whether another server gave an answer, rather than none."""
        return bool(self.host and self.delivery.smtp_code)

    @property
    def code(self) -> str:
        """` (550 5.1.1)`, as far as there were codes."""
        parts = [str(self.delivery.smtp_code)] if self.delivery.smtp_code else []
        parts += [self.quote(self.delivery.enhanced_code)] if self.delivery.enhanced_code else []
        return f" ({' '.join(parts)})" if parts else ""

    @property
    def tries(self) -> str:
        """` after 3 attempts`, if there was more than one."""
        many = max(self.delivery.attempts, len(self.counted))
        return f" after {many} attempts" if many > 1 else ""

    @property
    def because(self) -> str:
        """` because ...`, if the reason is known."""
        if self.reason is Reason.UNKNOWN:
            return ""
        return f" because {self.why.cause}"

    def side(self, *, sends: bool) -> Side:
        """Whose side it is, if this server `sends` or receives."""
        match self.why.part:
            case Part.NOBODY:
                return Side.NOBODY
            case Part.SENDER:
                return Side.SENDER
            case Part.RECIPIENT:
                return Side.RECIPIENT
            case Part.SENDING_SERVER:
                return Side.HERE if sends else Side.THERE
            case Part.RECEIVING_SERVER:
                return Side.THERE if sends and self.is_outgoing else Side.HERE
        assert_never(self.why.part)

    @property
    def is_outgoing(self) -> bool:
        """Whether the mail was to go on to another server."""
        out = self.delivery.direction in (Direction.OUTBOUND, Direction.RELAYED)
        return out or bool(self.host)


def _delivered(case: _Case) -> Verdict:
    if case.host:
        return Verdict(
            f"Accepted by {case.host}{case.code}{case.tries}.",
            Side.THERE,
            "That server has it now; whether it was put into the inbox, and read, this log cannot "
            "tell. If it is missing there, the reply names it to the people who run that server.",
        )
    to = case.delivery.delivered_to
    where = f" to {case.quote(to)}" if to and to != case.delivery.recipient else ""
    return Verdict(
        f"Delivered on this server{where}{case.tries}.",
        Side.RECIPIENT,
        "Whether it was read is not known. If it is missing, look into the other folders, spam "
        "among them, and into the rules of the mailbox.",
    )


def _in_progress(case: _Case) -> Verdict:
    if case.delivery.result:
        return Verdict(
            f"This server keeps it for now: {case.quote(case.delivery.result)}.",
            Side.HERE,
            "The people who run this server can let it go on.",
        )
    tried = f"tried{case.tries}" if case.counted else "not yet tried, as far as the log tells"
    return Verdict(
        f"This server has it; {tried}, and nothing final is known.",
        Side.HERE,
        "Look again in a few minutes.",
    )


def _deferred(case: _Case) -> Verdict:
    if case.answered:
        what = f"{case.host} said “later”{case.code}{case.because}"
    elif case.host:
        what = f"{case.host} could not be reached{case.because}"
    else:
        what = f"it could not be handed on{case.because}"
    return Verdict(
        f"Not delivered yet{case.tries}: {what}. This server keeps it and tries again by itself.",
        case.side(sends=True),
        case.why.advice,
    )


def _failed(case: _Case) -> Verdict:
    if case.answered and case.delivery.smtp_code // 100 == _NEVER:
        what = f"{case.host} refused it for good{case.code}{case.because}"
    else:
        last = f"; {case.host} was tried last{case.code}" if case.host else case.code
        what = f"this server gave up{case.because}{last}"
    told = " Its sender was sent a notification." if case.delivery.bounced_as else ""
    return Verdict(
        f"Not delivered{case.tries}: {what}.{told}", case.side(sends=True), case.why.advice
    )


def _rejected(case: _Case) -> Verdict:
    temporary = case.delivery.smtp_code // 100 == _LATER or (
        not case.delivery.smtp_code and case.delivery.enhanced_code.startswith("4")
    )
    what = "told its client to come back later" if temporary else "refused it"
    return Verdict(
        f"This server {what} when it was offered{case.code}{case.because}. It never became this "
        "server's mail, and whoever offered it was told so at once.",
        case.side(sends=False),
        case.why.advice,
    )


def _blocked(case: _Case) -> Verdict:
    told = " Its sender was sent a notification." if case.delivery.bounced_as else ""
    return Verdict(
        f"This server did not let it out{case.code}{case.because}.{told}",
        Side.HERE,
        case.why.advice,
    )


def _filtered(case: _Case) -> Verdict:
    return Verdict(
        f"Accepted, but kept out of the inbox{case.because}: thrown away, or put aside.",
        Side.HERE if not case.host else Side.THERE,
        "The people who run the filter can tell which rule it was, and whether it can be had back.",
    )


def _reason(delivery: Delivery) -> Reason:
    try:
        return Reason[delivery.reason.upper()]
    except KeyError:
        return Reason.UNKNOWN


_LATER = 4
_NEVER = 5
