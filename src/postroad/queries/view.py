"""View: one delivery as one viewer may see it.

The receiving side sees the message's sender and its own recipient; a blind copy stays blind, so
log lines that are about other recipients only are left out for it. The proven submitter's side
sees all recipients as addressed, but not where somebody else's alias leads. An administrator sees
everything as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from postroad.model import address
from postroad.model.delivery import Attempt, Delivery, LogLine
from postroad.model.event import ASIDES
from postroad.model.receipt import Told
from postroad.model.scope import Scope
from postroad.queries.masks import MASK, PART, Mask
from postroad.queries.terms import admits, is_origin

#: How a line goes on behind the queue id that is about the message, not about a recipient of it:
#: Exim's arrival, Postfix's client, pickup, cleanup and queue manager.
_ABOUT_MESSAGE = ("<= ", "client=", "uid=", "from=", "message-id=", "info: header ")

#: Where Dovecot says into which folder a copy could not be stored, up to the reason.
_FOLDER = re.compile(
    r"\A((?:[a-z]+ action: )?(?:save failed to|failed to store into mailbox) )(?:.*(?=: )|.*)",
    re.IGNORECASE | re.DOTALL,
)


class View:
    """What a viewer may see of a delivery. `others` are the other recipients of its message."""

    def __init__(self, scope: Scope, delivery: Delivery, others: Iterable[Delivery] = ()) -> None:
        """Decide what may be read."""
        self._scope = scope
        self._delivery = delivery
        self._asides = delivery.asides
        self._others = list(others)
        self._is_origin = is_origin(scope, delivery)
        allowed = {delivery.sender, delivery.recipient, delivery.message_id.strip("<>")}
        if receives(scope, delivery):
            allowed.add(delivery.delivered_to)
        self._keeps = keeps(scope, delivery)
        if self._is_origin:
            allowed |= {delivery.user, *delivery.origins}
            allowed |= {each.recipient for each in self._others}
        self._own = [delivery, *(each for each in self._others if admits(scope, each))]
        allowed |= {each.recipient for each in self._own}
        rows = [delivery, *self._others]
        self._mask = Mask(
            scope.holds,
            allowed - {""},
            {name for row in rows for name in (row.recipient, row.delivered_to, row.user)} - {""},
        )

    def delivery(self) -> Delivery:
        """The delivery with what is hidden masked."""
        if self._scope.is_everything:
            return self._delivery
        row = self._delivery
        shows_user = self._mask.allows(row.user)
        return msgspec.structs.replace(
            row,
            delivered_to=self._mask.name(row.delivered_to),
            mailbox=row.mailbox if self._keeps else "",
            asides=row.asides if self._keeps else [],
            user=row.user if shows_user else "",
            domain=row.domain if shows_user or row.domain == address.domain(row.sender) else "",
            result=self._result(),
            targets=[each for each in row.targets if self._scope.holds(each)],
            origins=[each for each in row.origins if self._scope.holds(each)],
        )

    def attempts(self, attempts: Iterable[Attempt]) -> list[Attempt]:
        """The attempts of the delivery, masked."""
        if self._scope.is_everything:
            return list(attempts)
        asides = set() if self._keeps else {each.split(" ", 2)[-1] for each in self._asides}
        return [
            msgspec.structs.replace(
                each, address=self._mask.name(each.address), reply=self._mask.text(each.reply)
            )
            for each in attempts
            if each.queue_id not in asides
        ]

    def lines(self, lines: list[LogLine]) -> list[LogLine]:
        """The log lines of the message that concern this delivery, masked."""
        if self._scope.is_everything:
            return lines
        for line in lines:
            self._mask.learn(line.text)
        return [
            msgspec.structs.replace(line, text=self._mask.text(line.text))
            for line in lines
            if (self._is_origin or self._concerns(line))
            and (self._keeps or line.instance not in ASIDES)
        ]

    def _result(self) -> str:
        """The words that say why; a mailbox server's own name the folder."""
        said = self._delivery.result
        if self._asides and not self._keeps:
            said = _FOLDER.sub(rf"\1{PART}", said)
        return self._mask.text(said)

    def receipts(self, receipts: Iterable[Told]) -> list[Told]:
        """What came back about the delivery, masked."""
        if self._scope.is_everything:
            return list(receipts)
        return [
            msgspec.structs.replace(
                each,
                recipient=self._mask.name(each.recipient),
                reporter=self._mask.text(each.reporter),
                remote=self._mask.text(each.remote),
                diagnostic=self._mask.text(each.diagnostic),
            )
            for each in receipts
        ]

    def _concerns(self, line: LogLine) -> bool:
        """Whether a line is about the message, or about this recipient of it."""
        text = line.text
        start = text.find(line.queue_id) + len(line.queue_id)
        if text[start:].lstrip(": ").startswith(_ABOUT_MESSAGE):
            return True
        lower = text.lower()
        own = {name for row in self._own for name in (row.recipient, row.delivered_to)} - {""}
        if any(name.lower() in lower for name in own):
            return True
        return MASK not in self._mask.text(text) and not self._names_other_host(text)

    def _names_other_host(self, text: str) -> bool:
        """Whether a line speaks of a host that only copies for others were offered to."""
        own = {name for row in self._own for name in (row.remote_host, row.remote_ip)}
        hosts = {name for row in self._others for name in (row.remote_host, row.remote_ip)}
        return any(name in text for name in hosts - own - {""})


def receives(scope: Scope, delivery: Delivery) -> bool:
    """Whether a delivery is for somebody of this scope, as addressed or in the end."""
    return scope.is_everything or any(map(scope.holds, delivery.targets))


def keeps(scope: Scope, delivery: Delivery) -> bool:
    """Whether the folder is this scope's own: it may read what the mailbox server did with it."""
    final = address.key(delivery.delivered_to)
    if final in delivery.targets:
        return scope.holds(final)
    return receives(scope, delivery)
