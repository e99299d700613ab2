"""Preferences: the zone that times are shown in, kept in a cookie."""

from __future__ import annotations

from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.response import Redirect

from postroad.web.cookies import ZONE, zone_cookie
from postroad.web.pages import Asked, Served, page
from postroad.web.signing import Sent, check_form, only_signed_in

#: Names that are for machines, or that mean another one.
_HIDDEN = ("Etc/", "posix/", "right/", "SystemV/", "localtime", "Factory", "posixrules")


def zones() -> list[str]:
    """The zones to choose from: those of regions, and UTC."""
    found = {name for name in available_timezones() if not name.startswith(_HIDDEN)}
    return ["UTC", *sorted(name for name in found if "/" in name)]


@get("/preferences", include_in_schema=False, guards=[only_signed_in], sync_to_thread=True)
def preferences_page(request: Asked, services: Served) -> Response[str]:
    """The form."""
    values = {
        "zones": zones(),
        "chosen": request.cookies.get(ZONE, "").strip('"'),
        "server_zone": services.settings.timezone,
    }
    return page(request, "preferences.html", values)


@post("/preferences", include_in_schema=False, guards=[only_signed_in], sync_to_thread=True)
def set_preferences(request: Asked, services: Served, data: Sent) -> Redirect:
    """Keep what was chosen; a zone that is not known means the server's."""
    check_form(request, data)
    chosen = data.get("zone", "")
    kept = zone_cookie(services.settings, chosen if chosen in zones() else "")
    return Redirect("/", status_code=303, cookies=[kept])
