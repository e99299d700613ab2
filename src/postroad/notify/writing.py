"""Writing: how a lane gets what is to be said, and what it does where that goes wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec

from postroad.errors import PostroadError, StateError
from postroad.model.notice import Notice
from postroad.notify import backoff, sentences
from postroad.notify.ledger import Ledger
from postroad.notify.outcome import End, Outcome
from postroad.state import State, outbox
from postroad.state.outbox import FAILED, SENT, UNCLEAR, WAITING, Letter, Try

_log = logging.getLogger(__name__)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter says, for what its reader may see in this moment."""

    notice: Notice
    #: Where its subscription is ended without signing in; empty where it has none.
    unsubscribe: str = ""


#: Writes a letter, or says why there is nothing to send.
Writer = Callable[[Letter], Written | str]
#: Microseconds UTC.
Clock = Callable[[], int]


class Lane:
    """What letters of one channel go through: written, tried, noted."""

    #: When they are tried again.
    plan: tuple[int, ...]

    def __init__(self, state: State, ledger: Ledger, write: Writer, clock: Clock) -> None:
        self._state = state
        self._ledger = ledger
        self._write = write
        self._clock = clock
        self.is_over = False

    @property
    def goes_on(self) -> bool:
        """Whether more may be sent: nothing is to end, and all that was sent is written down."""
        return not self.is_over and self._ledger.is_even

    def written(self, letter: Letter) -> Written | None:
        """What the letter says; None where it is not sent now, which is noted then."""
        try:
            made = self._write(letter)
        except StateError:
            raise
        except PostroadError as error:
            _log.warning("The letter %s could not be written: %s", letter.id, error)
            self.note(letter, Outcome(end=End.LATER, said=sentences.TROUBLE), took=0)
            return None
        except Exception:  # noqa: BLE001 - a letter that cannot be written keeps no other from being sent
            _log.exception("The letter %s could not be written", letter.id)
            self.note(letter, Outcome(end=End.LATER, said=sentences.TROUBLE), took=0)
            return None
        if isinstance(made, str):
            outbox.withdraw(self._state, letter.id, said=made, at=self._clock())
            return None
        return made

    def note(self, letter: Letter, outcome: Outcome, *, took: float) -> str:
        """Write down what came of a try that took so many seconds; what the letter is now."""
        now = self._clock()
        status, next_at = SENT, 0
        match outcome.end:
            case End.CALLED_BACK:
                return letter.status
            case End.LATER if self.is_over:
                # It was broken off by us: that is no try.
                self._ledger.put_back(letter, until=now)
                return WAITING
            case End.TAKEN:
                next_at = self.look(now)
            case End.UNCLEAR:
                status, next_at = UNCLEAR, self.look(now)
            case End.REFUSED:
                status = FAILED
            case End.LATER:
                next_at = self._retry(letter, now)
                status = WAITING if next_at else FAILED
        spent = round(took * 1_000_000)
        made = Try(at=now - spent, took=spent, code=outcome.code, said=str(outcome.said))
        self._ledger.tried(letter, made, status=status, at=now, next_at=next_at)
        return status

    def look(self, now: int) -> int:
        """When a letter that was sent now is looked for in the log; 0: never."""
        del now
        return 0

    def _retry(self, letter: Letter, now: int) -> int:
        since = outbox.first_tried(self._state, letter.id) or now
        return backoff.retry(self.plan, tries=letter.tries + 1, since=since, now=now)


def timed(what: Callable[[], Outcome]) -> tuple[Outcome, float]:
    """What came of it, and the seconds it took."""
    begun = time.monotonic()
    outcome = what()
    return outcome, time.monotonic() - begun
