"""What was read: sources with their coverage, and the lines that nobody understood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from litestar import Response, get

from postroad import queries
from postroad.model import when
from postroad.model.coverage import Coverage
from postroad.model.text import Text, say
from postroad.services import sourced
from postroad.web.admin.guards import administrators
from postroad.web.pages import Asked, Asking, Served, page

#: Periods to choose from: word, words, length and the length of one step.
_PERIODS = (
    ("24h", say("Last 24 hours"), when.DAY, 15 * when.MINUTE),
    ("7d", say("Last 7 days"), 7 * when.DAY, when.HOUR),
    ("30d", say("Last 30 days"), 30 * when.DAY, 6 * when.HOUR),
)
#: Sources that are shown one by one; imports of years of archives have thousands.
_MOST = 60
_SILENCES = 5
_KINDS = 100


class Cell(NamedTuple):
    """One step of a source's map."""

    x: int
    #: `read`, `unknown` (read, but not all understood) or `none`.
    kind: str


class Silence(NamedTuple):
    """Steps in a row without a line, between the first and the last line."""

    since: int
    until: int


class Strip(NamedTuple):
    """The map of one source."""

    cells: tuple[Cell, ...]
    silences: tuple[Silence, ...]
    read: int
    steps: int


class Shown(NamedTuple):
    """One source as the page shows it."""

    source: sourced.SourceState
    strip: Strip
    #: Its gaps, as sentences.
    gaps: list[Text]


@get("/admin/sources", include_in_schema=False, guards=[administrators], sync_to_thread=True)
def sources_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """Every source: how far, how well and when it was read; `period` is that of the maps."""
    asked = request.query_params.get("period", "7d")
    period, _, long, step = next((each for each in _PERIODS if each[0] == asked), _PERIODS[1])
    until = (services.now() // step + 1) * step
    since = until - long
    steps: dict[tuple[str, str], dict[int, Coverage]] = {}
    for each in queries.coverage(services.store, viewer.scope, since=since, step=step):
        steps.setdefault((each.source, each.host), {})[each.minute] = each
    found = sourced.states(services, viewer.scope)
    read = [each for each in found.sources if each.newest_at]
    shown = [
        Shown(
            each,
            strip(steps.get((each.name, each.host), {}), since, until, step, each),
            [queries.in_words(gap, gap.source) for gap in each.gaps],
        )
        for each in read[:_MOST]
    ]
    values = {
        "sources": shown,
        "total": len(read),
        "waiting": [each for each in found.sources if not each.newest_at],
        "problems": found.problems,
        "periods": _PERIODS,
        "period": period,
        "since": since,
        "until": until,
    }
    return page(request, "admin/sources.html", values)


@get("/admin/unknown", include_in_schema=False, guards=[administrators], sync_to_thread=True)
def unknown_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """Kinds of lines that were not understood, their numbers and addresses blotted out."""
    found = queries.unknown(services.store, viewer.scope)
    values = {"kinds": found[:_KINDS], "total": len(found)}
    return page(request, "admin/unknown.html", values)


def strip(
    steps: dict[int, Coverage], since: int, until: int, step: int, source: sourced.SourceState
) -> Strip:
    """The map of a source from what it gave in each step, and its longest silences.

    A step without lines counts as silent between the source's first and last line only.
    """
    starts = range(since, until, step)
    cells = tuple(Cell(x, _kind(steps.get(start))) for x, start in enumerate(starts))
    silent = [
        start
        for start in starts
        if start not in steps and source.first_at < start and start + step <= source.newest_at
    ]
    longest = sorted(_runs(silent, step), key=lambda run: run.since - run.until)[:_SILENCES]
    return Strip(cells, tuple(sorted(longest)), len(steps), len(cells))


def _kind(given: Coverage | None) -> str:
    if given is None or not given.lines:
        return "none"
    return "unknown" if given.unknown else "read"


def _runs(starts: Iterable[int], step: int) -> list[Silence]:
    found: list[Silence] = []
    for start in starts:
        if found and found[-1].until == start:
            found[-1] = Silence(found[-1].since, start + step)
        else:
            found.append(Silence(start, start + step))
    return found
