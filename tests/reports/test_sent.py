"""Reports that are sent: by a real mail server, once each, whatever happens to clock and process."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from tests.notify import sinks
from tests.reports import pages, traffic
from tests.reports.conftest import House
from tests.reports.traffic import OCTOBER, OURS
from tests.store.rows import batch, delivery

from postroad.accounts import Draft, Kind
from postroad.errors import AccessError, AccountError, SearchError
from postroad.model.status import Status
from postroad.model.when import DAY, HOUR, MINUTE
from postroad.reports import calendar
from postroad.reports.calendar import Span
from postroad.services.reporting import Wanted
from postroad.state import outbox, subscriptions
from postroad.state.outbox import FAILED, SENT, WITHDRAWN, Letter

BERLIN = ZoneInfo("Europe/Berlin")


def subscribe(house, account="shop", of="", span=Span.MONTH, to="anna@example.com", **more):
    """Have an account sent its reports, at seven in Berlin."""
    wanted = Wanted(of=of, span=span, hour=more.pop("hour", 7))
    language = more.pop("language", "en")
    zone = more.pop("zone", "Europe/Berlin")
    return house.services.reporting.subscribe(
        house.viewer(account), wanted, to, zone=zone, language=language
    )


def letters(house, account="shop") -> list[Letter]:
    """The letters of an account, the first one first."""
    return outbox.latest(house.state, house.viewer(account).account_id)[::-1]


def month(number, year=2026):
    """A month in Berlin."""
    return calendar.around(Span.MONTH, date(year, number, 1), BERLIN)


def read(content: bytes):
    """A message as a mail program reads it."""
    return email.message_from_bytes(content, policy=email.policy.default)


def parts(content: bytes) -> tuple[str, bytes]:
    """The text and the PDF of a message."""
    message = read(content)
    (paper,) = message.iter_attachments()
    assert paper.get_content_type() == "application/pdf"
    return message.get_body(("plain",)).get_content(), paper.get_content()


def test_the_monthly_mail(house, sink):
    """On the first at seven it is there: text and PDF with the month's figures, a way to end it."""
    mail = traffic.Mail(count=400)
    mail.fill(house.store)
    traffic.read(house.store)
    subscribe(house)
    truth = mail.of(OURS)

    house.round(traffic.MORNING - MINUTE)
    assert not sink.envelopes
    house.round(traffic.MORNING)
    house.round(traffic.MORNING + MINUTE)

    (envelope,) = sink.envelopes
    assert envelope.rcpt_tos == ["anna@example.com"]
    message = read(envelope.content)
    assert message["Subject"] == "Mail report: All mail of the account shop, October 2026"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, pdf = parts(envelope.content)
    said = pages.text(pdf)
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "report-2026-10.pdf"
    sent, received = truth.by_status(truth.sent), truth.by_status(truth.received)
    for words in (text, said):
        flat = re.sub(r"\s+", " ", words)
        assert f"{sum(sent.values())} deliveries were sent, {sum(received.values())} were" in flat
        for name, counts in (("Sent, in figures", sent), ("Received, in figures", received)):
            sums = " ".join(f"{each}" for each in (sum(counts.values()), *counts.values()))
            assert f"All {sums}" in flat[flat.index(name) :]
    link = message["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://mail.test/unsubscribe/")
    assert link in text
    assert "https://mail.test/reports" in text
    assert [each.status for each in letters(house)] == [SENT]


@pytest.mark.parametrize(
    ("span", "name"), [(Span.WEEK, "2026-W40"), (Span.DAY, "2026-10-02"), (Span.MONTH, "2026-10")]
)
def test_the_first_is_of_the_period_that_ends_next(house, span, name):
    """Whoever subscribes in the middle of a period gets that one first, none of the past."""
    subscribe(house, span=span)
    (wish,) = house.services.reporting.subscribed(house.viewer("shop"))
    assert wish.due_at == calendar.due(calendar.at(span, house.at, BERLIN), 7)

    house.round(wish.due_at - 1)
    assert letters(house) == []
    house.round(wish.due_at)
    assert [each.key for each in letters(house)] == [f"report {wish.id} {name}"]


def test_subscribed_on_the_first_before_seven(house):
    """At three in the morning of the first, the report of the month before is not theirs yet."""
    house.at = OCTOBER.until + 3 * HOUR
    subscribe(house)

    house.round(traffic.MORNING)
    house.round(traffic.MORNING + 20 * DAY)
    assert letters(house) == []
    house.round(calendar.due(month(11), 7))
    assert [each.key[-7:] for each in letters(house)] == ["2026-11"]


