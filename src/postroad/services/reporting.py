"""Reporting: reports that are asked for now, and those that are sent when a period is over.

Methods block, for seconds where there is much mail; they are called in worker threads.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from postroad import reports
from postroad.accounts import Kind, Viewer
from postroad.errors import AccessError, AccountError, SearchError
from postroad.model import address, when
from postroad.model.notice import Attachment, Notice
from postroad.model.scope import Scope
from postroad.model.text import Text, say
from postroad.queries.terms import own_keys
from postroad.reports import calendar, contents, plain
from postroad.reports.calendar import Period, Span
from postroad.reports.contents import Report, Whose
from postroad.reports.paper import Paper
from postroad.reports.public import public
from postroad.reports.speech import Speech
from postroad.reports.typeset import typeset
from postroad.reports.writing import written
from postroad.services.limits import Rule
from postroad.state import outbox, subscriptions
from postroad.state.outbox import EMAIL, Letter
from postroad.state.subscriptions import REPORT, Subscription

if TYPE_CHECKING:
    from postroad.services.answers import Services

_TEMPLATE = Path(reports.__file__).with_name("report.typ")
#: Reports that one person may have made: each may look through all mail of a month.
_PER_PERSON = Rule(60, 600)
#: Subscriptions that are looked at in one go, and that there can be.
_AT_ONCE, _MOST = 100, 1_000_000
#: Periods of a subscription that are remembered as told: a clock may be put back so far.
_REMEMBERED = 400
#: A domain as a log may name it, and characters of an address (RFC 5321 section 4.5.3.1).
_DOMAIN = re.compile(r"[^\s@<>()\[\],;:/\\\"'\x00-\x20\x7f]{1,253}")
_LONGEST = 320
#: Hours of the day, and the one that reports are sent at unless another is chosen.
HOURS, USUAL_HOUR = range(24), 7


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription wants: the report of what, how often, at which hour of its zone."""

    #: Domain or address; empty for everything that the account sees.
    of: str = ""
    span: Span = Span.MONTH
    hour: int = USUAL_HOUR


