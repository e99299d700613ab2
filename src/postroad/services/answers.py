"""Questions and their answers, each with its line in the audit trail.

Methods block; they are called in worker threads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer
from postroad.config import Settings
from postroad.errors import SearchError
from postroad.ingest import Follower
from postroad.model import question, when
from postroad.model.search import Page, Search
from postroad.model.status import Status
from postroad.model.text import say
from postroad.reasons import Reason
from postroad.services.imports import Imports
from postroad.state import State
from postroad.store import Store

#: How many deliveries a page holds unless asked otherwise, and at most.
USUAL_LIMIT, HIGHEST_LIMIT = 100, 1000


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries, and the question that it answers."""

    search: Search
    page: Page


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries, the question, and how many there are of each status."""

    search: Search
    page: Page
    #: Of all statuses, also those that were not asked for.
    counts: dict[Status, int]


@dataclass
class Services:
    """Everything that a request may need. Made by `app`, closed by it."""

    settings: Settings
    store: Store
    state: State
    accounts: Accounts
    imports: Imports
    #: What follows the configured sources; None where nothing does.
    follower: Follower | None = None
    started_at: int = field(default_factory=lambda: time.time_ns() // 1000)
    #: Checks passwords, apart from other work, so that many sign-ins at once hold up nobody else.
    signing: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(16, thread_name_prefix="signing")
    )

    def close(self) -> None:
        """End its threads. Store and state are closed by whoever opened them."""
        self.signing.shutdown(cancel_futures=True)

    def now(self) -> int:
        """Microseconds UTC."""
        return time.time_ns() // 1000

    def search(
        self,
        viewer: Viewer,
        values: Mapping[str, str],
        *,
        zone: ZoneInfo,
        limit: int = USUAL_LIMIT,
        cursor: str | None = None,
        count: bool = False,
    ) -> Answer:
        """Deliveries that this viewer asks for and may see, in order. Raises `SearchError`."""
        search = self._ask(values, zone)
        self.accounts.audit.write(viewer, "search", str(question.in_words(search, when.UTC_ZONE)))
        page = queries.search(
            self.store, viewer.scope, search, limit=limit, cursor=cursor, count=count
        )
        return Answer(search=search, page=page)

    def report(
        self,
        viewer: Viewer,
        values: Mapping[str, str],
        *,
        zone: ZoneInfo,
        limit: int,
        cursor: str | None,
    ) -> Report:
        """The same with figures for every status, as a page shows them. Raises `SearchError`."""
        answer = self.search(viewer, values, zone=zone, limit=limit, cursor=cursor)
        every = msgspec.structs.replace(answer.search, statuses=frozenset())
        counts = queries.counts(self.store, viewer.scope, every)
        return Report(search=answer.search, page=answer.page, counts=counts)

    def counts(
        self, viewer: Viewer, values: Mapping[str, str], *, zone: ZoneInfo
    ) -> tuple[Search, dict[Status, int]]:
        """The question, and how many deliveries of each status it finds. Raises `SearchError`."""
        search = self._ask(values, zone)
        self.accounts.audit.write(viewer, "counts", str(question.in_words(search, when.UTC_ZONE)))
        return search, queries.counts(self.store, viewer.scope, search)

    def detail(self, viewer: Viewer, delivery_id: str) -> queries.Detail | None:
        """One delivery with its evidence, or None where there is none that this viewer may see."""
        self.accounts.audit.write(viewer, "detail", delivery_id[:64])
        return queries.detail(self.store, viewer.scope, delivery_id)

    def _ask(self, values: Mapping[str, str], zone: ZoneInfo) -> Search:
        search = question.ask(values, now=self.now(), zone=zone)
        if search.reason and search.reason.upper() not in Reason.__members__:
            known = ", ".join(each.word for each in Reason)
            raise SearchError(
                say(
                    "There is no reason {text}. Known are: {known}.",
                    text=when.shown(search.reason),
                    known=known,
                ),
                field="reason",
            )
        return search
