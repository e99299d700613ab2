"""What came of each try, written down; remembered where it cannot be written yet."""

from __future__ import annotations

import threading
from collections.abc import Callable

from postroad.errors import StateError
from postroad.state import State, outbox
from postroad.state.outbox import Letter, Try


class Ledger:
    """Writes results into the outbox, in order.

    Where the disk is full after a letter was taken, nothing more is sent until that is written.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: list[Callable[[], None]] = []
        self._guard = threading.Lock()

    @property
    def is_even(self) -> bool:
        """Whether all is written."""
        return not self._open

    def tried(self, letter: Letter, made: Try, *, status: str, at: int, next_at: int = 0) -> None:
        """Write down a try, and what the letter is after it. Raises `StateError`, once."""
        self._write(
            lambda: outbox.tried(
                self._state, letter.id, made, status=status, at=at, next_at=next_at
            )
        )

    def put_back(self, letter: Letter, *, until: int) -> None:
        """Let a letter that surely was not sent wait until then. Raises `StateError`, once."""
        self._write(lambda: outbox.put_off(self._state, letter.id, until=until))

    def settle(self) -> None:
        """Write what could not be written before. Raises `StateError` if it still cannot."""
        with self._guard:
            while self._open:
                self._open[0]()
                del self._open[0]

    def _write(self, what: Callable[[], None]) -> None:
        try:
            what()
        except StateError:
            with self._guard:
                self._open.append(what)
            raise
