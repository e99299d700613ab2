"""Measures: what an alert looks at, as figures that its account may see now.

A figure has a level: from 1 on it alarms, below `CALM` it does not any more. In between it stays
what it was, so that what goes up and down around a threshold is one incident.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

import msgspec

from postroad import queries
from postroad.model.coverage import Gap
from postroad.model.scope import Scope
from postroad.model.search import Flow, Search
from postroad.model.status import Status
from postroad.model.when import DAY, HOUR, MINUTE
from postroad.store import Store
from postroad.watch.wishes import Alert, Rule

#: Below this level an incident is over.
CALM = 0.75
#: A message that was not tried for so long does not wait, its end was not logged.
_TRIED = 2 * DAY
#: Statuses of what came to an end.
_ENDED = (Status.DELIVERED, Status.FAILED, Status.BLOCKED, Status.FILTERED)
_WAITS = frozenset({Status.DEFERRED, Status.IN_PROGRESS})


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured."""

    #: What it is about: a provider, a sender, a log; empty where there is one figure only.
    subject: str = ""
    level: float
    #: How many mails speak of it, out of how many.
    count: int
    total: int = 0
    #: In the busiest stretch of the weeks before.
    busiest: int = 0
    #: The most frequent reason, by its word.
    reason: str = ""
    gap: Gap | None = None
    #: The question that leads to the list of these mails; empty where there is none.
    values: dict[str, str] = {}

    @property
    def share(self) -> int:
        """Per cent."""
        return round(100 * self.count / self.total) if self.total else 0


def measure(
    store: Store, scope: Scope, alert: Alert, *, at: int, alive: Collection[str] = ()
) -> list[Figure]:
    """What there is to be seen at a moment, the worst first; at least what is near to alarming.

    `alive` are the logs that are followed.
    """
    since = at - alert.hours * HOUR
    # What is near enough to the least to keep an incident open.
    near = max(1, int(alert.least * CALM))
    match alert.rule:
        case Rule.FAILURES:
            return _failures(store, scope, alert, since, at)
        case Rule.WAITING:
            return _waiting(store, scope, alert, at)
        case Rule.PROVIDER:
            refusing = queries.refusing(store, scope, since=since, until=at, least=near)
            return [_provider(each, alert) for each in refusing]
        case Rule.SENDING:
            sending = queries.sending(store, scope, since=since, until=at, least=near)
            return [_sending(each, alert) for each in sending]
        case Rule.SILENCE:
            if not scope.is_everything:
                return []
            gaps = queries.gaps(store, scope, since=since, until=0, alive=alive, now=at)
            return [_gap(each, alert) for each in gaps]
    assert_never(alert.rule)


def _failures(store: Store, scope: Scope, alert: Alert, since: int, until: int) -> list[Figure]:
    counts = queries.counts(store, scope, Search(side=Flow.SENT, since=since, until=until))
    total = sum(counts.get(each, 0) for each in _ENDED)
    failed = counts.get(Status.FAILED, 0) + counts.get(Status.BLOCKED, 0)
    share = 100 * failed / total if total else 0
    level = min(share / alert.threshold, total / alert.least)
    values = {"side": "sent", "status": f"{Status.FAILED.word},{Status.BLOCKED.word}"}
    return [Figure(level=level, count=failed, total=total, values=values)]


def _waiting(store: Store, scope: Scope, alert: Alert, at: int) -> list[Figure]:
    before = at - alert.threshold * HOUR
    if before <= 0:
        return []
    search = Search(statuses=_WAITS, since=max(1, before - _TRIED), until=before)
    counts = queries.counts(store, scope, search)
    count = sum(counts.values())
    values = {"status": Status.DEFERRED.word}
    return [Figure(level=count / alert.least, count=count, values=values)]


def _provider(found: queries.Refusing, alert: Alert) -> Figure:
    share = 100 * found.refused / found.total
    return Figure(
        subject=found.provider,
        level=min(share / alert.threshold, found.refused / alert.least),
        count=found.refused,
        total=found.total,
        reason=found.reason,
        values=found.values,
    )


def _sending(found: queries.Sending, alert: Alert) -> Figure:
    level = found.messages / alert.least
    if found.busiest:
        level = min(level, found.messages / (alert.threshold * found.busiest))
    return Figure(
        subject=found.sender,
        level=level,
        count=found.messages,
        busiest=found.busiest,
        values={"user": found.sender},
    )


def _gap(gap: Gap, alert: Alert) -> Figure:
    """A gap is known by where it begins: while it goes on it is the same."""
    minutes = (gap.until - gap.since) // MINUTE
    name = " ".join(filter(None, (gap.source, gap.host, gap.kind.value, str(gap.since))))
    return Figure(subject=name, level=minutes / alert.threshold, count=minutes, gap=gap)
