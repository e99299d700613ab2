"""How often something may be asked of others: so many times in so many seconds, by each key.

Kept in memory: a restart forgets it, which harms nobody.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import msgspec

from postroad.errors import TooManyTries
from postroad.model.text import say

#: Keys that are remembered; the one that was used longest ago is forgotten first.
_MOST_KEYS = 10_000


class Rule(msgspec.Struct, frozen=True):
    """How many times, in how many seconds."""

    most: int
    seconds: int


class Limits:
    """Counts what was done by key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only grow."""
        self._clock = clock
        self._done: dict[str, deque[float]] = {}
        self._guard = threading.Lock()

    def enter(self, key: str, rule: Rule, what: str) -> None:
        """Count one more. Raises `TooManyTries`, which says when it may be tried again."""
        wait = self.wait(key, rule)
        if wait:
            message = say(
                "{what}: {most} times in {minutes} minutes is the limit. Try again in {wait} s.",
                what=what,
                most=rule.most,
                minutes=rule.seconds // 60,
                wait=wait,
            )
            raise TooManyTries(message, wait)

    def wait(self, key: str, rule: Rule) -> int:
        """Count one more if it may be; otherwise the seconds until it may."""
        now = self._clock()
        with self._guard:
            done = self._done.pop(key, deque())
            self._done[key] = done
            while len(self._done) > _MOST_KEYS:
                self._done.pop(next(iter(self._done)))
            while done and done[0] <= now - rule.seconds:
                done.popleft()
            if len(done) >= rule.most:
                return max(1, round(done[0] + rule.seconds - now))
            done.append(now)
        return 0
