"""Questions and their answers, each with its line in the audit trail.

Methods block; they are called in worker threads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.accounts import Accounts, Viewer
from postroad.config import Settings
from postroad.errors import SearchError
from postroad.ingest import Follower
from postroad.model import box, question, retry, when
from postroad.model.retry import Retry
from postroad.model.search import Page, Search
from postroad.model.status import Outcome, Status
from postroad.model.text import say
from postroad.reasons import Reason
from postroad.services.imports import Imports
from postroad.services.limits import Limits
from postroad.services.overviews import Overviews
from postroad.services.telling import Telling
from postroad.state import State
from postroad.store import Store

if TYPE_CHECKING:
    from postroad.services.deliverability import Deliverability
    from postroad.services.delivering import Delivering
    from postroad.services.evidencing import Evidencing
    from postroad.services.exporting import Exporting
    from postroad.services.probing import Probing
    from postroad.services.reporting import Reporting
    from postroad.services.subscribing import Subscribing
    from postroad.services.tracing import Tracing
    from postroad.services.watching import Watching

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


_Group = TypeVar("_Group", queries.Bucket, queries.Top, queries.Provider, queries.Spread)


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
    overviews: Overviews = field(default_factory=Overviews)
    #: Checks passwords, apart from other work, so that many sign-ins at once hold up nobody else.
    signing: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(16, thread_name_prefix="signing")
    )

    #: How often other people's servers were asked, and by whom.
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def telling(self) -> Telling:
        """Everything that looks for news, and what writes the letters."""
        return Telling(self.now)

    @cached_property
    def subscribing(self) -> Subscribing:
        """What people asked to be told."""
        from postroad.services.subscribing import Subscribing

        return Subscribing(self.settings, self.state, self.accounts, self.now)

    @cached_property
    def delivering(self) -> Delivering:
        """What sends letters, and what became of them, loaded likewise."""
        from postroad.services.delivering import Delivering

        return Delivering(self)

    @cached_property
    def watching(self) -> Watching:
        """What people follow, expect and are alarmed of."""
        from postroad.services.watching import Watching

        return Watching(self)

    @cached_property
    def probing(self) -> Probing:
        """Live checks. What they are made with is loaded when the first is asked for."""
        from postroad.services.probing import Probing

        return Probing(self.settings, self.accounts.audit, self.limits)

    @cached_property
    def tracing(self) -> Tracing:
        """Traces, loaded likewise."""
        from postroad.services.tracing import Tracing

        return Tracing(self.settings, self.accounts.audit, self.limits)

    @cached_property
    def domains(self) -> Deliverability:
        """Checks of sending domains, loaded likewise."""
        from postroad.services.deliverability import Deliverability

        return Deliverability(self.settings, self.store, self.accounts.audit, self.limits)

    @cached_property
    def reporting(self) -> Reporting:
        """Reports of a period, loaded likewise."""
        from postroad.services.reporting import Reporting

        return Reporting(self)

    @cached_property
    def evidence(self) -> Evidencing:
        """Evidence, loaded likewise."""
        from postroad.services.evidencing import Evidencing

        return Evidencing(
            self.settings, self.store, self.state, self.accounts, self.limits, self.now
        )

    @cached_property
    def exporting(self) -> Exporting:
        """Files of deliveries, loaded likewise."""
        from postroad.services.exporting import Exporting

        return Exporting(
            self.settings,
            self.store,
            self.state,
            self.accounts,
            self.subscribing,
            ask=self._ask,
            note=self._note,
            now=self.now,
            wake=self.telling.wake,
        )

    def close(self) -> None:
        """End its threads. Store and state are closed by whoever opened them."""
        if "delivering" in self.__dict__:
            self.delivering.close()
        self.signing.shutdown(cancel_futures=True)
        if "exporting" in self.__dict__:
            self.exporting.close()

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
        self._note(viewer, "search", search)
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
        self._note(viewer, "counts", search)
        return search, queries.counts(self.store, viewer.scope, search)

    def overview(
        self, viewer: Viewer, values: Mapping[str, str], *, zone: ZoneInfo
    ) -> queries.Overview:
        """Figures of what this viewer asks for and may see. Raises `SearchError`.

        The values of each group are complete: what was asked for, narrowed to the group.
        """
        search = self._ask(values, zone)
        self._note(viewer, "overview", search)
        found = self.overviews.get(self.store, viewer.scope, search, now=self.now(), zone=zone)
        asked = {**values, **box.understand(values.get("q", "")), "q": ""}
        return msgspec.structs.replace(
            found,
            buckets=_led(found.buckets, asked),
            senders=_led(found.senders, asked),
            recipients=_led(found.recipients, asked),
            providers=_led(found.providers, asked),
            spread=_led(found.spread, asked),
        )

    def entered(self, viewer: Viewer, *, limit: int) -> list[queries.Entry]:
        """How this viewer's own outgoing mail came in: new ways first, then those used last."""
        self.accounts.audit.write(viewer, "entered", "How outgoing mail came in")
        return queries.entered(self.store, viewer.scope, now=self.now(), limit=limit)

    def detail(self, viewer: Viewer, delivery_id: str) -> queries.Detail | None:
        """One delivery with its evidence, or None where there is none that this viewer may see."""
        found = queries.detail(self.store, viewer.scope, delivery_id)
        about = (found.delivery.sender, found.delivery.recipient) if found else ()
        self.accounts.audit.write(viewer, "detail", delivery_id[:64], about=about)
        return msgspec.structs.replace(found, retry=self._retry(found)) if found else None

    def _retry(self, found: queries.Detail) -> Retry | None:
        """When a delivery that is not final is tried next, by the rules of its server."""
        delivery = found.delivery
        rules = {each.retry: each for each in self.settings.sources if each.retry}
        rule = next((name for name, each in rules.items() if each.host == delivery.host), "")
        if not rule:
            rule = next(iter(rules)) if len(rules) == 1 else self.settings.retry
        if not rule or delivery.status.is_final:
            return None
        tries = [
            each.at for each in found.attempts if each.counted and each.outcome is Outcome.DEFERRED
        ]
        return retry.expect(rule, arrived=delivery.sent_at or delivery.first_at, tries=tries)

    def _note(self, viewer: Viewer, action: str, search: Search) -> None:
        """Write into the audit trail what is asked, and about whom."""
        about = [search.recipient, search.sender, search.address, search.user]
        if search.domain:
            about.append(f"@{search.domain}")
        words = str(question.in_words(search, when.UTC_ZONE))
        self.accounts.audit.write(viewer, action, words, about=about)

    def _ask(self, values: Mapping[str, str], zone: ZoneInfo, now: int = 0) -> Search:
        """The search that these values ask for, now or at a moment. Raises `SearchError`."""
        search = question.ask(values, now=now or self.now(), zone=zone)
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


def _led(groups: list[_Group], asked: Mapping[str, str]) -> list[_Group]:
    """Groups with the whole question that leads to each."""
    return [
        msgspec.structs.replace(
            each,
            values={name: value for name, value in {**asked, **each.values}.items() if value},
        )
        for each in groups
    ]