class _Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter is made of."""

    of: str
    span: Span
    #: A day of the period, as in `2026-10-01`.
    day: str
    zone: str
    language: str


class _Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a subscription, the newest last: longer than letters are kept."""

    told: tuple[str, ...] = ()


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as its reader is shown it."""

    id: int
    of: str
    span: Span
    hour: int
    target: str
    zone: str
    #: When the next letter is due, microseconds UTC; 0 where it has ended.
    due_at: int
    #: When the last letter was sent; 0 where none was.
    sent_at: int
    #: What became of the last letter: `sent`, `bounced`, `failed`; empty where there was none.
    status: str
    #: What the other side said then.
    said: str
    #: Why it has ended; empty while it goes on.
    ended_why: str


class Reporting:
    """Reports for one viewer at a time, and the watch over those that are due."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._state = services.state
        #: Time of the last look; a clock that shows less was put back.
        self._looked_at = 1 << 62

    def report(self, viewer: Viewer, of: str, span: str, date: str, *, zone: ZoneInfo) -> Report:
        """The report of a period, the last that is over unless `date` names one.

        `of` is a domain or an address; empty for all that the viewer sees. Raises `SearchError`,
        `AccessError`, `TooManyTries`.
        """
        now = self._services.now()
        scope, whose = self._subject(viewer, of)
        period = calendar.asked(span_of(span), date, now=now, zone=zone)
        person = f"reports {viewer.account_id or viewer.name}"
        self._services.limits.enter(person, _PER_PERSON, say("Making reports"))
        return self._collect(viewer, scope, whose, period, now)

    def paper(self, report: Report, language: str) -> Paper:
        """The report in words."""
        speech = Speech(language, ZoneInfo(report.period.zone))
        return written(report, speech, links=self._services.settings.base_url)

    def pdf(self, report: Report, language: str) -> bytes:
        """The report as a PDF. Raises `PostroadError` where it cannot be made."""
        return pdf_of(self.paper(report, language), made_at=report.made_at)

    def text(self, report: Report, language: str) -> str:
        """The report as plain text."""
        return plain.text(self.paper(report, language))

    def check(self, viewer: Viewer, of: str) -> None:
        """Raise `SearchError` or `AccessError` unless this viewer may have reports of it."""
        self._subject(viewer, of)

    def choices(self, viewer: Viewer) -> list[str]:
        """Domains and addresses of a viewer to choose from; an administrator writes any."""
        scope = viewer.scope
        return [*sorted(scope.domains), *sorted(scope.addresses)]

    def subscribe(
        self, viewer: Viewer, wanted: Wanted, target: str, *, zone: str, language: str
    ) -> int:
        """Send reports to an address from the period on that ends next; the subscription's id.

        Raises `AccountError`, `SearchError`, `AccessError`.
        """
        self._subject(viewer, wanted.of)
        if wanted.hour not in HOURS:
            raise AccountError(say("The hour of the day is a number from 0 to 23."))
        clock = _zone(zone) or self._services.settings.zone
        due_at = calendar.first_due(wanted.span, wanted.hour, now=self._services.now(), zone=clock)
        return self._services.subscribing.add(
            viewer,
            REPORT,
            wanted,
            EMAIL,
            target,
            clock.key,
            language,
            due_at=due_at,
            about=(wanted.of,) if wanted.of else (),
        )

    def subscribed(self, viewer: Viewer) -> list[Subscribed]:
        """The reports that a viewer's account subscribed to, those that ended last."""
        letters: dict[int, Letter] = {}
        if viewer.account_id:
            for each in outbox.latest(self._state, viewer.account_id, 1000):
                if each.kind == REPORT and each.status not in (outbox.WAITING, outbox.SENDING):
                    letters.setdefault(each.subscription_id, each)
        found = [
            _shown(each, letters.get(each.id))
            for each in self._services.subscribing.mine(viewer)
            if each.kind == REPORT
        ]
        return sorted(found, key=lambda each: bool(each.ended_why))

    def look(self, now: int) -> None:
        """A watch: put the letters of reports that are due into the outbox."""
        if now < self._looked_at:
            self._mend(now)
        self._looked_at = now
        while True:
            found = subscriptions.due(self._state, (REPORT,), at=now, limit=_AT_ONCE)
            for each in found:
                self._tell(each, now)
            if len(found) < _AT_ONCE:
                return

    def compose(self, viewer: Viewer, letter: Letter) -> Notice | None:
        """A composer: the report of what the viewer may see now; None where that is nothing."""
        recipe = msgspec.json.decode(letter.recipe, type=_Recipe)
        zone = _zone(recipe.zone) or self._services.settings.zone
        try:
            scope, whose = self._subject(viewer, recipe.of)
        except (AccessError, SearchError):
            return None
        if not scope.is_everything and not own_keys(scope):
            return None
        now = self._services.now()
        period = calendar.asked(recipe.span, recipe.day, now=max(now, letter.created_at), zone=zone)
        report = self._collect(viewer, scope, whose, period, now)
        paper = self.paper(report, recipe.language)
        attachments: tuple[Attachment, ...] = ()
        if letter.channel == EMAIL:
            file = Attachment(
                name=f"report-{period.name}.pdf",
                type="application/pdf",
                content=pdf_of(paper, made_at=report.made_at),
            )
            attachments = (file,)
        return Notice(
            subject=f"{paper.title}: {paper.subject}, {paper.period}",
            text=self._letter(paper, letter, Speech(recipe.language, zone)),
            attachments=attachments,
            data=public(report),
        )

    def _letter(self, paper: Paper, letter: Letter, speech: Speech) -> str:
        """The paper as text, and where the letters can be changed or ended."""
        ends: list[Text] = [
            say("The same is in the attached PDF."),
            say("Your reports: {link}", link=f"{self._services.settings.base_url}/reports"),
        ]
        if wish := subscriptions.get(self._state, letter.subscription_id):
            link = self._services.subscribing.link(wish)
            ends.append(say("No more of these letters: {link}", link=link))
        said = "\n".join(speech.text(each) for each in ends)
        return f"{plain.text(paper)}\n-- \n{said}\n"

    def _subject(self, viewer: Viewer, of: str) -> tuple[Scope, Whose]:
        """The mail that a report is on, within what the viewer may see."""
        scope, of = viewer.scope, of.strip().lower().removeprefix("@")
        kind = contents.Kind
        if not of:
            if scope.is_everything:
                return scope, Whose(kind=kind.SERVER, name=self._services.settings.host)
            is_mailbox = viewer.kind is Kind.MAILBOX
            return scope, Whose(kind=kind.MAILBOX if is_mailbox else kind.ACCOUNT, name=viewer.name)
        if "@" not in of:
            if not _DOMAIN.fullmatch(of):
                message = say("{text} is neither a domain nor an address.", text=when.shown(of))
                raise SearchError(message, field="of")
            if not scope.is_everything and of not in scope.domains:
                raise _not_yours(of)
            return Scope.of(domains={of}), Whose(kind=kind.DOMAIN, name=of)
        if not address.is_address(of) or len(of) > _LONGEST or not of.isprintable():
            message = say("{text} is neither a domain nor an address.", text=when.shown(of))
            raise SearchError(message, field="of")
        if not scope.holds(of):
            raise _not_yours(of)
        return Scope.of(addresses={of}), Whose(kind=kind.MAILBOX, name=of)

    def _collect(
        self, viewer: Viewer, scope: Scope, whose: Whose, period: Period, now: int
    ) -> Report:
        about = (whose.name,) if whose.kind is contents.Kind.MAILBOX else ()
        if whose.kind is contents.Kind.DOMAIN:
            about = (f"@{whose.name}",)
        self._services.accounts.audit.write(
            viewer, "report", f"{whose.name} {period.name}", about=about
        )
        return contents.collect(self._services.store, scope, whose, period, now=now)

    def _tell(self, wish: Subscription, now: int) -> None:
        """One letter for the newest period that is due, if it ended since they subscribed."""
        wanted = msgspec.json.decode(wish.what, type=Wanted)
        told = msgspec.json.decode(wish.memory, type=_Memory).told
        zone = _zone(wish.zone) or self._services.settings.zone
        period = calendar.latest(wanted.span, wanted.hour, now=now, zone=zone)
        # A time of subscribing that is still to come was told by a clock that was ahead.
        is_theirs = period.until > wish.created_at or wish.created_at > now
        if is_theirs and period.name not in told:
            recipe = _Recipe(
                of=wanted.of,
                span=wanted.span,
                day=period.first.isoformat(),
                zone=zone.key,
                language=wish.language,
            )
            letter = Letter(
                key=f"{REPORT} {wish.id} {period.name}",
                account_id=wish.account_id,
                subscription_id=wish.id,
                kind=REPORT,
                channel=wish.channel,
                target=wish.target,
                recipe=msgspec.json.encode(recipe).decode(),
            )
            outbox.put(self._state, letter, at=now)
            told = (*told, period.name)[-_REMEMBERED:]
        due_at = calendar.next_due(wanted.span, wanted.hour, now=now, zone=zone)
        memory = msgspec.json.encode(_Memory(told=told)).decode()
        subscriptions.looked(self._state, wish.id, due_at=due_at, memory=memory)

    def _mend(self, now: int) -> None:
        """After the clock was put back, and at the beginning: none may wait for a false time."""
        for wish in subscriptions.due(self._state, (REPORT,), at=1 << 62, limit=_MOST):
            wanted = msgspec.json.decode(wish.what, type=Wanted)
            zone = _zone(wish.zone) or self._services.settings.zone
            next_at = calendar.next_due(wanted.span, wanted.hour, now=now, zone=zone)
            begun = min(wish.created_at, now)
            first_at = calendar.first_due(wanted.span, wanted.hour, now=begun, zone=zone)
            due_at = max(next_at, first_at)
            if wish.due_at > due_at:
                subscriptions.looked(self._state, wish.id, due_at=due_at, memory=wish.memory)


