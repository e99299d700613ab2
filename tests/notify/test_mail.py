"""Letters by e-mail over real connections: what arrives, what is tried again, and what is not."""

from __future__ import annotations

import email
import email.policy
import socket
import time

import pytest
from tests.notify import sinks
from tests.notify.desk import DAY, HOUR, MINUTE, NAME, SECOND

from postroad.notify import sentences
from postroad.state import outbox


def read(content: bytes):
    """A message as a mail program reads it."""
    return email.message_from_bytes(content, policy=email.policy.SMTP)


def test_a_letter_arrives_once_as_it_was_written(sink, desk):
    """One message arrives, with its dots, and no more of them at later looks."""
    letter = desk.put("report 1 2026-01")
    for _ in range(3):
        desk.round()

    (envelope,) = sink.envelopes
    assert ("postroad@mail.example.com", [NAME]) == (envelope.mail_from, envelope.rcpt_tos)
    message = read(sink.contents[0])
    assert "This is report 1 2026-01.\n.\n..two dots\nEnd\n" == message.get_content().replace(
        "\r\n", "\n"
    )
    sent = desk.now(letter)
    assert ("sent", 1) == (sent.status, sent.tries)
    assert f"<{sent.message_id}>" == message["Message-ID"]
    (made,) = desk.tries(letter)
    assert (250, "2.0.0 taken") == (made.code, made.said)


def test_the_same_key_is_sent_once(sink, desk):
    """A letter that is put in again is not sent again."""
    letter = desk.put("report 1 2026-01")
    assert not outbox.put(desk.state, letter, at=desk.clock())
    desk.round()
    assert not outbox.put(desk.state, letter, at=desk.clock())
    desk.round()

    assert 1 == len(sink.envelopes)


def test_letters_go_in_order_and_none_holds_up_the_others(sink, desk):
    """A letter that is refused at its recipient is noted; the ones behind it are sent."""
    keys = [desk.put(target=f"{name}@example.com").key for name in ("one", "two", "three")]
    desk.round()

    assert [f"About {each}" for each in keys] == [read(each)["Subject"] for each in sink.contents]


# aiosmtpd does not see that a connection which it was given in TLS is in TLS.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_signs_in_over_tls(certificates, desk_for, scheme):
    """With a password, by STARTTLS and by TLS from the first octet, certificates verified."""
    ca, certificate = certificates
    with sinks.sink(certificate=certificate, wrapped=scheme == "smtps", login=True) as server:
        login = {"login": sinks.LOGIN, "password": sinks.PASSWORD, "ca": ca}
        desk = desk_for(server.port, scheme=scheme, **login)
        letter = desk.put()
        desk.round()

        assert "sent" == desk.now(letter).status
        assert [(True, sinks.LOGIN.encode())] == server.sessions


