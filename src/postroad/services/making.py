"""Making exports while nobody waits: each in a thread of its own, two at a time, one an account.

What is ordered waits in the state. A file is written from the beginning, by what its account may
see then; that is looked at again while it is written. Killed in the middle, it is begun anew at the
next start, and what was half written is removed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer
from postroad.accounts.wording import packed
from postroad.config import Settings
from postroad.errors import PostroadError
from postroad.model.search import Search
from postroad.model.text import say
from postroad.model.when import DAY
from postroad.services.exports import Order, Shelf, written
from postroad.services.exports.shelf import full
from postroad.state import State, exports
from postroad.state.exports import DONE, FAILED, OPEN, READY, RUNNING, WAITING, Export
from postroad.state.outbox import EMAIL, Letter, put
from postroad.store import Store

_log = logging.getLogger(__name__)

#: How long an export is kept after its end.
KEPT_FOR = 7 * DAY
#: Exports that are written at a time.
_AT_ONCE = 2
#: Seconds between two notes of how far one is, and looks whether it may go on.
_EVERY = 1.0
_MEGABYTE = 1_000_000

#: Values, zone and moment of a question to the search that they ask for.
Ask = Callable[[dict[str, str], ZoneInfo, int], Search]


class _Stopped(Exception):
    """Nobody wants it any more, or the process ends."""


class Making:
    """The exports that are written by this process."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        state: State,
        accounts: Accounts,
        shelf: Shelf,
        ask: Ask,
        now: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        """Nothing is begun before the first look, which `wake` brings about."""
        self._settings = settings
        self._store = store
        self._state = state
        self._accounts = accounts
        self._shelf = shelf
        self._ask = ask
        self._now = now
        self._wake = wake
        self._guard = threading.Lock()
        self._running: dict[str, tuple[int, threading.Thread]] = {}
        self._stop = threading.Event()
        self._is_recovered = False

    def look(self, now: int) -> None:
        """Remove what is too old, and begin what waits and may begin."""
        if not self._is_recovered:
            self._recover()
            self._is_recovered = True
        for each in exports.expired(self._state, at=now):
            exports.remove(self._state, each.id)
            self._shelf.drop(each.id)
        for each in exports.of_status(self._state, (WAITING,)):
            self._begin(each)

    def close(self) -> None:
        """Stop, and wait for the end; what was not finished is begun anew at the next start."""
        with self._guard:
            self._stop.set()
            threads = [thread for _, thread in self._running.values()]
        for thread in threads:
            thread.join()

    def tell(self, export: Export) -> None:
        """Put the letter of an export that ended into the outbox, if somebody is to be told."""
        if export.mail_to:
            letter = Letter(
                key=f"export {export.id}",
                account_id=export.account_id,
                kind="export",
                channel=EMAIL,
                target=export.mail_to,
                recipe=msgspec.json.encode({"export": export.id}).decode(),
            )
            put(self._state, letter, at=self._now())

    def _recover(self) -> None:
        """After a start: what was being written is begun anew; a letter that is missing is put."""
        for each in exports.of_status(self._state, (RUNNING,)):
            self._rewind(each.id)
        ready = exports.of_status(self._state, (*READY, FAILED))
        for each in ready:
            self.tell(each)
        self._shelf.sweep({each.id for each in ready if each.status in READY})

    def _rewind(self, export_id: str) -> None:
        begun = {"status": WAITING, "rows": 0, "total": 0, "octets": 0}
        exports.change(self._state, export_id, among=(RUNNING,), **begun)

    def _begin(self, export: Export) -> None:
        with self._guard:
            busy = [account for account, _ in self._running.values()]
            if self._stop.is_set() or len(busy) >= _AT_ONCE or export.account_id in busy:
                return
            thread = threading.Thread(target=self._run, args=(export,), name="export")
            self._running[export.id] = (export.account_id, thread)
            thread.start()

    def _run(self, export: Export) -> None:
        """Write one, and say how it ended."""
        try:
            self._make(export)
        except _Stopped:
            self._rewind(export.id)
        except PostroadError as error:
            self._fail(export, error.args[0])
        except Exception:  # noqa: BLE001 - whoever waits for it must hear of the end
            _log.exception("An export failed")
            self._fail(export, say("It failed. The reason is in the log of the server."))
        finally:
            with self._guard:
                del self._running[export.id]
            self._wake()

    def _make(self, export: Export) -> None:
        if not exports.change(self._state, export.id, among=(WAITING,), status=RUNNING):
            return
        viewer = self._viewer(export)
        order = msgspec.json.decode(export.what, type=Order)
        order = msgspec.structs.replace(order, scope=viewer.scope)
        search = self._ask(order.values, ZoneInfo(order.clock), export.created_at)
        folder = self._shelf.folder()
        with (
            queries.Listing(self._store, viewer.scope, search, folder=folder) as listing,
            self._shelf.writing(export.id) as file,
        ):
            what = msgspec.json.encode(order).decode()
            self._note(export, what=what, total=listing.total)
            rows, octets = self._write(export, order, listing, file)
        at = self._now()
        ended = {"rows": rows, "total": rows, "octets": octets, "ended_at": at}
        if exports.change(
            self._state, export.id, among=(RUNNING,), status=DONE, expires_at=at + KEPT_FOR, **ended
        ):
            self.tell(export)
        else:
            self._shelf.drop(export.id)

    def _write(
        self, export: Export, order: Order, listing: queries.Listing, file: BinaryIO
    ) -> tuple[int, int]:
        """Rows and octets of the file. Raises what keeps it from being written to its end."""
        rows = octets = 0
        looked = time.monotonic()
        for piece in written(export.format, listing.chunks(), order.layout):
            file.write(piece.content)
            rows, octets = piece.rows, octets + len(piece.content)
            if self._stop.is_set():
                raise _Stopped
            if time.monotonic() - looked >= _EVERY:
                looked = time.monotonic()
                self._note(export, rows=rows, octets=octets)
                self._may_go_on(export, order)
                self._has_room(export, octets)
        self._has_room(export, octets)
        return rows, octets

    def _note(self, export: Export, **values: object) -> None:
        """Say how far it is. Raises `_Stopped` where nobody wants to know."""
        if not exports.change(self._state, export.id, among=(RUNNING,), **values):
            raise _Stopped

    def _may_go_on(self, export: Export, order: Order) -> None:
        viewer = self._viewer(export)
        if order.scope is None or not viewer.scope.covers(order.scope):
            raise PostroadError(say("Its account may see less than when the export was begun."))

    def _has_room(self, export: Export, octets: int) -> None:
        """Raise a `PostroadError` where the file takes more room than there is for it."""
        if self._shelf.is_nearly_full():
            raise full()
        viewer = self._viewer(export)
        most = self._settings.exports_megabytes * _MEGABYTE
        kept = exports.of_status(self._state, (RUNNING, *READY))
        others = [each for each in kept if each.id != export.id]
        own = sum(each.octets for each in others if each.account_id == export.account_id)
        if not viewer.is_administrator and own + octets > most // 2:
            raise PostroadError(
                say(
                    "Your exports would take more than {count} MB, which is the most for one "
                    "account. Remove some, or narrow the question.",
                    count=most // 2 // _MEGABYTE,
                )
            )
        if sum(each.octets for each in others) + octets > most:
            raise PostroadError(
                say(
                    "All exports together would take more than {count} MB (`exports_megabytes`). "
                    "Remove some, narrow the question, or wait until others have expired.",
                    count=most // _MEGABYTE,
                )
            )

    def _viewer(self, export: Export) -> Viewer:
        """Whose it is, as they are now. Raises `PostroadError`."""
        viewer = self._accounts.by_id(export.account_id, via="export")
        if viewer is None:
            raise PostroadError(say("Its account may not be used any more."))
        return viewer

    def _fail(self, export: Export, said: str) -> None:
        at = self._now()
        ended = {"ended_at": at, "expires_at": at + KEPT_FOR, "said": packed(said), "octets": 0}
        try:
            if exports.change(self._state, export.id, among=OPEN, status=FAILED, **ended):
                self.tell(export)
        except PostroadError as error:
            _log.warning("How an export ended could not be kept: %s", error)
