"""Writing: a report as a paper, in one reader's language and zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import assert_never

from postroad.model import words
from postroad.model.status import Status
from postroad.model.text import Text, join, say, say_many
from postroad.queries.period import Side
from postroad.reports import coverage, troubles
from postroad.reports.calendar import Period, Span
from postroad.reports.contents import Kind, Report, Whose
from postroad.reports.drawing import chart
from postroad.reports.paper import Column, Paper, Section, Table
from postroad.reports.speech import Speech, name

#: Statuses that are final and say that mail did not arrive.
_LOST = (Status.FAILED, Status.REJECTED, Status.BLOCKED, Status.FILTERED)
_WAITING = (Status.IN_PROGRESS, Status.DEFERRED)


def written(report: Report, speech: Speech, *, links: str) -> Paper:
    """The paper; `links` is what addresses of pages begin with."""
    period = report.period
    figures = report.figures
    sections = [
        _glance(report, speech),
        *_charts(report, speech),
        *troubles.sections(report, speech, links),
        *_busiest(report, speech),
        coverage.section(report, speech),
        *_steps(report, speech),
        _proof(report, speech),
    ]
    summary = [_summary(report, speech)]
    if sum(figures.sent.counts.values()):
        summary.append(_fate(figures.sent, speech))
    summary.append(coverage.in_short(report))
    return Paper(
        language=speech.language,
        title=speech.text(say("Mail report")),
        subject=speech.text(whose(report.whose)),
        period=_period(period, speech),
        zone=speech.text(say("Times are in {zone}.", zone=period.zone)),
        summary=[speech.text(each) for each in summary],
        sections=sections,
        made=speech.text(
            say("Made by postroad at {at}", at=speech.moment(report.made_at)),
        ),
        pages=speech.text(say("Page {page} of {pages}", page="{page}", pages="{pages}")),
    )


def whose(of: Whose) -> Text:
    """Whose mail it is, as a line."""
    match of.kind:
        case Kind.SERVER:
            return say("All mail of the server {name}", name=name(of.name))
        case Kind.ACCOUNT:
            return say("All mail of the account {name}", name=name(of.name))
        case Kind.DOMAIN:
            return say("All mailboxes of {name}", name=name(of.name))
        case Kind.MAILBOX:
            return say("The mailbox {name}", name=name(of.name))
    assert_never(of.kind)


def _period(period: Period, speech: Speech) -> str:
    match period.span:
        case Span.MONTH:
            return speech.month(period.first)
        case Span.WEEK:
            last = period.behind - timedelta(days=1)
            first, last_day = speech.day(period.first), speech.day(last)
            return speech.text(say("{first} to {last}", first=first, last=last_day))
        case Span.DAY:
            return speech.day(period.first)
    assert_never(period.span)


def _summary(report: Report, speech: Speech) -> Text:
    figures = report.figures
    sent = sum(figures.sent.counts.values())
    received = sum(figures.received.counts.values())
    period = _period(report.period, speech)
    if not sent and not received:
        return say("{period}: no mail was sent and none was received.", period=period)
    return say(
        "{period}: {sent}, {received}.",
        period=period,
        sent=say_many(
            "{number} delivery was sent",
            "{number} deliveries were sent",
            sent,
            number=speech.number(sent),
        ),
        received=say_many(
            "{number} was received",
            "{number} were received",
            received,
            number=speech.number(received),
        ),
    )


def _fate(sent: Side, speech: Speech) -> Text:
    """What became of what was sent."""
    counts = sent.counts
    delivered = counts.get(Status.DELIVERED, 0)
    lost = sum(counts.get(each, 0) for each in _LOST)
    waiting = sum(counts.get(each, 0) for each in _WAITING)
    return say(
        "Of what was sent, {share} was delivered ({delivered}), {lost} will not be, and {waiting} "
        "was still on its way when this was made.",
        share=speech.share(delivered, sum(counts.values())),
        delivered=speech.number(delivered),
        lost=speech.number(lost),
        waiting=speech.number(waiting),
    )


def _glance(report: Report, speech: Speech) -> Section:
    """Sent and received by status, beside the period before."""
    now = (report.figures.sent.counts, report.figures.received.counts)
    earlier = report.before
    then = (earlier.sent, earlier.received) if earlier else None
    shown = [each for each in Status if any(side.get(each) for side in (*now, *(then or ())))]
    titles: list[Text] = []
    for side in (say("Sent"), say("Received")):
        titles += [side, say("Before"), say("Change")] if then else [side]
    rows = []
    for status in (*shown, None):
        row = [speech.text(words.label(status) if status else say("All"))]
        for place, counts in enumerate(now):
            number = _count(counts, status)
            row.append(speech.number(number))
            if then:
                before = _count(then[place], status)
                row += [speech.number(before), speech.change(number, before)]
        rows.append(row)
    columns = [Column(title=speech.text(say("Status")), is_number=False)]
    columns += [Column(title=speech.text(each)) for each in titles]
    return Section(
        title=speech.text(say("At a glance")),
        table=Table(columns=columns, rows=rows, has_sum=True),
        notes=[speech.text(each) for each in _both_sides(report, speech)],
    )


def _count(counts: dict[Status, int], status: Status | None) -> int:
    return counts.get(status, 0) if status else sum(counts.values())


def _both_sides(report: Report, speech: Speech) -> list[Text]:
    """What the sums do not say by themselves."""
    figures, found = report.figures, list[Text]()
    if report.before:
        period = _period(report.before.period, speech)
        found.append(say("“Before” is {period}.", period=period))
    else:
        found.append(
            say(
                "The period before is not compared: its mail is not kept from its beginning.",
            )
        )
    passing = sum(figures.passing.values())
    sides = sum(figures.sent.counts.values()) + sum(figures.received.counts.values())
    if twice := sides - (sum(figures.counts.values()) - passing):
        found.append(
            say(
                "From here to here, and so counted as sent and as received: {number}.",
                number=speech.number(twice),
            )
        )
    if passing:
        found.append(
            say(
                "Only passed through this server, and counted on neither side: {number}.",
                number=speech.number(passing),
            )
        )
    return found


def _charts(report: Report, speech: Speech) -> list[Section]:
    is_day = report.period.span is Span.DAY
    sent = say("Sent, hour by hour") if is_day else say("Sent, day by day")
    received = say("Received, hour by hour") if is_day else say("Received, day by day")
    names = _short_names(report.period, speech)
    found = []
    for title, side in ((sent, report.figures.sent), (received, report.figures.received)):
        if side.counts:
            said = speech.text(title)
            found.append(Section(title=said, chart=chart(side, said, names, speech)))
    return found


def _short_names(period: Period, speech: Speech) -> list[str]:
    """What stands below the bars: days of the month, or hours."""
    if period.span is Span.DAY:
        return [speech.clock(each)[:2] for each in period.starts]
    days = [_day(each, speech) for each in period.starts]
    return [str(each.day) if period.span is Span.MONTH else speech.short_day(each) for each in days]


def _day(at: int, speech: Speech) -> date:
    return speech.local(at).date()


def _steps(report: Report, speech: Speech) -> list[Section]:
    """The figures of the charts as tables."""
    period, found = report.period, []
    is_day = period.span is Span.DAY
    sides = (
        (say("Sent, in figures"), report.figures.sent),
        (say("Received, in figures"), report.figures.received),
    )
    for title, side in sides:
        shown = [each for each in Status if each in side.counts]
        if not shown:
            continue
        heads: list[Text] = [say("Hour") if is_day else say("Day"), say("All")]
        heads += [words.label(each) for each in shown]
        rows = []
        for start, counts in zip(period.starts, side.steps, strict=True):
            first = speech.clock(start) if is_day else speech.short_day(_day(start, speech))
            rows.append([first, *_row(counts, shown, speech)])
        rows.append([speech.text(say("All")), *_row(side.counts, shown, speech)])
        columns = [
            Column(title=speech.text(head), is_number=place > 0) for place, head in enumerate(heads)
        ]
        table = Table(columns=columns, rows=rows, has_sum=True)
        found.append(Section(title=speech.text(title), table=table))
    return found


def _row(counts: dict[Status, int], shown: list[Status], speech: Speech) -> list[str]:
    numbers = [sum(counts.values()), *(counts.get(each, 0) for each in shown)]
    return [speech.number(each) for each in numbers]


def _busiest(report: Report, speech: Speech) -> list[Section]:
    """Who wrote and was written to most; of one mailbox only the other ends."""
    is_one = report.whose.kind is Kind.MAILBOX
    sent, received = report.figures.sent, report.figures.received
    lists = [
        (say("Written to most"), say("Recipient"), sent.recipients, True),
        (say("Wrote most"), say("Sender"), sent.senders, not is_one),
        (say("Received most"), say("Recipient"), received.recipients, not is_one),
        (say("Received from most"), say("Sender"), received.senders, True),
    ]
    found = []
    for title, who, parties, is_wanted in lists:
        if not parties or not is_wanted:
            continue
        heads = (who, say("Deliveries"), say("Not delivered"))
        columns = [
            Column(title=speech.text(head), is_number=place > 0) for place, head in enumerate(heads)
        ]
        rows = [
            [
                troubles.party(each.name, speech),
                speech.number(each.total),
                speech.number(each.undelivered),
            ]
            for each in parties
        ]
        found.append(
            Section(title=speech.text(title), table=Table(columns=columns, rows=rows)),
        )
    return found


def _proof(report: Report, speech: Speech) -> Section:
    """What the figures say, and what not."""
    said = [
        say("A delivery is one message for one recipient, counted when it arrived here."),
        say(
            "All figures are from the mail server's own log, as it was known when this was made. "
            "Only what passed through this server is in it."
        ),
        say(
            "Delivered means that the next server, or the mailbox, accepted it. It does not mean "
            "that anybody read it."
        ),
    ]
    if report.whose.kind is not Kind.SERVER:
        said.append(
            say(
                "Sent is what was submitted with proof of who it was: mail that only claims such a "
                "sender is not counted."
            )
        )
    seen = [each for each in Status if report.figures.counts.get(each)]
    said += [join([words.label(each), words.meaning(each)], ": ") for each in seen]
    return Section(
        title=speech.text(say("What these figures say")),
        notes=[speech.text(each) for each in said],
    )