def test_a_password_is_not_sent_in_the_clear(desk_for):
    """Where STARTTLS is not offered, nobody signs in, and the letter waits."""
    heard = []

    def listen(connection):
        stream = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        for line in stream:
            heard.append(line)
            connection.sendall(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n")

    with sinks.faulty(listen) as port:
        desk = desk_for(port, login=sinks.LOGIN, password=sinks.PASSWORD)
        letter = desk.put()
        desk.round()

        found = desk.now(letter)
        assert ("waiting", sentences.NO_TLS) == (found.status, found.said)
        assert [b"ehlo me.test\r\n"] == heard


def test_a_certificate_that_nobody_vouches_for_is_refused(certificates, desk_for):
    """Without the authority's certificate nothing is sent."""
    _, certificate = certificates
    with sinks.sink(certificate=certificate, login=True) as server:
        desk = desk_for(server.port, login=sinks.LOGIN, password=sinks.PASSWORD)
        letter = desk.put()
        desk.round()

        found = desk.now(letter)
        assert ("waiting", sentences.BAD_CERTIFICATE) == (found.status, found.said)
        assert [] == server.envelopes


def test_a_wrong_password_keeps_the_letters(certificates, desk_for):
    """Whoever may not sign in keeps all letters, and leaves the server alone for a minute."""
    ca, certificate = certificates
    with sinks.sink(certificate=certificate, login=True) as server:
        desk = desk_for(server.port, login=sinks.LOGIN, password="another", ca=ca)
        letters = [desk.put(), desk.put()]
        desk.round()

        tried, other = map(desk.now, letters)
        assert ("waiting", 1, "waiting", 0) == (
            tried.status,
            tried.tries,
            other.status,
            other.tries,
        )
        assert 535 == desk.tries(tried)[0].code
        assert desk.clock() + MINUTE == tried.next_at


def test_a_server_that_is_away_is_tried_again_and_again(desk_for):
    """1, 5, 15 minutes, 1 hour, 3 hours, and so on; it is sent once when the server is back."""
    port = sinks.free_port()
    desk = desk_for(port)
    letter = desk.put()
    begun = desk.clock()
    desk.pass_time(8 * HOUR, step=MINUTE)

    at = [round((each.at - begun) / MINUTE) for each in desk.tries(letter)]
    assert [1, 2, 7, 22, 82, 262, 442] == at
    assert {sentences.NO_CONNECTION} == {each.said for each in desk.tries(letter)}
    assert "waiting" == desk.now(letter).status


def test_a_server_that_stays_away_is_given_up_after_three_days(desk_for):
    """The last try is made when the time is over; nothing is tried afterwards."""
    desk = desk_for(sinks.free_port())
    letter = desk.put()
    desk.round()
    desk.pass_time(4 * DAY, step=HOUR)

    found, tries = desk.now(letter), desk.tries(letter)
    assert "failed" == found.status
    assert 3 * DAY - SECOND <= tries[-1].at - tries[0].at < 3 * DAY + 2 * HOUR
    assert found.tries == len(tries)


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("MAIL", "451 4.3.0 try later"),
        ("RCPT", "450 4.2.1 try later"),
        ("DATA", "452 4.3.1 no room"),
    ],
)
def test_what_is_refused_for_now_is_tried_again(sink, desk, verb, answer):
    """A 4xx answer, also one to the end of the message, puts the letter off; then it is sent once."""
    sink.answers[verb] = answer
    letter = desk.put()
    desk.round()
    found = desk.now(letter)
    assert ("waiting", answer[4:], desk.clock() + MINUTE) == (
        found.status,
        found.said,
        found.next_at,
    )

    sink.answers.clear()
    desk.pass_time(10 * MINUTE, step=MINUTE)
    assert "sent" == desk.now(letter).status
    assert 1 == len(sink.envelopes)


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("MAIL", "553 5.7.1 not with this sender"),
        ("RCPT", "550 5.1.1 no such user"),
        ("DATA", "554 5.7.1 looks like spam"),
    ],
)
def test_what_is_refused_for_good_has_failed(sink, desk, verb, answer):
    """A 5xx answer about the letter ends it at once, and the next one is sent."""
    sink.answers[verb] = answer
    letter = desk.put()
    desk.round()
    sink.answers.clear()
    other = desk.put()
    desk.pass_time(HOUR, step=MINUTE)

    found = desk.now(letter)
    assert ("failed", answer[4:], 1) == (found.status, found.said, found.tries)
    assert "sent" == desk.now(other).status
    assert 1 == len(sink.envelopes)


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        (sinks.silent, sentences.NO_ANSWER),
        (sinks.dripping, sentences.NO_ANSWER),
        (sinks.endless, sentences.CUT_OFF),
        (sinks.hanging_up, sentences.CUT_OFF),
        (sinks.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), sentences.NOT_UNDERSTOOD),
        (sinks.after(b"EHLO", sinks.silent), sentences.NO_ANSWER),
        (sinks.after(b"MAIL", sinks.silent), sentences.NO_ANSWER),
        (sinks.after(b"RCPT", sinks.hanging_up), sentences.CUT_OFF),
        (sinks.after(b"DATA", sinks.silent), sentences.NO_ANSWER),
    ],
    ids=["silent", "dripping", "endless", "away", "no-smtp", "ehlo", "mail", "rcpt", "data"],
)
def test_a_server_that_misbehaves_before_the_end_is_tried_again(desk_for, manner, said):
    """However it fails before the end of the message: in time, and the letter waits."""
    with sinks.faulty(manner) as port:
        desk = desk_for(port, patience=0.5)
        letter = desk.put()
        begun = time.monotonic()
        desk.round()

        found = desk.now(letter)
        assert ("waiting", said, 1) == (found.status, found.said, found.tries)
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "then",
    [sinks.silent, sinks.hanging_up, sinks.dripping, sinks.saying(b"what?\r\n")],
    ids=["silent", "away", "dripping", "garbled"],
)
def test_a_letter_without_an_answer_to_its_end_is_unclear(desk_for, then):
    """Nobody knows whether it was taken: it is not sent again by itself, and that is shown."""
    with sinks.faulty(sinks.after(b".", then)) as port:
        desk = desk_for(port, patience=5, last=0.5)
        letter = desk.put()
        desk.round()
        desk.pass_time(4 * HOUR, step=MINUTE)

        found = desk.now(letter)
        assert ("unclear", 1) == (found.status, found.tries)
        assert 1 == len(desk.tries(letter))


def test_an_unclear_letter_can_be_sent_again_by_hand(sink, desk):
    """It gets a letter of its own with a Message-ID of its own; twice asked is once sent."""
    first = desk.put("report 1 2026-01")
    desk.round()
    for _ in range(2):
        outbox.again(desk.state, desk.now(first), at=desk.clock())
    desk.round()
    second = desk.letter("report 1 2026-01 again 2")
    outbox.again(desk.state, second, at=desk.clock())
    desk.round()

    ids = [read(each)["Message-ID"] for each in sink.contents]
    assert 3 == len(set(ids))
    event = desk.now(first).message_id.split("@")[0]
    assert f"<{event}.2@mail.example.com>" == ids[1]
    assert f"<{event}.3@mail.example.com>" == ids[2]


