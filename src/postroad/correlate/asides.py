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
from collections.abc import Callable, Iterable, Mapping

from postroad.correlate import fold
from postroad.correlate.fold import Row, Story
from postroad.correlate.message import Message
from postroad.correlate.parts import take_verdict
from postroad.correlate.table import QueueKey, Table
from postroad.model import address as addresses
from postroad.model.delivery import Attempt, Delivery
from postroad.model.event import Attempted, Described
from postroad.model.status import Direction, Outcome, Status
from postroad.reasons import Reason, reason_name

#: Copies and what is said of them lie no further apart than this, microseconds.
_TOGETHER = 600_000_000
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
            self._ask((aside.host, aside.instance, aside.queue_id))
            if notified:
                self._ask((aside.host, "", notified[0][1:]))

    def meet(self, message: Message, name: str, *, is_session: bool = False) -> None:
        """The Message-ID of a message became known, or what stands for one that has none."""
        for aside in self._open.get(name, ()):
            if not aside.is_gone:
                _tie(message, aside)
                self._table.touch(message)
        for host, program in self._programs:
            if message.first_at <= self._horizon.get(host, 0) + _TOGETHER:
                self._ask((host, program, name if is_session else f"<{name}>"))

    def prune(self) -> None:
        """Forget the asides that are no longer in memory."""
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
        message.asides = []
    # An aside that was read from the store again takes the place of what was known of it.
    message.asides = [each for each in message.asides if not each.is_gone and each is not aside]
    message.asides.append(aside)
    if aside.about is None:
        aside.about = []
    aside.about = [each for each in aside.about if not each.is_gone and each is not message]
    aside.about.append(message)


def take_over(story: Story, asides: Iterable[Message]) -> None:
    """Let the rows of a message say what asides say of them."""
    for aside in asides:
        if aside.is_gone:
            continue
        said = [each for each in aside.events.values() if isinstance(each, Attempted)]
        for row in story.rows:
            concerned = _of(row, said, is_only=len(story.rows) == 1)
            if concerned:
                _land(row, concerned)
            if concerned or not said:
                _name(row.delivery, aside)
        for described in aside.events.values():
            if isinstance(described, Described):
                for row in story.rows:
                    _judge(row.delivery, described)


def told(aside: Message) -> list[tuple[Delivery, list[Attempt]]]:
    """An aside's own rows: shown as long as no message is known that they speak of."""
    story = fold.fold(aside)
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
        delivery.folded = bool(aside.about)
        delivery.reason = "" if last.outcome is Outcome.DELIVERED else _reason(last)
        _put_away(delivery)
        _name(delivery, aside)
        result.append((delivery, fold.attempt_rows(row, delivery, [])))
    return result


def _of(row: Row, said: list[Attempted], *, is_only: bool) -> list[Attempted]:
    """What of all this is said of the copy of one row."""
    copies = [each for each in row.attempts if each.outcome is Outcome.DELIVERED]
    if not copies or not said:
        return []
    copy = copies[-1]
    words = {word.strip("()") for word in copy.reply.split()}
    named = [each for each in said if each.session and each.session in words]
    if named:
        users = {addresses.key(each.address) for each in named}
        return [each for each in named if len(users) == 1 or _is_for(row, copy, each)]
    if copy.remote:
        return []
    near = [each for each in said if abs(each.at - copy.at) <= _TOGETHER]
    found = [each for each in near if _is_for(row, copy, each)]
    if not found and is_only and len({addresses.key(each.address) for each in near}) == 1:
        # A mailbox may have a name of its own, which only the mailbox server knows.
        return near
    return found


def _is_for(row: Row, copy: Attempted, each: Attempted) -> bool:
    """Whether what was said of a mailbox is said of the mailbox of this row."""
    user = addresses.key(each.address)
    for address in (row.delivered_to, row.recipient, copy.address):
        key = addresses.key(address)
        if user == key or ("@" not in user and user == key.partition("@")[0]):
            return True
    return False


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
    delivery.version += len(aside.events)


def _judge(delivery: Delivery, described: Described) -> None:
    """What a filter thinks of the content; what the message's own lines say of it stays."""
    if delivery.scanner and delivery.scanner != described.scanner:
        return
    take_verdict(delivery, described)
