"""Reports on paper: what stands on them is what was counted, and they look as they should."""

from __future__ import annotations

import re
import threading
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports import pages, traffic
from tests.reports.traffic import HOSTILE, OCTOBER, OURS, THEIRS
from tests.store.rows import batch, delivery

from postroad.errors import PostroadError
from postroad.model import when, words
from postroad.model.scope import Scope
from postroad.model.status import Status
from postroad.reasons.guide import GUIDES
from postroad.reasons.reason import Reason
from postroad.reports import calendar, plain, typeset
from postroad.reports.contents import Kind, Whose, collect
from postroad.reports.paper import Paper
from postroad.reports.speech import Speech, name
from postroad.reports.writing import written
from postroad.services import reporting

VIEWS = {
    "server": (Scope.everything(), Whose(kind=Kind.SERVER, name="mx1.example.com"), None),
    "owner": (
        Scope.of(domains={"example.com"}),
        Whose(kind=Kind.DOMAIN, name="example.com"),
        OURS,
    ),
    "mailbox": (
        Scope.of(addresses={"anna@example.com"}),
        Whose(kind=Kind.MAILBOX, name="anna@example.com"),
        OURS[:1],
    ),
}
_made: dict[str, tuple] = {}


def paper_of(report, language="en") -> Paper:
    """A report in words."""
    return written(
        report, Speech(language, ZoneInfo(report.period.zone)), links="https://mail.test"
    )


def pdf_of(paper) -> bytes:
    """A paper as it is sent."""
    return reporting.pdf_of(paper, made_at=traffic.MORNING)


@pytest.fixture(scope="module", params=VIEWS)
def made(request, month):
    """A report of each kind of reader: itself, its paper, its PDF, and what is true."""
    store, mail = month
    scope, whose, parties = VIEWS[request.param]
    report = collect(store, scope, whose, OCTOBER, now=traffic.MORNING)
    paper = paper_of(report)
    return report, paper, pdf_of(paper), mail.of(parties)


def cells(paper, title):
    """The rows of a section's table."""
    return next(each.table.rows for each in paper.sections if each.title == title)


def test_the_pdf_holds_every_figure(made):
    """What is read back from the PDF are the counts, by status, day, address and provider."""
    _, paper, pdf, truth = made
    said = pages.text(pdf)

    for title, rows in (("Sent, in figures", truth.sent), ("Received, in figures", truth.received)):
        shown = list(truth.by_status(rows))
        steps = truth.by_step(rows, OCTOBER.starts, OCTOBER.until)
        lines = []
        for number, counts in enumerate(steps, start=1):
            day = Speech("en", traffic.ZONE).short_day(OCTOBER.first.replace(day=number))
            lines.append([day, sum(counts.values()), *(counts.get(each, 0) for each in shown)])
        sums = truth.by_status(rows)
        lines.append(["All", sum(sums.values()), *sums.values()])
        begins = said.index(title)
        for line in lines:
            row = " ".join(f"{each:,}" if isinstance(each, int) else each for each in line)
            assert row in said[begins:], (title, row)
    for rows, title, field in (
        (truth.sent, "Written to most", "recipient"),
        (truth.received, "Received from most", "sender"),
    ):
        for party, total, lost in truth.top(rows, field):
            if party and party.isascii():
                assert f"{name(party)} {total} {lost} " in said[said.index(title) :].replace(
                    " ", " "
                )
    for provider, figures in truth.providers().items():
        if provider.isascii() and len(truth.providers()) <= 10:
            row = " ".join([provider, *map(str, figures)])
            assert row in said
    assert cells(paper, "At a glance")[-1][0] == "All"


def test_the_glance_compares(made, month):
    """Sent and received by status stand beside September, with the change in percent."""
    report, _, pdf, truth = made
    before = calendar.before(OCTOBER)
    _, mail = month
    parties = next(each for _, whose, each in VIEWS.values() if whose == report.whose)
    then = mail.of(parties, before.since, before.until)
    said = pages.text(pdf)
    number = Speech("en", traffic.ZONE)
    for status in Status:
        row = [str(words.label(status))]
        for now, earlier in ((truth.sent, then.sent), (truth.received, then.received)):
            counts = (truth.by_status(now).get(status, 0), truth.by_status(earlier).get(status, 0))
            row += [str(counts[0]), str(counts[1]), number.change(*counts)]
        if any(each not in ("0", "±0") for each in row[1:]):
            assert " ".join(row) in said


def test_reasons_are_explained(made):
    """Every reason stands there in words, with its figures and what to do."""
    report, _, pdf, _ = made
    said = pages.text(pdf)
    for side in (report.figures.sent, report.figures.received):
        for cause in side.causes:
            guide = GUIDES[Reason.__members__.get(cause.reason.upper(), Reason.UNKNOWN)]
            figures = ", ".join(
                f"{n} {each.word.replace('_', ' ')}" for each, n in cause.counts.items()
            )
            assert f"{guide.title} {figures}" in said
    assert ("https://mail.test/deliverability" in said) == (report.whose.kind is not Kind.MAILBOX)


