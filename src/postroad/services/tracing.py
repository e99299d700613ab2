"""Traces that people ask for: whose routing is asked, how often, and what each may see of it.

Every signed-in person may trace any address: what is not theirs is hidden (`hiding`).
"""

from __future__ import annotations

import threading

from postroad import trace
from postroad.accounts import Audit, Viewer
from postroad.config import Settings
from postroad.errors import TooManyTries
from postroad.model.route import Route
from postroad.model.text import say
from postroad.services.hiding import seen_by
from postroad.services.limits import Limits, Rule

_PER_PERSON = Rule(120, 600)
#: Traces at the same time, seconds that one more waits for them, and when to try again.
_AT_ONCE, _PATIENCE, _BUSY_SECONDS = 4, 1, 10


class Tracing:
    """Traces addresses, and remembers who had how many traced."""

    def __init__(self, settings: Settings, audit: Audit, limits: Limits) -> None:
        self._settings = settings
        self._audit = audit
        self._limits = limits
        self._running = threading.Semaphore(_AT_ONCE)

    def route(self, viewer: Viewer, address: str) -> Route:
        """Where mail for an address would go now, as far as this viewer may see it.

        Raises `SearchError` for what is no address, `TooManyTries`, `ConfigError`.
        """
        asked = trace.checked(address)
        if not viewer.is_administrator:
            person = f"trace {viewer.account_id or viewer.name}"
            self._limits.enter(person, _PER_PERSON, say("Traces"))
        self._audit.write(viewer, "trace", asked, about=(asked,))
        if not self._running.acquire(timeout=_PATIENCE):
            message = say("Other traces are at work. Try again in {wait} s.", wait=_BUSY_SECONDS)
            raise TooManyTries(message, _BUSY_SECONDS)
        try:
            found = trace.trace(asked, trace.tools(self._settings))
        finally:
            self._running.release()
        return seen_by(viewer, found)
