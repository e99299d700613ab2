"""Exporting: files of deliveries, at once or made in the background and fetched later.

Methods block; they are called in worker threads.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer
from postroad.accounts.wording import unpacked
from postroad.config import Settings
from postroad.errors import AccessError, AccountError, SearchError
from postroad.languages import catalogue, known
from postroad.languages.catalogue import ENGLISH
from postroad.model import question, when
from postroad.model.notice import Notice
from postroad.model.search import Search
from postroad.model.text import Text, say, say_many
from postroad.services.exports import FORMATS, Form, Layout, Order, Piece, Shelf, form, written
from postroad.services.making import KEPT_FOR, Ask, Making
from postroad.state import State, exports
from postroad.state.exports import DONE, FAILED, FETCHED, OPEN, READY, STOPPED, Export
from postroad.state.outbox import EMAIL, Letter
from postroad.store import Store

if TYPE_CHECKING:
    from postroad.services.subscribing import Subscribing

#: Exports that an account may have at a time, ended ones included.
MOST = 20
#: Octets of an order: a question is an address of a page.
_LONGEST = 16_384


class Opened(NamedTuple):
    """An export that is taken at once."""

    total: int
    #: The file, read as it is taken.
    pieces: Iterator[Piece]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One of a viewer's exports, as a page shows it."""

    export: Export
    form: Form
    #: The question as a sentence, and as a query string of the report.
    words: str
    query: str
    #: Whether the file has the columns of a page, and not every field.
    as_seen: bool
    #: What went wrong; empty where nothing did.
    said: str


