"""Subscribing: who wants to be told what, where to, and how each of them stops.

A link to unsubscribe needs no sign-in (RFC 8058): its secret is made from a key of this
installation and the wish itself, so that every letter has the same one and none is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from zoneinfo import ZoneInfo

import msgspec

from postroad.accounts import Account, Accounts, Viewer, secret
from postroad.accounts.keys import Keys
from postroad.config import Settings
from postroad.errors import AccountError
from postroad.languages import known
from postroad.model import address
from postroad.model.text import say
from postroad.model.when import shown
from postroad.state import State, subscriptions
from postroad.state.outbox import EMAIL, WEBHOOK
from postroad.state.subscriptions import KINDS, REMOVED, UNSUBSCRIBED, Subscription

#: How many wishes an account may have at a time.
MOST = 100
#: Key that links are made with.
_KEY = "unsubscribe"
#: Characters of what a wish says.
_LONGEST = 8192
#: An address that letters can be sent to: neither folded, quoted nor an option of `sendmail`.
_TARGET = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-]"
    r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f]*@[^\s@<>()\[\],;:\\\"\x00-\x20\x7f]+"
)
#: RFC 5321 section 4.5.3.1.3, without the angle brackets.
_LONGEST_TARGET = 254


class Subscribing:
    """Wishes, made and ended for one account at a time."""

    def __init__(
        self, settings: Settings, state: State, accounts: Accounts, now: Callable[[], int]
    ) -> None:
        """`now` gives microseconds UTC."""
        self._now = now
        self._settings = settings
        self._state = state
        self._accounts = accounts
        self._keys = Keys(state)

    def add(
        self,
        viewer: Viewer,
        kind: str,
        what: str | msgspec.Struct,
        channel: str,
        target: str,
        zone: str = "",
        language: str = "",
        *,
        due_at: int = 0,
        memory: str = "{}",
        about: Iterable[str] = (),
    ) -> int:
        """Keep a wish of this viewer's account; its id. The same wish again is the same wish.

        `what` is JSON, or a struct that becomes it; `channel` and `target` say where to: `email`
        and an address, or `webhook` and its id. It is looked at from `due_at` on (microseconds
        UTC; 0: at once). `about` are the addresses and domains that it asks about, for the audit
        trail. Raises `AccountError`.
        """
        account = self._account(viewer)
        said = what if isinstance(what, str) else msgspec.json.encode(what).decode()
        if kind not in KINDS or len(said) > _LONGEST:
            raise AccountError(say("This cannot be asked for: it is too long, or no known kind."))
        target = target.strip()
        if problem := self.problem(viewer, channel, target):
            raise AccountError(problem)
        # Made now if it is the first time: not while the wish is being written.
        self._keys.get(_KEY)
        made = subscriptions.add(
            self._state,
            Subscription(
                account_id=account.id,
                kind=kind,
                what=said,
                channel=channel,
                target=target,
                zone=zone if _is_zone(zone) else self._settings.timezone,
                language=language if language in known() else "en",
                created_at=self._now(),
                due_at=due_at,
                memory=memory,
            ),
            digest=lambda wish: secret.digest(self._secret(wish)),
            most=MOST,
        )
        if made is None:
            raise AccountError(
                say("You asked for {count} things, which is the most. End one.", count=MOST)
            )
        self._accounts.audit.write(viewer, "subscribe", f"{kind} {made} to {target}", about)
        return made

    def problem(self, viewer: Viewer, channel: str, target: str) -> str:
        """Why this viewer may not have letters sent there; empty where they may.

        To be asked when they are sent, too: rights may have changed.
        """
        if channel == WEBHOOK:
            if subscriptions.holds_webhook(self._state, viewer.account_id, target):
                return ""
            return say("There is no such webhook of yours.")
        if channel != EMAIL:
            return say("Letters go by email or to a webhook.")
        if (
            len(target) > _LONGEST_TARGET
            or not _TARGET.fullmatch(target)
            or not target.isprintable()
        ):
            return say("{text} is not an address that mail can be sent to.", text=shown(target))
        if viewer.is_administrator or viewer.scope.holds(target):
            return ""
        account = self._accounts.directory.by_id(viewer.account_id)
        own = {account.name, *account.addresses} if account else set()
        if address.key(target) in own:
            return ""
        return say(
            "You may have mail sent to your own addresses, and {text} is none.", text=shown(target)
        )

    def targets(self, viewer: Viewer) -> list[str]:
        """Addresses of this viewer's own to choose from, the account's own name first."""
        account = self._accounts.directory.by_id(viewer.account_id)
        if account is None:
            return []
        names = [account.name, *account.addresses, *sorted(viewer.scope.addresses)]
        found = dict.fromkeys(each for each in names if not self.problem(viewer, EMAIL, each))
        return list(found)

    def mine(self, viewer: Viewer) -> list[Subscription]:
        """The wishes of this viewer's account, the newest first, ended ones too."""
        return subscriptions.of_account(self._state, viewer.account_id) if viewer.account_id else []

    def get(self, viewer: Viewer, wish_id: int) -> Subscription:
        """The wish of this id, if it is this viewer's. Raises `AccountError`."""
        found = subscriptions.get(self._state, wish_id)
        if found is None or not viewer.account_id or found.account_id != viewer.account_id:
            raise AccountError(say("There is no such subscription of yours."), "not_found")
        return found

    def end(self, viewer: Viewer, wish_id: int) -> None:
        """End a wish of this viewer's. Raises `AccountError` if they have none of this id."""
        wish = self.get(viewer, wish_id)
        now = self._now()
        if subscriptions.end(self._state, wish.id, why=REMOVED, at=now):
            self._accounts.audit.write(viewer, "unsubscribe", f"{wish.kind} {wish.id}")

    def link(self, wish: Subscription) -> str:
        """Where this wish is ended without signing in."""
        return f"{self._settings.base_url}/unsubscribe/{self._secret(wish)}"

    def of_secret(self, given: str) -> Subscription | None:
        """The wish whose link has this secret; None where there is none, or it ended."""
        found = subscriptions.by_digest(self._state, secret.digest(given))
        return found if found and not found.ended_at else None

    def unsubscribe(self, given: str) -> bool:
        """End the wish whose link has this secret, with its waiting letters; whether it did."""
        return subscriptions.end_by_digest(
            self._state, secret.digest(given), why=UNSUBSCRIBED, at=self._now()
        )

    def _secret(self, wish: Subscription) -> str:
        """Of 256 bits. An id may come again where an account was removed, a time does not."""
        message = f"{wish.id} {wish.account_id} {wish.created_at}".encode()
        key = self._keys.get(_KEY).encode()
        return hmac.new(key, message, hashlib.sha256).hexdigest()

    def _account(self, viewer: Viewer) -> Account:
        account = self._accounts.directory.by_id(viewer.account_id) if viewer.account_id else None
        if account is None:
            raise AccountError(
                say(
                    "Letters are sent for accounts, and this is none: sign in to an account, or "
                    "use its token."
                )
            )
        return account


def _is_zone(name: str) -> bool:
    with suppress(OSError, ValueError, KeyError):
        return bool(name and ZoneInfo(name))
    return False
