"""Doctor: whether postroad sees what it should, and what to do where it does not.

In: settings, store, state, the scope of an administrator, the time. Out: findings, each with a
level, a title and a sentence of advice. It reads and advises; it changes nothing, and it runs on
the machine and as the user that reads the logs.
"""

from __future__ import annotations

from postroad.config import Settings
from postroad.doctor import home, reading, selectors
from postroad.doctor.finding import Finding, Level
from postroad.model.scope import Scope
from postroad.store import Store

__all__ = ["Finding", "Level", "examine"]


def examine(settings: Settings, store: Store, scope: Scope, *, now: int) -> list[Finding]:
    """Every finding, in the order in which to read them. `now` is in microseconds UTC.

    Raises `AccessError` unless the scope is an administrator's.
    """
    return [
        *home.findings(settings),
        *reading.of_sources(settings),
        *reading.of_store(settings, store, scope, now=now),
        *selectors.findings(store, scope),
    ]
