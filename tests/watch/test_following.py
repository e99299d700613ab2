"""A message that is followed: its end is told once, to who may see it."""

from __future__ import annotations

import pytest
from tests.store.rows import DAY, NOON, SECOND, attempt, delivery

from postroad.errors import AccountError
from postroad.model.status import Direction, Outcome, Status
from postroad.model.when import HOUR, MINUTE
from postroad.watch import following

SENT = {
    "origins": ["anna@example.com"],
    "user": "anna@example.com",
    "direction": Direction.OUTBOUND,
    "subject": "Offer",
}


def waits(recipient="kim@slow.test", **fields):
    """A message of example.com that waits."""
    return delivery(recipient, queue_id="waits", **{**SENT, "status": Status.DEFERRED, **fields})


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.DELIVERED, "Delivered: Offer"),
        (Status.FAILED, "Failed: Offer"),
        (Status.FILTERED, "Filtered: Offer"),
        (Status.BLOCKED, "Blocked: Offer"),
    ],
)
def test_an_end_is_told_once(yard, status, words):
    """When it was delivered or given up; not while it waits, and not again."""
    yard.write(waits())
    wish = yard.follow("anna@example.com", waits())
    yard.look(after=MINUTE)
    yard.write(waits(version=4, attempts=2))
    yard.look(after=MINUTE)
    assert yard.letters("anna@example.com") == []
    yard.write(waits(version=5, status=status, reason="expired"))
    yard.look(after=MINUTE)
    yard.begin()
    yard.look(after=MINUTE)
    [notice] = yard.told("anna@example.com")
    assert notice.subject == words
    assert f"https://mail.test/message/{waits().id}" in notice.text
    assert notice.data["deliveries"][0]["status"] == status.word
    assert yard.wish("anna@example.com", wish).ended_why == "done"


def test_what_has_ended_is_said_at_once(yard):
    """There is nothing to wait for, and nothing is kept."""
    row = waits(status=Status.DELIVERED)
    yard.write(row)
    assert yard.follow("anna@example.com", row) == 0
    assert yard.services.subscribing.mine(yard.viewer("anna@example.com")) == []


def test_nobody_follows_what_is_not_theirs(yard):
    """The answer is the same as for a message that does not exist."""
    yard.write(waits())
    for row in (waits(), delivery(queue_id="never")):
        with pytest.raises(AccountError, match="no such message") as refused:
            yard.follow("rival", row)
        assert refused.value.kind == "not_found"


def test_an_end_between_two_looks_before_it_was_asked_is_told(yard):
    """It is written in the moment in which somebody asks."""
    yard.write(waits())
    yard.look()
    wish = yard.follow("shop", waits())
    yard.write(waits(version=5, status=Status.DELIVERED))
    yard.look()
    assert yard.wish("shop", wish).ended_why == "done"


def test_a_message_gets_another_name_when_its_mailbox_is_known(yard):
    """The final address is part of a delivery's name; who follows the recipient is told."""
    row = waits("team@example.com")
    yard.write(row)
    yard.follow("shop", row)
    final = waits("team@example.com", to="zoe@example.com", status=Status.DELIVERED)
    yard.write(waits("team@example.com", deleted=True, version=9), final)
    yard.look(after=MINUTE)
    [notice] = yard.told("shop")
    assert final.id != row.id
    assert final.id in notice.text


def test_all_recipients_are_told_of_when_the_last_has_ended(yard):
    """Its sender follows the message; a receiving side follows its own copy only."""
    mine = waits("bob@example.net", status=Status.DELIVERED), waits("kim@slow.test")
    yard.write(*mine)
    yard.follow("anna@example.com", mine[1], everybody=True)
    assert yard.follow("rival", mine[0], everybody=True) == 0
    yard.look(after=MINUTE)
    assert yard.every_letter() == 0
    yard.write(waits("kim@slow.test", status=Status.FAILED, version=8))
    yard.look(after=MINUTE)
    [notice] = yard.told("anna@example.com")
    assert notice.subject == "Ended: Offer"
    assert "bob@example.net" in notice.text
    assert "kim@slow.test" in notice.text
    assert len(notice.data["deliveries"]) == 2


def test_rights_that_went_end_it(yard):
    """Nothing is told, and the page says why; but not for a moment's absence."""
    yard.write(waits())
    wish = yard.follow("shop", waits())
    yard.change("shop", domains=("example.org",), addresses=("shop@example.com",))
    yard.look(after=11 * MINUTE)
    assert not yard.wish("shop", wish).ended_at
    yard.look(after=11 * MINUTE)
    assert yard.wish("shop", wish).ended_why == "rights"
    assert yard.letters("shop") == []


def test_rights_that_went_before_it_is_sent_withdraw_it(yard):
    """What was put into the outbox says nothing to who may not see it any more."""
    yard.write(waits())
    yard.follow("shop", waits())
    yard.write(waits(version=5, status=Status.DELIVERED))
    yard.look(after=MINUTE)
    yard.change("shop", domains=("example.org",), addresses=("shop@example.com",))
    assert yard.told("shop") == [None]


def test_what_is_older_than_what_is_kept_is_forgotten_aloud(yard):
    """A log that stopped says no end: whoever waits for it is told that."""
    yard.write(waits())
    wish = yard.follow("shop", waits())
    yard.at = NOON + 31 * DAY
    yard.store.drop_before(NOON + DAY)
    yard.look()
    [notice] = yard.told("shop")
    assert "not known" in notice.text
    assert yard.wish("shop", wish).ended_why == "done"


def test_a_kill_between_letter_and_end_tells_once(yard, monkeypatch):
    """The letter's key is the wish: looking again puts it in again, and it is there already."""
    yard.write(waits())
    wish = yard.follow("shop", waits())
    yard.write(waits(version=5, status=Status.DELIVERED))
    with monkeypatch.context() as patched:
        patched.setattr(following.subscriptions, "end", _killed)
        with pytest.raises(KeyboardInterrupt):
            yard.look(after=SECOND)
    assert len(yard.letters("shop")) == 1
    yard.begin()
    yard.look(after=HOUR)
    assert len(yard.letters("shop")) == 1
    assert yard.wish("shop", wish).ended_why == "done"


def _killed(*_, **__):
    raise KeyboardInterrupt


def test_the_reply_is_quoted(yard):
    """The letter says what the page says: the verdict, and the server's own words."""
    row = waits(
        status=Status.FAILED,
        reason="mailbox_full",
        smtp_code=552,
        result="552 5.2.2 Mailbox full",
        remote_host="mx.slow.test",
    )
    yard.write(waits(version=1))
    yard.follow("shop", waits())
    yard.write(row, attempts=[attempt(row, outcome=Outcome.FAILED, reply=row.result)])
    yard.look(after=MINUTE)
    [notice] = yard.told("shop")
    assert "552 5.2.2 Mailbox full" in notice.text
    assert "2026-03-02 11:00:00" in notice.text
    assert "Europe/Berlin" in notice.text
