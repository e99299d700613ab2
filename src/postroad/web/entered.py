"""Was this me? How mail of the viewer's own side entered the server, and which ways are new."""

from __future__ import annotations

from litestar import Response, get

from postroad.web.links import report_link
from postroad.web.pages import Asked, Asking, Served, page, zone_of

#: Ways that are shown.
_MOST = 500


@get("/entered", include_in_schema=False, sync_to_thread=True)
def entered(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The ways, new ones first, then the latest used."""
    zone = zone_of(request)
    ways = services.entered(viewer, limit=_MOST)
    values = {"ways": ways, "most": _MOST, "link": lambda values: report_link(values, zone)}
    return page(request, "entered.html", values)
