"""Telling people what they asked to be told: what looks for news, and what writes and sends it.

A watch looks now and then, and puts a letter into the outbox where there is something to tell. A
letter is written by the composer of its kind when it is sent, for what its account may see then;
a composer gives None where there is nothing to tell any more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from postroad.accounts import Viewer
from postroad.errors import PostroadError
from postroad.model.notice import Notice
from postroad.state.outbox import Letter

_log = logging.getLogger(__name__)

#: Seconds between two looks.
_EVERY = 5

#: Looks for news at this time (microseconds UTC).
Watch = Callable[[int], None]
#: Writes a letter for a viewer.
Composer = Callable[[Viewer, Letter], Notice | None]


class Telling:
    """All watches and composers, and the round that they are called in."""

    def __init__(self, now: Callable[[], int]) -> None:
        """`now` gives microseconds UTC."""
        self._now = now
        self.watches: list[Watch] = []
        #: By kind of letter.
        self.composers: dict[str, Composer] = {}
        self._wake = threading.Event()

    def wake(self) -> None:
        """Look at once: something was asked for just now."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Go round until told to stop; whoever tells it also calls `wake`."""
        while not stop.is_set():
            self.round()
            self._wake.wait(_EVERY)
            self._wake.clear()

    def round(self) -> None:
        """Look once. What one watch cannot do keeps no other from looking."""
        for watch in self.watches:
            try:
                watch(self._now())
            except PostroadError as error:
                _log.warning("What people asked to be told could not be found out: %s", error)
            except Exception:  # noqa: BLE001 - the others are to look, whatever went wrong here
                _log.exception("What people asked to be told could not be found out")