def test_every_month_its_letter(house, sink):
    """A year of looks, some of them after a restart: twelve letters, each of another month."""
    subscribe(house)
    dues = [calendar.due(month(number), 7) for number in (10, 11, 12)]
    dues += [calendar.due(month(number, 2027), 7) for number in range(1, 10)]
    for number, due in enumerate(dues):
        for at in (due - HOUR, due + 4 * MINUTE, due + 5 * MINUTE, due + DAY):
            house.round(at)
        if number % 3 == 0:
            house.begin()

    names = [each.key.split()[-1] for each in letters(house)]
    assert names == [f"2026-{n}" for n in (10, 11, 12)] + [f"2027-{n:02}" for n in range(1, 10)]
    assert len(sink.envelopes) == 12


def test_missed_while_it_was_down(house, sink):
    """After four months without the server the last month comes, once; the others do not."""
    subscribe(house)
    up = calendar.due(month(1, 2027), 7) + 13 * DAY
    house.round(up)
    house.begin()
    house.round(up + MINUTE)

    assert [each.key[-7:] for each in letters(house)] == ["2027-01"]
    assert len(sink.envelopes) == 1
    house.round(calendar.due(month(2, 2027), 7))
    assert [each.key[-7:] for each in letters(house)] == ["2027-01", "2027-02"]


@pytest.mark.parametrize("back", [1, 3 * HOUR, 2 * DAY, 29 * DAY])
@pytest.mark.parametrize("restarted", [False, True])
def test_the_clock_is_put_back_over_the_first(house, sink, back, restarted):
    """Seven o'clock of the first comes twice or three times; the letter comes once."""
    subscribe(house)
    for _ in range(3):
        house.round(traffic.MORNING)
        if restarted:
            house.begin()
        house.round(traffic.MORNING - back)
    house.round(traffic.MORNING + DAY)

    assert [each.key[-7:] for each in letters(house)] == ["2026-10"]
    assert len(sink.envelopes) == 1


def test_put_back_further_than_letters_are_kept(house, sink):
    """What was sent is known longer than the letter itself is kept."""
    subscribe(house)
    for back in (0, 3 * DAY, 20 * DAY):
        house.round(traffic.MORNING - back)
        house.round(traffic.MORNING + 9 * DAY)
        outbox.drop_before(house.state, traffic.MORNING + 30 * DAY)
        assert letters(house) == []
        house.begin()

    assert len(sink.envelopes) == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_the_clock_jumps_ahead_and_back(house, restarted):
    """A clock that was a year ahead for a while does not cost the letters of that year."""
    subscribe(house)
    ahead = calendar.due(month(5, 2027), 7) + DAY
    house.round(ahead)
    assert [each.key[-7:] for each in letters(house)] == ["2027-05"]
    if restarted:
        house.begin()
    house.round(OCTOBER.until - DAY)
    house.round(traffic.MORNING)
    house.round(calendar.due(month(11), 7))

    assert [each.key[-7:] for each in letters(house)] == ["2027-05", "2026-10", "2026-11"]
    # What was sent too early is not sent again when its time has come.
    house.round(ahead)
    assert len(letters(house)) == 3


def test_subscribed_while_the_clock_was_ahead(house):
    """Whoever subscribed in a year that is not yet has letters from the next month on."""
    house.at = calendar.due(month(5, 2027), 7)
    subscribe(house)
    house.round()
    house.round(OCTOBER.until - DAY)
    house.round(traffic.MORNING)

    assert [each.key[-7:] for each in letters(house)] == ["2026-10"]


def test_put_back_to_before_it_was_wanted(house):
    """A clock that shows a time before somebody subscribed brings them no report of the past."""
    house.at = month(11).since + 9 * DAY
    subscribe(house)
    house.round()
    house.round(OCTOBER.until - DAY)
    house.round(month(11).since + 9 * DAY)
    assert letters(house) == []
    house.round(calendar.due(month(11), 7))
    assert [each.key[-7:] for each in letters(house)] == ["2026-11"]


@pytest.mark.parametrize("step", [7 * MINUTE, HOUR])
@pytest.mark.parametrize(
    ("zone", "first", "hour"),
    [
        ("Europe/Berlin", date(2026, 3, 27), 2),
        ("Europe/Berlin", date(2026, 10, 23), 2),
        ("Africa/Cairo", date(2026, 4, 22), 0),
        ("Australia/Lord_Howe", date(2026, 4, 3), 2),
        ("Pacific/Kiritimati", date(2026, 4, 3), 23),
    ],
)
def test_one_letter_a_day_over_a_change_of_clocks(house, step, zone, first, hour):
    """Whatever the clock does at that hour, every day has one letter, and its own."""
    place = ZoneInfo(zone)
    begin = calendar.around(Span.DAY, first, place)
    house.at = begin.since + HOUR
    subscribe(house, span=Span.DAY, zone=zone, hour=hour)
    until = begin.since + 5 * DAY + 2 * HOUR
    while house.at < until:
        house.services.reporting.look(house.at)
        house.at += step

    names = [each.key.split()[-1] for each in letters(house)]
    days = [first.replace(day=first.day + n).isoformat() for n in range(len(names))]
    assert names == days
    assert len(names) in (4, 5)


