"""Evidence that people make: of what, what is seen of it, and until when its link opens.

A link opens for as long as whoever made it wants, and may: it ends with the account, and when the
account may no longer see the delivery, for nobody can show others what they may not see themselves.
A file that was handed on stays right whatever becomes of the link.
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property, partial
from threading import Lock
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer, secret
from postroad.accounts.keys import Keys
from postroad.config import Settings
from postroad.errors import PostroadError, TooManyTries
from postroad.languages import ENGLISH, known
from postroad.model.delivery import Delivery
from postroad.model.text import Text, say
from postroad.model.when import DAY
from postroad.queries.handed import HandedOn, Wish
from postroad.reports import evidence as papers
from postroad.reports.evidence import Checked, Document, Seal, paper
from postroad.reports.evidence.making import document as made_of
from postroad.services.limits import Limits, Rule
from postroad.state import State
from postroad.state import evidence as rows
from postroad.store import Store

#: Days that a link opens, to choose from; 0: until it is withdrawn.
DAYS = (30, 365, 0)
#: Of whoever asks: documents made, papers set for strangers, files checked.
_MAKING, _READING, _CHECKING = Rule(60, 600), Rule(60, 600), Rule(60, 600)
#: Papers that are kept ready, and seconds to wait for whoever sets another one: one at a time, for
#: each takes the memory of the whole program again.
_READY, _PATIENCE = 16, 20
#: How long the end of a link is told before it is forgotten that there was one, microseconds.
_TOLD = 400 * DAY


class Ended(PostroadError):
    """A link that opened once: `args[0]` says why it does not any more."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What evidence somebody wants."""

    wish: Wish = Wish()
    days: int = DAYS[0]
    zone: ZoneInfo
    language: str = ENGLISH


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was made."""

    document: Document
    sealed: bytes
    #: What stands in its link; empty where none is kept, for who has no account.
    secret: str = ""
    #: Microseconds UTC; 0: does not expire.
    expires_at: int = 0


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """A document in the list of whoever made it."""

    kept: rows.Kept
    document: Document
    #: Why its link does not open any more; empty while it does.
    ended: str


class Evidencing:
    """Makes documents, keeps them behind links, and checks files."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        state: State,
        accounts: Accounts,
        limits: Limits,
        now: Callable[[], int],
    ) -> None:
        """`now` gives microseconds UTC."""
        self._settings = settings
        self._store = store
        self._state = state
        self._accounts = accounts
        self._limits = limits
        self._now = now
        self._ready: OrderedDict[bytes, bytes] = OrderedDict()
        self._guard = Lock()
        self._setting = Lock()

    @cached_property
    def seal(self) -> Seal:
        """The server's key, made when it is first needed, the same for every process."""
        held = Keys(self._state).get("evidence")
        return Seal(base64.urlsafe_b64decode(held + "="))

    @property
    def server(self) -> str:
        """What the server calls itself in its documents."""
        return self._settings.host

    def make(self, viewer: Viewer, delivery_id: str, order: Order) -> Made | None:
        """A document of a delivery; None where there is none that this viewer may see.

        Raises `TooManyTries`.
        """
        person = f"evidence of {viewer.account_id or viewer.name}"
        self._limits.enter(person, _MAKING, say("Making evidence"))
        seen = queries.detail(self._store, viewer.scope, delivery_id)
        about = (seen.delivery.sender, seen.delivery.recipient) if seen else ()
        self._accounts.audit.write(viewer, "evidence", delivery_id[:64], about=about)
        views = partial(HandedOn, wish=order.wish)
        found = queries.detail(self._store, viewer.scope, delivery_id, views)
        if seen is None or found is None:
            return None
        at = self._now()
        maker = papers.Maker(
            server=self.server, url=self._settings.public_url, key=self.seal.fingerprint
        )
        document = made_of(
            found,
            order.wish,
            maker=maker,
            at=at,
            zone=order.zone,
            language=order.language if order.language in known() else ENGLISH,
        )
        made = Made(
            document=document,
            sealed=self.seal.sealed(msgspec.to_builtins(document)),
            expires_at=at + order.days * DAY if order.days else 0,
        )
        return self._linked(viewer, made, seen.delivery, at) if viewer.account_id else made

    def _linked(self, viewer: Viewer, made: Made, seen: Delivery, at: int) -> Made:
        """The document, kept behind a new link, with the parties by which its maker sees it."""
        name = secret.make()
        rows.add(
            self._state,
            rows.Kept(
                id=secret.digest(name),
                account_id=viewer.account_id,
                delivery_id=made.document.delivery_id,
                body=rows.Body(sealed=made.sealed.decode(), parties=(*seen.targets, *seen.origins)),
                created_at=at,
                expires_at=made.expires_at,
            ),
        )
        return msgspec.structs.replace(made, secret=name)

    def opened(self, name: str) -> tuple[rows.Kept, Document] | None:
        """The document behind the link with this secret; None where there never was one.

        Raises `Ended` where the link does not open any more.
        """
        kept = rows.get(self._state, secret.digest(name))
        if kept is None:
            return None
        if why := self._ended(kept):
            raise Ended(why)
        return kept, _document(kept)

    def paper(self, sealed: bytes, client: str = "") -> bytes:
        """The PDF of a sealed document; `client` is a stranger who asks for it. Blocks.

        Raises `TooManyTries`, and `PostroadError` where it cannot be made.
        """
        name = hashlib.sha256(sealed).digest()
        with self._guard:
            if held := self._ready.get(name):
                self._ready.move_to_end(name)
                return held
        if client:
            self._limits.enter(f"evidence for {client}", _READING, say("Papers"))
        document = papers.check(sealed).document
        if document is None:
            raise PostroadError(say("The document is damaged."))
        if not self._setting.acquire(timeout=_PATIENCE):
            message = say("Other papers are being made. Try again in {wait} s.", wait=_PATIENCE)
            raise TooManyTries(message, _PATIENCE)
        try:
            made = paper.make(document, sealed, self.seal, at=self._now())
        finally:
            self._setting.release()
        with self._guard:
            self._ready[name] = made
            while len(self._ready) > _READY:
                self._ready.popitem(last=False)
        return made

    def mine(self, viewer: Viewer) -> list[Mine]:
        """What this viewer handed out, the newest first."""
        if not viewer.account_id:
            return []
        return [
            Mine(kept=each, document=_document(each), ended=self._ended(each) or "")
            for each in rows.of_account(self._state, viewer.account_id)
        ]

    def withdraw(self, viewer: Viewer, name: str) -> bool:
        """Close the link of the viewer's document with this id; False where none is open."""
        done = rows.withdraw(self._state, viewer.account_id, name, at=self._now())
        if done:
            kept = rows.get(self._state, name)
            self._accounts.audit.write(
                viewer, "evidence_withdrawn", kept.delivery_id if kept else ""
            )
        return done

    def admit(self, client: str) -> None:
        """Count a file that is to be handed in from there. Raises `TooManyTries`."""
        self._limits.enter(f"check for {client}", _CHECKING, say("Checks of evidence"))

    def examine(self, data: bytes) -> Checked:
        """Whether a file is right, and what it says."""
        return papers.check(data)

    def is_ours(self, checked: Checked) -> bool:
        """Whether a right file is sealed with this server's key."""
        return checked.is_right and checked.key == self.seal.public

    def forget(self, now: int) -> None:
        """Remove documents whose links ended long ago."""
        rows.drop_before(self._state, now - _TOLD)

    def _ended(self, kept: rows.Kept) -> Text | None:
        """Why a link does not open any more; None while it does."""
        if kept.withdrawn_at:
            return say("This evidence was withdrawn by whoever made it.")
        if kept.expires_at and kept.expires_at <= self._now():
            return say("The time for which this link was to open is over.")
        maker = self._accounts.by_id(kept.account_id, via="evidence")
        if maker is None or not (
            maker.scope.is_everything or any(map(maker.scope.holds, kept.body.parties))
        ):
            return say("Whoever made this evidence may not show it any more.")
        return None


def _document(kept: rows.Kept) -> Document:
    held = msgspec.json.decode(kept.body.sealed, type=dict[str, msgspec.Raw])
    return msgspec.json.decode(held["document"], type=Document)
