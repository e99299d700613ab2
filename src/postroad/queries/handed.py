"""A delivery as it may be handed on: only its sender and this one recipient are named.

Whoever asks, an administrator or the sender of the message among them: what is handed on comes
into the hands of people whom postroad does not know. Lines about other recipients are left out,
other addresses are masked, and where it is wished the subject and the local parts too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from postroad.model import address
from postroad.model.delivery import Attempt, Delivery, LogLine
from postroad.model.receipt import Told
from postroad.model.scope import Scope
from postroad.queries.masks import PART
from postroad.queries.view import View, keeps

#: What Exim writes before a subject, which it quotes.
_EXIM_SUBJECT = re.compile(r'(?<!\S)T="(?:[^"\\]|\\.)*+"')
#: What others write before one; who wrote the rest of the line cannot be told for sure.
_SUBJECT = re.compile(r"(?i)\b(subj(?:ect)?\s*[:=]).*", re.DOTALL)
#: What Postfix writes behind a field of the header; its last occurrence counts.
_TAIL = re.compile(r" from [^\s\[\];]+(?:\[[^\]\s]*\])?; (?:from=<|proto=|helo=<)")
#: A subject of fewer characters is looked for only where a program says that it is one.
_TELLING = 4


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever hands a delivery on wants to be seen of it."""

    shows_subject: bool = True
    shows_local_parts: bool = True


class HandedOn(View):
    """What anybody may see of a delivery to whom a viewer hands it on."""

    def __init__(
        self, scope: Scope, delivery: Delivery, others: Iterable[Delivery] = (), *, wish: Wish
    ) -> None:
        """`scope` is that of whoever hands it on: they cannot show more than they see."""
        self._wish = wish
        self._subject = delivery.subject
        self._sender = address.key(delivery.sender)
        names = [] if wish.shows_local_parts else [delivery.sender, delivery.recipient]
        self._shortened = {each.lower(): shortened(each) for each in names if each}
        either = "|".join(
            re.escape(each) for each in sorted(self._shortened, key=len, reverse=True)
        )
        self._either = re.compile(rf"(?<![\w.+=-]){either}(?![\w-]|\.\w)", re.IGNORECASE)
        shown = msgspec.structs.replace(
            delivery,
            sender=self._short(delivery.sender),
            recipient=self._short(delivery.recipient),
            subject=delivery.subject if wish.shows_subject else "",
            result=self._short(delivery.result),
        )
        super().__init__(Scope(), shown, [delivery, *others])
        self._keeps = keeps(scope, delivery)
        for each in self._shortened:
            self._mask.learn(f"<{each}>")

    def delivery(self) -> Delivery:
        """The delivery; what its sender wrote into the subject is masked too.

        Whoever submitted it is named where they proved to be the sender, whatever they signed in
        as.
        """
        shown = super().delivery()
        row = self._delivery
        is_proven = bool(row.auth) and self._sender in map(address.key, row.origins)
        return msgspec.structs.replace(
            shown,
            user=shown.sender if is_proven else shown.user,
            subject=self._mask.text(self._short(shown.subject)),
            mailbox=self._mask.text(self._short(shown.mailbox)),
        )

    def attempts(self, attempts: Iterable[Attempt]) -> list[Attempt]:
        """The attempts of the delivery, masked."""
        return super().attempts(
            msgspec.structs.replace(
                each, address=self._short(each.address), reply=self._short(each.reply)
            )
            for each in attempts
        )

    def lines(self, lines: list[LogLine]) -> list[LogLine]:
        """The log lines that concern this delivery, masked."""
        short = [msgspec.structs.replace(each, text=self._short(each.text)) for each in lines]
        return super().lines(short)

    def receipts(self, receipts: Iterable[Told]) -> list[Told]:
        """What came back about the delivery, masked."""
        return super().receipts(
            msgspec.structs.replace(
                each,
                recipient=self._short(each.recipient),
                reporter=self._short(each.reporter),
                remote=self._short(each.remote),
                diagnostic=self._short(each.diagnostic),
            )
            for each in receipts
        )

    def _short(self, text: str) -> str:
        """The text without what is not wished to be seen; other addresses are still in it."""
        if not self._wish.shows_subject:
            text = self._without_subject(text)
        if not self._shortened:
            return text
        return self._either.sub(lambda found: self._shortened[found[0].lower()], text)

    def _without_subject(self, text: str) -> str:
        if len(self._subject) >= _TELLING:
            text = text.replace(self._subject, PART)
        text = _EXIM_SUBJECT.sub(f'T="{PART}"', text)
        found = _SUBJECT.search(text)
        if not found:
            return text
        tails = list(_TAIL.finditer(found[0]))
        tail = found[0][tails[-1].start() :] if tails else ""
        return f"{text[: found.start()]}{found[1]} {PART}{tail}"


def shortened(name: str) -> str:
    """An address with the first character of its local part only: `a…@example.com`."""
    local, at, domain = name.rpartition("@")
    return f"{(local or domain)[:1]}…{at}{domain if at else ''}"
