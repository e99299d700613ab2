"""Was this me? How mail of the viewer's own side entered the server, and which ways are new."""

from __future__ import annotations

from litestar import Response, get

from postroad.web.links import report_link
from postroad.web.pages import Asked, Asking, Served, page, zone_of


@get("/entered", include_in_schema=False, sync_to_thread=True)
def entered(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The ways, new ones first, then the latest used."""
    zone = zone_of(request)
    found = services.entered(viewer, zone=zone)
    ways = sorted(found, key=lambda each: (not each.is_new, -each.last_at))
    values = {"ways": ways, "link": lambda values: report_link(values, zone)}
    return page(request, "entered.html", values)
