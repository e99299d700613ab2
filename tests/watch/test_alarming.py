"""Figures that alarm: one letter for each incident, whatever happens in between."""

from __future__ import annotations

import pytest
from tests.store.rows import HOST, NOON, delivery

from postroad import ingest
from postroad.accounts import Draft, Kind
from postroad.errors import AccountError
from postroad.model.coverage import Coverage
from postroad.model.status import Direction, Status
from postroad.model.when import DAY, HOUR, MINUTE
from postroad.watch import alarming
from postroad.watch.wishes import Alert, Rule

FAILURES = Alert(rule=Rule.FAILURES, threshold=20, least=10, hours=6)
WAITING = Alert(rule=Rule.WAITING, threshold=4, least=2)
PROVIDER = Alert(rule=Rule.PROVIDER, threshold=30, least=5, hours=3)
SENDING = Alert(rule=Rule.SENDING, threshold=2, least=20, hours=1)
SILENCE = Alert(rule=Rule.SILENCE, threshold=60, hours=24)


def sent(number, *, at=NOON, by="anna@example.com", **fields):
    """A message that an account of ours sent."""
    fields = {"recipient": f"r{number}@far.test", "direction": Direction.OUTBOUND} | fields
    return delivery(
        queue_id=f"{by}-{at}-{number}", at=at, sender=by, user=by, origins=[by], **fields
    )


def many(count, *, failed=0, start=0, **fields):
    """So many messages, of which some failed."""
    return [
        sent(n, status=Status.FAILED if n < start + failed else Status.DELIVERED, **fields)
        for n in range(start, start + count)
    ]


def subjects(yard, name):
    """What the letters of an account say in their subjects."""
    return [notice and notice.subject for notice in yard.told(name)]


def test_one_letter_for_an_incident(yard):
    """It begins, lasts, ends and is told again only when the quiet time is over."""
    yard.at = NOON + MINUTE
    yard.alert("shop", FAILURES)
    yard.write(*many(12, failed=2))
    yard.look()
    assert yard.letters("shop") == []
    yard.write(*many(12, failed=4, start=100))
    yard.look(after=5 * MINUTE)
    assert subjects(yard, "shop") == ["Much mail fails"]
    [notice] = yard.told("shop")
    assert "Of 24 mails sent in the last 6 h, 6 failed: 25 %." in notice.text
    assert notice.data["figures"][0]["count"] == 6
    for _ in range(5):
        yard.begin()
        yard.look(after=5 * MINUTE)
    assert len(yard.letters("shop")) == 1
    # A little less is the same incident, much less its end.
    yard.write(*many(8, start=200))
    yard.look(after=5 * MINUTE)
    yard.write(*many(60, start=300))
    yard.look(after=5 * MINUTE)
    # Again within the quiet time: nothing. Still so after it: told.
    yard.write(*many(60, failed=60, start=500, at=NOON + HOUR))
    yard.look(after=5 * MINUTE)
    assert len(yard.letters("shop")) == 1
    yard.write(*many(60, failed=60, start=700, at=NOON + 12 * HOUR))
    yard.look(after=12 * HOUR)
    assert len(yard.letters("shop")) == 2


