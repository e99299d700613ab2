"""Accounts: listed, made, changed, switched off and removed."""

from __future__ import annotations

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from postroad.accounts import Account, Draft, Kind, Viewer
from postroad.errors import AccountError
from postroad.model.text import say
from postroad.services import Services
from postroad.web.admin.guards import administrators, those_with_accounts
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, page, shown_error
from postroad.web.signing import Sent, check_form

#: Accounts on one page; the rest is found by the search above it.
_MOST = 300
_LONGEST = 20_000
_LISTS = ("domains", "addresses", "logins")
#: What is said after something was done, by a word in the address.
_DONE = {
    "added": say("The account was made."),
    "changed": say("The account was changed. Whoever was signed in to it has to sign in again."),
    "off": say("The account is switched off: nobody can sign in to it."),
    "on": say("The account is switched on."),
    "out": say("Whoever was signed in to this account is signed out."),
    "removed": say("The account was removed."),
}


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """The form of an account, as it was filled in."""

    name: str = ""
    kind: str = "mailbox"
    domains: str = ""
    addresses: str = ""
    logins: str = ""
    reseller: str = ""

    @classmethod
    def of(cls, account: Account) -> Filled:
        """As an account is."""
        lists = {name: "\n".join(getattr(account, name)) for name in _LISTS}
        return cls(name=account.name, kind=account.kind.word, reseller=account.reseller, **lists)

    @classmethod
    def sent(cls, data: dict[str, str]) -> Filled:
        """As a browser sent it."""
        return cls(
            **{name: data.get(name, "")[:_LONGEST].strip() for name in cls.__struct_fields__}
        )

    def draft(self, password: str) -> Draft:
        """What an account is to be made from. Raises `AccountError` for a kind that is none."""
        lists = {
            name: tuple(getattr(self, name).replace(",", " ").replace(";", " ").split())
            for name in _LISTS
        }
        kind = Kind.from_word(self.kind)
        reseller = self.reseller if kind is Kind.OWNER else ""
        return Draft(name=self.name, kind=kind, password=password, reseller=reseller, **lists)


@get("/admin", include_in_schema=False, guards=[those_with_accounts], sync_to_thread=False)
def front() -> Redirect:
    """Administration begins with the accounts."""
    return Redirect("/admin/accounts", status_code=303)


@get("/admin/accounts", include_in_schema=False, guards=[those_with_accounts], sync_to_thread=True)
def accounts_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """All accounts, or for a reseller those that it owns; `find` narrows them."""
    everyone = _visible(viewer, services)
    find = request.query_params.get("find", "").strip().lower()
    kind = request.query_params.get("kind", "")
    found = [
        each
        for each in everyone
        if (not find or _holds(each, find)) and (not kind or each.kind.word == kind)
    ]
    values = {
        "accounts": found[:_MOST],
        "total": len(found),
        "most": _MOST,
        "find": find,
        "kind": kind,
        "kinds": [(each.word, sum(one.kind is each for one in everyone)) for each in Kind],
        "everyone": len(everyone),
        "done": _DONE.get(request.query_params.get("done", ""), ""),
        "problems": services.accounts.ownership.problems() if viewer.is_administrator else [],
    }
    return page(request, "admin/accounts.html", values)


@get("/admin/accounts/new", include_in_schema=False, guards=[administrators], sync_to_thread=True)
def new_account_page(request: Asked, services: Served) -> Response[str]:
    """The form of an account that is to be made."""
    return _form(request, services, None, Filled())


@post("/admin/accounts/new", include_in_schema=False, guards=[administrators], sync_to_thread=True)
def add_account(request: Asked, viewer: Asking, services: Served, data: Sent) -> Response[str]:
    """Make it, or say why not."""
    check_form(request, data)
    filled = Filled.sent(data)
    try:
        made = services.accounts.directory.add(filled.draft(data.get("password", "")))
    except AccountError as error:
        return _form(request, services, None, filled, shown_error(error))
    services.accounts.audit.write(viewer, "add_user", made.name)
    return _to(f"/admin/accounts/{made.id}", "added")


@get(
    "/admin/accounts/{account_id:int}",
    include_in_schema=False,
    guards=[administrators],
    sync_to_thread=True,
)
def account_page(request: Asked, services: Served, account_id: FromPath[int]) -> Response[str]:
    """One account, to be changed."""
    account = _account(services, account_id)
    return _form(request, services, account, Filled.of(account))


