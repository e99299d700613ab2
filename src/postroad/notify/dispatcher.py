"""The dispatcher: sends what is due, by e-mail and to webhooks, and finds out what became of it.

It is asked to look every few seconds and gives the work to threads of its own: one for e-mail, a
few for webhooks, so that a slow server holds up neither the others nor whoever looks for news.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from postroad.errors import PostroadError
from postroad.model.when import DAY, HOUR
from postroad.notify import backoff, sentences
from postroad.notify.calling import Calling
from postroad.notify.ledger import Ledger
from postroad.notify.mailing import Mailing
from postroad.notify.settling import Settling
from postroad.state import State, outbox

_log = logging.getLogger(__name__)

#: Webhooks that are called at a time, and of one account: nobody's slow receivers take all.
_MOST, _MOST_OF_ONE = 8, 2
#: Letters that were done with are kept so long at least: their keys keep them from being repeated.
_KEPT = 92 * DAY
_MAIL = "mail"


class Dispatcher:
    """Sends what is in the outbox. There is one in one process: the one that serves."""

    def __init__(
        self,
        state: State,
        ledger: Ledger,
        mailing: Mailing,
        calling: Callable[[], Calling],
        settling: Settling | None = None,
        *,
        keeps: int = 0,
    ) -> None:
        """`calling` is made when the first webhook is to be called.

        `keeps` is how long letters are kept, in microseconds; 92 days at least.
        """
        self._state = state
        self._ledger = ledger
        self._mailing = mailing
        self._make_calling = calling
        self._calling: Calling | None = None
        self._settling = settling
        self._keeps = max(keeps, _KEPT)
        self._threads = ThreadPoolExecutor(_MOST + 1, thread_name_prefix="letters")
        self._busy: dict[str, tuple[int, Future[None]]] = {}
        self._is_begun = self._is_over = False
        self._swept_at = 0

    def look(self, now: int) -> None:
        """Begin to send what is due by now (microseconds UTC). Raises `StateError`."""
        if self._is_over:
            return
        self._ledger.settle()
        if not self._is_begun:
            outbox.strand(self._state, said=str(sentences.STRANDED), at=now)
            self._is_begun = True
        self._sweep(now)
        self._forget_idle()
        if _MAIL not in self._busy and self._mailing.is_due():
            self._begin(_MAIL, 0, self._mailing.work)
        for target, account in outbox.due_targets(self._state, at=now):
            if target not in self._busy and self._has_room(account):
                self._begin(target, account, partial(self._lane().work, target))
        if self._settling:
            self._settling.look(now)

    def finish(self, seconds: float) -> bool:
        """Wait until all that was begun is done; whether it is."""
        return not wait([future for _, future in self._busy.values()], timeout=seconds).not_done

    def close(self) -> None:
        """Break off what is under way and end the threads. What was not taken waits."""
        self._is_over = True
        self._mailing.close()
        if self._calling:
            self._calling.close()
        self._threads.shutdown(cancel_futures=True)

    def _lane(self) -> Calling:
        self._calling = self._calling or self._make_calling()
        return self._calling

    def _has_room(self, account: int) -> bool:
        calls = [whose for key, (whose, _) in self._busy.items() if key != _MAIL]
        return len(calls) < _MOST and calls.count(account) < _MOST_OF_ONE

    def _begin(self, key: str, account: int, work: Callable[[], None]) -> None:
        self._busy[key] = (account, self._threads.submit(_guarded, work))

    def _forget_idle(self) -> None:
        self._busy = {key: held for key, held in self._busy.items() if not held[1].done()}

    def _sweep(self, now: int) -> None:
        """Once an hour, give up what waits for a paused webhook, and drop what is long done."""
        if self._swept_at and self._swept_at <= now < self._swept_at + HOUR:
            return
        self._swept_at = now
        said = str(sentences.PAUSED_TOO_LONG)
        outbox.give_up_paused(self._state, before=now - backoff.GIVEN_UP, said=said, at=now)
        outbox.drop_before(self._state, now - self._keeps)


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except PostroadError as error:
        _log.warning("Letters could not be sent: %s", error)
    except Exception:  # noqa: BLE001 - the next look goes on, whatever went wrong here
        _log.exception("Letters could not be sent")
