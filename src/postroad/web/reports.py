"""Reports on paper: made now, or sent when a month, week or day is over."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from postroad.accounts import Viewer
from postroad.errors import AccessError, AccountError, PostroadError, SearchError, TooManyTries
from postroad.model.text import Text, say
from postroad.reports.calendar import Span
from postroad.services import Services
from postroad.services.reporting import HOURS, USUAL_HOUR, Subscribed, Wanted
from postroad.web.pages import Asked, Asking, Served, language_of, page, shown_error, zone_of
from postroad.web.signing import Sent, check_form

#: The boxes to check, and how a list calls them.
_BOXES: dict[Span, Text] = {
    Span.MONTH: say("Send me this report every month"),
    Span.WEEK: say("Every week"),
    Span.DAY: say("Every day"),
}
_SPANS: dict[Span, Text] = {
    Span.MONTH: say("Month"),
    Span.WEEK: say("Week"),
    Span.DAY: say("Day"),
}
#: Why a subscription ended, and what became of its last letter.
_ENDS: dict[str, Text] = {
    "removed": say("Removed"),
    "unsubscribed": say("Unsubscribed by the link in a letter"),
    "bounced": say("Ended: the letters came back"),
    "done": say("Done"),
    "rights": say("Ended: the account does not see this any more"),
}
_FATES: dict[str, Text] = {
    "sent": say("sent"),
    "bounced": say("came back"),
    "failed": say("could not be sent"),
    "unclear": say("perhaps sent"),
    "withdrawn": say("not sent"),
}
#: Subscriptions that ended and are still shown; digits of the longest id.
_MOST_ENDED, _LONGEST_NUMBER = 10, 18
#: Days that mail must be kept for a month to be whole on the morning after it.
_WHOLE_MONTH = 32


@get("/reports", include_in_schema=False, sync_to_thread=True)
def reports_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The boxes, the button, and what is sent already."""
    of = request.query_params.get("of", "").strip()[:320]
    done = say("Saved.") if request.query_params.get("done", "") == "saved" else ""
    return _page(request, viewer, services, of=of, done=done)


@get("/reports/report.pdf", include_in_schema=False, sync_to_thread=True)
def report_now(request: Asked, viewer: Asking, services: Served) -> Response[Any]:
    """The report of a period as a file, the last one unless a date names another."""
    asked = request.query_params
    of = asked.get("of", "")[:400]
    span, date = asked.get("period", "month"), asked.get("date", "")
    problem: PostroadError
    try:
        made = services.reporting.report(viewer, of, span, date, zone=zone_of(request))
        pdf = services.reporting.pdf(made, language_of(request))
    except SearchError as error:
        problem, status = error, 422
    except TooManyTries as error:
        problem, status = error, 429
    except AccessError as error:
        problem, status = error, 403
    else:
        name = f"report-{made.period.name}.pdf"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(pdf, media_type="application/pdf", headers=headers)
    return _page(
        request,
        viewer,
        services,
        of=of.strip(),
        span=span,
        date=date,
        problem=shown_error(problem),
        status=status,
    )


@post("/reports", include_in_schema=False, sync_to_thread=True)
def set_reports(request: Asked, viewer: Asking, services: Served, data: Sent) -> Response[Any]:
    """Send what is checked from now on, and no more what is not."""
    check_form(request, data)
    of = data.get("of", "").strip().lower()[:320]
    try:
        _save(request, viewer, services, of, data)
    except (AccountError, SearchError) as error:
        problem, status = shown_error(error), 422
    except AccessError as error:
        problem, status = shown_error(error), 403
    else:
        place = _address(of)
        return Redirect(place, status_code=303)
    return _page(
        request, viewer, services, of=of, problem=problem, status=status, target=data.get("to", "")
    )


@post("/reports/{wish_id:str}/remove", include_in_schema=False, sync_to_thread=True)
def remove_report(
    request: Asked, viewer: Asking, services: Served, wish_id: FromPath[str], data: Sent
) -> Redirect:
    """Send this one no more. Raises `AccountError` for one that is not theirs."""
    check_form(request, data)
    is_number = wish_id.isascii() and wish_id.isdigit() and len(wish_id) < _LONGEST_NUMBER
    services.subscribing.end(viewer, int(wish_id) if is_number else 0)
    return Redirect("/reports?done=saved", status_code=303)


HANDLERS: list[Any] = [reports_page, report_now, set_reports, remove_report]


def _address(of: str) -> str:
    return f"/reports?{urlencode({'of': of, 'done': 'saved'} if of else {'done': 'saved'})}"


def _save(
    request: Asked, viewer: Viewer, services: Services, of: str, data: dict[str, str]
) -> None:
    """Make what stands be what is checked.

    A box that is not checked ends something only if it stood for it: whose report it is may have
    been chosen after the page was shown.
    """
    hour = (
        int(data["hour"]) if data.get("hour", "") in {str(each) for each in HOURS} else USUAL_HOUR
    )
    target = data.get("to", "").strip()
    has_shown = data.get("shown", "") == of
    for span in Span:
        standing = _standing(services, viewer, of, span)
        if span.value in data:
            same = [each for each in standing if (each.hour, each.target) == (hour, target)]
            if not same:
                services.reporting.subscribe(
                    viewer,
                    Wanted(of=of, span=span, hour=hour),
                    target,
                    zone=zone_of(request).key,
                    language=language_of(request),
                )
            standing = [each for each in standing if each not in same]
        elif not has_shown:
            standing = []
        for each in standing:
            services.subscribing.end(viewer, each.id)


def _standing(services: Services, viewer: Viewer, of: str, span: Span) -> list[Subscribed]:
    """The subscriptions to this very report that go on."""
    return [
        each
        for each in services.reporting.subscribed(viewer)
        if (each.of, each.span) == (of, span) and not each.ended_why
    ]


def _page(
    request: Asked,
    viewer: Viewer,
    services: Services,
    *,
    of: str,
    problem: str = "",
    done: str = "",
    status: int = 200,
    span: str = "month",
    date: str = "",
    target: str = "",
) -> Response[str]:
    found = services.reporting.subscribed(viewer)
    standing = [each for each in found if not each.ended_why]
    ended = [each for each in found if each.ended_why][:_MOST_ENDED]
    mine = [each for each in standing if each.of == of.lower()]
    targets = services.subscribing.targets(viewer)
    values = {
        "of": of,
        "choices": services.reporting.choices(viewer),
        "boxes": _BOXES,
        "spans": _SPANS,
        "checked": {each.span for each in mine},
        "hour": mine[0].hour if mine else USUAL_HOUR,
        "hours": HOURS,
        "target": target or (mine[0].target if mine else (targets or [""])[0]),
        "span": span if span in set(Span) else Span.MONTH.value,
        "date": date,
        "found": [*standing, *ended],
        "ends": _ENDS,
        "fates": _FATES,
        "way": services.delivering.way(),
        "is_short": services.settings.retention_days < _WHOLE_MONTH,
        "problem": problem,
        "done": done,
    }
    return page(request, "reports.html", values, status=status)
