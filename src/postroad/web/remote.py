"""Remote deliveries: what I sent to other servers, as mail users know the list.

At first today's mail that was delivered; others are a switch away: temporarily rejected,
permanently rejected, all. Every row opens to the four lines that tell what became of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get
from litestar.datastructures import MultiDict
from litestar.response import Redirect

from postroad.accounts import Viewer
from postroad.errors import SearchError
from postroad.model.status import Status
from postroad.model.text import Text, say
from postroad.model.when import SECOND
from postroad.services import Services
from postroad.web.pages import Asked, Asking, Served, choices_of, page, shown_error, zone_of
from postroad.web.rows import inside

#: The switches: name in the address, words, statuses.
SWITCHES: dict[str, tuple[Text, tuple[Status, ...]]] = {
    "": (say("Delivered Messages"), (Status.DELIVERED,)),
    "temporary": (say("Temporarily Rejected Messages"), (Status.DEFERRED,)),
    "permanent": (say("Permanently Rejected Messages"), (Status.FAILED, Status.BLOCKED)),
    "all": (say("All Messages"), ()),
}
_FIELDS = ("show", "to", "since", "until", "cursor")


class Asks(msgspec.Struct, frozen=True):
    """What the form of this page holds."""

    show: str = ""
    to: str = ""
    since: str = ""
    until: str = ""
    cursor: str = ""

    @classmethod
    def read(cls, query: MultiDict[str]) -> Self:
        """From a query string; a switch that there is not means the first."""
        fields = {name: (query.get(name) or "").strip() for name in _FIELDS}
        if fields["show"] not in SWITCHES:
            fields["show"] = ""
        return cls(**fields)

    def link(self, **changes: str) -> str:
        """The address of this page with some fields changed; from the beginning unless given."""
        fields = {name: getattr(self, name) for name in _FIELDS} | {"cursor": ""} | changes
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"/remote?{query}" if query else "/remote"

    def values(self, today: str) -> dict[str, str]:
        """The question: what this viewer sent to other servers, on this day unless dates say."""
        _, statuses = SWITCHES[self.show]
        return {
            "side": "sent",
            "place": "remote",
            "to": self.to,
            "since": self.since or ("" if self.until else today),
            "until": self.until,
            "status": ",".join(each.word for each in statuses),
        }


@get("/remote", include_in_schema=False, sync_to_thread=True)
def remote(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The list, newest first."""
    asks = Asks.read(request.query_params)
    if any(not value for _, value in request.query_params.multi_items()):
        return Redirect(asks.link(cursor=asks.cursor), status_code=303)
    zone = zone_of(request)
    today = datetime.fromtimestamp(services.now() // SECOND, UTC).astimezone(zone).date()
    common: dict[str, Any] = {
        "asks": asks,
        "switches": SWITCHES,
        "today": today.isoformat(),
    }
    try:
        answer = _answer(request, viewer, services, asks.values(today.isoformat()), zone)
    except SearchError as error:
        wrong = {"problem": shown_error(error), "wrong": error.field}
        return page(request, "remote.html", common | wrong, status=422)
    return page(request, "remote.html", common | answer | {"problem": "", "wrong": ""})


def _answer(
    request: Asked, viewer: Viewer, services: Services, values: dict[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    asks = Asks.read(request.query_params)
    found = services.report(
        viewer, values, zone=zone, limit=choices_of(request).rows, cursor=asks.cursor or None
    )
    statuses = SWITCHES[asks.show][1] or tuple(Status)
    following = found.page.next_cursor
    return {
        "found": [inside(each) for each in found.page.deliveries],
        "total": sum(found.counts.get(each, 0) for each in statuses),
        "next_link": asks.link(cursor=following) if following else "",
    }
