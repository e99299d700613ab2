"""What a report holds: figures of a period, those of the one before, and how far they are known.

Comes in: a scope, whose mail that is in words, a period. Goes out: values, in no language yet.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from postroad.model.coverage import Gap
from postroad.model.scope import Scope
from postroad.model.status import Status
from postroad.queries import missing
from postroad.queries.extent import Extent, extent
from postroad.queries.period import Figures, figures, totals
from postroad.reports.calendar import Period, before
from postroad.store import Store

#: Gaps that are looked at, and those that are named.
_GAPS = 1000
MOST_GAPS = 8


class Kind(StrEnum):
    """Whose mail a report is of."""

    #: Everything on the server.
    SERVER = "server"
    #: Everything that an account sees.
    ACCOUNT = "account"
    #: All mailboxes of a domain.
    DOMAIN = "domain"
    #: One address.
    MAILBOX = "mailbox"


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose mail a report is of."""

    kind: Kind
    #: Name of the server or account, domain, or address.
    name: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a period's logs was read."""

    extent: Extent
    #: What is missing of them, the longest silence first.
    gaps: list[Gap]
    #: Whether the period was over when the figures were taken.
    is_over: bool

    def is_complete(self, period: Period) -> bool:
        """Whether nothing is known to be missing."""
        known = self.extent
        return (
            self.is_over
            and not self.gaps
            and known.is_within
            and known.first_at <= period.since
            and known.newest_at >= period.until
        )


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """The period before, to compare with."""

    period: Period
    sent: dict[Status, int]
    received: dict[Status, int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report, in no language yet."""

    whose: Whose
    period: Period
    figures: Figures
    #: None where the period before is not kept from its beginning.
    before: Before | None
    coverage: Coverage
    #: When the figures were taken, microseconds UTC.
    made_at: int


def collect(store: Store, scope: Scope, whose: Whose, period: Period, *, now: int) -> Report:
    """The report of a period on all mail of a scope. Blocks, for seconds where there is much."""
    earlier = before(period)
    known = extent(store, scope, since=period.since, until=period.until)
    return Report(
        whose=whose,
        period=period,
        figures=figures(store, scope, starts=period.starts, until=period.until),
        before=_before(store, scope, earlier) if 0 < known.first_at <= earlier.since else None,
        coverage=_coverage(store, scope, period, known, now),
        made_at=now,
    )


def _before(store: Store, scope: Scope, earlier: Period) -> Before:
    sent, received = totals(store, scope, since=earlier.since, until=earlier.until)
    return Before(period=earlier, sent=sent, received=received)


def _coverage(store: Store, scope: Scope, period: Period, known: Extent, now: int) -> Coverage:
    until = min(period.until, now)
    found = missing.of_hosts(store, scope, since=period.since, until=until, host="", most=_GAPS)
    within = [each for each in found if each.until > period.since and each.since < until]
    return Coverage(extent=known, gaps=within, is_over=now >= period.until)
