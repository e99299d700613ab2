"""The delivery report: a question, its words, and its answer as a table."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.response import Redirect

from postroad.accounts import Viewer
from postroad.errors import SearchError
from postroad.model import question
from postroad.model.search import NEWEST_FIRST
from postroad.model.status import Status
from postroad.model.text import Text, say
from postroad.services import Services
from postroad.web import columns, rows, trace
from postroad.web.columns import Column
from postroad.web.form import BOXES, PERIODS, Form
from postroad.web.pages import Asked, Asking, Served, choices_of, page, shown_error, zone_of

#: From how many rows on a file is better made in the background.
_MANY_ROWS = 50_000
#: What the table itself can be narrowed to.
_FILTERS: dict[Status, Text] = {
    Status.DELIVERED: say("Show Successes"),
    Status.DEFERRED: say("Show Deferred"),
    Status.FAILED: say("Show Failures"),
    Status.IN_PROGRESS: say("Show In-Progress"),
}


@get("/", include_in_schema=False, sync_to_thread=True)
def report(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The form and, newest first, what it asks for; at first everything in one's scope."""
    form = Form.read(request.query_params)
    if not form.is_written(request.query_params):
        # A form sends its empty fields along: give the page an address worth keeping.
        link = form.link(cursor=form["cursor"], open=form["open"])
        return Redirect(link, status_code=303)
    common: dict[str, Any] = {"form": form, "periods": PERIODS, "boxes": BOXES}
    try:
        answer = _answer(request, viewer, services, form)
    except SearchError as error:
        wrong = {"problem": shown_error(error), "wrong": error.field}
        return page(request, "report.html", common | wrong, status=422)
    return page(request, "report.html", common | answer | {"problem": "", "wrong": ""})


def _answer(request: Asked, viewer: Viewer, services: Services, form: Form) -> dict[str, Any]:
    mine = choices_of(request)
    clock = form.clock(zone_of(request))
    found = services.report(
        viewer, form.values(), zone=clock, limit=mine.rows, cursor=form["cursor"] or None
    )
    words = question.in_words(found.search, clock)
    if form.query and form.is_first:
        services.accounts.choices.note(viewer, form.query, words)
    total_of_all = sum(found.counts.values())
    following = found.page.next_cursor
    shown = columns.chosen(mine.columns)
    return {
        "question": words,
        "deliveries": found.page.deliveries,
        "counts": found.counts,
        "statuses": list(Status),
        "total": _total(found.counts, form.statuses),
        "total_of_all": total_of_all,
        "many_rows": _MANY_ROWS,
        "next_link": form.link(cursor=following) if following else "",
        "notes": found.page.notes,
        "inside": _opened(viewer, services, form["open"]),
        "filters": _FILTERS,
        "columns": shown,
        "cell_text": columns.value,
        "cell_asks": columns.asked,
        "all_columns": columns.listed(shown),
        "order": _order(form["sort"] or NEWEST_FIRST),
        "next_order": next_order,
        "refresh": mine.refresh,
        "traced": trace.about(found.search),
        "trace_link": trace.link,
        "saved": services.accounts.choices.saved(viewer),
        "recent": services.accounts.choices.recent(viewer),
    }


def _total(counts: dict[Status, int], statuses: tuple[Status, ...]) -> int:
    return sum(counts.get(each, 0) for each in statuses or Status)


def _opened(viewer: Viewer, services: Services, delivery_id: str) -> rows.Inside | None:
    """The inside of the row that the address asks to be open, if there is such a one."""
    found = services.detail(viewer, delivery_id) if delivery_id else None
    return rows.opened(services, found) if found else None


def _order(sort: str) -> dict[str, str]:
    """The field that the answer is sorted by, and how: as `aria-sort` says it."""
    return {sort.removeprefix("-"): "descending" if sort.startswith("-") else "ascending"}


def next_order(column: Column, now: str) -> str:
    """What a click on a column's heading sorts by: at first its usual way, then the other."""
    is_falling = now == "ascending" if now else column.is_falling
    return f"-{column.field}" if is_falling else column.field
