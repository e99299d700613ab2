"""How a sending domain stands: a form, and the answer to print."""

from __future__ import annotations

from litestar import Response, get

from postroad.errors import SearchError, TooManyTries
from postroad.services.access import only_for_owners
from postroad.web.checked import WORDS
from postroad.web.pages import Asked, Asking, Served, page, shown_error


@get("/deliverability", include_in_schema=False, sync_to_thread=True)
def deliverability(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The form, and with a domain how that stands."""
    only_for_owners(viewer)
    domain = request.query_params.get("domain", "").strip()[:320]
    selector = request.query_params.get("selector", "").strip()[:1000]
    values = {**WORDS, "domain": domain, "selector": selector, "found": None, "problem": ""}
    values["own"] = sorted(viewer.scope.domains)[:50]
    if not domain:
        return page(request, "deliverability.html", values)
    selectors = selector.replace(",", " ").split()
    try:
        values["found"] = services.domains.check(viewer, domain, selectors)
    except SearchError as error:
        values["problem"] = shown_error(error)
        return page(request, "deliverability.html", values, status=422)
    except TooManyTries as error:
        values["problem"] = shown_error(error)
        headers = {"Retry-After": str(error.wait)}
        return page(request, "deliverability.html", values, status=429, headers=headers)
    return page(request, "deliverability.html", values)
