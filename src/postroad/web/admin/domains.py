"""Domains: whose they are, by the accounts and by what panels say."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get

from postroad.accounts import Account, Kind
from postroad.model import address
from postroad.services import Services
from postroad.web.admin.guards import administrators
from postroad.web.pages import Asked, Served, page

#: Domains on one page; the rest is found by the search above it.
_MOST = 300


class Domain(NamedTuple):
    """One domain, and the accounts that see all of its mail or some of it."""

    name: str
    owners: list[Account]
    mailboxes: int


@get("/admin/domains", include_in_schema=False, guards=[administrators], sync_to_thread=True)
def domains_page(request: Asked, services: Served) -> Response[str]:
    """All domains that an account owns or has a mailbox in; `find` narrows them."""
    find = request.query_params.get("find", "").strip().lower()[:320]
    found = [each for each in _domains(services) if find in each.name]
    values = {"domains": found[:_MOST], "total": len(found), "most": _MOST, "find": find}
    return page(request, "admin/domains.html", values)


def _domains(services: Services) -> list[Domain]:
    owners: dict[str, list[Account]] = {}
    mailboxes: dict[str, int] = {}
    for account in services.accounts.directory.all():
        if account.kind in (Kind.OWNER, Kind.RESELLER):
            for name in services.accounts.ownership.scope(account).domains:
                owners.setdefault(name, []).append(account)
        elif account.kind is Kind.MAILBOX:
            for name in {address.domain(each) for each in account.addresses}:
                mailboxes[name] = mailboxes.get(name, 0) + 1
    return [
        Domain(name, owners.get(name, []), mailboxes.get(name, 0))
        for name in sorted(owners.keys() | mailboxes.keys())
    ]
