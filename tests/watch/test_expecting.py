"""Mail that somebody waits for: told once, to whom it belongs, and not without end."""

from __future__ import annotations

import pytest
from tests.store.rows import DAY, NOON, SECOND, attempt, delivery

from postroad.errors import AccountError
from postroad.model.status import Outcome, Status
from postroad.model.when import HOUR, MINUTE
from postroad.services.watching import Where
from postroad.watch import expecting
from postroad.watch.expecting import PER_HOUR
from postroad.watch.wishes import Event, Expect

FROM_BANK = Expect(sender="news@bank.test")
EVERYTHING = tuple(Event)


def mail(number=1, recipient="anna@example.com", *, late=SECOND, **fields):
    """Mail from the bank that came so much after noon."""
    fields = {"sender": "news@bank.test", "subject": f"Statement {number}"} | fields
    return delivery(recipient, queue_id=f"bank-{number}", at=NOON + late, **fields)


def test_what_arrives_is_told_once(yard):
    """Whatever is written of it again, and whoever looks again after a restart."""
    yard.expect("anna@example.com", FROM_BANK)
    yard.write(mail())
    yard.look(after=5 * SECOND)
    yard.look(after=5 * SECOND)
    yard.write(mail(version=7))
    yard.look(after=5 * SECOND)
    yard.begin()
    yard.look(after=5 * SECOND)
    assert len(yard.letters("anna@example.com")) == 1
    [notice] = yard.told("anna@example.com")
    assert notice.subject == "Arrived: Statement 1"
    assert "https://mail.test/message/" + mail().id in notice.text
    assert "https://mail.test/unsubscribe/" in notice.text
    assert notice.data["happened"] == "arrived"
    assert [each["recipient"] for each in notice.data["deliveries"]] == ["anna@example.com"]


def test_nothing_that_was_there_before_is_told(yard):
    """Neither what was stored before, nor what came before and is read later."""
    yard.write(mail(1))
    yard.at += 5 * MINUTE
    yard.expect("anna@example.com", FROM_BANK)
    yard.write(mail(1, version=9), mail(2, late=-HOUR))
    yard.look(after=MINUTE)
    assert yard.letters("anna@example.com") == []


def test_a_log_that_is_read_a_day_late_is_told(yard):
    """What counts is when it was stored; the mail is one that was waited for all the same."""
    yard.expect("anna@example.com", FROM_BANK)
    yard.look(after=DAY)
    yard.look(after=SECOND)
    yard.write(mail(late=HOUR))
    yard.look(after=SECOND)
    assert len(yard.told("anna@example.com")) == 1


def test_each_thing_that_happens_is_told_once(yard):
    """Put off three times, and then arrived: two letters."""
    yard.expect("anna@example.com", Expect(sender="@bank.test", events=EVERYTHING))
    for version in (1, 2, 3):
        yard.write(mail(status=Status.DEFERRED, version=version))
        yard.look(after=MINUTE)
    assert [notice.data["happened"] for notice in yard.told("anna@example.com")] == ["deferred"]
    yard.write(mail(version=4))
    yard.look(after=MINUTE)
    # The first says nothing any more, if it was not sent yet: it is not so any more.
    told = yard.told("anna@example.com")
    assert told[0] is None
    assert told[1].data["happened"] == "arrived"


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({}, "arrived"),
        ({"status": Status.DEFERRED}, "deferred"),
        ({"status": Status.REJECTED, "smtp_code": 550}, "refused"),
        ({"status": Status.REJECTED, "smtp_code": 450, "reason": "greylisted"}, "deferred"),
        ({"status": Status.FAILED}, "refused"),
        ({"status": Status.FILTERED}, "refused"),
        ({"status": Status.IN_PROGRESS}, ""),
    ],
)
def test_what_happened_is_what_was_asked_for(yard, fields, event):
    """One account asks for each, and the right one is told."""
    wishes = {
        yard.expect("shop", Expect(sender="news@bank.test", events=(each,))): each.value
        for each in Event
    }
    yard.write(mail(**fields))
    yard.look(after=MINUTE)
    assert [wishes[each.subscription_id] for each in yard.letters("shop")] == [event] * bool(event)


