"""Troubles: what failed and why, who put mail off, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from postroad.model.status import Status
from postroad.model.text import Text, say, say_many
from postroad.queries.period import Cause, Postponer, Side
from postroad.reasons.guide import CHECKED, GUIDES, Guide
from postroad.reasons.reason import Reason
from postroad.reports.contents import Kind, Report
from postroad.reports.paper import Column, Item, Section, Table
from postroad.reports.speech import Speech, inside, name

#: Reasons of providers that are explained.
_EXPLAINED = 4


def sections(report: Report, speech: Speech, links: str) -> list[Section]:
    """What failed or waits of what was sent and received, and the providers that put mail off."""
    figures = report.figures
    found = []
    sides = (
        (say("Sent: what failed or waits, and why"), figures.sent, True),
        (say("Received: what was refused, failed or waits, and why"), figures.received, False),
    )
    for title, side, is_sent in sides:
        if side.causes:
            found.append(
                Section(
                    title=speech.text(title),
                    items=[
                        _item(each, report, speech, links, is_sent=is_sent) for each in side.causes
                    ],
                    notes=_more(side, speech),
                )
            )
    if figures.postponers:
        found.append(_providers(report, speech, links))
    return found


def party(address: str, speech: Speech, shown: Callable[[str], str] = name) -> str:
    """An address as it is shown; words for the null sender."""
    return shown(address) if address else speech.text(say("(notifications of mail servers)"))


def _item(cause: Cause, report: Report, speech: Speech, links: str, *, is_sent: bool) -> Item:
    reason = _reason(cause.reason)
    guide = GUIDES[reason]
    names = ", ".join(
        f"{party(each.name, speech, inside)} ({speech.number(each.total)})"
        for each in cause.parties
    )
    most = (
        say("Most often to {names}.", names=names)
        if is_sent
        else say("Most often from {names}.", names=names)
    )
    advice = guide.sender if is_sent else guide.recipient
    lines = [most, say("What to do: {advice}", advice=_advice(report, guide, advice))]
    lines += _check(report, reason) if is_sent else []
    return Item(
        title=speech.text(guide.title),
        figures=_figures(cause.counts, speech),
        lines=[speech.text(each) for each in lines],
        link=_link(report, reason, links) if is_sent else "",
    )


def _advice(report: Report, guide: Guide, usual: Text) -> Text:
    """For whoever reads it: people who run the server are told what they can do."""
    return guide.postmaster if report.whose.kind is Kind.SERVER else usual


def _check(report: Report, reason: Reason) -> list[Text]:
    """That receivers may have a cause not to trust the sender, which can be looked at."""
    if reason not in CHECKED:
        return []
    if report.whose.kind is Kind.MAILBOX:
        return [say("Whoever looks after your domain can check its SPF, DKIM and DMARC records.")]
    return [say("See how the domain stands: SPF, DKIM, DMARC and the server's name.")]


def _link(report: Report, reason: Reason, links: str) -> str:
    """Where that is checked; for owners of domains and those who run the server."""
    if reason not in CHECKED or report.whose.kind is Kind.MAILBOX:
        return ""
    is_domain = report.whose.kind is Kind.DOMAIN
    query = f"?domain={quote(report.whose.name)}" if is_domain else ""
    return f"{links}/deliverability{query}"


def _figures(counts: dict[Status, int], speech: Speech) -> str:
    said = [_counted(each, speech.number(counts[each])) for each in Status if counts.get(each)]
    return ", ".join(speech.text(each) for each in said)


def _counted(status: Status, number: str) -> Text:
    match status:
        case Status.DELIVERED:
            return say("{number} delivered", number=number)
        case Status.IN_PROGRESS:
            return say("{number} in progress", number=number)
        case Status.DEFERRED:
            return say("{number} deferred", number=number)
        case Status.FAILED:
            return say("{number} failed", number=number)
        case Status.REJECTED:
            return say("{number} rejected", number=number)
        case Status.BLOCKED:
            return say("{number} blocked", number=number)
        case Status.FILTERED:
            return say("{number} filtered", number=number)


def _more(side: Side, speech: Speech) -> list[str]:
    if not side.more_causes:
        return []
    said = say_many(
        "One rarer reason is left out.", "{count} rarer reasons are left out.", side.more_causes
    )
    return [speech.text(said)]


def _providers(report: Report, speech: Speech, links: str) -> Section:
    found = report.figures.postponers
    heads: tuple[Text, ...] = (
        say("Provider"),
        say("Deliveries"),
        say("Deferred"),
        say("Times"),
        say("Waiting"),
        say("Failed"),
    )
    rows = []
    for each in found:
        numbers = (each.total, each.delayed, each.tries, each.waiting, each.failed)
        rows.append([name(each.name), *(speech.number(number) for number in numbers)])
    columns = [
        Column(title=speech.text(head), is_number=place > 0) for place, head in enumerate(heads)
    ]
    note = say(
        "“Deferred” is how many deliveries a provider answered with “later” at least once, and "
        "“Times” how often it did so altogether."
    )
    return Section(
        title=speech.text(say("Providers that defer mail")),
        table=Table(columns=columns, rows=rows),
        items=[
            _explained(reason, found, report, speech, links)
            for reason in _reasons(found)[:_EXPLAINED]
        ],
        notes=[speech.text(note)],
    )


def _reasons(found: Sequence[Postponer]) -> list[str]:
    """The reasons of these providers, those of the worst first, each once."""
    return list(dict.fromkeys(each.reason for each in found if each.reason))


def _explained(
    reason: str, found: Sequence[Postponer], report: Report, speech: Speech, links: str
) -> Item:
    known = _reason(reason)
    guide = GUIDES[known]
    lines = [
        say("What to do: {advice}", advice=_advice(report, guide, guide.sender)),
        *_check(report, known),
    ]
    return Item(
        title=speech.text(guide.title),
        figures=", ".join(inside(each.name) for each in found if each.reason == reason),
        lines=[speech.text(each) for each in lines],
        link=_link(report, known, links),
    )


def _reason(word: str) -> Reason:
    return Reason.__members__.get(word.upper(), Reason.UNKNOWN)
