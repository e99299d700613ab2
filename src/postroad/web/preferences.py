"""What a reader may choose: zone and language, rows of a page, and whether it refreshes itself.

It is kept with the account, so that it is the same in every browser; zone and language are kept in
cookies besides, for the page before signing in.
"""

from __future__ import annotations

from collections.abc import Container
from zoneinfo import available_timezones

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from postroad.languages import known
from postroad.model.text import say, say_many
from postroad.web.cookies import language_cookie, zone_cookie
from postroad.web.pages import Asked, Asking, Served, choices_of, page
from postroad.web.signing import Sent, check_form, own_account

#: Names that are for machines, or that mean another one.
_HIDDEN = ("Etc/", "posix/", "right/", "SystemV/", "localtime", "Factory", "posixrules")
#: Rows of a page to choose from.
ROWS = (25, 50, 100, 200)
#: Seconds until the report asks again by itself, and how that reads.
REFRESH = {
    0: say("Never"),
    15: say_many("Every second", "Every {count} seconds", 15),
    60: say_many("Every minute", "Every {count} minutes", 1),
    300: say_many("Every minute", "Every {count} minutes", 5),
}
_NUMBERS = {str(each) for each in (*ROWS, *REFRESH)}


def zones() -> list[str]:
    """The zones to choose from: those of regions, and UTC."""
    found = {name for name in available_timezones() if not name.startswith(_HIDDEN)}
    return ["UTC", *sorted(name for name in found if "/" in name)]


@get("/preferences", include_in_schema=False, sync_to_thread=True)
def preferences_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The form."""
    mine = choices_of(request)
    values = {
        "zones": zones(),
        "languages": known(),
        "mine": mine,
        "rows": sorted({*ROWS, mine.rows}),
        "refreshes": REFRESH,
        "server_zone": services.settings.timezone,
        "is_kept": bool(viewer.account_id),
        **own_account(request, services),
    }
    return page(request, "preferences.html", values)


@post("/preferences", include_in_schema=False, sync_to_thread=True)
def set_preferences(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Keep what was chosen; what cannot be chosen means the usual."""
    check_form(request, data)
    chosen = msgspec.structs.replace(
        choices_of(request),
        zone=_one_of(data.get("zone", ""), zones()),
        language=_one_of(data.get("language", ""), known()),
        rows=_number(data.get("rows", ""), ROWS, choices_of(request).rows),
        refresh=_number(data.get("refresh", ""), REFRESH, choices_of(request).refresh),
    )
    services.accounts.choices.set(viewer, chosen)
    settings = services.settings
    cookies = [zone_cookie(settings, chosen.zone), language_cookie(settings, chosen.language)]
    return Redirect("/", status_code=303, cookies=cookies)


def _one_of(text: str, known_ones: Container[str]) -> str:
    return text if text in known_ones else ""


def _number(text: str, known_ones: Container[int], usual: int) -> int:
    """The number, if it can be chosen; what was before otherwise."""
    number = int(text) if text in _NUMBERS else usual
    return number if number in known_ones else usual
