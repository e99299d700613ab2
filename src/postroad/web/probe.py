"""The live check on a page: an address, and what the servers it leads to say now."""

from __future__ import annotations

from litestar import Response, get, post

from postroad.errors import SearchError, TooManyTries
from postroad.services.access import only_for_owners
from postroad.web.checked import WORDS
from postroad.web.pages import Asked, Asking, Served, page, shown_error
from postroad.web.signing import Sent, check_form


@get("/probe", include_in_schema=False, sync_to_thread=True)
def probe_page(request: Asked, viewer: Asking) -> Response[str]:
    """The form; nobody is asked before it is sent."""
    only_for_owners(viewer)
    address = request.query_params.get("address", "").strip()[:320]
    values = {**WORDS, "address": address, "probes": (), "problem": ""}
    return page(request, "probe.html", values)


@post("/probe", include_in_schema=False, sync_to_thread=True, status_code=200)
def probe(request: Asked, viewer: Asking, services: Served, data: Sent) -> Response[str]:
    """Ask, and show the conversations."""
    check_form(request, data)
    address = data.get("address", "").strip()[:320]
    values = {**WORDS, "address": address, "probes": (), "problem": ""}
    try:
        values["probes"] = services.probing.check(viewer, address)
    except SearchError as error:
        values["problem"] = shown_error(error)
        return page(request, "probe.html", values, status=422)
    except TooManyTries as error:
        values["problem"] = shown_error(error)
        headers = {"Retry-After": str(error.wait)}
        return page(request, "probe.html", values, status=429, headers=headers)
    return page(request, "probe.html", values)
