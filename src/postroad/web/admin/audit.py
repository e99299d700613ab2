"""The audit log: who did what, and when."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get

from postroad.web.admin.guards import administrators
from postroad.web.looked import did
from postroad.web.pages import Asked, Served, page

_ROWS = 100
_LARGEST = 2**62


@get("/admin/audit", include_in_schema=False, guards=[administrators], sync_to_thread=True)
def audit_page(request: Asked, services: Served) -> Response[str]:
    """The newest entries, of one account or about one address or domain if asked for."""
    account = request.query_params.get("account", "").strip()[:320]
    about = request.query_params.get("about", "").strip()[:320]
    before = _number(request.query_params.get("before", ""))
    found = services.accounts.audit.read(
        before=before, limit=_ROWS + 1, account=account, about=about
    )
    asked = {"account": account, "about": about}
    older = ""
    if len(found) > _ROWS:
        query = {name: value for name, value in asked.items() if value}
        older = "/admin/audit?" + urlencode({**query, "before": found[_ROWS - 1].id})
    values = {"entries": found[:_ROWS], "older": older, "is_newest": not before, "did": did}
    return page(request, "admin/audit.html", values | asked)


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit()
    return min(int(text), _LARGEST) if is_number and len(text) < len(str(_LARGEST)) else 0