@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        (Expect(sender="NEWS@Bank.test"), True),
        (Expect(sender="bank.test"), True),
        (Expect(sender="other@bank.test"), False),
        (Expect(sender="@ank.test"), False),
        (Expect(recipient="anna@example.com"), True),
        (Expect(recipient="@example.com"), True),
        (Expect(recipient="bob@example.com"), False),
        (Expect(subject="STATEment"), True),
        (Expect(subject="%"), False),
        (Expect(sender="@bank.test", subject="invoice"), False),
        (Expect(sender="@bank.test", recipient="bob@example.com"), False),
        (Expect(sender="@bank.test", recipient="anna@example.com", subject="statement 1"), True),
    ],
)
def test_all_that_is_named_has_to_fit(yard, asked, hit):
    """Sender, recipient and subject, each where it is named."""
    yard.expect("shop", asked)
    yard.write(mail())
    yard.look(after=MINUTE)
    assert bool(yard.letters("shop")) is hit


@pytest.mark.parametrize(
    "asked",
    [
        Expect(),
        Expect(sender="  "),
        Expect(sender="not an address"),
        Expect(sender="a@b@"),
        Expect(recipient="x@example.com\r\nBcc: eve@evil.test"),
        Expect(subject="a\x00b"),
        Expect(subject="x" * 201),
        Expect(sender="a@b.test", events=()),
        Expect(sender="a@b.test", until=NOON),
    ],
)
def test_what_cannot_be_asked_is_refused(yard, asked):
    """With a sentence."""
    with pytest.raises(AccountError):
        yard.expect("shop", asked)


def test_nobody_is_told_of_mail_that_is_not_theirs(yard):
    """The same wish of two tenants: each is told of its own, and only the sender's side of all."""
    for name in ("shop", "rival", "root", "anna@example.com"):
        yard.expect(name, FROM_BANK)
    yard.write(mail(1), mail(2, "bob@example.net"), mail(3, "kim@elsewhere.test"))
    yard.look(after=MINUTE)
    assert {name: len(yard.letters(name)) for name in ("shop", "rival", "root")} == {
        "shop": 1,
        "rival": 1,
        "root": 3,
    }
    assert len(yard.letters("anna@example.com")) == 1
    [notice] = yard.told("rival")
    assert "bob@example.net" in notice.text
    assert "anna" not in notice.text


def test_what_is_masked_on_the_page_is_masked_in_the_letter(yard):
    """Somebody else's alias leads on, to an address that the reply names."""
    yard.expect("shop", Expect(sender="anna@example.com"))
    row = mail(
        recipient="team@example.net",
        to="secret@example.net",
        sender="anna@example.com",
        origins=["anna@example.com"],
        result="250 2.0.0 <secret@example.net> Saved",
    )
    tried = attempt(row, address="secret@example.net", reply=row.result)
    yard.write(row, attempts=[tried])
    yard.look(after=MINUTE)
    [notice] = yard.told("shop")
    assert "•••@•••" in notice.text
    assert "secret" not in notice.text + repr(notice.data)


def test_rights_that_went_tell_nothing(yard):
    """Neither what happens afterwards, nor what was to be told of before."""
    yard.change("shop", domains=("example.com", "example.org"))
    yard.expect("shop", FROM_BANK)
    yard.write(mail(1, "zoe@example.org"), mail(2))
    yard.look(after=MINUTE)
    assert None not in yard.told("shop")
    yard.change("shop", domains=("example.com",))
    told = yard.told("shop")
    assert sum(notice is None for notice in told) == 1
    assert all("example.org" not in notice.text for notice in told if notice)
    yard.write(mail(3, "zoe@example.org", late=MINUTE))
    yard.look(after=MINUTE)
    assert len(yard.letters("shop")) == 2


