"""The door: whatever somebody shows to prove who they are, and the viewer they become."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from postroad.accounts import secret
from postroad.accounts.account import IMAP, LONGEST_NAME, OIDC, PROXY, Account, Viewer
from postroad.accounts.audit import Audit
from postroad.accounts.choices import Notebook
from postroad.accounts.hasher import Hasher
from postroad.accounts.imap import Imap
from postroad.accounts.keys import Keys
from postroad.accounts.local import Directory
from postroad.accounts.ownership import Ownership
from postroad.accounts.panel import Panel
from postroad.accounts.proxy import Proxy
from postroad.accounts.sessions import Sessions
from postroad.accounts.slowdown import Slowdown
from postroad.accounts.tokens import Tokens
from postroad.config import Settings
from postroad.errors import AccessError, ConfigError
from postroad.model.text import say
from postroad.state import State

if TYPE_CHECKING:
    from postroad.accounts.oidc import Oidc


def _now() -> int:
    return time.time_ns() // 1000


class Accounts:
    """Everything about accounts, over one state database."""

    def __init__(
        self,
        state: State,
        *,
        hasher: Hasher | None = None,
        session_hours: int = 12,
        panel: Panel | None = None,
        imap: Imap | None = None,
        proxy: Proxy | None = None,
        oidc: Oidc | None = None,
        clock: Callable[[], int] = _now,
    ) -> None:
        """Local accounts alone, unless more is given."""
        self.ownership = Ownership(state, panel or Panel((), (), clock))
        self.directory = Directory(state, hasher or Hasher(), clock, self.ownership.knows)
        self.sessions = Sessions(state, clock, session_hours)
        self.tokens = Tokens(state, clock)
        self.audit = Audit(state, clock)
        self.choices = Notebook(state, clock)
        self._slowdown = Slowdown(state, clock)
        #: Whom to believe who somebody is, besides ourselves; None: nobody.
        self.proxy = proxy
        #: Where people may sign in besides; None: nowhere.
        self.oidc = oidc
        self._imap = imap
        self._keys = Keys(state)

    @classmethod
    def of(cls, state: State, settings: Settings, *, hasher: Hasher | None = None) -> Self:
        """As the settings want it. Raises `ConfigError`."""
        return cls(
            state,
            hasher=hasher,
            session_hours=settings.session_hours,
            panel=Panel(settings.domain_users, settings.user_owners, _now),
            imap=_imap(settings),
            proxy=_proxy(settings),
            oidc=_oidc(settings),
        )

    def sign_in(self, name: str, password: str, client: str) -> str:
        """The secret of a new session, by local password or, for some domains, by mail password.

        Raises `AccessError` with one and the same sentence whatever was wrong, after one and the
        same time for all names of a domain; `TooManyTries` after too many failures.
        """
        self._slowdown.enter(name, client)
        account = self.directory.verify(name, password) or self._by_mail(name, password, client)
        if account is None:
            raise AccessError(say("This name and password do not belong together."))
        self._slowdown.succeed(name, client)
        self.audit.write(self._viewer(account, "session", client), "sign_in", account.name)
        return self.sessions.open(account, client)

    def change_password(self, viewer: Viewer, current: str, new: str, session: str) -> None:
        """Give the viewer's account another password; its sessions but this one end.

        Raises `AccessError` if `current` is not its password, `TooManyTries` after too many
        failures, `AccountError` if the new one cannot be one.
        """
        self._slowdown.enter(viewer.name, viewer.client)
        account = self.directory.verify(viewer.name, current)
        if account is None or account.id != viewer.account_id:
            raise AccessError(say("The current password is not right."))
        self._slowdown.succeed(viewer.name, viewer.client)
        self.directory.set_password(account.id, new)
        self.sessions.end_all(account.id, but=session)
        self.audit.write(viewer, "password", account.name)

    def by_session(self, given: str, client: str) -> Viewer | None:
        """The viewer whose session's secret this is, or None."""
        if found := self.sessions.find(given):
            account, via = found
            return self._viewer(account, via, client, secret.form_key(given))
        return None

    def by_token(self, given: str, client: str) -> Viewer | None:
        """The viewer whose token this is, or None."""
        if account := self.tokens.account(given):
            return self._viewer(account, "token", client)
        return None

    def by_id(self, account_id: int, via: str) -> Viewer | None:
        """The viewer that an account is now, for what is done in its name while it is away.

        None where it is gone or may not be used. `via` is what is done, as in `report`.
        """
        account = self.directory.by_id(account_id)
        return None if account is None or account.disabled else self._viewer(account, via, "")

    def by_proxy(self, name: str, client: str) -> Viewer:
        """The viewer of the name that the trusted proxy gave. Raises `AccessError`."""
        account = self._vouched(name, PROXY, makes=bool(self.proxy and self.proxy.makes))
        key = secret.form_key(self._keys.get("forms"), f"{PROXY} {account.id}")
        return self._viewer(account, PROXY, client, key)

    def begin_oidc(self) -> tuple[str, str]:
        """Where to sign in at the OpenID provider, and a secret for the browser's cookie.

        Raises `AccessError` where there is no provider or it does not answer.
        """
        return self._provider().begin(self._keys.get(OIDC))

    def end_oidc(self, made: str, answer: dict[str, str], client: str) -> str:
        """The secret of a new session, for whom the provider sent back with this query.

        `made` is the secret that `begin_oidc` gave. Raises `AccessError`.
        """
        provider = self._provider()
        name = provider.finish(self._keys.get(OIDC), made, answer)
        account = self._vouched(name, OIDC, makes=provider.makes)
        self.audit.write(self._viewer(account, OIDC, client), "sign_in", account.name)
        return self.sessions.open(account, client, OIDC)

    def _provider(self) -> Oidc:
        if self.oidc is None:
            raise AccessError(say("This server takes no sign-in from elsewhere."))
        return self.oidc

    def _vouched(self, name: str, backend: str, *, makes: bool) -> Account:
        """The account that somebody whom we trust calls by this name. Raises `AccessError`."""
        account = self.directory.find(name)
        if account is None and makes:
            account = self.directory.vouched(name, backend)
        if account is None or account.disabled:
            raise AccessError(say("{name} has no account here that may be used.", name=name[:320]))
        return account

    def _by_mail(self, name: str, password: str, client: str) -> Account | None:
        """The mailbox account of this address, if the IMAP server says that it is the password.

        The server is asked for every address of its domains, whether there is an account or not
        and however its password is kept: the answer and its time are the same.
        """
        key = name.strip().lower()
        if self._imap is None or len(key) > LONGEST_NAME or not self._imap.serves(key):
            return None
        if not self._imap.verify(key, password, client):
            return None
        return self.directory.vouched(key, IMAP)

    def _viewer(self, account: Account, via: str, client: str, form_key: str = "") -> Viewer:
        return Viewer(
            name=account.name,
            kind=account.kind,
            scope=self.ownership.scope(account),
            via=via,
            client=client,
            account_id=account.id,
            form_key=form_key,
        )


def _imap(settings: Settings) -> Imap | None:
    if not settings.imap:
        return None
    return Imap(settings.imap, settings.imap_domains, settings.imap_ca, settings.imap_timeout)


def _proxy(settings: Settings) -> Proxy | None:
    if not settings.proxy_header:
        return None
    return Proxy(settings.proxy_header, settings.proxy_networks, makes=settings.proxy_accounts)


def _oidc(settings: Settings) -> Oidc | None:
    if not settings.oidc_issuer:
        return None
    try:
        from postroad.accounts.oidc import BACK, Client, Oidc
        from postroad.accounts.provider import Provider
    except ImportError as error:
        message = (
            "The setting `oidc_issuer` needs a package that is not installed: "
            "pip install 'postroad[oidc]'."
        )
        raise ConfigError(message) from error
    client = Client(
        id=settings.oidc_client_id,
        secret=settings.oidc_client_secret,
        back=settings.public_url.rstrip("/") + BACK,
        claim=settings.oidc_claim,
        scopes=settings.oidc_scopes,
        makes=settings.oidc_accounts,
    )
    return Oidc(Provider(settings.oidc_issuer, settings.oidc_ca), client)
