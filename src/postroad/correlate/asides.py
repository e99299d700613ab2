"""Asides: what programs say of a message whose queue id they do not know.

A mailbox server says into which folder a copy went, a filter what it thinks of the content; both
name the message by its Message-ID, and a mailbox server also by the session that the mail
server's line quotes in the reply. All lines of one program about one Message-ID are one aside. It
is tied to every message of that Message-ID, and what it says is taken over by the rows that it
speaks of. Whichever log is read first, what is missing is asked for as the other comes.

Limits: two messages that share a Message-ID, go to the same mailbox within minutes and name no
session share what is said of either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from postroad.correlate import fold
from postroad.correlate.fold import Row, Story
from postroad.correlate.message import Message
from postroad.correlate.parts import take_verdict
from postroad.correlate.said import TOGETHER, Said, came_in
from postroad.correlate.table import QueueKey, Table
from postroad.model import address as addresses
from postroad.model.delivery import Attempt, Delivery
from postroad.model.event import Attempted, Described
from postroad.model.status import Direction, Outcome, Status
from postroad.reasons import Reason, reason_name

#: Messages that one aside is tied to, and asides that one message is: the latest.
_MOST_MESSAGES, _MOST_ASIDES = 5_000, 16
#: Lines of one aside; what is said after them under the same Message-ID is another one.
MOST_SAID = 5_000
_EVER = 2**61
#: The Message-ID of a notification that Exim makes (moan.c): its log names the queue id only.
_EXIM_NOTIFIES = re.compile(r"E\w{6}-(?:\w{6}|\w{11})-\w{2,4}(?=@)", re.ASCII)
#: Of several things that a mailbox server says of one copy, which counts: a copy that was stored
#: is there, whatever else was done with it.
_TELLING = {
    Outcome.DELIVERED: 4,
    Outcome.FAILED: 3,
    Outcome.DISCARDED: 2,
    Outcome.DEFERRED: 1,
}
_STATUS = {
    Outcome.DELIVERED: Status.DELIVERED,
    Outcome.FAILED: Status.FAILED,
    Outcome.DISCARDED: Status.FILTERED,
    Outcome.DEFERRED: Status.DEFERRED,
}
#: Folders for unwanted mail: the special use \\Junk (RFC 6154) by the names that servers and mail
#: programs give it.
_JUNK = frozenset({"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "bulk"})


class Asides:
    """Ties asides to the messages that bear their Message-ID."""

    def __init__(
        self,
        table: Table,
        ask: Callable[[QueueKey], None],
        horizon: Mapping[str, int],
        known: Iterable[tuple[str, str]],
    ) -> None:
        """`ask` is called with keys that may be stored; `known`: hosts and programs that are."""
        self._table = table
        self._ask = ask
        self._horizon = horizon
        #: Which programs of which hosts spoke so far.
        self._programs = dict.fromkeys(known)
        self._open: dict[str, list[Message]] = {}
        #: Whether stored messages are taken up again: what was said of them is stored, too.
        self.is_again = False
        #: From when to when there is something to be asked for, by what is asked for.
        self._spans: dict[QueueKey, tuple[int, int]] = {}

    def begin(self, aside: Message) -> None:
        """A program speaks of a message for the first time, as far as is known here."""
        self._programs.setdefault((aside.host, aside.instance))
        name = aside.queue_id.strip("<>")
        aside.message_id = name
        names = {name}
        if notified := _EXIM_NOTIFIES.match(name):
            names.add(notified[0])
        messages = []
        for each in sorted(names):
            self._open.setdefault(each, []).append(aside)
            messages += self._table.named(each)
        for message in messages:
            _tie(message, aside)
        horizon = self._horizon.get(aside.host, 0)
        if not any(each.begun and each.first_at > horizon for each in messages):
            self._ask_for((aside.host, aside.instance, aside.queue_id), aside)
            if notified:
                self._ask((aside.host, "", notified[0][1:]))

    def meet(self, message: Message, name: str, *, is_session: bool = False) -> None:
        """The Message-ID of a message became known, or what stands for one that has none."""
        for aside in self._open.get(name, ()):
            if not aside.is_gone:
                _tie(message, aside)
                self._table.touch(message)
        for host, program in self._programs:
            if self.is_again or message.first_at <= self._horizon.get(host, 0) + TOGETHER:
                self._ask_for((host, program, name if is_session else f"<{name}>"), message)

    def _ask_for(self, key: QueueKey, because: Message) -> None:
        first, last = self._spans.get(key, (because.first_at, because.last_at))
        self._spans[key] = (min(first, because.first_at), max(last, because.last_at))
        self._ask(key)

    def span(self, key: QueueKey) -> tuple[int, int]:
        """From when to when an aside is asked for, microseconds UTC; ever, if that is not known."""
        return self._spans.get(key, (0, _EVER))

    def prune(self) -> None:
        """Forget the asides that are no longer in memory."""
        self._spans.clear()
        self._open = {
            name: kept
            for name, known in self._open.items()
            if (kept := [each for each in known if not each.is_gone and each.is_held])
        }


def session_of(reply: str) -> str:
    """The session that a mailbox server's reply names (`250 2.0.0 <r> SESSION Saved`), if any."""
    words = reply.split()
    saved = words.index("Saved") if "Saved" in words else 0
    return words[saved - 1].strip("()") if saved else ""