def test_a_wish_about_an_address_that_was_lost_ends(yard):
    """And says why: its owner sees that on the page."""
    yard.change("anna@example.com", addresses=("anna@example.com", "info@example.com"))
    wish = yard.expect("anna@example.com", Expect(recipient="info@example.com"))
    yard.write(mail(1, "info@example.com"))
    yard.look(after=MINUTE)
    assert len(yard.letters("anna@example.com")) == 1
    yard.change("anna@example.com", addresses=("anna@example.com",))
    yard.write(mail(2, "info@example.com", late=MINUTE))
    yard.look(after=MINUTE)
    assert len(yard.letters("anna@example.com")) == 1
    assert yard.wish("anna@example.com", wish).ended_why == "rights"


def test_an_address_that_letters_may_not_go_to_any_more_ends_the_wish(yard):
    """An alias that was taken away belongs to somebody else by now."""
    yard.change("anna@example.com", addresses=("anna@example.com", "info@example.com"))
    wish = yard.expect("anna@example.com", FROM_BANK, target="info@example.com")
    yard.change("anna@example.com", addresses=("anna@example.com",))
    yard.write(mail())
    yard.look(after=MINUTE)
    assert yard.letters("anna@example.com") == []
    assert yard.wish("anna@example.com", wish).ended_why == "rights"


def test_an_account_that_is_away_is_told_nothing(yard):
    """While it is disabled; afterwards it is told of what comes then, and not of what came."""
    yard.expect("shop", FROM_BANK)
    yard.change("shop", disabled=True)
    yard.write(mail(1))
    yard.look(after=MINUTE)
    yard.change("shop", disabled=False)
    yard.look(after=MINUTE)
    assert yard.letters("shop") == []
    yard.write(mail(2, late=3 * MINUTE))
    yard.look(after=MINUTE)
    assert len(yard.letters("shop")) == 1


def test_an_account_that_is_gone_takes_its_wishes_along(yard):
    """Nothing is left of them, and nothing is told."""
    yard.expect("shop", FROM_BANK)
    yard.services.accounts.directory.remove("shop")
    yard.write(mail())
    yard.look(after=MINUTE)
    assert yard.every_letter() == 0


def test_too_many_are_told_of_together(yard):
    """So many letters in an hour; then one that says which and how many the others were."""
    yard.expect("shop", FROM_BANK)
    count = PER_HOUR + 30
    yard.write(*(mail(n) for n in range(count)))
    yard.look(after=MINUTE)
    yard.write(mail(count))
    yard.look(after=MINUTE)
    assert len(yard.letters("shop")) == PER_HOUR
    yard.begin()
    yard.look(after=HOUR)
    yard.look(after=HOUR)
    assert len(yard.letters("shop")) == PER_HOUR + 1
    last = yard.told("shop")[-1]
    assert last.subject == "Mail that you expect: 31 more"
    assert "… and 11 more." in last.text
    assert len(last.data["deliveries"]) == last.data["count"] == 31
    named = {each["id"] for notice in yard.told("shop") for each in notice.data["deliveries"]}
    assert named == {mail(n).id for n in range(count + 1)}
    # And after that each is told of by itself again.
    yard.write(mail(count + 1, late=2 * HOUR))
    yard.look(after=MINUTE)
    assert len(yard.letters("shop")) == PER_HOUR + 2


def test_what_is_told_together_hides_what_was_lost(yard):
    """Who sees less by now is not told how many there were."""
    yard.change("shop", domains=("example.com", "example.org"))
    yard.expect("shop", FROM_BANK)
    rows = [mail(n, "zoe@example.org" if n % 2 else "a@example.com") for n in range(60)]
    yard.write(*rows)
    yard.look(after=MINUTE)
    yard.look(after=2 * HOUR)
    yard.change("shop", domains=("example.com",))
    last = yard.told("shop")[-1]
    later = sorted(rows, key=lambda row: row.id)[PER_HOUR:]
    assert last.data["count"] == sum(row.recipient == "a@example.com" for row in later)
    assert "example.org" not in last.text + repr(last.data)


