"""How the sinks behave: what each answers to whom, and when it hangs up.

One class per manner; the plain `Manner` accepts everything. Replies are written as they go over
the wire, several lines joined by newline. What a manner remembers, it remembers per client and
recipient, so that each of our servers meets it fresh.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sinks import Session


class Manner:
    """Accepts all mail with one line."""

    #: Seconds to think before each answer that decides.
    pause = 0.0
    extensions: tuple[str, ...] = ("SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES")

    def __init__(self) -> None:
        """Start with an empty memory."""
        self._numbers = itertools.count(1)
        self._seen: Counter[tuple[str, ...]] = Counter()

    def greeting(self, session: Session) -> str:
        """The first line."""
        return f"220 {session.sink.host} ESMTP"

    def hello(self, session: Session) -> str:
        """The answer to EHLO."""
        lines = (session.sink.host, *self.offered(session))
        return "\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    def offered(self, session: Session) -> tuple[str, ...]:
        """The extensions named in answer to EHLO."""
        return self.extensions

    def mail(self, session: Session) -> str:
        """The answer to MAIL FROM."""
        return "250 2.1.0 Ok"

    def rcpt(self, session: Session, recipient: str) -> str:
        """The answer to RCPT TO."""
        return "250 2.1.5 Ok"

    def drops_in_data(self, session: Session) -> bool:
        """Whether to hang up in the middle of the message."""
        return False

    def dot(self, session: Session, message_id: str) -> str:
        """The answer to the final dot; "" hangs up instead."""
        return f"250 2.0.0 Ok: queued as {self.queue_id(session)}"

    def queue_id(self, session: Session) -> str:
        """A queue id like Postfix's, never given twice."""
        tail = session.sink.address.rpartition(".")[2].rpartition(":")[2]
        return f"{next(self._numbers):04X}F{int(tail, 16):03X}D7"

    def times(self, *key: str) -> int:
        """How often this has been asked, this time included."""
        self._seen[key] += 1
        return self._seen[key]


class Wordy(Manner):
    """Accepts, in three lines, with brackets and quotes in them."""

    def dot(self, session: Session, message_id: str) -> str:
        """A large provider's answer."""
        return f'250-2.0.0 OK\n250-"thank you" (for {len(session.recipients)})\n250 2.0.0 {self.queue_id(session)} - gsmtp'


class Greylist(Manner):
    """Tells everyone to come back, the first time."""

    def rcpt(self, session: Session, recipient: str) -> str:
        """450 once for each client, sender and recipient."""
        if self.times(session.client, session.sender, recipient) == 1:
            return f"450 4.2.0 <{recipient}>: Recipient address rejected: Greylisted, see https://postgrey.example/help"
        return super().rcpt(session, recipient)


class Defer(Manner):
    """Is always too busy."""

    def rcpt(self, session: Session, recipient: str) -> str:
        """451, each time."""
        return "451 4.3.2 Please try again later (status=sent is what you would like to read)"


class FullForAWhile(Manner):
    """Has a full mailbox twice, then room."""

    def rcpt(self, session: Session, recipient: str) -> str:
        """452 twice for each recipient."""
        if self.times(session.client, recipient) <= 2:
            return f"452-4.2.2 The email account that you tried to reach is over quota.\n452 4.2.2 <{recipient}> https://support.example/over"
        return super().rcpt(session, recipient)


class OverQuota(Manner):
    """Has a full mailbox for good."""

    def rcpt(self, session: Session, recipient: str) -> str:
        """552."""
        return f"552 5.2.2 <{recipient}>: Mailbox is over quota"


class RejectRecipient(Manner):
    """Knows nobody."""

    def rcpt(self, session: Session, recipient: str) -> str:
        """550, over two lines."""
        return f"550-5.1.1 <{recipient}>: Recipient address rejected:\n550 5.1.1 User unknown in virtual mailbox table"


class RejectData(Manner):
    """Takes the envelope and refuses the message."""

    def dot(self, session: Session, message_id: str) -> str:
        """554 over three lines."""
        return "554-5.7.1 Message rejected as spam by\n554-5.7.1 content filtering (score 17.2/5)\n554 5.7.1 see https://guard.example/why?id=17&x=<b>"


class DropInData(Manner):
    """Hangs up in the middle of the first message of a pair; takes the second try."""

    def drops_in_data(self, session: Session) -> bool:
        """Once for each client and sender."""
        return self.times(session.client, session.sender, *session.recipients) == 1


class DropAfterDot(Manner):
    """Hangs up after the final dot, the first time: did it take the message or not?"""

    def dot(self, session: Session, message_id: str) -> str:
        """Nothing once, then 250."""
        if self.times(session.client, session.sender, *session.recipients) == 1:
            return ""
        return super().dot(session, message_id)


class DeferDataOnce(Manner):
    """Answers the first final dot with "later"."""

    def dot(self, session: Session, message_id: str) -> str:
        """451 once, then 250."""
        if self.times(session.client, session.sender, *session.recipients) == 1:
            return "451 4.7.1 Server busy - try again later => soon"
        return super().dot(session, message_id)


class Slow(Manner):
    """Thinks before it answers."""

    pause = 1.2


class StartTls(Manner):
    """Offers STARTTLS."""

    def offered(self, session: Session) -> tuple[str, ...]:
        """As the others, with STARTTLS until it is in use."""
        return self.extensions if session.tls else (*self.extensions, "STARTTLS")


class RefuseToTalk(Manner):
    """Greets nobody."""

    def greeting(self, session: Session) -> str:
        """421 instead of 220."""
        return f"421 4.7.0 {session.sink.host} Not allowed from {session.client}, try again later"


class RejectSender(Manner):
    """Dislikes senders."""

    def mail(self, session: Session) -> str:
        """550 after MAIL FROM."""
        return f"550 5.7.1 <{session.sender}>: Sender address rejected: not on our list"


class Mixed(Manner):
    """Takes some, puts some off once, refuses others, by the first letter of the local part."""

    def rcpt(self, session: Session, recipient: str) -> str:
        """d… is put off once, r… refused, others taken."""
        if recipient.startswith("r"):
            return f"550 5.1.1 <{recipient}>: no mailbox here by that name"
        if recipient.startswith("d") and self.times(session.client, recipient) == 1:
            return f"451 4.2.1 <{recipient}>: mailbox temporarily disabled"
        return super().rcpt(session, recipient)


MANNERS: dict[str, type[Manner]] = {
    "accept": Manner,
    "wordy": Wordy,
    "greylist": Greylist,
    "defer": Defer,
    "full_for_a_while": FullForAWhile,
    "over_quota": OverQuota,
    "reject_recipient": RejectRecipient,
    "reject_data": RejectData,
    "drop_in_data": DropInData,
    "drop_after_dot": DropAfterDot,
    "defer_data_once": DeferDataOnce,
    "slow": Slow,
    "starttls": StartTls,
    "refuse_to_talk": RefuseToTalk,
    "reject_sender": RejectSender,
    "mixed": Mixed,
}