def _tie(message: Message, aside: Message) -> None:
    if message is aside:
        return
    if message.asides is None:
        message.asides = {}
    if aside.about is None:
        aside.about = {}
    for tied, other, most in (
        (message.asides, aside, _MOST_ASIDES),
        (aside.about, message, _MOST_MESSAGES),
    ):
        tied.pop(other, None)
        tied[other] = None
        if len(tied) > most:
            del tied[next(iter(tied))]


def take_over(story: Story, asides: Iterable[tuple[Message, Said]]) -> Iterator[Attempted]:
    """Let the rows of a message say what asides say of them; gives what was said of them."""
    message = story.message
    known = sorted(asides, key=lambda each: (each[0].host, each[0].instance, each[0].first_at))
    for row in story.rows:
        concerned = _of(row, story, known)
        if concerned:
            of_row = [each for told in concerned.values() for each in told]
            _land(row, of_row)
            yield from of_row
        for aside, said in known:
            # A later version, whether it has something to say or, by now, nothing any more.
            row.delivery.version += len(aside.events)
            if aside in concerned or not said.has_copies:
                _name(row.delivery, aside)
    at = came_in(message)
    for aside, said in known:
        is_shared = not _is_alone(message, aside)
        for described in said.verdicts(at, is_shared=is_shared):
            for row in story.rows:
                _judge(row.delivery, described)


def told(aside: Message, taken: Container[int]) -> list[tuple[Delivery, list[Attempt]]]:
    """An aside's own rows: shown as long as no message is known that they speak of.

    `taken` are the ids (`id()`) of the events that rows of messages took over.
    """
    story = fold.fold(aside)
    domains = _domains(aside.about or ())
    result = []
    for row in story.rows:
        last = max(row.attempts, key=_weight, default=None)
        if last is None:
            continue
        delivery = row.delivery
        delivery.status = _STATUS.get(last.outcome, Status.DELIVERED)
        delivery.result = last.reply
        delivery.transport = last.transport
        delivery.mailbox = last.mailbox
        delivery.message_id = delivery.message_id or aside.message_id
        delivery.direction = Direction.INBOUND
        delivery.sent_at = delivery.sent_at or aside.first_at
        domain = addresses.domain(delivery.recipient)
        delivery.folded = bool(aside.about) and (
            not domain
            or not domains
            or domain in domains
            or any(id(each) in taken for each in row.attempts)
        )
        delivery.reason = "" if last.outcome is Outcome.DELIVERED else _reason(last)
        _put_away(delivery)
        _name(delivery, aside)
        result.append((delivery, fold.attempt_rows(row, delivery, [])))
    return result