def test_the_end_is_told_to_who_wants_that(yard):
    """Once, and not to who did not ask for it."""
    yard.at = NOON + MINUTE
    says = Alert(rule=Rule.FAILURES, threshold=20, least=10, hours=6, says_over=True)
    yard.alert("shop", says)
    yard.alert("rival", FAILURES)
    yard.write(*many(20, failed=10, by="carl@example.net"))
    yard.write(*many(20, failed=10))
    yard.look()
    yard.write(*many(200, start=100), *many(200, start=100, by="carl@example.net"))
    yard.look(after=5 * MINUTE)
    yard.look(after=5 * MINUTE)
    # The first would say nothing now: it is not so any more.
    assert subjects(yard, "shop") == [None, "Over: Much mail fails"]
    assert len(yard.letters("rival")) == 1


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_kill_tells_once(yard, monkeypatch, where):
    """Between what is kept and what is put into the outbox, on either side."""
    yard.at = NOON + MINUTE
    yard.alert("shop", FAILURES)
    yard.write(*many(20, failed=10))
    put = alarming.outbox.put

    def killed(*order, **more):
        if where == "after":
            put(*order, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(alarming.outbox, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            yard.look()
    yard.begin()
    yard.look(after=7 * MINUTE)
    yard.look(after=7 * MINUTE)
    assert subjects(yard, "shop") == ["Much mail fails"]


def test_somebody_elses_mail_alarms_nobody(yard):
    """Figures are of what an account may see, and its letters too."""
    yard.at = NOON + MINUTE
    for name in ("shop", "rival", "root"):
        yard.alert(name, FAILURES)
    yard.write(*many(20, failed=20, by="carl@example.net"))
    yard.look()
    assert [len(yard.letters(name)) for name in ("shop", "rival", "root")] == [0, 1, 1]


def test_rights_that_went_withdraw_the_letter(yard):
    """What is counted is what may be seen when it is sent."""
    yard.at = NOON + MINUTE
    yard.change("shop", domains=("example.com", "example.org"))
    yard.alert("shop", FAILURES)
    yard.write(*many(20, failed=20, by="zoe@example.org"))
    yard.look()
    assert subjects(yard, "shop") == ["Much mail fails"]
    yard.change("shop", domains=("example.com",))
    assert yard.told("shop") == [None]


def test_mail_that_waits(yard):
    """Mail that was tried lately and came long ago; what nobody tries any more does not wait."""
    yard.at = NOON + 5 * HOUR
    yard.alert("shop", WAITING)
    late = {"status": Status.DEFERRED, "last_attempt_at": NOON + 4 * HOUR}
    yard.write(sent(1, **late), sent(2, at=NOON - 9 * DAY, status=Status.DEFERRED))
    yard.write(sent(3, at=NOON + 4 * HOUR, status=Status.DEFERRED))
    yard.look()
    assert yard.letters("shop") == []
    yard.write(sent(4, **late))
    yard.look(after=5 * MINUTE)
    [notice] = yard.told("shop")
    assert "2 mails have been waiting for more than 4 h." in notice.text
    assert "https://mail.test/?status=deferred" in notice.text


def test_a_provider_that_refuses_us(yard):
    """By its servers' domain, for what it thinks of this server and not of an address."""
    yard.at = NOON + MINUTE
    yard.alert("shop", PROVIDER)
    big = {"remote_host": "mx1.big.test", "status": Status.FAILED}
    yard.write(*(sent(n, reason="mailbox_unknown", **big) for n in range(9)))
    yard.look()
    assert yard.letters("shop") == []
    yard.write(*(sent(n, reason="blocklisted", **big) for n in range(20, 28)))
    yard.write(*(sent(n, remote_host="mx.nice.test") for n in range(40, 60)))
    yard.look(after=5 * MINUTE)
    [notice] = yard.told("shop")
    assert "Of 17 mails to big.test in the last 3 h, 8 were refused" in notice.text
    assert "nice.test" not in notice.text
    assert notice.data["figures"][0] | {"busiest": 0} == {
        "subject": "big.test",
        "count": 8,
        "total": 17,
        "busiest": 0,
        "reason": "blocklisted",
        "share": 47,
    }
    # Another provider is another incident.
    worse = {"remote_host": "mx.worse.test", "status": Status.DEFERRED, "reason": "rate_limited"}
    yard.write(*(sent(n, **worse) for n in range(70, 78)))
    yard.look(after=5 * MINUTE)
    assert len(yard.letters("shop")) == 2
    assert "big.test" not in yard.told("shop")[1].text


def test_a_mailbox_that_sends_unusually_much(yard):
    """More than its busiest hour of the weeks before, twice; who always does so is left alone."""
    yard.at = NOON + MINUTE
    yard.alert("shop", SENDING)
    before = NOON - 7 * DAY
    usual = [sent(n, at=before, by="news@example.com") for n in range(25)]
    usual += [sent(n, at=before, by="anna@example.com") for n in range(5)]
    yard.write(*usual)
    yard.write(*(sent(n, by="news@example.com") for n in range(45)))
    yard.write(*(sent(n, by="anna@example.com") for n in range(15)))
    yard.look()
    assert yard.letters("shop") == []
    yard.write(*(sent(n, by="anna@example.com") for n in range(15, 40)))
    yard.look(after=5 * MINUTE)
    [notice] = yard.told("shop")
    assert "anna@example.com sent 40 messages in the last 1 h." in notice.text
    assert "were 5." in notice.text
    assert "news" not in notice.text


def test_a_log_that_went_silent(yard):
    """For administrators; one who is none any more is told nothing, and sees why."""
    minutes = [
        Coverage(source="mail.log", host=HOST, minute=NOON - n * MINUTE, chunk=f"{n}", lines=5)
        for n in range(1, 600)
    ]
    yard.store.write_coverage(minutes)
    yard.services.follower = Followed()
    wish = yard.alert("root", SILENCE)
    yard.at = NOON + 30 * MINUTE
    yard.look()
    assert yard.letters("root") == []
    yard.look(after=45 * MINUTE)
    yard.look(after=45 * MINUTE)
    [notice] = yard.told("root")
    assert "has no lines between" in notice.text
    assert "https://mail.test/admin/sources" in notice.text
    with pytest.raises(AccountError, match="Only administrators"):
        yard.alert("shop", SILENCE)
    owner = Draft(name="root", kind=Kind.OWNER, domains=("example.com",))
    yard.services.accounts.directory.change("root", owner)
    assert yard.told("root") == [None]
    yard.look(after=5 * MINUTE)
    assert yard.wish("root", wish).ended_why == "rights"


class Followed:
    """What follows one log."""

    def health(self):
        """It is well."""
        return ingest.Health(sources=[ingest.Status(name="mail.log", path="/var/log/mail.log")])


def test_mailbox_users_have_no_alerts(yard):
    """They are for those who look after mailboxes."""
    with pytest.raises(AccountError, match="look after"):
        yard.alert("anna@example.com", FAILURES)
