"""Alarming: tells of figures that alarm, once for each incident.

An incident is written down before it is told, with the moment of that, which is part of its
letter's key: whoever is killed in between tells it once. It is over when its figure is
well below the threshold; within the quiet time after a letter the same is not told again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from postroad.accounts import Accounts
from postroad.model.scope import Scope
from postroad.model.when import HOUR, MINUTE
from postroad.state import State, outbox, subscriptions
from postroad.state.subscriptions import ALERT, DONE, RIGHTS, Subscription
from postroad.store import Store
from postroad.watch.expecting import Problem, letter
from postroad.watch.measures import CALM, Figure, measure
from postroad.watch.wishes import (
    FOR_ADMINISTRATORS,
    Alert,
    AlertMemory,
    Incident,
    memory,
    read,
    written,
)

#: How often figures are looked at.
EVERY = 5 * MINUTE
#: Things that one alert keeps in mind, and that one letter names.
_MOST, _NAMED = 200, 20


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter about an incident is made of."""

    #: What it is about: subjects of figures.
    subjects: list[str]
    #: When it was seen, microseconds UTC.
    at: int
    #: Whether it says that it is over.
    is_over: bool = False


class Alarming:
    """The watch for figures that alarm."""

    def __init__(
        self,
        store: Store,
        state: State,
        accounts: Accounts,
        problem: Problem,
        alive: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`alive` gives the names of the logs that are followed now."""
        self._store = store
        self._state = state
        self._accounts = accounts
        self._problem = problem
        self._alive = alive

    def look(self, now: int) -> None:
        """Put a letter into the outbox for each incident that began, or ended."""
        for kept in subscriptions.due(self._state, (ALERT,), at=now):
            alert = read(kept.what, Alert)
            if alert is None:
                subscriptions.end(self._state, kept.id, why=DONE, at=now)
                continue
            viewer = self._accounts.by_id(kept.account_id, via="notice")
            if viewer is None:
                self._keep(kept, memory(kept.memory, AlertMemory), now + EVERY)
            elif not may_ask(viewer.scope, alert) or self._problem(
                viewer, kept.channel, kept.target
            ):
                subscriptions.end(self._state, kept.id, why=RIGHTS, at=now)
            else:
                self._look_at(kept, alert, viewer.scope, now)

    def _look_at(self, kept: Subscription, alert: Alert, scope: Scope, now: int) -> None:
        figures = measure(self._store, scope, alert, at=now, alive=self._alive())
        seen = memory(kept.memory, AlertMemory)
        _note(seen, alert, figures, now)
        if written(seen) != kept.memory:
            # Kept before it is told, so that after a kill it is told under the same key.
            self._keep(kept, seen, kept.due_at)
        self._tell(kept, seen, now)
        self._keep(kept, seen, now + EVERY)

    def _tell(self, kept: Subscription, seen: AlertMemory, now: int) -> None:
        begun: dict[int, list[str]] = {}
        ended: dict[int, list[str]] = {}
        for subject, incident in seen.open.items():
            if incident.telling and not incident.is_told:
                begun.setdefault(incident.telling, []).append(subject)
        for subject, incident in seen.over.items():
            ended.setdefault(incident.ended, []).append(subject)
        for is_over, groups in ((False, begun), (True, ended)):
            for moment, subjects in groups.items():
                recipe = Recipe(subjects=subjects[:_NAMED], at=moment, is_over=is_over)
                key = f"alert {kept.id} {'over ' if is_over else ''}{moment}"
                outbox.put(self._state, letter(kept, key, recipe), at=now)
        for subject, incident in seen.open.items():
            if incident.telling and not incident.is_told:
                incident.is_told = True
                seen.told[subject] = incident.telling
        seen.over = {}

    def _keep(self, kept: Subscription, seen: AlertMemory, due_at: int) -> None:
        subscriptions.looked(self._state, kept.id, due_at=due_at, memory=written(seen))


def may_ask(scope: Scope, alert: Alert) -> bool:
    """Whether somebody with this scope may be told of it."""
    return scope.is_everything or alert.rule not in FOR_ADMINISTRATORS


def _note(seen: AlertMemory, alert: Alert, figures: list[Figure], now: int) -> None:
    """Write down which incidents began and which ended."""
    levels = {figure.subject: figure.level for figure in figures}
    for subject, level in levels.items():
        if level >= 1 and subject not in seen.open and len(seen.open) < _MOST:
            seen.open[subject] = Incident(since=now)
    for subject in [each for each in seen.open if levels.get(each, 0) < CALM]:
        incident = seen.open.pop(subject)
        if incident.is_told and alert.says_over:
            incident.ended = now
            seen.over[subject] = incident
    quiet = now - alert.quiet * HOUR
    for subject, incident in seen.open.items():
        told = seen.told.get(subject, 0)
        if not incident.telling and not quiet < told <= now:
            incident.telling = now
    seen.told = {
        subject: at
        for subject, at in seen.told.items()
        if quiet < at <= now or subject in seen.open
    }
