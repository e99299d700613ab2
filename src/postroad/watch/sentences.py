"""Sentences about what is followed, expected and watched: for letters and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from postroad.model import safe, when
from postroad.model.coverage import GapKind
from postroad.model.text import Text, join, say, say_many
from postroad.reasons import Reason
from postroad.reasons.guide import GUIDES
from postroad.watch.measures import Figure
from postroad.watch.wishes import Alert, Event, Expect, Follow, Rule

#: What happened to mail that was expected, as a heading.
HAPPENED = {
    Event.ARRIVED: say("Arrived"),
    Event.DEFERRED: say("Deferred"),
    Event.REFUSED: say("Refused or failed"),
}
#: Pages that show what no list of mail does.
PAGES = {Rule.SILENCE: "/admin/sources"}


def of_follow(asked: Follow) -> Text:
    """What is followed, in words."""
    if asked.recipient:
        return say("The end of a message to {recipient}", recipient=safe.line(asked.recipient))
    return say("The end of a message for all of its recipients")


def of_expect(asked: Expect) -> Text:
    """What mail is expected, in words."""
    parts = [
        say("from {sender}", sender=_party(asked.sender)) if asked.sender else "",
        say("to {recipient}", recipient=_party(asked.recipient)) if asked.recipient else "",
        say("with “{subject}” in its subject", subject=asked.subject) if asked.subject else "",
    ]
    events = {
        Event.ARRIVED: say("arrives"),
        Event.DEFERRED: say("is deferred"),
        Event.REFUSED: say("is refused or fails"),
    }
    happens = join([events[each] for each in asked.events], " / ")
    return say("Mail {which}: when it {happens}", which=join(parts), happens=happens)


def of_alert(alert: Alert) -> Text:
    """What an alert looks at, in words."""
    match alert.rule:
        case Rule.FAILURES:
            return say(
                "{threshold} % or more of the mail sent in {hours} h fails ({least} mails at "
                "least)",
                threshold=alert.threshold,
                hours=alert.hours,
                least=alert.least,
            )
        case Rule.WAITING:
            return say(
                "{least} or more mails wait for longer than {threshold} h",
                least=alert.least,
                threshold=alert.threshold,
            )
        case Rule.PROVIDER:
            return say(
                "A provider refuses or defers {threshold} % or more of the mail of {hours} h "
                "for what it thinks of this server ({least} mails at least)",
                threshold=alert.threshold,
                hours=alert.hours,
                least=alert.least,
            )
        case Rule.SENDING:
            return say(
                "Somebody sends {least} or more messages in {hours} h, and {threshold} times "
                "as many as ever in the four weeks before",
                threshold=alert.threshold,
                hours=alert.hours,
                least=alert.least,
            )
        case Rule.SILENCE:
            return say(
                "Lines of a log are missing for {threshold} min or longer",
                threshold=alert.threshold,
            )
    assert_never(alert.rule)


def heading(alert: Alert) -> Text:
    """What an alert is called."""
    match alert.rule:
        case Rule.FAILURES:
            return say("Much mail fails")
        case Rule.WAITING:
            return say("Mail waits for long")
        case Rule.PROVIDER:
            return say("A provider refuses mail from here")
        case Rule.SENDING:
            return say("Somebody sends unusually much")
        case Rule.SILENCE:
            return say("Lines of a log are missing")
    assert_never(alert.rule)


def of_figure(alert: Alert, figure: Figure, zone: ZoneInfo) -> Text:
    """What was measured, in words."""
    match alert.rule:
        case Rule.FAILURES:
            return say(
                "Of {total} mails sent in the last {hours} h, {count} failed: {share} %.",
                total=figure.total,
                hours=alert.hours,
                count=figure.count,
                share=figure.share,
            )
        case Rule.WAITING:
            return say_many(
                "One mail has been waiting for more than {hours} h.",
                "{count} mails have been waiting for more than {hours} h.",
                figure.count,
                hours=alert.threshold,
            )
        case Rule.PROVIDER:
            said = say(
                "Of {total} mails to {provider} in the last {hours} h, {count} were refused or "
                "deferred for what it thinks of this server: {share} %.",
                total=figure.total,
                provider=safe.line(figure.subject),
                hours=alert.hours,
                count=figure.count,
                share=figure.share,
            )
            why = say("Most often: {reason}.", reason=_reason(figure.reason))
            return join([said, why if figure.reason else ""])
        case Rule.SENDING:
            return say(
                "{sender} sent {count} messages in the last {hours} h. The most in {hours} h of "
                "the four weeks before were {busiest}.",
                sender=safe.line(figure.subject),
                count=figure.count,
                hours=alert.hours,
                busiest=figure.busiest,
            )
        case Rule.SILENCE:
            return _gap(figure, zone)
    assert_never(alert.rule)


def over(alert: Alert, subjects: Sequence[str]) -> Text:
    """That what alarmed does not any more."""
    named = ", ".join(safe.line(each) for each in subjects if each)
    if named:
        return say("This is over for {names}: {what}.", names=named, what=of_alert(alert))
    return say("This is over: {what}.", what=of_alert(alert))


def once(alert: Alert) -> Text:
    """How often it is told."""
    return say(
        "While it lasts, nothing more is sent about it; and after it is over nothing about the "
        "same for {hours} h.",
        hours=alert.quiet,
    )


def _gap(figure: Figure, zone: ZoneInfo) -> Text:
    gap = figure.gap
    if gap is None:
        return join([figure.subject])
    values = {
        "name": safe.line(gap.host or gap.source),
        "start": when.local(gap.since, zone),
        "end": when.local(gap.until, zone),
    }
    if gap.kind is GapKind.SILENT:
        return say("The log of {name} has no lines between {start} and {end}.", **values)
    return say("Lines of the log of {name} between {start} and {end} are missing.", **values)


def _reason(word: str) -> str:
    try:
        return GUIDES[Reason[word.upper()]].title
    except KeyError:
        return safe.line(word)


def _party(asked: str) -> str:
    """An address, or a domain by its name."""
    return safe.line(asked.removeprefix("@"))
