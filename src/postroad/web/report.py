"""The delivery report: a question, its words, and its answer as a table."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.response import Redirect

from postroad.accounts import Viewer
from postroad.errors import SearchError
from postroad.model import question
from postroad.model.status import Status
from postroad.services import Services
from postroad.web.form import PERIODS, Form
from postroad.web.pages import Asked, Asking, Served, page, zone_of
from postroad.web.texts import in_zone, kept_for

#: Rows of one page.
ROWS = 50


@get("/", include_in_schema=False, sync_to_thread=True)
def report(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The form and, newest first, what it asks for; at first everything in one's scope."""
    form = Form.read(request.query_params)
    sent = request.query_params.multi_items()
    if any(name == "show" or not value for name, value in sent):
        # A form sends its empty fields along: give the page an address worth keeping.
        link = form.link(cursor=form["cursor"])
        return Redirect(link, status_code=303)
    common: dict[str, Any] = {"form": form, "periods": PERIODS, "statuses": list(Status)}
    try:
        answer = _answer(request, viewer, services, form)
    except SearchError as error:
        wrong = {"problem": str(error), "wrong": error.field}
        return page(request, "report.html", common | wrong, status=422)
    return page(request, "report.html", common | answer | {"problem": "", "wrong": ""})


def _answer(request: Asked, viewer: Viewer, services: Services, form: Form) -> dict[str, Any]:
    zone = zone_of(request)
    found = services.report(
        viewer, form.values(), zone=zone, limit=ROWS, cursor=form["cursor"] or None
    )
    total_of_all = sum(found.counts.values())
    chosen = form.statuses
    total = sum(found.counts.get(each, 0) for each in chosen) if chosen else total_of_all
    following = found.page.next_cursor
    return {
        "question": question.in_words(found.search, zone),
        "deliveries": found.page.deliveries,
        "counts": found.counts,
        "total": total,
        "total_of_all": total_of_all,
        "next_link": form.link(cursor=following) if following else "",
        "notes": _notes(services, found.page.notes, zone),
    }


def _notes(services: Services, notes: list[dict[str, Any]], zone: ZoneInfo) -> list[str]:
    """Why nothing was found, as far as it is known."""
    said = [in_zone(note["text"], zone) for note in notes]
    usual = (
        "No such mail of yours passed through this server in the time asked for, or it is longer "
        f"ago than the {kept_for(services.settings.retention_days)} that are kept."
    )
    return said or [usual]
