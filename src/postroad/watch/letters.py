"""Letters: what is written to whoever follows, expects or is alarmed.

A letter is made when it is sent, of what its account may see then, in the language and zone of its
wish. What comes out of a log stands on lines of its own, with nothing in it that is not to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from postroad import queries
from postroad.accounts import Viewer
from postroad.languages import catalogue, known
from postroad.model import safe, when, words
from postroad.model.delivery import Delivery
from postroad.model.notice import Notice
from postroad.model.scope import Scope
from postroad.model.text import Text, say, say_many
from postroad.reasons.verdict import verdict
from postroad.state import State, subscriptions
from postroad.state.outbox import Letter
from postroad.state.subscriptions import DONE, RIGHTS, Subscription
from postroad.store import Store
from postroad.watch import expecting, following, sentences
from postroad.watch.alarming import Recipe as Alarm
from postroad.watch.alarming import may_ask
from postroad.watch.measures import CALM, Figure, measure
from postroad.watch.wishes import Alert, Expect, Follow, event_of, read

#: Deliveries that one letter names.
_NAMED = 20
#: Periods that the page has to choose from, in hours.
_PERIODS = {"1h": 1, "24h": 24, "7d": 168}
#: Characters of a text out of a log.
_LONGEST = 300


class Letters:
    """Composers of the letters that watches put into the outbox."""

    def __init__(
        self,
        store: Store,
        state: State,
        base_url: str,
        *,
        link: Callable[[Subscription], str],
        now: Callable[[], int],
        alive: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """`link` says where a wish is ended; `alive` which logs are followed."""
        self._store = store
        self._state = state
        self._base_url = base_url
        self._link = link
        self._now = now
        self._alive = alive

    def follow(self, viewer: Viewer, letter: Letter) -> Notice | None:
        """What became of a message that is followed."""
        kept = self._kept(letter)
        asked = read(kept.what, Follow) if kept else None
        recipe = read(letter.recipe, following.Recipe)
        if kept is None or asked is None or recipe is None:
            return None
        sheet = _Sheet(kept, self._base_url)
        if not recipe.ended:
            sheet.add(say("The message that you followed is older than what is kept here."))
            sheet.add(say("What became of it is not known: no line that was read says so."))
            return sheet.notice(say("A message that you followed"), {"happened": "forgotten"})
        rows = queries.of_messages(self._store, viewer.scope, [asked.message])
        rows = following.followed(rows, asked)
        if not rows or not all(row.status.is_final for row in rows):
            return None
        first = rows[0]
        states = {row.status for row in rows}
        label = words.label(first.status) if len(states) == 1 else say("Ended")
        sheet.add(say("The message that you followed has ended."))
        self._about(sheet, viewer.scope, rows)
        sheet.foot(say("You asked to be told how this message ends. This is the only letter."))
        data = {"happened": "ended", **self._deliveries(rows)}
        return sheet.notice(_about(label, first), data)

    def expect(self, viewer: Viewer, letter: Letter) -> Notice | None:
        """Mail that was expected: one delivery, or many together."""
        kept = self._kept(letter)
        asked = read(kept.what, Expect) if kept else None
        recipe = read(letter.recipe, expecting.Recipe)
        if kept is None or asked is None or recipe is None:
            return None
        if asked.lost(viewer.scope):
            subscriptions.end(self._state, kept.id, why=RIGHTS, at=self._now())
            return None
        rows = queries.among(self._store, viewer.scope, recipe.deliveries)
        if not rows:
            return None
        sheet = _Sheet(kept, self._base_url)
        sheet.add(sentences.of_expect(asked))
        # Of those that may not be seen any more nothing is said, not even how many they are.
        is_whole = len(rows) == len(recipe.deliveries)
        count = recipe.count if is_whole else len(rows)
        happened = event_of(rows[0]) if recipe.event else None
        if recipe.event:
            if happened is None or happened != recipe.event:
                # What it came to meanwhile has a letter of its own, if that is asked for.
                return None
            self._about(sheet, viewer.scope, rows)
            subject = _about(sentences.HAPPENED[happened], rows[0])
        else:
            subject = say_many(
                "Mail that you expect: one more", "Mail that you expect: {count} more", count
            )
            more = count - min(len(rows), _NAMED)
            self._about(sheet, viewer.scope, rows[:_NAMED])
            if more:
                sheet.add(say_many("… and one more.", "… and {count} more.", more))
            sheet.add(
                say(
                    "More than {most} came within an hour, so the others are told of together.",
                    most=expecting.PER_HOUR,
                )
            )
        sheet.stop(self._link(kept))
        data = {"happened": str(happened or "many"), **self._deliveries(rows), "count": count}
        return sheet.notice(subject, data)

    def alert(self, viewer: Viewer, letter: Letter) -> Notice | None:
        """Figures that alarm, or do not any more."""
        kept = self._kept(letter)
        alert = read(kept.what, Alert) if kept else None
        recipe = read(letter.recipe, Alarm)
        if kept is None or alert is None or recipe is None or not may_ask(viewer.scope, alert):
            return None
        sheet = _Sheet(kept, self._base_url)
        figures = measure(self._store, viewer.scope, alert, at=recipe.at, alive=list(self._alive()))
        found = [each for each in figures if each.subject in recipe.subjects]
        if recipe.is_over:
            subjects = [each for each in recipe.subjects if not each or _is_own(viewer.scope, each)]
            if not subjects:
                return None
            sheet.add(sentences.over(alert, subjects))
        else:
            # What its account may see may have become less since: then there is less to tell.
            found = [each for each in found if each.level >= CALM]
            if not found:
                return None
            for each in found:
                sheet.add(sentences.of_figure(alert, each, sheet.zone))
                if each.values or alert.rule in sentences.PAGES:
                    sheet.add(f"{self._base_url}{_page(alert, each)}")
                sheet.add("")
            sheet.add(sentences.once(alert))
        sheet.stop(self._link(kept))
        data: dict[str, Any] = {
            "happened": "over" if recipe.is_over else "began",
            "rule": alert.rule.value,
            "at": when.rfc3339(recipe.at),
            "figures": [_figure(each) for each in found],
        }
        heading = sentences.heading(alert)
        return sheet.notice(say("Over: {what}", what=heading) if recipe.is_over else heading, data)

    def _kept(self, letter: Letter) -> Subscription | None:
        """The wish of a letter, where it is to be told still."""
        kept = subscriptions.get(self._state, letter.subscription_id)
        if kept is None or (kept.ended_at and kept.ended_why != DONE):
            return None
        return kept

    def _about(self, sheet: _Sheet, scope: Scope, rows: Sequence[Delivery]) -> None:
        for row in rows[:_NAMED]:
            found = queries.detail(self._store, scope, row.id) if len(rows) == 1 else None
            sheet.delivery(row, found.attempts if found else ())
        if len(rows) > _NAMED:
            sheet.add(say_many("… and one more.", "… and {count} more.", len(rows) - _NAMED))

    def _deliveries(self, rows: Sequence[Delivery]) -> dict[str, Any]:
        return {
            "deliveries": [
                {**queries.public(row), "link": f"{self._base_url}/message/{row.id}"}
                for row in rows[: expecting.NAMED]
            ]
        }


class _Sheet:
    """A letter's text while it is written, in the language and zone of its wish."""

    def __init__(self, kept: Subscription, base_url: str) -> None:
        self._kept = kept
        self._base_url = base_url
        self._says = catalogue(kept.language if kept.language in known() else "en").text
        try:
            self.zone = ZoneInfo(kept.zone)
        except (OSError, ValueError, KeyError):
            self.zone = when.UTC_ZONE
        self._lines: list[str] = []
        self._foot: list[str] = []

    def add(self, text: str) -> None:
        """A line, or an empty one."""
        self._lines.append(self._says(text))

    def foot(self, text: str) -> None:
        """A line at the end."""
        self._foot.append(self._says(text))

    def stop(self, link: str) -> None:
        """How this is ended."""
        self.foot(say("You asked to be told of this. To stop it, open this page:"))
        self.foot(link)

    def delivery(self, row: Delivery, attempts: Sequence[Any]) -> None:
        """One delivery: what happened, who it is about, and where all of it stands."""
        said = verdict(row, attempts, quote=_shown)
        self._lines += ["", self._says(said.sentence)]
        if said.advice:
            self.add(said.advice)
        came, tried = row.sent_at or row.first_at, row.last_attempt_at
        facts = (
            (say("From: {value}", value=_shown(row.sender or "<>")), True),
            (say("To: {value}", value=_shown(row.recipient)), True),
            (say("Subject: {value}", value=_shown(row.subject)), row.subject),
            (say("Came: {value}", value=when.local(came, self.zone)), came),
            (say("Last attempt: {value}", value=when.local(tried, self.zone)), tried),
            (say("The server said: {value}", value=_shown(row.result)), row.result),
        )
        self._lines.append("")
        self._lines += [self._says(text) for text, is_known in facts if is_known]
        self._lines.append(f"{self._base_url}/message/{row.id}")

    def notice(self, subject: Text, data: dict[str, Any]) -> Notice:
        """The letter."""
        now = when.named(self.zone, self._kept.created_at)
        foot = ["-- ", *self._foot, self._says(say("Times are in {zone}.", zone=now))]
        text = "\n".join([*self._lines, "", *foot]) + "\n"
        subject_line = safe.line(" ".join(self._says(subject).split()))[:_LONGEST]
        return Notice(subject=subject_line, text=text, data={"subscription": self._kept.id, **data})


def _about(label: Text, row: Delivery) -> Text:
    """A subject: what happened, to which message."""
    if row.subject:
        return say("{what}: {subject}", what=label, subject=_shown(row.subject))
    return say("{what}: mail to {recipient}", what=label, recipient=_shown(row.recipient))


def _shown(text: str) -> str:
    """A text out of a log on one line, with everything visible, and not without end."""
    shown = safe.line(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _is_own(scope: Scope, subject: str) -> bool:
    """Whether a subject may still be named: providers are nobody's, senders somebody's."""
    return "@" not in subject or scope.holds(subject)


def _page(alert: Alert, figure: Figure) -> str:
    """The page that shows what a figure counts."""
    if alert.rule in sentences.PAGES:
        return sentences.PAGES[alert.rule]
    period = next((word for word, hours in _PERIODS.items() if alert.hours <= hours), "30d")
    return f"/?{urlencode({**figure.values, 'period': period})}"


def _figure(figure: Figure) -> dict[str, Any]:
    """A figure for programs."""
    made = msgspec.to_builtins(figure)
    kept = ("subject", "count", "total", "busiest", "reason")
    return {name: made[name] for name in kept} | {"share": figure.share}