def test_rights_that_are_gone(house, sink):
    """A domain that was taken from the account is not reported on: nothing is sent."""
    subscribe(house, of="example.com")
    directory = house.services.accounts.directory
    directory.change("shop", Draft(name="shop", kind=Kind.OWNER, domains=("example.net",)))
    house.round(traffic.MORNING)

    assert not sink.envelopes
    assert [each.status for each in letters(house)] == [WITHDRAWN]


def test_rights_as_they_are_when_it_is_sent(house, sink):
    """What is reported is the mail of the domains that the account has then."""
    mine = delivery("x@y.test", queue_id="a", at=OCTOBER.since, origins=["anna@example.com"])
    theirs = delivery("z@w.test", queue_id="b", at=OCTOBER.since, origins=["carl@example.net"])
    house.store.write(batch(mine, theirs))
    subscribe(house, to="postmaster@example.com")
    directory = house.services.accounts.directory
    fields = Draft(
        name="shop",
        kind=Kind.OWNER,
        domains=("example.net",),
        addresses=("postmaster@example.com",),
    )
    directory.change("shop", fields)
    house.round(traffic.MORNING)

    (content,) = sink.contents
    text, pdf = parts(content)
    for words in (text, pages.text(pdf)):
        assert "z@w.test" in words
        assert "x@y.test" not in words


def test_an_account_that_is_gone(house, sink):
    """Its reports go with it."""
    subscribe(house, account="anna@example.com")
    directory = house.services.accounts.directory
    directory.remove("anna@example.com")
    house.round(traffic.MORNING)

    assert not sink.envelopes


def test_unsubscribed_between_due_and_sent(house, sink):
    """Whoever ends it while the mail server is away gets no letter when it is back."""
    sink.answers["MAIL"] = "451 later"
    subscribe(house)
    house.round(traffic.MORNING)
    (wish,) = house.services.reporting.subscribed(house.viewer("shop"))
    house.services.subscribing.end(house.viewer("shop"), wish.id)
    del sink.answers["MAIL"]
    house.round(traffic.MORNING + DAY)

    assert not sink.envelopes


def test_what_became_of_it_is_shown(house, sink):
    """A letter that the server refuses is shown as such, with its words."""
    sink.answers["RCPT"] = "550 5.1.1 no such user here"
    subscribe(house)
    house.round(traffic.MORNING)
    (shown,) = house.services.reporting.subscribed(house.viewer("shop"))

    assert shown.status == FAILED
    assert "no such user here" in shown.said
    assert shown.due_at == calendar.due(month(11), 7)


def test_who_may_subscribe_to_what(house):
    """Nobody has reports of others' mail, or has them sent to others."""
    for account, of in (("shop", "example.net"), ("anna@example.com", "bea@example.com")):
        with pytest.raises(AccessError):
            subscribe(house, account, of, to="anna@example.com")
    with pytest.raises(AccountError):
        subscribe(house, to="carl@example.net")
    with pytest.raises(SearchError):
        subscribe(house, "root", "no domain")
    with pytest.raises(AccountError):
        subscribe(house, hour=24)
    assert subscribe(house, "root", "example.net", to="anyone@anywhere.test")


def test_in_the_readers_language(house, sink):
    """The letter is written in the language that it was asked for in."""
    subscribe(house, language="de")
    house.round(traffic.MORNING)
    (content,) = sink.contents

    text, pdf = parts(content)
    assert "Zeiten gelten für Europe/Berlin." in text
    assert "Zeiten gelten für Europe/Berlin." in pages.text(pdf)
    assert b"/Lang(de)" in pdf


def test_names_from_elsewhere_in_a_letter(house, sink):
    """Arabic, Chinese and hostile names go through mail, text and PDF."""
    rows = [
        delivery(
            each,
            queue_id=f"q{n}",
            at=OCTOBER.since + n,
            origins=["anna@example.com"],
            status=Status.FAILED,
        )
        for n, each in enumerate(traffic.HOSTILE)
    ]
    house.store.write(batch(*rows))
    subscribe(house)
    house.round(traffic.MORNING)
    (content,) = sink.contents
    text, pdf = parts(content)

    assert "测试@例子.test" in text
    assert "مرحبا@مثال.test" in text
    assert "#eval(sys)@markup.test" in text
    assert "\u202e" not in text
    assert "测试@例子.test" in pages.text(pdf)
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_two_processes_look_at_once(store, tmp_path):
    """Two that look at the same time put one letter in."""
    with sinks.sink() as sink:
        house = House(store, tmp_path, sink.port)
        try:
            subscribe(house)
            first, second = house.services.reporting, type(house.services.reporting)(house.services)
            due = subscriptions.due(house.state, ("report",), at=traffic.MORNING)
            for each in due:
                first._tell(each, traffic.MORNING)
                second._tell(each, traffic.MORNING)
            house.round(traffic.MORNING)
            assert len(sink.envelopes) == 1
        finally:
            house.close()
