"""Every way that mail comes out of the pages and the API: addresses to ask, route by route.

A route that is not here fails the tests that use this: nothing new can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx

from postroad import web
from postroad.queries.public import FIELDS

#: Questions that are asked of whatever takes one.
QUESTIONS = (
    "",
    "status=failed,rejected,blocked,deferred",
    "q=example.com",
    "to=a&match=begins",
    "to=a&match=contains",
    "from=a&match=contains",
    "address=o&match=contains",
    "q=party",
    "ip=0.0.0.0/0",
    "ip=203.0.113.0/24",
    "side=sent",
    "side=received",
    "place=remote",
    "place=local",
    "since=7d",
)
#: Pages that hold nobody's mail: what others say of a domain or an address, and signing in.
WITHOUT_MAIL = {
    "/sign-in",
    "/sign-in/oidc",
    "/sign-in/oidc/back",
    "/static/{version}/{name}",
    "/trace",
    "/trace/part",
    "/verify",
    "/probe",
    "/deliverability",
}
#: A few orders for pages; the API is asked for all of them.
_PAGE_ORDERS = ("sort=recipient", "sort=-delivered_to", "sort=user", "sort=-result")


def orders() -> Iterator[str]:
    """Every field that a list can be ordered by, upwards and downwards in turn."""
    for number, field in enumerate(FIELDS):
        yield f"sort={'-' if number % 2 else ''}{field}"


def page_routes() -> set[str]:
    """The paths of all pages that can be asked for."""
    found = set()
    for router in web.routes():
        for route in router.routes:
            if "GET" in getattr(route, "methods", ()):
                found.add(route.path_format)
    return found


def pages(ids: Iterable[str]) -> dict[str, list[str]]:
    """Paths of routes to the addresses that are asked for, for these deliveries."""
    ids = list(ids)
    asked = [f"?{each}" if each else "" for each in QUESTIONS]
    return {
        "/": [f"/{each}" for each in (*asked, *(f"?{each}" for each in _PAGE_ORDERS))],
        "/message/{delivery_id}": [f"/message/{each}" for each in ids],
        "/message/{delivery_id}/row": [f"/message/{each}/row" for each in ids],
        "/export.csv": [f"/export.csv{each}" for each in asked],
        "/export.json": [f"/export.json{each}" for each in asked],
        "/export.parquet": [f"/export.parquet{each}" for each in asked],
        "/exports": ["/exports"],
        "/exports/{export_id}/file": ["/exports/0123456789abcdef0123456789abcdef/file"],
        "/remote": [f"/remote?show={each}" for each in ("", "temporary", "permanent", "all")],
        "/overview": [f"/overview?period={each}" for each in ("", "24h", "30d")],
        "/notices": ["/notices", "/notices?from=a%40example.com&subject=x"],
        "/unsubscribe/{secret}": ["/unsubscribe/0123456789abcdef"],
        "/entered": ["/entered"],
        "/reports": ["/reports", "/reports?of=example.com"],
        "/reports/report.pdf": ["/reports/report.pdf", "/reports/report.pdf?of=example.com"],
        "/message/{delivery_id}/evidence": [f"/message/{each}/evidence" for each in ids],
        "/evidence": ["/evidence"],
        "/evidence/{name}": ["/evidence/none"],
        "/evidence/{name}/evidence.json": ["/evidence/none/evidence.json"],
        "/evidence/{name}/evidence.pdf": ["/evidence/none/evidence.pdf"],
        "/letters": ["/letters"],
        "/webhooks": ["/webhooks"],
        "/webhooks/{webhook_id}": ["/webhooks/none"],
        "/looked": ["/looked"],
        "/reasons": ["/reasons"],
        "/reasons/{name}": [
            *(f"/reasons/{each}" for each in ("mailbox_full", "unknown", "none")),
            *(f"/reasons/greylisted?of={each}" for each in ids),
        ],
        "/preferences": ["/preferences"],
        "/admin": ["/admin"],
        "/admin/accounts": ["/admin/accounts"],
        "/admin/accounts/new": ["/admin/accounts/new"],
        "/admin/accounts/{account_id}": ["/admin/accounts/3"],
        "/admin/accounts/{account_id}/remove": ["/admin/accounts/3/remove"],
        "/admin/domains": ["/admin/domains"],
        "/admin/sources": ["/admin/sources"],
        "/admin/unknown": ["/admin/unknown"],
        "/admin/audit": ["/admin/audit"],
    }


def api(ids: Iterable[str]) -> list[str]:
    """Addresses of the API, below its base."""
    return [
        *(f"/deliveries?limit=1000&{each}" for each in (*QUESTIONS, *orders())),
        *(f"/counts?{each}" for each in QUESTIONS),
        *(f"/deliveries/{each}" for each in ids),
    ]


def answers(client: httpx.Client, addresses: Iterable[str]) -> Iterator[tuple[str, httpx.Response]]:
    """Each address and its answer; only what is refused or not there may be no success."""
    for each in addresses:
        answer = client.get(each, follow_redirects=True)
        assert answer.status_code in (200, 403, 404), (each, answer.status_code, answer.text[:500])
        yield each, answer