def test_nobody_else_is_named(made):
    """A paper holds no address of the other tenant but of those who wrote or were written to."""
    report, _, pdf, truth = made
    said = pages.text(pdf)
    if report.whose.kind is Kind.SERVER:
        return
    seen = {each.sender for each in truth.all} | {each.recipient for each in truth.all}
    for other in (*THEIRS, *OURS):
        if other in said:
            assert other in seen
    if report.whose.kind is Kind.MAILBOX:
        wrote_to_carl = any("carl@example.net" in (r.sender, r.recipient) for r in truth.all)
        assert wrote_to_carl


def test_the_text_says_the_same(made):
    """Every number and word of the PDF is in the plain text, and the other way round."""
    _, paper, pdf, _ = made
    mail = plain.text(paper)
    tables = [each.table for each in paper.sections if each.table]
    for table in tables:
        for row in table.rows:
            assert re.search(r"\s+".join(map(re.escape, row)), mail), row
    said = re.sub(r"\s+", "", pages.text(pdf))
    flat = re.sub(r"\s+", "", mail)
    for section in paper.sections:
        for line in (*section.lines, *section.notes, *(x for i in section.items for x in i.lines)):
            bare = re.sub(r"\s+", "", line)
            assert bare in flat
            if bare.isascii():
                assert bare in said


def test_pages_are_filled_and_nothing_is_cut(made):
    """Each page has ink, but none in its margins."""
    _, _, pdf, _ = made
    found = pages.pictures(pdf)

    assert 2 <= len(found) <= 9
    for picture in found:
        ink = sum(each < 128 for each in picture[2])
        assert ink > 1000
        assert pages.fits(picture)


def test_bars_are_told_apart_without_colour(month):
    """In shades of grey every status has an appearance of its own."""
    store, _ = month
    scope, whose, _ = VIEWS["server"]
    paper = paper_of(collect(store, scope, whose, OCTOBER, now=traffic.MORNING))
    charts = [each.chart for each in paper.sections if each.chart]
    assert {each.status for chart in charts for each in chart.series} == {
        each.word for each in Status
    }
    seen = set()
    for status in Status:
        series = [
            msgspec.structs.replace(each, counts=[n and 100 for n in each.counts])
            for each in charts[0].series[:1]
        ]
        series = [msgspec.structs.replace(series[0], status=status.word, title="")]
        chart = msgspec.structs.replace(charts[0], series=series)
        sections = [msgspec.structs.replace(paper.sections[1], chart=chart, title="-")]
        alone = msgspec.structs.replace(paper, sections=sections)
        (picture,) = pages.pictures(pdf_of(alone))
        seen.add(picture[2])
    assert len(seen) == len(Status)


def test_what_it_says_of_itself(made):
    """Title, author, language, and that it can be read aloud."""
    report, paper, pdf, _ = made
    found = pages.about(pdf)

    assert found["Title"] == f"{paper.title}: {paper.subject}, {paper.period}"
    assert found["Author"] == "postroad"
    assert found["CreationDate"].startswith("D:2026110106")
    assert b"/Lang" in pdf
    assert b"/MarkInfo" in pdf
    assert b"pdfuaid" in pdf
    assert report.whose.name in found["Title"]


def test_the_same_figures_make_the_same_octets(made):
    """A paper that is set twice is the same file."""
    _, paper, pdf, _ = made

    assert pdf_of(paper) == pdf


def test_pages_are_numbered(made):
    """Every page has its number and how many there are."""
    _, _, pdf, _ = made
    said = pages.text(pdf)
    count = len(pages.pictures(pdf))

    for number in range(1, count + 1):
        assert f"Page {number} of {count}" in said


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_empty_month(store, language):
    """A month without mail is a proper page that says so, and whether logs were read at all."""
    scope, whose, _ = VIEWS["mailbox"]
    unread = paper_of(collect(store, scope, whose, OCTOBER, now=traffic.MORNING), language)
    traffic.read(store)
    read = paper_of(collect(store, scope, whose, OCTOBER, now=traffic.MORNING), language)

    assert unread.summary != read.summary
    for paper in (unread, read):
        pdf = pdf_of(paper)
        said = pages.text(pdf)
        (picture,) = pages.pictures(pdf)
        assert pages.fits(picture)
        assert "anna@example.com" in said
        assert all(line in said for line in paper.summary)
    if language == "en":
        assert "no mail was sent and none was received" in read.summary[0]
        assert unread.summary[-1].startswith("No log was read so far")
        assert read.summary[-1] == "The log of this time was read completely."


