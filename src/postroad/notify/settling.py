"""What became of letters after they were handed over, as far as this server's own log tells.

A letter that may have left is settled when its Message-ID is found. One that came back is bounced,
and a subscription whose letters come back again and again ends: nobody reads them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from postroad.model.when import SECOND
from postroad.notify import backoff, sentences
from postroad.state import State, settled, subscriptions
from postroad.state.outbox import BOUNCED, SENT, Letter

#: Letters that are looked for in one look, and the time between two looks.
_MOST, _EVERY = 50, 30 * SECOND
#: So many letters of a subscription that came back, one after the other, end it.
ENOUGH = 3


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says of one message to one recipient."""

    has_failed: bool
    #: Why, as the server that refused it said.
    said: str = ""


#: What the log says of a Message-ID and a recipient; None where it does not know it.
Lookup = Callable[[str, str], Fate | None]


class Settling:
    """Looks for letters in the log."""

    def __init__(self, state: State, lookup: Lookup) -> None:
        """`lookup` may raise `StoreError`: then it is asked again at the next look."""
        self._state = state
        self._lookup = lookup
        self._looked_at = 0

    def look(self, now: int) -> None:
        """Look for those that are to be looked for by now (microseconds UTC)."""
        if self._looked_at and self._looked_at <= now < self._looked_at + _EVERY:
            return
        self._looked_at = now
        for letter in settled.unsettled(self._state, at=now, limit=_MOST):
            self._settle(letter, now)

    def _settle(self, letter: Letter, now: int) -> None:
        fate = self._lookup(letter.message_id, letter.target) if letter.message_id else None
        next_at = backoff.look(ended=letter.ended_at, now=now)
        status, said = letter.status, letter.said
        if fate and fate.has_failed:
            status, said, next_at = BOUNCED, fate.said, 0
        elif fate and status != SENT:
            status, said = SENT, str(sentences.IN_LOG)
        settled.settle(
            self._state, letter.id, letter.status, status=status, said=said, next_at=next_at
        )
        if status == BOUNCED and letter.subscription_id:
            last = settled.last_of(self._state, letter.subscription_id, ENOUGH)
            if last == [BOUNCED] * ENOUGH:
                subscriptions.end(
                    self._state, letter.subscription_id, why=subscriptions.BOUNCED, at=now
                )