def pdf_of(paper: Paper, *, made_at: int) -> bytes:
    """A paper as PDF. Raises `PostroadError`."""
    return typeset(_TEMPLATE, msgspec.to_builtins(paper), made_at=made_at)


def span_of(word: str) -> Span:
    """The length of this name. Raises `SearchError`."""
    try:
        return Span(word.strip().lower())
    except ValueError as error:
        message = say("A report is of a month, a week or a day.")
        raise SearchError(message, field="period") from error


def _shown(wish: Subscription, letter: Letter | None) -> Subscribed:
    wanted = msgspec.json.decode(wish.what, type=Wanted)
    return Subscribed(
        id=wish.id,
        of=wanted.of,
        span=wanted.span,
        hour=wanted.hour,
        target=wish.target,
        zone=wish.zone,
        due_at=0 if wish.ended_at else wish.due_at,
        sent_at=letter.ended_at or letter.created_at if letter else 0,
        status=letter.status if letter else "",
        said=letter.said if letter else "",
        ended_why=wish.ended_why,
    )


def _not_yours(of: str) -> AccessError:
    return AccessError(say("{name} is not among your domains and addresses.", name=of))


def _zone(name: str) -> ZoneInfo | None:
    with suppress(OSError, ValueError, KeyError):
        return ZoneInfo(name) if name else None
    return None
