"""An account, and the viewer that someone becomes by signing in to it."""

from __future__ import annotations

from enum import IntEnum
from typing import assert_never

import msgspec

from postroad.errors import AccountError
from postroad.model import address
from postroad.model.scope import Scope
from postroad.model.when import shown

#: RFC 5321 section 4.5.3.1: 64 octets, "@" and 255.
LONGEST_NAME = 320
_LONGEST_DOMAIN = 255

#: Backends: what checks who somebody is.
LOCAL, IMAP, PROXY, OIDC = "local", "imap", "proxy", "oidc"


class Kind(IntEnum):
    """What an account may see. Stored: append, never renumber."""

    #: All mail, unmasked, and the server itself.
    ADMINISTRATOR = 1
    #: The mail of every mailbox of its domains.
    OWNER = 2
    #: The mail of one address and its aliases.
    MAILBOX = 3
    #: The mail of the accounts that it owns, and its own.
    RESELLER = 4

    @property
    def word(self) -> str:
        """The public name: `owner`."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Kind:
        """The kind with this public name. Raises `AccountError`."""
        try:
            return cls[word.upper()]
        except KeyError as error:
            message = f"There is no kind of account {shown(word)}. Known are: "
            raise AccountError(message + ", ".join(kind.word for kind in cls) + ".") from error


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account, without its password."""

    id: int
    #: What it signs in with: a full address, or a name. Lower case.
    name: str
    kind: Kind
    disabled: bool = False
    #: Domains of an owner or reseller.
    domains: tuple[str, ...] = ()
    #: Addresses it sees besides: of a mailbox its address and aliases.
    addresses: tuple[str, ...] = ()
    #: System or hosting accounts under which it provably submits mail.
    logins: tuple[str, ...] = ()
    #: Of an owner: the reseller account that it belongs to; empty: none.
    reseller: str = ""
    #: What checks who it is: `local`, `imap`, `proxy` or `oidc`.
    backend: str = LOCAL
    created_at: int = 0
    changed_at: int = 0

    @property
    def scope(self) -> Scope:
        """What it may see by its own row; `Ownership.scope` adds what it has besides."""
        match self.kind:
            case Kind.ADMINISTRATOR:
                return Scope.everything()
            case Kind.OWNER | Kind.RESELLER:
                return Scope.of(
                    domains=set(self.domains),
                    addresses=set(self.addresses),
                    logins=set(self.logins),
                )
            case Kind.MAILBOX:
                return Scope.of(addresses=set(self.addresses), logins=set(self.logins))
        assert_never(self.kind)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is to be made from."""

    name: str
    kind: Kind
    password: str = ""
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    reseller: str = ""


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who proved who they are, for the length of one request."""

    name: str
    kind: Kind
    scope: Scope
    #: How they proved it: `session`, `token`, `socket`, `proxy` or `oidc`.
    via: str
    #: Where from: an address, or "" for the Unix socket.
    client: str = ""
    #: 0 for the Unix socket, which needs no account.
    account_id: int = 0
    #: What a form must carry to be theirs; "" where there is no session.
    form_key: str = ""

    @property
    def is_administrator(self) -> bool:
        """Whether they may look after the server, not only at mail."""
        return self.kind is Kind.ADMINISTRATOR


def local_administrator() -> Viewer:
    """The viewer that whoever may open the Unix socket is."""
    return Viewer(
        name="local administrator",
        kind=Kind.ADMINISTRATOR,
        scope=Scope.everything(),
        via="socket",
    )


def checked(draft: Draft, *, is_known: bool = False) -> Draft:
    """The draft in the form that is stored, complete. Raises `AccountError` with the reason.

    `is_known` says that a panel has a user of this name, whose domains an owner has. A mailbox
    whose name is an address has that address; an owner whose name is an address does not get it
    by that, for the name proves nothing.
    """
    name = _name(draft.name)
    domains = tuple(sorted({checked_domain(each) for each in draft.domains}))
    addresses = {_address(each) for each in draft.addresses}
    logins = tuple(sorted({_login(each) for each in draft.logins}))
    if draft.kind is Kind.MAILBOX:
        if domains:
            message = "A mailbox account sees addresses, not domains: make it an owner."
            raise AccountError(message)
        if address.is_address(name):
            addresses.add(name)
        if not addresses:
            message = f"The mailbox account {shown(name)} needs an address: it has none to see."
            raise AccountError(message)
    if draft.reseller and draft.kind is not Kind.OWNER:
        message = f"{shown(name)} cannot belong to a reseller: only owner accounts do."
        raise AccountError(message)
    if draft.kind is Kind.OWNER and not (domains or addresses or logins or is_known):
        message = f"The owner account {shown(name)} needs at least one domain."
        raise AccountError(message)
    return msgspec.structs.replace(
        draft,
        name=name,
        domains=domains,
        addresses=tuple(sorted(addresses)),
        logins=logins,
        reseller=draft.reseller.strip().lower(),
    )


def _name(text: str) -> str:
    name = text.strip().lower()
    if (
        not name
        or len(name) > LONGEST_NAME
        or not name.isprintable()
        or any(c.isspace() for c in name)
    ):
        message = (
            f"{shown(text)} cannot be the name of an account: "
            "use a full address or a name without spaces, of up to "
            f"{LONGEST_NAME} characters."
        )
        raise AccountError(message)
    return name


def checked_domain(text: str) -> str:
    """The domain as it is stored and compared. Raises `AccountError`."""
    domain = text.strip().lower().removeprefix("@").rstrip(".")
    if not domain or len(domain) > _LONGEST_DOMAIN or not _is_word(domain) or "@" in domain:
        message = f"{shown(text)} is not a domain. Write it like example.com."
        raise AccountError(message)
    return domain


def _address(text: str) -> str:
    key = address.key(text.strip())
    if not address.is_address(key) or len(key) > LONGEST_NAME or not key.isprintable():
        message = f"{shown(text)} is not an address. Write it like name@example.com."
        raise AccountError(message)
    return key


def _login(text: str) -> str:
    login = text.strip().lower()
    if not login or len(login) > LONGEST_NAME or not _is_word(login):
        message = f"{shown(text)} is not a login. Write it as the mail server logs it."
        raise AccountError(message)
    return login


def _is_word(text: str) -> bool:
    return text.isprintable() and not any(c.isspace() or c in "<>,/\"'" for c in text)
