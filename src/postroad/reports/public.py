"""A report as JSON values, for programs: public names, times in RFC 3339."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from postroad.model import when
from postroad.model.status import Status
from postroad.queries.period import Party, Postponer, Side
from postroad.reports.contents import Report


def public(report: Report) -> dict[str, Any]:
    """Everything that the paper says, as values."""
    period, figures, known = report.period, report.figures, report.coverage
    earlier = report.before
    return {
        "of": report.whose.name,
        "kind": report.whose.kind.value,
        "period": period.span.value,
        "name": period.name,
        "since": when.rfc3339(period.since),
        "until": when.rfc3339(period.until),
        "timezone": period.zone,
        "counts": _counts(figures.counts),
        "passing": _counts(figures.passing),
        "sent": _side(figures.sent, period.starts),
        "received": _side(figures.received, period.starts),
        "providers": [_provider(each) for each in figures.postponers],
        "before": {
            "name": earlier.period.name,
            "sent": _counts(earlier.sent),
            "received": _counts(earlier.received),
        }
        if earlier
        else None,
        "coverage": {
            "complete": known.is_complete(period),
            "over": known.is_over,
            "first_at": when.rfc3339(known.extent.first_at),
            "newest_at": when.rfc3339(known.extent.newest_at),
            "gaps": [
                {
                    "host": each.host,
                    "cause": each.kind.value,
                    "since": when.rfc3339(each.since),
                    "until": when.rfc3339(each.until),
                }
                for each in known.gaps
            ],
        },
        "made_at": when.rfc3339(report.made_at),
    }


def _counts(counts: dict[Status, int]) -> dict[str, int]:
    return {each.word: counts[each] for each in Status if counts.get(each)}


def _side(side: Side, starts: Sequence[int]) -> dict[str, Any]:
    return {
        "counts": _counts(side.counts),
        "steps": [
            {"since": when.rfc3339(start), "counts": _counts(counts)}
            for start, counts in zip(starts, side.steps, strict=True)
        ],
        "reasons": [
            {
                "reason": each.reason or "unknown",
                "counts": _counts(each.counts),
                "addresses": _parties(each.parties),
            }
            for each in side.causes
        ],
        "more_reasons": side.more_causes,
        "senders": _parties(side.senders),
        "recipients": _parties(side.recipients),
    }


def _parties(parties: Sequence[Party]) -> list[dict[str, Any]]:
    return [
        {"address": each.name, "total": each.total, "undelivered": each.undelivered}
        for each in parties
    ]


def _provider(each: Postponer) -> dict[str, Any]:
    return {
        "provider": each.name,
        "total": each.total,
        "delayed": each.delayed,
        "times": each.tries,
        "waiting": each.waiting,
        "failed": each.failed,
        "reason": each.reason,
    }