class Exporting:
    """Exports of one viewer at a time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        state: State,
        accounts: Accounts,
        subscribing: Subscribing,
        *,
        ask: Ask,
        note: Callable[[Viewer, str, Search], None],
        now: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        """`ask` understands questions, `note` writes the audit trail, `wake` begins what waits."""
        self._settings = settings
        self._store = store
        self._state = state
        self._accounts = accounts
        self._subscribing = subscribing
        self._ask = ask
        self._note = note
        self._now = now
        self._wake = wake
        self._shelf = Shelf(settings.home / "exports")
        self.making = Making(settings, store, state, accounts, self._shelf, ask, now, wake)

    def open(
        self,
        viewer: Viewer,
        values: Mapping[str, str],
        *,
        zone: ZoneInfo,
        word: str,
        layout: Layout,
    ) -> Opened:
        """Everything that this viewer asks for and may see, as a file of this form.

        Which rows they are is found out before it returns. Raises `SearchError`, `StoreError`.
        """
        form(word)
        search = self._ask(dict(values), zone, self._now())
        self._note(viewer, "export", search)
        folder = self._shelf.folder()
        listing = queries.Listing(self._store, viewer.scope, search, folder=folder)
        return Opened(listing.total, _pieces(word, listing, layout))

    def check(self, values: Mapping[str, str], *, zone: ZoneInfo) -> None:
        """Raise what `open` raises for a question that cannot be asked; nothing is read."""
        self._ask(dict(values), zone, self._now())

    def order(self, viewer: Viewer, order: Order, *, word: str, mail_to: str = "") -> str:
        """Have an export made in the background; its id. `mail_to` is told when it has ended.

        Raises `SearchError`, `AccessError` and `AccountError`.
        """
        if not viewer.account_id:
            raise AccessError(
                say(
                    "Exports in the background are kept for an account, and this is none. "
                    "`postroad export` writes a file of any size."
                )
            )
        now = self._now()
        search = self._ask(order.values, ZoneInfo(order.clock), now)
        what = msgspec.json.encode(order).decode()
        mail_to = mail_to.strip()
        if len(what) > _LONGEST:
            raise SearchError(say("This question is too long to be kept."))
        if mail_to and (problem := self._subscribing.problem(viewer, EMAIL, mail_to)):
            raise AccountError(problem)
        export = Export(
            id=secrets.token_hex(16),
            account_id=viewer.account_id,
            what=what,
            format=form(word).word,
            created_at=now,
            mail_to=mail_to,
        )
        if not exports.add(self._state, export, most=MOST):
            raise AccountError(
                say(
                    "There are {count} exports of yours, which is the most. Remove one.", count=MOST
                )
            )
        self._note(viewer, "export", search)
        self._wake()
        return export.id

    def mine(self, viewer: Viewer) -> list[Listed]:
        """This viewer's exports, the newest first."""
        if not viewer.account_id:
            return []
        return [self._listed(each) for each in exports.of_account(self._state, viewer.account_id)]

    def stop(self, viewer: Viewer, export_id: str) -> None:
        """Have it not made, if it was not made yet. Raises `AccountError`."""
        export = self._own(viewer, export_id)
        at = self._now()
        ended = {"status": STOPPED, "ended_at": at, "expires_at": at + KEPT_FOR}
        exports.change(self._state, export.id, among=OPEN, **ended)

    def remove(self, viewer: Viewer, export_id: str) -> None:
        """Remove it with its file; one that is being made is stopped. Raises `AccountError`."""
        export = self._own(viewer, export_id)
        exports.remove(self._state, export.id)
        self._shelf.drop(export.id)

    def fetch(
        self, viewer: Viewer, export_id: str, *, noted: bool = True
    ) -> tuple[Export, BinaryIO]:
        """Its file, open to be read. `noted`: it is written down that it was fetched.

        Raises `AccountError` where there is none; and where the account does not see any more all
        that it saw when the file was written, `AccessError`, and the file is removed.
        """
        export = self._own(viewer, export_id)
        order = msgspec.json.decode(export.what, type=Order)
        if export.status not in READY:
            raise _missing()
        if order.scope is None or not viewer.scope.covers(order.scope):
            self.remove(viewer, export_id)
            raise AccessError(
                say(
                    "You may see less than when this export was made, so it was removed. "
                    "Ask again for what you may see."
                )
            )
        file = self._shelf.open(export.id)
        if file is None:
            exports.remove(self._state, export.id)
            raise _missing()
        if noted:
            words = str(self._listed(export).words)
            self._accounts.audit.write(viewer, "export_fetch", words, about=order.about)
            exports.change(self._state, export.id, among=(DONE,), status=FETCHED)
        return export, file

    def compose(self, viewer: Viewer, letter: Letter) -> Notice | None:
        """The letter that says that an export has ended: where to fetch it, and nothing of it."""
        export_id = msgspec.json.decode(letter.recipe, type=dict[str, str]).get("export", "")
        export = exports.get(self._state, export_id)
        if (
            export is None
            or export.account_id != viewer.account_id
            or export.status not in (*READY, FAILED)
            or self._subscribing.problem(viewer, EMAIL, letter.target)
        ):
            return None
        chosen = self._accounts.choices.get(viewer)
        language = chosen.language if chosen.language in known() else ENGLISH
        zone = ZoneInfo(chosen.zone) if chosen.zone else self._settings.zone
        link = f"{self._settings.base_url}/exports"
        subject, text = _words(export, link, zone)
        said = catalogue(language)
        return Notice(
            subject=said.text(subject),
            text="".join(f"{said.text(each)}\n" for each in text),
            data={"export": export.id, "status": export.status, "rows": export.rows, "url": link},
        )

    def close(self) -> None:
        """Stop what is being made."""
        self.making.close()

    def _own(self, viewer: Viewer, export_id: str) -> Export:
        export = exports.get(self._state, export_id)
        if export is None or not viewer.account_id or export.account_id != viewer.account_id:
            raise _missing()
        return export

    def _listed(self, export: Export) -> Listed:
        order = msgspec.json.decode(export.what, type=Order)
        zone = ZoneInfo(order.clock)
        search = self._ask(order.values, zone, export.created_at)
        return Listed(
            export=export,
            form=FORMATS[export.format],
            words=question.in_words(search, zone),
            query=order.query,
            as_seen=bool(order.columns),
            said=unpacked(export.said) if export.said else "",
        )


def _pieces(word: str, listing: queries.Listing, layout: Layout) -> Iterator[Piece]:
    with listing:
        yield from written(word, listing.chunks(), layout)


def _missing() -> AccountError:
    return AccountError(say("There is no such export of yours, or not any more."), "not_found")


def _words(export: Export, link: str, zone: ZoneInfo) -> tuple[Text, list[Text]]:
    """Subject and lines. What was asked is not said: letters are read on their way."""
    asked = when.local(export.created_at, zone)[:16]
    if export.status == FAILED:
        return (
            say("Your export could not be made"),
            [
                say("The export that you asked for at {at} could not be made.", at=asked),
                say("Why is said here, once you have signed in: {link}", link=link),
            ],
        )
    until = when.local(export.expires_at, zone)[:16]
    return (
        say("Your export is ready"),
        [
            say_many(
                "The export that you asked for at {at} is ready: one row.",
                "The export that you asked for at {at} is ready: {count} rows.",
                export.rows,
                at=asked,
            ),
            say("Fetch it here, once you have signed in: {link}", link=link),
            say("It is removed at {until}.", until=until),
        ],
    )
