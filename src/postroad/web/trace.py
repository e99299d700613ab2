"""Where an address leads now: a page of its own, and a part that the report takes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get

from postroad.accounts import Viewer
from postroad.errors import ConfigError, SearchError, TooManyTries
from postroad.languages import catalogue
from postroad.model import address as addresses
from postroad.model import route as routes
from postroad.model.route import Kind, Route
from postroad.model.search import Match, Search
from postroad.services import Services
from postroad.web import diagram, texts
from postroad.web.pages import Asked, Asking, Served, language_of, page, shown_error

_LONGEST = 1000


@get("/trace", include_in_schema=False, sync_to_thread=True)
def trace(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The form, and where the address in it leads."""
    address = request.query_params.get("address", "").strip()[:_LONGEST]
    values: dict[str, Any] = {"address": address, "problem": "", "route": None}
    if not address:
        return page(request, "trace.html", values)
    found, status, headers = _found(request, viewer, services, address)
    return page(request, "trace.html", values | found, status=status, headers=headers)


@get("/trace/part", include_in_schema=False, sync_to_thread=True)
def part(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The same without the frame of a page; a problem is what it says, and no failure."""
    address = request.query_params.get("address", "").strip()[:_LONGEST]
    found, _, _ = _found(request, viewer, services, address)
    values = {"address": address, "problem": "", "route": None} | found
    return page(request, "_trace.html", values)


def link(address: str, path: str = "/trace") -> str:
    """The address of the page that traces this one, or of the part without a frame."""
    return f"{path}?{urlencode({'address': address})}"


def about(search: Search) -> str:
    """The one address that a question is about; "" where it is about none or many."""
    if search.match is not Match.EXACT:
        return ""
    named = search.recipient or search.address or search.sender
    return named if addresses.is_address(named) else ""


def _found(
    request: Asked, viewer: Viewer, services: Services, address: str
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """What the template is given, the status, and headers."""
    try:
        found = services.tracing.route(viewer, address)
    except TooManyTries as error:
        return {"problem": shown_error(error)}, 429, {"Retry-After": str(error.wait)}
    except (SearchError, ConfigError) as error:
        return {"problem": shown_error(error)}, 422, {}
    return _shown(found, viewer, _speaker(request)), 200, {}


def _shown(route: Route, viewer: Viewer, say: diagram.Say) -> dict[str, Any]:
    has_servers = any(node.kind is Kind.SMTP and node.hosts for _, node in routes.walk(route.root))
    drawn = diagram.across(route.root, say)
    return {
        "route": route,
        "drawings": (("across", drawn), ("down", diagram.down(route.root, say))),
        "left_out": drawn.left_out,
        "kind_label": routes.label,
        "icon_label": routes.icon_label,
        "icons": tuple(dict.fromkeys(node.icon for _, node in routes.walk(route.root))),
        "side_label": routes.side_label,
        "dnssec_label": routes.dnssec_label,
        "method_label": routes.method_label,
        "probe": f"/probe?{urlencode({'address': route.address})}"
        if has_servers and viewer.kind.word != "mailbox"
        else "",
        "link": link(route.address),
    }


def _speaker(request: Asked) -> Callable[[str], str]:
    """Puts a sentence into the reader's language, and shows what is invisible in it."""
    words = catalogue(language_of(request))

    def say(text: str) -> str:
        return str(texts.visible(words.text(text)))

    return say