def test_hostile_names_are_text(store):
    """Markup, quotes, signs that turn the direction, names of 300 signs: they stand there."""
    rows = [
        delivery(
            hostile,
            queue_id=f"q{place}{n}",
            at=OCTOBER.since + n,
            origins=["anna@example.com"],
            status=Status.FAILED,
            reason="mailbox_unknown",
            remote_host=f"mx.{hostile[:40]}",
            attempts=3,
        )
        for place, hostile in enumerate(HOSTILE)
        for n in range(place + 1)
    ]
    store.write(batch(*rows))
    scope, whose, _ = VIEWS["mailbox"]
    paper = paper_of(collect(store, scope, whose, OCTOBER, now=traffic.MORNING))
    pdf = pdf_of(paper)
    bare = re.sub(r"\s", "", pages.text(pdf))

    for each in HOSTILE[:6]:
        assert re.sub(r"\s", "", name(each)) in bare, each
    assert "测试@例子.test" in bare
    assert "テスト한국어" in bare
    assert {*"مرحبا"} <= {*bare}
    assert "\u202e" not in bare
    assert all(map(pages.fits, pages.pictures(pdf)))


def test_a_name_that_is_everywhere(store):
    """A subject, period and address that are markup stay what they are in title and text."""
    evil = '#panic("x") $ #{1+1} *_`<a>\\'
    whose = Whose(kind=Kind.ACCOUNT, name=evil)
    paper = paper_of(collect(store, Scope(), whose, OCTOBER, now=traffic.MORNING))
    pdf = pdf_of(paper)

    assert evil in pages.text(pdf)
    assert evil in pages.about(pdf)["Title"]


@pytest.mark.parametrize(
    "text", ["عربي عنوان", "中文主题", "日本語", "한국어", "हिन्दी", "ไทย", "Ελληνικά", "שלום"]
)
def test_every_script_has_its_letters(store, text):
    """A name in any script is set in letters, not in boxes, without fonts of the machine."""
    whose = Whose(kind=Kind.ACCOUNT, name=text)
    paper = paper_of(collect(store, Scope(), whose, OCTOBER, now=traffic.MORNING))
    (shown,) = pages.pictures(pdf_of(paper))
    boxes = msgspec.structs.replace(
        paper, subject=paper.subject.replace(text, "\ue000" * len(text))
    )
    (boxed,) = pages.pictures(pdf_of(boxes))
    said = pages.text(pdf_of(paper))

    assert shown[2] != boxed[2]
    assert {*text.replace(" ", "")} <= {*said}


def test_times_are_on_the_readers_clock(store):
    """A hole at night is told in the zone of the report, as its language writes it."""
    hole = (OCTOBER.since + 2 * when.DAY, OCTOBER.since + 2 * when.DAY + 5 * when.HOUR)
    traffic.read(store, hole=hole)
    scope, whose, _ = VIEWS["owner"]
    report = collect(store, scope, whose, OCTOBER, now=traffic.MORNING)
    said = pages.text(pdf_of(paper_of(report)))
    german = pages.text(pdf_of(paper_of(report, "de")))

    assert re.search(
        r"mx2\.example\.com has no lines between Oct 2, 2026, 23:51 and Oct 3, 2026, 05:00", said
    )
    assert "03.10.2026, 05:00" in german


def test_numbers_are_written_as_the_language_has_them(month):
    """Thousands and percent are set apart as German does."""
    store, _ = month
    scope, whose, _ = VIEWS["server"]
    paper = paper_of(collect(store, scope, whose, OCTOBER, now=traffic.MORNING), "de")
    shares = [cell for row in cells(paper, paper.sections[0].title) for cell in row if "%" in cell]

    assert shares
    assert all(each.endswith("\N{NO-BREAK SPACE}%") for each in shares)
    assert Speech("de", traffic.ZONE).number(1234567) == "1.234.567"


@pytest.mark.parametrize("data", [{}, {"title": "x"}])
def test_a_paper_that_cannot_be_set(data, caplog):
    """Who asked is told that it failed, who runs the server why; and nothing is left running."""
    template = reporting._TEMPLATE
    before = threading.active_count()

    with pytest.raises(PostroadError, match=r"could not be made\. The reason is in the log"):
        typeset.typeset(template, data, made_at=traffic.MORNING)
    assert "key" in caplog.text
    assert threading.active_count() == before


def test_typesetting_has_an_end(monkeypatch, tmp_path):
    """A process that takes too long is ended, with a sentence."""
    monkeypatch.setattr(typeset, "_SECONDS", 0.01)

    with pytest.raises(PostroadError, match="could not be made"):
        typeset.typeset(reporting._TEMPLATE, {}, made_at=0)
