"""The lane of letters that go by e-mail: one after the other, each once."""

from __future__ import annotations

import logging
from typing import Protocol

from postroad.model.when import MINUTE
from postroad.notify import backoff, message, sentences
from postroad.notify.ledger import Ledger
from postroad.notify.outcome import End, Outcome
from postroad.notify.writing import Clock, Lane, Writer, timed
from postroad.state import State, outbox
from postroad.state.outbox import EMAIL, Letter

_log = logging.getLogger(__name__)

#: How long the server is left alone after it was not there at all: all letters would fare the same.
_REST = MINUTE
#: Letters in one go; the next look goes on.
_MOST = 200


class Carrier(Protocol):
    """What takes messages: a submission server or the `sendmail` program."""

    def send(self, letter: message.Ready, commit: message.Commit) -> Outcome:
        """Hand a message over, calling `commit` in the moment before it cannot be called back."""

    def close(self) -> None:
        """Break off what is under way, and send nothing more."""


class Mailing(Lane):
    """Takes letters out of the outbox and hands them to a carrier."""

    plan = backoff.MAIL

    def __init__(
        self,
        state: State,
        ledger: Ledger,
        write: Writer,
        clock: Clock,
        *,
        carrier: Carrier,
        sender: str,
        key: str,
    ) -> None:
        """`sender` is the address that letters are from; `key` names them."""
        super().__init__(state, ledger, write, clock)
        self._carrier = carrier
        self._sender = sender
        self._key = key
        self._rests_until = 0

    def is_due(self) -> bool:
        """Whether there is a letter to be tried now."""
        now = self._clock()
        return not self._rests(now) and bool(outbox.due(self._state, EMAIL, at=now))

    def work(self) -> None:
        """Send what is due. Raises `StateError` where nothing can be written down any more."""
        for _ in range(_MOST):
            now = self._clock()
            due = outbox.due(self._state, EMAIL, at=now)
            if not due or not self.goes_on or self._rests(now):
                return
            self._send(due[0])

    def close(self) -> None:
        """Break off; what was not taken yet waits for the next start."""
        self.is_over = True
        self._carrier.close()

    def look(self, now: int) -> int:
        """When a letter that was sent now is first looked for in the log."""
        return backoff.look(ended=now, now=now)

    def _rests(self, now: int) -> bool:
        """Whether the server is left alone now; a clock that was set back does not prolong it."""
        return self._rests_until - _REST <= now < self._rests_until

    def _send(self, letter: Letter) -> None:
        made = self.written(letter)
        if made is None:
            return
        try:
            ready = message.write(
                letter,
                made.notice,
                sender=self._sender,
                key=self._key,
                unsubscribe=made.unsubscribe,
                at=self._clock(),
            )
        except message.Unwritable as error:
            _log.warning("The letter %s cannot be written as mail: %s", letter.id, error)
            self.note(letter, Outcome(end=End.REFUSED, said=sentences.NOT_WRITTEN), took=0)
            return
        is_begun = False

        def commit() -> bool:
            nonlocal is_begun
            is_begun = outbox.begin(self._state, letter.id, message_id=ready.message_id)
            return is_begun

        try:
            outcome, took = timed(lambda: self._carrier.send(ready, commit))
        except Exception:
            if is_begun:
                self.note(letter, Outcome(end=End.UNCLEAR, said=sentences.NO_END), took=0)
            raise
        if outcome.is_general:
            self._rests_until = self._clock() + _REST
        self.note(letter, outcome, took=took)