def test_what_was_withdrawn_meanwhile_is_not_sent(sink, tmp_path, desk_for):
    """A letter that is withdrawn while it is handed over is called back before its end."""
    desk = desk_for(sink.port)

    def write(letter):
        outbox.withdraw(desk.state, letter.id, said="not wanted", at=desk.clock())
        return desk.write(letter)

    desk.mailing._write = write
    letter = desk.put()
    desk.round()

    assert [] == sink.envelopes
    assert "withdrawn" == desk.now(letter).status


def test_what_there_is_nothing_to_say_of_is_withdrawn(sink, desk_for):
    """A writer that says why there is nothing to send has the letter withdrawn, with that."""
    desk = desk_for(sink.port, write=lambda _: str(sentences.NOTHING))
    letter = desk.put()
    desk.round()

    found = desk.now(letter)
    assert ("withdrawn", sentences.NOTHING) == (found.status, found.said)
    assert [] == sink.envelopes


@pytest.mark.filterwarnings("default")
def test_a_writer_that_fails_holds_up_no_other_letter(sink, desk_for):
    """A letter that cannot be written is tried later; the one behind it is sent."""

    def write(letter):
        if letter.key == "bad":
            raise ZeroDivisionError
        return desk.write(letter)

    desk = desk_for(sink.port, write=write)
    bad, good = desk.put("bad"), desk.put("good")
    desk.round()

    assert ("waiting", sentences.TROUBLE) == (desk.now(bad).status, desk.now(bad).said)
    assert "sent" == desk.now(good).status


def test_closing_breaks_off_what_has_not_left(desk_for):
    """A letter that was under way when the program ended waits, and that is no try."""
    with sinks.faulty(sinks.after(b"RCPT", sinks.silent)) as port:
        desk = desk_for(port, patience=60)
        letter = desk.put()
        desk.dispatcher.look(desk.clock())
        time.sleep(0.3)
        begun = time.monotonic()
        desk.dispatcher.close()

        assert time.monotonic() - begun < 5
        found = desk.now(letter)
        assert ("waiting", 0, []) == (found.status, found.tries, desk.tries(letter))


def test_addresses_beyond_ascii(sink, desk):
    """A local part beyond ASCII goes by SMTPUTF8, a domain beyond ASCII as DNS has it."""
    desk.put(target="anna@b\u00fccher.example")
    desk.put(target="\u7528\u6237@example.com")
    desk.round()

    assert [["anna@xn--bcher-kva.example"], ["\u7528\u6237@example.com"]] == [
        each.rcpt_tos for each in sink.envelopes
    ]
    assert [False, True] == ["SMTPUTF8" in each.mail_options for each in sink.envelopes]


def test_a_server_without_smtputf8_is_told_so(desk_for):
    """Where it is needed and not offered, the letter has failed."""
    with sinks.faulty(sinks.after(b"never", sinks.silent)) as port:
        desk = desk_for(port)
        letter = desk.put(target="\u7528\u6237@example.com")
        desk.round()

        found = desk.now(letter)
        assert ("failed", sentences.NO_SMTPUTF8) == (found.status, found.said)


def test_a_look_while_letters_are_under_way_begins_nothing_twice(desk_for):
    """Looks come every few seconds, however long a letter takes."""
    with sinks.faulty(sinks.after(b"RCPT", sinks.silent)) as port:
        desk = desk_for(port, patience=1)
        letter = desk.put()
        for _ in range(5):
            desk.dispatcher.look(desk.clock())
            desk.clock.now += SECOND
        assert desk.dispatcher.finish(20)

        assert 1 == desk.now(letter).tries


def test_closing_breaks_off_a_connection_that_is_not_there_yet(desk_for):
    """A server that answers nothing at all, not even that it listens, holds up no end."""
    with socket.socket() as full:
        # A queue of connections without room, in which the next one waits.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        desk = desk_for(full.getsockname()[1], patience=60)
        letter = desk.put()
        desk.dispatcher.look(desk.clock())
        time.sleep(0.3)
        begun = time.monotonic()
        desk.dispatcher.close()
        for each in waiting:
            each.close()

        assert time.monotonic() - begun < 5
        assert ("waiting", 0) == ((found := desk.now(letter)).status, found.tries)


def test_a_server_that_wants_somebody_to_sign_in_keeps_the_letters(sink, desk):
    """530 says nothing of the letter: it waits for the settings to be put right."""
    sink.answers["MAIL"] = "530 5.7.0 Must issue a STARTTLS command first"
    letter = desk.put()
    desk.round()

    assert "waiting" == desk.now(letter).status


def test_two_that_send_from_one_outbox_send_once(sink, desk_for):
    """Whatever they do to each other, no letter goes twice."""
    desks = [desk_for(sink.port), desk_for(sink.port)]
    letters = [desks[0].put() for _ in range(10)]
    for _ in range(3):
        for each in desks:
            each.dispatcher.look(each.clock())
    for each in desks:
        assert each.dispatcher.finish(30)
    desks[0].round()

    assert sorted(f"About {each.key}" for each in letters) == sorted(
        read(each)["Subject"] for each in sink.contents
    )
    assert {"sent"} == {desks[0].now(each).status for each in letters}