def _domains(messages: Iterable[Message]) -> set[str]:
    """The domains that messages were for; none if one may have been for any."""
    found: set[str] = set()
    for message in messages:
        own = {
            addresses.domain(address)
            for event in message.events.values()
            if isinstance(event, Attempted)
            for address in (event.original or event.address, event.address, *event.also)
        }
        if not own - {""}:
            return set()
        found |= own
    return found


def _of(
    row: Row, story: Story, asides: list[tuple[Message, Said]]
) -> dict[Message, list[Attempted]]:
    """What of all this is said of the copy of one row, by who says it."""
    copies = [each for each in row.attempts if each.outcome is Outcome.DELIVERED]
    if not copies:
        return {}
    copy = copies[-1]
    words = {word.strip("()") for word in copy.reply.split()}
    found = {aside: told for aside, said in asides if (told := said.named(row, copy, words))}
    if found or copy.remote:
        return found
    session = session_of(copy.reply)
    found = {aside: told for aside, said in asides if (told := said.near(row, copy, session))}
    if found or len(story.rows) > 1:
        return found
    # A mailbox may have a name of its own, which only the mailbox server knows.
    return {
        aside: told
        for aside, said in asides
        if _is_alone(story.message, aside)
        and (told := said.only(copy, session))
        and _may_be_called(row, copy, told[0].address)
    }


def _is_alone(message: Message, aside: Message) -> bool:
    """Whether no other message is known that bears the Message-ID, but for the hops of this one."""
    kin = {message, *(message.children or {}).values(), *(message.parents or ())}
    return all(each in kin or each.is_gone for each in aside.about or ())


def _may_be_called(row: Row, copy: Attempted, user: str) -> bool:
    """Whether a mailbox that bears no name of this row can be its own: not in another domain."""
    domain = addresses.domain(user)
    own = {addresses.domain(each) for each in (row.delivered_to, row.recipient, copy.address)}
    return not domain or domain in own


def _land(row: Row, said: list[Attempted]) -> None:
    """Where a copy ended, as the mailbox server says it."""
    delivery = row.delivery
    last = max(said, key=_weight)
    delivery.mailbox = last.mailbox or delivery.mailbox
    if last.outcome is Outcome.FAILED or last.outcome is Outcome.DISCARDED:
        # The mail server's line only says that the mailbox server took it.
        delivery.status = _STATUS[last.outcome]
        delivery.result = last.reply
        delivery.reason = _reason(last)
    _put_away(delivery)
    known = {(each.at, each.reply) for each in row.attempts}
    row.steps = [each for each in said if (each.at, each.reply) not in known]


def _reason(last: Attempted) -> str:
    return reason_name(
        last.reply,
        last.smtp_code or 0,
        last.enhanced_code,
        _STATUS.get(last.outcome, Status.FAILED),
    )


def _put_away(delivery: Delivery) -> None:
    """A copy in the folder for unwanted mail was filtered, not simply delivered."""
    if delivery.status is Status.DELIVERED and is_junk(delivery.mailbox):
        delivery.status = Status.FILTERED
        delivery.reason = Reason.SPAM.word


def is_junk(mailbox: str) -> bool:
    """Whether a folder is the one for unwanted mail, by its name."""
    name = mailbox.casefold()
    return name in _JUNK or name.replace("/", ".").rpartition(".")[2] in _JUNK


def _weight(each: Attempted) -> tuple[int, int, bool, int, str]:
    return (
        _TELLING.get(each.outcome, 0),
        bool(each.mailbox),
        not is_junk(each.mailbox),
        each.at,
        each.reply,
    )


def _name(delivery: Delivery, aside: Message) -> None:
    name = f"{aside.host} {aside.instance} {aside.queue_id}"
    if name not in delivery.asides:
        delivery.asides = sorted([*delivery.asides, name])


def _judge(delivery: Delivery, described: Described) -> None:
    """What a filter thinks of the content; what the message's own lines say of it stays."""
    if delivery.scanner and delivery.scanner != described.scanner:
        return
    take_verdict(delivery, described)
