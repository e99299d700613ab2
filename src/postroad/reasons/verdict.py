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
from postroad.model.text import Text, join, say, say_many
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

    @property
    def words(self) -> Text:
        """The side as a heading's words: `On this server`."""
        match self:
            case Side.NOBODY:
                return say("Nobody has to do anything")
            case Side.HERE:
                return say("On the side of this server")
            case Side.THERE:
                return say("On the side of the other server")
            case Side.SENDER:
                return say("On the sender's side")
            case Side.RECIPIENT:
                return say("On the recipient's side")
        assert_never(self)


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
        return join((self.sentence, self.advice))


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
        if many < _SEVERAL:
            return ""
        return say_many(" after one attempt", " after {count} attempts", many)

    @property
    def because(self) -> str:
        """` because ...`, if the reason is known."""
        if self.reason is Reason.UNKNOWN:
            return ""
        return say(" because {cause}", cause=self.why.cause)

    @property
    def told(self) -> str:
        """That the sender knows, where the log shows it."""
        return say("Its sender was sent a notification.") if self.delivery.bounced_as else ""

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
    if case.host and not case.delivery.mailbox:
        return Verdict(
            say(
                "Accepted by {host}{code}{tries}.", host=case.host, code=case.code, tries=case.tries
            ),
            Side.THERE,
            say(
                "That server has it now; whether it was put into the inbox, and read, this log "
                "cannot tell. If it is missing there, the reply names it to the people who run "
                "that server."
            ),
        )
    to = case.delivery.delivered_to
    if case.delivery.mailbox:
        return _stored(case, to or case.delivery.recipient)
    if to and to != case.delivery.recipient:
        sentence = say(
            "Delivered on this server to {address}{tries}.",
            address=case.quote(to),
            tries=case.tries,
        )
    else:
        sentence = say("Delivered on this server{tries}.", tries=case.tries)
    return Verdict(
        sentence,
        Side.RECIPIENT,
        say(
            "Whether it was read is not known. If it is missing, look into the other folders, spam "
            "among them, and into the rules of the mailbox."
        ),
    )


def _stored(case: _Case, to: str) -> Verdict:
    return Verdict(
        say(
            "Stored in the folder “{folder}” of {address}{tries}.",
            folder=case.quote(case.delivery.mailbox),
            address=case.quote(to),
            tries=case.tries,
        ),
        Side.RECIPIENT,
        say(
            "Whether it was read is not known. If it is not there, it was moved or deleted after "
            "it came: by a mail program, or by somebody who can open the mailbox."
        ),
    )


def _in_progress(case: _Case) -> Verdict:
    if case.delivery.result:
        return Verdict(
            say("This server keeps it for now: {reply}.", reply=case.quote(case.delivery.result)),
            Side.HERE,
            say("The people who run this server can let it go on."),
        )
    if case.counted:
        sentence = say("This server has it, and nothing final is known{tries}.", tries=case.tries)
    else:
        sentence = say(
            "This server has it; not yet tried, as far as the log tells, and nothing final is "
            "known."
        )
    return Verdict(sentence, Side.HERE, say("Look again in a few minutes."))


def _deferred(case: _Case) -> Verdict:
    said = {"host": case.host, "code": case.code, "because": case.because}
    if case.answered:
        what = say("{host} said “later”{code}{because}", **said)
    elif case.host:
        what = say("{host} could not be reached{because}", **said)
    else:
        what = say("it could not be handed on{because}", **said)
    sentence = say(
        "Not delivered yet{tries}: {what}. This server keeps it and tries again by itself.",
        tries=case.tries,
        what=what,
    )
    return Verdict(sentence, case.side(sends=True), case.why.advice)


def _failed(case: _Case) -> Verdict:
    said = {"host": case.host, "code": case.code, "because": case.because}
    if case.answered and case.delivery.smtp_code // 100 == _NEVER:
        what = say("{host} refused it for good{code}{because}", **said)
    elif case.host:
        what = say("this server gave up{because}; {host} was tried last{code}", **said)
    else:
        what = say("this server gave up{because}{code}", **said)
    sentence = say("Not delivered{tries}: {what}.", tries=case.tries, what=what)
    return Verdict(join((sentence, case.told)), case.side(sends=True), case.why.advice)


def _rejected(case: _Case) -> Verdict:
    temporary = case.delivery.smtp_code // 100 == _LATER or (
        not case.delivery.smtp_code and case.delivery.enhanced_code.startswith("4")
    )
    said = {"code": case.code, "because": case.because}
    if temporary:
        what = say(
            "This server told its client to come back later when it was offered{code}{because}.",
            **said,
        )
    else:
        what = say("This server refused it when it was offered{code}{because}.", **said)
    rest = say("It never became this server's mail, and whoever offered it was told so at once.")
    return Verdict(join((what, rest)), case.side(sends=False), case.why.advice)


def _blocked(case: _Case) -> Verdict:
    what = say(
        "This server did not let it out{code}{because}.", code=case.code, because=case.because
    )
    return Verdict(join((what, case.told)), Side.HERE, case.why.advice)


def _filtered(case: _Case) -> Verdict:
    if case.delivery.mailbox:
        return Verdict(
            say(
                "Stored in the folder “{folder}” and not in the inbox: it was taken for unwanted "
                "mail.",
                folder=case.quote(case.delivery.mailbox),
            ),
            Side.RECIPIENT,
            say(
                "Look into that folder. If it is wanted mail, move it to the inbox or mark it as "
                "not spam, so that the filter learns."
            ),
        )
    return Verdict(
        say(
            "Accepted, but kept out of the inbox{because}: thrown away, or put aside.",
            because=case.because,
        ),
        Side.HERE if not case.host else Side.THERE,
        say(
            "The people who run the filter can tell which rule it was, and whether it can be had "
            "back."
        ),
    )


def _reason(delivery: Delivery) -> Reason:
    try:
        return Reason[delivery.reason.upper()]
    except KeyError:
        return Reason.UNKNOWN


_LATER = 4
_NEVER = 5
_SEVERAL = 2
