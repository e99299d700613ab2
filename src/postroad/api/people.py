"""Accounts, tokens and the audit trail."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import JSONBody, Parameter

from postroad.accounts import Account, Draft, Kind, Token, Viewer
from postroad.accounts.account import LONGEST_NAME
from postroad.api import shapes
from postroad.api.asking import Asking, Served, administrators
from postroad.api.errors import documented
from postroad.errors import AccessError
from postroad.model import when
from postroad.services import HIGHEST_LIMIT, USUAL_LIMIT

TAGS = ["Accounts"]
_BODY = (400, 403, 404, 409, 413, 415)
Name = Annotated[
    str, Parameter(description="Name of the account.", min_length=1, max_length=LONGEST_NAME)
]


@get("/users", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def users(services: Served) -> shapes.People:
    """All accounts. For administrators."""
    return shapes.People(users=[_person(each) for each in services.accounts.directory.all()])


@post(
    "/users",
    tags=TAGS,
    responses=documented(403, 409),
    sync_to_thread=True,
    guards=[administrators],
)
def add_user(viewer: Asking, services: Served, data: JSONBody[shapes.NewPerson]) -> shapes.Person:
    """Make an account. For administrators.

    An owner sees the mail of every mailbox of its domains, a reseller that of the owners that
    belong to it; a mailbox that of its addresses, to which its name belongs if it is one.
    """
    made = services.accounts.directory.add(_draft(msgspec.structs.asdict(data)))
    services.accounts.audit.write(viewer, "add_user", made.name)
    return _person(made)


@patch(
    "/users/{name:str}",
    tags=TAGS,
    responses=documented(403, 404, 409),
    sync_to_thread=True,
    guards=[administrators],
)
def change_user(
    viewer: Asking,
    services: Served,
    name: Name,
    data: JSONBody[shapes.ChangedPerson],
) -> shapes.Person:
    """Change an account. Its sessions end. For administrators."""
    directory = services.accounts.directory
    old = _person(directory.get(name))
    given = {key: value for key, value in msgspec.structs.asdict(data).items() if value is not None}
    disabled = given.pop("disabled", None)
    merged = {
        field: getattr(old, field)
        for field in shapes.NewPerson.__struct_fields__
        if field != "password"
    }
    changed = directory.change(name, _draft({**merged, **given}), disabled=disabled)
    services.accounts.audit.write(viewer, "change_user", changed.name)
    return _person(changed)


@delete(
    "/users/{name:str}",
    tags=TAGS,
    responses=documented(403, 404),
    sync_to_thread=True,
    guards=[administrators],
)
def remove_user(viewer: Asking, services: Served, name: Name) -> None:
    """Delete an account with its sessions and tokens. For administrators."""
    services.accounts.directory.remove(name)
    services.accounts.audit.write(viewer, "remove_user", name)


@get("/tokens", tags=TAGS, responses=documented(), sync_to_thread=True)
def tokens(viewer: Asking, services: Served) -> shapes.Tokens:
    """One's tokens; for an administrator everybody's."""
    found = services.accounts.tokens.all(_owner(viewer))
    return shapes.Tokens(tokens=[_token(each) for each in found])


@post("/tokens", tags=TAGS, responses=documented(403, 404), sync_to_thread=True)
def add_token(
    viewer: Asking, services: Served, data: JSONBody[shapes.NewToken]
) -> shapes.MadeToken:
    """Make a token. Only an administrator may make one for another account."""
    name = data.account.strip().lower() or viewer.name
    if name != viewer.name and not viewer.is_administrator:
        message = "Only an administrator may make a token for another account."
        raise AccessError(message)
    if not data.account and not viewer.account_id:
        message = "Say whose token it is to be: `account` is missing."
        raise AccessError(message)
    account = services.accounts.directory.get(name)
    secret, made = services.accounts.tokens.add(account, data.label, data.days)
    services.accounts.audit.write(viewer, "add_token", f"{made.id} of {account.name}")
    return shapes.MadeToken(
        token=secret,
        id=made.id,
        account=account.name,
        label=made.label,
        expires_at=when.rfc3339(made.expires_at),
    )


@delete("/tokens/{token_id:str}", tags=TAGS, responses=documented(404), sync_to_thread=True)
def revoke_token(
    viewer: Asking,
    services: Served,
    token_id: Annotated[str, Parameter(description="The `id` of a token.", max_length=100)],
) -> None:
    """Revoke a token. It stops working at once."""
    services.accounts.tokens.revoke(token_id, _owner(viewer))
    services.accounts.audit.write(viewer, "revoke_token", token_id)


@get("/audit", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def audit(
    services: Served,
    limit: Annotated[
        int, Parameter(ge=1, le=HIGHEST_LIMIT, description="How many at most.")
    ] = USUAL_LIMIT,
    before: Annotated[
        int, Parameter(ge=0, le=2**62, description="Only entries with ids below; 0 for the newest.")
    ] = 0,
    account: Annotated[
        str, Parameter(max_length=LONGEST_NAME, description="Only what this account did.")
    ] = "",
    about: Annotated[
        str,
        Parameter(
            max_length=LONGEST_NAME,
            description="Only questions for this address, or for this domain and its addresses.",
        ),
    ] = "",
) -> shapes.AuditTrail:
    """Who searched for what, and what else was done, newest first. For administrators."""
    found = services.accounts.audit.read(before=before, limit=limit, account=account, about=about)
    return shapes.AuditTrail(
        audit=[
            shapes.AuditEntry(
                **{
                    **msgspec.structs.asdict(each),
                    "at": when.rfc3339(each.at),
                    "about": list(each.about),
                }
            )
            for each in found
        ]
    )


def _owner(viewer: Viewer) -> int | None:
    """Whose tokens a viewer may see and revoke: everybody's is None."""
    return None if viewer.is_administrator else viewer.account_id


def _draft(values: dict[str, Any]) -> Draft:
    return Draft(
        name=values["name"],
        kind=Kind.from_word(values["kind"]),
        password=values.get("password", ""),
        domains=tuple(values["domains"]),
        addresses=tuple(values["addresses"]),
        logins=tuple(values["logins"]),
        reseller=values["reseller"],
    )


def _person(account: Account) -> shapes.Person:
    return shapes.Person(
        name=account.name,
        kind=shapes.kind_word(account.kind),
        disabled=account.disabled,
        domains=list(account.domains),
        addresses=list(account.addresses),
        logins=list(account.logins),
        reseller=account.reseller,
        backend=shapes.backend_word(account.backend),
        created_at=when.rfc3339(account.created_at),
        changed_at=when.rfc3339(account.changed_at),
    )


def _token(token: Token) -> shapes.Token:
    times = {
        name: when.rfc3339(getattr(token, name)) for name in ("created_at", "expires_at", "used_at")
    }
    return shapes.Token(**{**msgspec.structs.asdict(token), **times})
