"""What goes wrong here and not at the other end: a full disk, a missing program, a death."""

from __future__ import annotations

import email
import email.policy
import logging
import resource
import stat
from contextlib import contextmanager

import pytest
from tests.notify import receivers
from tests.notify.desk import HOUR, MINUTE, NAME, Desk

from postroad import config
from postroad.doctor import Level
from postroad.errors import StateError
from postroad.notify import health, sentences
from postroad.notify.program import Program
from postroad.notify.settling import Fate
from postroad.state import outbox, subscriptions
from postroad.state.subscriptions import Subscription


@contextmanager
def no_room(folder):
    """Let no file of the state grow: what SQLite writes fails as on a full disk."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (folder / "state.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_with_a_full_disk_nothing_is_sent(tmp_path, sink, desk, caplog):
    """It cannot be written down that the letter is sent, so it is not; that is told."""
    letter = desk.put()
    with no_room(tmp_path), caplog.at_level(logging.WARNING):
        desk.round()
        assert "waiting" == desk.now(letter).status
        assert [] == sink.envelopes
    assert "state.db cannot be used" in caplog.text
    desk.pass_time(HOUR, step=MINUTE)

    assert "sent" == desk.now(letter).status
    assert 1 == len(sink.envelopes)


def test_a_disk_that_fills_up_while_a_letter_is_taken(tmp_path, sink, desk, caplog):
    """What cannot be written down is remembered; nothing more is sent until it is written."""
    letter, other = desk.put(), desk.put()
    limits = []
    take = sink.handle_DATA

    async def filling(server, session, envelope):
        """Take the letter on a disk that has just become full."""
        limits.append(no_room(tmp_path))
        limits[-1].__enter__()
        return await take(server, session, envelope)

    sink.handle_DATA = filling
    try:
        with caplog.at_level(logging.WARNING):
            desk.round()
        assert "sending" == desk.now(letter).status
        for _ in range(3):
            desk.clock.now += 10 * MINUTE
            with pytest.raises(StateError):
                desk.round()
    finally:
        for each in limits:
            each.__exit__(None, None, None)
        sink.handle_DATA = take
    assert "state.db cannot be used" in caplog.text
    assert 1 == len(sink.envelopes)
    desk.round()

    assert ["sent", "sent"] == [desk.now(each).status for each in (letter, other)]
    assert 2 == len(sink.envelopes)


def test_a_call_that_was_taken_on_a_full_disk_is_not_made_again(tmp_path, desk_for):
    """Its answer is remembered until it can be written down."""
    with receivers.receiver() as receiver:
        desk = desk_for(1)
        letter = desk.ring(desk.webhook(receiver.url))
        with no_room(tmp_path):
            desk.round()
            with pytest.raises(StateError):
                desk.round()
        desk.round()

        assert 1 == len(receiver.heard)
        assert "sent" == desk.now(letter).status


def test_what_was_being_sent_at_the_last_end_is_unclear(sink, desk):
    """It is not sent again; the next letters are."""
    stranded, other = desk.put(), desk.put()
    assert outbox.begin(desk.state, stranded.id, message_id="one@example.com")
    desk.round()

    found = desk.now(stranded)
    assert ("unclear", sentences.STRANDED) == (found.status, found.said)
    assert "sent" == desk.now(other).status
    assert 1 == len(sink.envelopes)


def _wish(desk):
    wish = Subscription(
        account_id=desk.account, kind="report", what="{}", channel="email", target=NAME
    )
    return subscriptions.add(desk.state, wish, digest=lambda _: "a digest", most=10)


def test_three_letters_in_a_row_that_came_back_end_a_subscription(sink, desk_for):
    """Each is shown as bounced with the reason; two, or three with one that arrived between, do not."""
    bounced = set()

    def lookup(message_id, recipient):
        del recipient
        failed = message_id in bounced
        return Fate(has_failed=failed, said="550 5.1.1 no such user" if failed else "")

    desk = desk_for(sink.port, lookup=lookup)
    wish = _wish(desk)
    for arrives in (False, False, True, False, False):
        letter = desk.put(subscription_id=wish)
        desk.round()
        if not arrives:
            bounced.add(desk.now(letter).message_id)
        desk.pass_time(2 * MINUTE, step=MINUTE)
        assert ("sent" if arrives else "bounced") == desk.now(letter).status
    assert 0 == subscriptions.get(desk.state, wish).ended_at

    letter = desk.put(subscription_id=wish)
    desk.round()
    waiting = desk.put(subscription_id=wish, next_at=desk.clock() + HOUR)
    bounced.add(desk.now(letter).message_id)
    desk.pass_time(2 * MINUTE, step=MINUTE)

    found = desk.now(letter)
    assert ("bounced", "550 5.1.1 no such user") == (found.status, found.said)
    ended = subscriptions.get(desk.state, wish)
    assert ended.ended_at
    assert "bounced" == ended.ended_why
    assert "withdrawn" == desk.now(waiting).status


def test_a_letter_that_comes_back_days_later_is_found(sink, desk_for):
    """The log is asked for five days."""
    bounced = set()
    desk = desk_for(sink.port, lookup=lambda name, _: Fate(has_failed=name in bounced, said="late"))
    letter = desk.put()
    desk.round()
    desk.pass_time(70 * HOUR, step=HOUR)
    assert "sent" == desk.now(letter).status
    bounced.add(desk.now(letter).message_id)
    desk.pass_time(50 * HOUR, step=HOUR)

    assert ("bounced", "late") == ((found := desk.now(letter)).status, found.said)


def test_letters_that_are_long_done_are_dropped(sink, desk):
    """After 92 days, with their tries; those that wait stay."""
    old = desk.put()
    desk.round()
    desk.pass_time(93 * 24 * HOUR, step=12 * HOUR)
    new = desk.put(next_at=desk.clock() + HOUR)

    assert [new.key] == [each.key for each in outbox.latest(desk.state, desk.account)]
    assert {} == outbox.tries_of(desk.state, [old.id])


@pytest.fixture
def sendmail(tmp_path):
    """Write a `sendmail` that keeps what it is given, and ends as `ending` says."""
    program, kept = tmp_path / "sendmail", tmp_path / "kept"

    def make(ending: str = "exit 0"):
        program.write_text(f'#!/bin/sh\necho "$@" >> {kept}.arguments\ncat >> {kept}\n{ending}\n')
        program.chmod(stat.S_IRWXU)
        return program, kept

    return make


@pytest.fixture
def desk_before(tmp_path):
    """Make a desk before a program."""
    made = []

    def make(program, patience=5.0, **more):
        made.append(Desk(tmp_path, Program(str(program), patience), **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_sendmail_is_given_the_letter(sendmail, desk_before):
    """The envelope as arguments, the message as it is, lines ended as this system ends them."""
    program, kept = sendmail()
    desk = desk_before(program)
    letter = desk.put()
    for _ in range(3):
        desk.round()

    assert "sent" == desk.now(letter).status
    arguments = kept.with_suffix(".arguments").read_text()
    assert f"-i -f postroad@mail.example.com -- {NAME}\n" == arguments
    message = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
    assert f"This is {letter.key}.\n.\n..two dots\nEnd\n" == message.get_content()
    assert b"\r" not in kept.read_bytes()


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        ("echo queue is full >&2; exit 75", "waiting", "queue is full"),
        ("exit 70", "waiting", sentences.SENDMAIL_FAILED),
        ("echo user unknown; exit 67", "failed", "user unknown"),
        ("kill -9 $$", "unclear", sentences.SENDMAIL_FAILED),
        ("exec sleep 5", "unclear", sentences.SENDMAIL_HUNG),
    ],
    ids=["tempfail", "software", "nouser", "killed", "hung"],
)
def test_how_sendmail_ends(sendmail, desk_before, ending, status, said):
    """By its exit status (sysexits.h); without one nobody knows."""
    program, kept = sendmail(ending)
    desk = desk_before(program, patience=1.0)
    letter = desk.put()
    desk.round()
    desk.clock.now += 30
    desk.round()

    found = desk.now(letter)
    assert (status, said) == (found.status, found.said)
    assert 1 == len(kept.with_suffix(".arguments").read_text().splitlines())


def test_without_sendmail_letters_wait(tmp_path, desk_before):
    """And say what is missing."""
    desk = desk_before(tmp_path / "nothing")
    letter = desk.put()
    desk.round()

    found = desk.now(letter)
    assert ("waiting", sentences.NO_SENDMAIL) == (found.status, found.said)


def test_own_sentences_are_known_again():
    """What is kept in English is shown in another language; what others said is not."""
    assert sentences.NO_END.message == sentences.told(str(sentences.NO_END)).message
    assert "250 taken" == sentences.told("250 taken")


def test_the_doctor_tells_of_letters_that_do_not_leave(tmp_path, sink, desk):
    """How they leave, what waits, and what failed, with what was said."""
    settings = config.load(
        {"home": str(tmp_path / "home"), "sendmail_path": str(tmp_path / "nothing")}, environ={}
    )
    (only,) = health.findings(settings, desk.state, now=desk.clock())
    assert (Level.WARN, True) == (only.level, "cannot be sent" in only.title)

    sink.answers["RCPT"] = "451 come back later"
    desk.put()
    desk.pass_time(2 * HOUR, step=MINUTE)
    sink.answers["RCPT"] = "550 no such user"
    desk.put()
    desk.round()
    settings = config.load(
        {"home": str(tmp_path / "home"), "mail_submission": "smtp://mail.example.com"}, environ={}
    )
    way, waiting, failed = health.findings(settings, desk.state, now=desk.clock())
    assert (Level.OK, "Letters by e-mail leave through smtp://mail.example.com") == (
        way.level,
        way.title,
    )
    assert "451" not in waiting.title
    assert "come back later" in waiting.detail
    assert "could not be sent: 1" in failed.title
    assert "no such user" in failed.detail