@post(
    "/admin/accounts/{account_id:int}",
    include_in_schema=False,
    guards=[administrators],
    sync_to_thread=True,
)
def change_account(
    request: Asked, viewer: Asking, services: Served, account_id: FromPath[int], data: Sent
) -> Response[str]:
    """Change it, or say why not."""
    check_form(request, data)
    account = _account(services, account_id)
    filled = Filled.sent(data)
    try:
        draft = filled.draft(data.get("password", ""))
        if account.id == viewer.account_id and draft.kind is not Kind.ADMINISTRATOR:
            raise AccountError(say("You cannot take administration away from yourself."))
        changed = services.accounts.directory.change(account.name, draft)
    except AccountError as error:
        return _form(request, services, account, filled, shown_error(error))
    services.accounts.audit.write(viewer, "change_user", changed.name)
    return _to(f"/admin/accounts/{account.id}", "changed")


@post(
    "/admin/accounts/{account_id:int}/use",
    include_in_schema=False,
    guards=[administrators],
    sync_to_thread=True,
)
def set_use(
    request: Asked, viewer: Asking, services: Served, account_id: FromPath[int], data: Sent
) -> Response[str]:
    """Switch it off or on."""
    check_form(request, data)
    account = _account(services, account_id)
    is_off = data.get("use") == "off"
    if is_off:
        _refuse_own(viewer, account)
    draft = Filled.of(account).draft("")
    services.accounts.directory.change(account.name, draft, disabled=is_off)
    services.accounts.audit.write(viewer, "change_user", account.name)
    return _to(f"/admin/accounts/{account.id}", "off" if is_off else "on")


@post(
    "/admin/accounts/{account_id:int}/sign-out",
    include_in_schema=False,
    guards=[administrators],
    sync_to_thread=True,
)
def sign_out_everywhere(
    request: Asked, viewer: Asking, services: Served, account_id: FromPath[int], data: Sent
) -> Response[str]:
    """End its sessions."""
    check_form(request, data)
    account = _account(services, account_id)
    services.accounts.sessions.end_all(account.id)
    services.accounts.audit.write(viewer, "sign_out_everywhere", account.name)
    return _to(f"/admin/accounts/{account.id}", "out")


@get(
    "/admin/accounts/{account_id:int}/remove",
    include_in_schema=False,
    guards=[administrators],
    sync_to_thread=True,
)
def removal_page(
    request: Asked, viewer: Asking, services: Served, account_id: FromPath[int]
) -> Response[str]:
    """Ask whether it is meant."""
    account = _account(services, account_id)
    _refuse_own(viewer, account)
    return page(request, "admin/remove.html", {"account": account})


@post(
    "/admin/accounts/{account_id:int}/remove",
    include_in_schema=False,
    guards=[administrators],
    sync_to_thread=True,
)
def remove_account(
    request: Asked, viewer: Asking, services: Served, account_id: FromPath[int], data: Sent
) -> Response[str]:
    """Remove it with its sessions and tokens."""
    check_form(request, data)
    account = _account(services, account_id)
    _refuse_own(viewer, account)
    services.accounts.directory.remove(account.name)
    services.accounts.audit.write(viewer, "remove_user", account.name)
    return _to("/admin/accounts", "removed")


def _form(
    request: Asked, services: Services, account: Account | None, filled: Filled, problem: str = ""
) -> Response[str]:
    sessions = services.accounts.sessions.of(account.id) if account else []
    is_owner = account is not None and account.kind in (Kind.OWNER, Kind.RESELLER)
    values = {
        "account": account,
        "filled": filled,
        "problem": problem,
        "kinds": [each.word for each in Kind],
        "resellers": [
            each.name for each in services.accounts.directory.all() if each.kind is Kind.RESELLER
        ],
        "scope": services.accounts.ownership.scope(account) if account and is_owner else None,
        "sessions": sessions,
        "done": "" if problem else _DONE.get(request.query_params.get("done", ""), ""),
    }
    return page(request, "admin/account.html", values, status=422 if problem else 200)


def _visible(viewer: Viewer, services: Services) -> list[Account]:
    everyone = services.accounts.directory.all()
    if viewer.is_administrator:
        return everyone
    return [each for each in everyone if each.reseller == viewer.name]


def _account(services: Services, account_id: int) -> Account:
    for each in services.accounts.directory.all():
        if each.id == account_id:
            return each
    raise NotFound(say("There is no such account."))


def _refuse_own(viewer: Viewer, account: Account) -> None:
    if account.id == viewer.account_id:
        raise AccountError(say("You cannot switch off or remove the account you are signed in to."))


def _holds(account: Account, find: str) -> bool:
    names = (account.name, account.reseller, *account.domains, *account.addresses, *account.logins)
    return any(find in each for each in names)


def _to(path: str, done: str) -> Redirect:
    return Redirect(f"{path}?done={done}", status_code=303)