def test_a_wish_ends_after_its_day(yard):
    """Mail up to then counts, also from a log that is read late; later mail does not."""
    wish = yard.expect("shop", Expect(sender="@bank.test", until=NOON + DAY))
    yard.at += DAY + HOUR
    yard.write(mail(1, late=DAY - HOUR), mail(2, late=DAY + HOUR))
    yard.look()
    assert [notice.subject for notice in yard.told("shop")] == ["Arrived: Statement 1"]
    assert not yard.wish("shop", wish).ended_at
    yard.look(after=3 * DAY)
    assert yard.wish("shop", wish).ended_why == "done"


def test_what_strangers_write_is_text(yard):
    """A subject with line breaks and marks does not become a header, nor another line."""
    yard.expect("anna@example.com", Expect(recipient="anna@example.com"))
    evil = "Hi\r\nBcc: eve@evil.test\r\n\r\n<script>\u202egnp.exe {x} %s"
    yard.write(mail(subject=evil, sender='"a\nb"@evil.test', result=f"250 {evil}"))
    yard.look(after=MINUTE)
    [notice] = yard.told("anna@example.com")
    assert notice.subject.isprintable()
    assert not any(line.startswith("Bcc:") for line in notice.text.splitlines())
    assert "\u202e" not in notice.text
    assert "{x} %s" in notice.text


def test_a_letter_is_in_its_readers_language_and_zone(yard):
    """The fields that pages have words for already are translated; times are on their clock."""
    viewer = yard.viewer("shop")
    german = Where(channel="email", target="shop@example.com", zone="Asia/Tokyo", language="de")
    yard.services.watching.expect(viewer, FROM_BANK, german)
    row = mail(status=Status.DEFERRED, reason="greylisted")
    yard.services.watching.expect(viewer, Expect(sender="@bank.test", events=EVERYTHING), german)
    yard.write(row, attempts=[attempt(row, outcome=Outcome.DEFERRED)])
    yard.look(after=MINUTE)
    [notice] = yard.told("shop")
    assert "2026-03-02 19:00:01" in notice.text
    assert "Zeiten" in notice.text


def test_a_kill_between_two_letters_tells_each_once(yard, monkeypatch):
    """What was put into the outbox is there; what was not is found again after a restart."""
    yard.expect("shop", FROM_BANK)
    yard.write(*(mail(n) for n in range(5)))
    put, count = expecting.outbox.put, iter(range(5))

    def killed(*order, **more):
        if next(count) == 2:
            raise KeyboardInterrupt
        return put(*order, **more)

    with monkeypatch.context() as patched:
        patched.setattr(expecting.outbox, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            yard.look(after=MINUTE)
    assert len(yard.letters("shop")) == 2
    yard.begin()
    yard.look(after=MINUTE)
    yard.look(after=MINUTE)
    named = [notice.data["deliveries"][0]["id"] for notice in yard.told("shop")]
    assert sorted(named) == sorted(mail(n).id for n in range(5))


def test_a_clock_that_went_back_loses_nothing(yard, monkeypatch):
    """What is written afterwards has an earlier time, and is told all the same."""
    yard.expect("shop", FROM_BANK)
    ahead = yard.store.settled() + HOUR
    with monkeypatch.context() as patched:
        patched.setattr(yard.store, "settled", lambda: ahead)
        yard.look(after=MINUTE)
    yard.write(mail())
    yard.look(after=MINUTE)
    assert len(yard.letters("shop")) == 1


def test_many_wishes_are_asked_for_at_once(yard, monkeypatch):
    """One question to the store for all of them, and none more for those that found nothing."""
    for number in range(60):
        yard.expect("shop", Expect(sender=f"s{number}@never.test"))
        yard.expect("rival", Expect(subject=f"never {number}"))
    yard.look()
    asked = []
    read = yard.store.read

    def counted(*order, **more):
        asked.append(order)
        return read(*order, **more)

    monkeypatch.setattr(yard.store, "read", counted)
    yard.write(mail())
    yard.look(after=MINUTE)
    assert len(asked) == 1
