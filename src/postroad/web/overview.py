"""The overview: how much mail, what became of it, who sends most and where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from litestar import Response, get

from postroad import queries
from postroad.accounts import Viewer
from postroad.errors import SearchError
from postroad.model import question, when
from postroad.model.status import Status
from postroad.model.text import say
from postroad.reasons.guide import GUIDES
from postroad.reasons.reason import Reason
from postroad.services import Services
from postroad.web import chart
from postroad.web.links import report_link
from postroad.web.pages import Asked, Asking, Served, page, shown_error, zone_of

#: Periods to choose from.
_PERIODS = (
    ("24h", say("Last 24 hours")),
    ("7d", say("Last 7 days")),
    ("30d", say("Last 30 days")),
    ("", say("All that is kept")),
)
#: What went well lies at the bottom of each bar, what did not on top.
_ORDER = (
    Status.DELIVERED,
    Status.IN_PROGRESS,
    Status.DEFERRED,
    Status.FILTERED,
    Status.FAILED,
    Status.BLOCKED,
    Status.REJECTED,
)

#: A drawing longer than this names days; a column of this length, clocks may change, is a day.
_LONG, _DAYLIKE = 2 * when.DAY, 23 * when.HOUR


class Step(NamedTuple):
    """One column of the drawing and one row of its table."""

    name: str
    #: What stands below the column; empty where nothing does.
    short: str
    counts: Mapping[Status, int]
    link: str


@get("/overview", include_in_schema=False, sync_to_thread=True)
def overview(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The figures of one's scope; `period` is how far back, `q` narrows them."""
    period = request.query_params.get("period", "7d")
    period = period if period in dict(_PERIODS) else "7d"
    q = request.query_params.get("q", "").strip()
    common = {"period": period, "q": q, "periods": _PERIODS, "order": _ORDER}
    try:
        answer = _answer(viewer, services, {"q": q, "since": period}, zone_of(request))
    except SearchError as error:
        wrong = common | {"problem": shown_error(error)}
        return page(request, "overview.html", wrong, status=422)
    return page(request, "overview.html", common | answer | {"problem": ""})


def _answer(
    viewer: Viewer, services: Services, values: dict[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    found = services.overview(viewer, values, zone=zone)
    steps = _steps(found, zone)
    return {
        "question": question.in_words(found.search, zone),
        "found": found,
        "total": sum(found.counts.values()),
        "steps": steps,
        "drawing": chart.columns(
            [each.counts for each in steps],
            _ORDER,
            named=[index for index, each in enumerate(steps) if each.short],
        ),
        "share": chart.share,
        "link": lambda values, **more: report_link(values, zone, **more),
        "asked": values,
        "title_of": title_of,
    }


def title_of(word: str) -> str:
    """A reason's heading, by its word; the word itself where there is no such reason."""
    reason = Reason.__members__.get(word.upper())
    return GUIDES[reason].title if reason else word


def _steps(found: queries.Overview, zone: ZoneInfo) -> list[Step]:
    """The columns; in a drawing of several days the first of each day is named by its date."""
    is_long = found.until - found.since > _LONG
    steps: list[Step] = []
    for each in found.buckets:
        name = when.local(each.start, zone)[:16]
        day, clock = name[:10], name[11:]
        is_first = not steps or steps[-1].name[:10] != day
        short = (day[5:] if is_first else "") if is_long else clock
        name = day if each.end - each.start >= _DAYLIKE else name
        steps.append(Step(name, short, each.counts, report_link(each.values, zone)))
    return steps
