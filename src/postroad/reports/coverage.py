"""Coverage: how complete a report is, in words."""

from __future__ import annotations

from postroad.model import when
from postroad.model.text import Text, say, say_many
from postroad.queries import missing
from postroad.reports.contents import MOST_GAPS, Report
from postroad.reports.paper import Section
from postroad.reports.speech import Speech, name


def in_short(report: Report) -> Text:
    """In one sentence."""
    known = report.coverage
    if not known.extent.newest_at:
        return say("No log was read so far: these figures say nothing.")
    if not known.extent.is_within:
        return say("No log of this time was read: these figures say nothing.")
    if known.is_complete(report.period):
        return say("The log of this time was read completely.")
    if not known.is_over:
        return say("This time is not over yet: these are the figures up to now.")
    return say("The log of this time was not read completely: see “How complete this is”.")


def section(report: Report, speech: Speech) -> Section:
    """Everything that is known to be missing."""
    said = _missing(report) or [in_short(report)]
    return Section(
        title=speech.text(say("How complete this is")), lines=[speech.text(each) for each in said]
    )


def _missing(report: Report) -> list[Text]:
    known, period = report.coverage, report.period
    extent = known.extent
    found: list[Text] = []
    if not extent.newest_at:
        return found
    if extent.first_at > period.since:
        found.append(say("Nothing is kept from before {at}.", at=when.rfc3339(extent.first_at)))
    newest = extent.newest_at + when.MINUTE
    if newest < period.until:
        found.append(say("The logs were read up to {at} so far.", at=when.rfc3339(newest)))
    named = sorted(known.gaps[:MOST_GAPS], key=lambda gap: (gap.since, gap.host))
    found += [missing.in_words(gap, name(gap.host or gap.source)) for gap in named]
    if more := len(known.gaps) - len(named):
        found.append(say_many("There is one more gap.", "There are {count} more gaps.", more))
    return found
