"""Calls of webhooks over real connections: signed, repeated, bounded, and never into the inside."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from itertools import pairwise

import pytest
from tests.notify import receivers, sinks
from tests.notify.desk import DAY, HOUR, MINUTE, NOW, SECOND

from postroad.notify import address, sentences
from postroad.notify.address import Wrong
from postroad.notify.call import Caller
from postroad.state import outbox, webhooks
from postroad.trace.safety import Fence


@pytest.fixture
def receiver():
    """Run a receiver that takes all."""
    with receivers.receiver() as running:
        yield running


@pytest.fixture
def desk(desk_for):
    """Make a desk whose mail server is away."""
    return desk_for(sinks.free_port())


def test_a_call_is_signed_and_made_once(receiver, desk):
    """JSON under an id; the signature is of the time and the body as they came."""
    webhook = desk.webhook(receiver.url)
    letter = desk.ring(webhook, "alert 1")
    for _ in range(3):
        desk.round()

    (heard,) = receiver.heard
    message = heard.headers["Postroad-Timestamp"].encode() + b"." + heard.body
    digest = hmac.new(webhook.secret.encode(), message, hashlib.sha256).hexdigest()
    assert f"v1={digest}" == heard.headers["Postroad-Signature"]
    assert str(NOW // SECOND) == heard.headers["Postroad-Timestamp"]
    assert "/hook?of=us" == heard.path
    assert receiver.url.split("/")[2] == heard.headers["Host"]
    assert {
        "id": heard.headers["Postroad-Id"],
        "event": "report",
        "at": "2026-01-15T10:00:00.000000Z",
        "data": {"about": "alert 1"},
    } == json.loads(heard.body)
    assert ("sent", "thank you", 1) == (
        (found := desk.now(letter)).status,
        found.said,
        found.tries,
    )
    assert [(200, "thank you")] == [(each.code, each.said) for each in desk.tries(letter)]


def test_a_receiver_that_fails_for_an_hour_loses_nothing(receiver, desk):
    """500 for an hour: tried again under one id; nothing is lost or told twice; all is shown."""
    webhook = desk.webhook(receiver.url)
    receiver.code, receiver.body = 500, b"the database is away"
    letters = [desk.ring(webhook) for _ in range(3)]
    desk.round()
    desk.pass_time(HOUR)
    failed = len(receiver.heard)
    receiver.code, receiver.body = 204, b""
    desk.pass_time(2 * HOUR)

    for letter in letters:
        found, tries = desk.now(letter), desk.tries(letter)
        assert "sent" == found.status
        at = [round((each.at - NOW) / SECOND) for each in tries]
        # After 30 s, 2, 10 and 30 minutes, 1 hour.
        assert [0, 30, 150, 750, 2550, 6150] == at
        assert [500] * 5 + [204] == [each.code for each in tries]
        assert {"the database is away", ""} == {each.said for each in tries}
    taken = [json.loads(each.body)["data"]["about"] for each in receiver.heard[failed:]]
    assert [each.key for each in letters] == taken
    ids = {json.loads(each.body)["data"]["about"]: set() for each in receiver.heard}
    for each in receiver.heard:
        ids[json.loads(each.body)["data"]["about"]].add(each.headers["Postroad-Id"])
    assert [1, 1, 1] == [len(each) for each in ids.values()]
    assert 3 == len(set().union(*ids.values()))


def test_it_is_given_up_after_three_days(receiver, desk):
    """Hourly, up to the third day."""
    receiver.code = 503
    letter = desk.ring(desk.webhook(receiver.url))
    desk.round()
    desk.pass_time(4 * DAY, step=30 * MINUTE)

    found, tries = desk.now(letter), desk.tries(letter)
    assert "failed" == found.status
    assert 3 * DAY - SECOND <= tries[-1].at - tries[0].at < 3 * DAY + HOUR
    between = {round((later.at - each.at) / MINUTE) for each, later in pairwise(tries[5:-1])}
    assert {60} == between


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        (sinks.silent, sentences.NO_RESPONSE),
        (sinks.dripping, sentences.NO_RESPONSE),
        (receivers.dripping_head, sentences.NO_RESPONSE),
        (receivers.endless_head, sentences.NOT_HTTP),
        (receivers.endless_hundred, sentences.NO_RESPONSE),
        (receivers.wordless, sentences.CUT_SHORT),
        (receivers.garbled, sentences.NOT_HTTP),
    ],
    ids=["silent", "drip", "drip-head", "endless-head", "endless-100", "wordless", "garbled"],
)
def test_receivers_that_give_no_answer_are_called_again(desk_for, manner, said):
    """In time, and shown in the history."""
    with sinks.faulty(manner) as port:
        desk = desk_for(sinks.free_port(), caller=Caller(Fence(["127.0.0.0/8"]), patience=0.5))
        letter = desk.ring(desk.webhook(f"http://127.0.0.1:{port}/"))
        begun = time.monotonic()
        desk.round()

        assert time.monotonic() - begun < 5
        found = desk.now(letter)
        assert ("waiting", said) == (found.status, found.said)
        assert [(0, said)] == [(each.code, each.said) for each in desk.tries(letter)]


@pytest.mark.parametrize("manner", [receivers.endless_body, receivers.dripping_body])
def test_the_code_counts_however_the_body_ends(desk_for, manner):
    """An answer is read up to a bound and a time; its code says that it was taken."""
    with sinks.faulty(manner) as port:
        desk = desk_for(sinks.free_port(), caller=Caller(Fence(["127.0.0.0/8"]), patience=0.5))
        letter = desk.ring(desk.webhook(f"http://127.0.0.1:{port}/"))
        desk.round()

        found = desk.now(letter)
        assert ("sent", 1) == (found.status, found.tries)
        assert 0 < len(found.said) <= 500


def test_redirects_are_not_followed(receiver, desk):
    """Neither inward nor anywhere: what stands behind hears nothing."""
    with receivers.receiver() as inner:
        receiver.code, receiver.headers = 307, {"Location": inner.url}
        letter = desk.ring(desk.webhook(receiver.url))
        desk.round()
        receiver.headers = {"Location": "http://169.254.169.254/latest/meta-data/"}
        desk.pass_time(MINUTE)

        found = desk.now(letter)
        assert ("waiting", sentences.REDIRECTED) == (found.status, found.said)
        assert [307, 307] == [each.code for each in desk.tries(letter)]
        assert [] == inner.heard


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - it is not bound to
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_nothing_inside_is_called(receiver, desk_for, host):
    """However it is written; the receiver that stands there hears nothing."""
    desk = desk_for(sinks.free_port(), caller=Caller(Fence(), patience=2))
    port = receiver.url.split(":")[2].split("/")[0]
    letter = desk.ring(desk.webhook(f"http://{host}:{port}/"))
    desk.round()

    found = desk.now(letter)
    assert ("waiting", sentences.INSIDE) == (found.status, found.said)
    assert [] == receiver.heard


def test_a_name_is_asked_once_and_called_as_it_was_judged(receiver, desk_for):
    """A name that leads inside is not called; one that leads elsewhere the next time gains nothing."""
    asked = []
    answers = [["127.0.0.1"], ["127.0.0.2", "10.0.0.1"], ["10.0.0.1"]]

    def lookup(host):
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    caller = Caller(Fence(["127.0.0.0/8"]), patience=2, lookup=lookup)
    desk = desk_for(sinks.free_port(), caller=caller)
    url = receiver.url.replace("127.0.0.1", "hooks.example.com")
    webhook = desk.webhook(url)
    first, second = desk.ring(webhook), desk.ring(webhook)
    desk.round()

    assert ["hooks.example.com"] * 2 == asked
    assert [url.split("/")[2]] == [each.headers["Host"] for each in receiver.heard]
    assert "sent" == desk.now(first).status
    assert ("waiting", sentences.INSIDE) == (
        (found := desk.now(second)).status,
        found.said,
    )


def test_an_unknown_name_is_tried_again(desk):
    """DNS may know it later."""
    letter = desk.ring(desk.webhook("http://nothing.invalid/"))
    desk.round()

    found = desk.now(letter)
    assert ("waiting", sentences.NO_SUCH_HOST) == (found.status, found.said)


def test_tls_is_verified(certificates, desk_for):
    """By the name of the address; a certificate that nobody vouches for is refused."""
    ca, certificate = certificates
    context = ssl.create_default_context(cafile=ca)
    inside = Fence(["127.0.0.0/8"])
    with receivers.receiver(certificate) as receiver:
        results = []
        for url, trusted in (
            (receiver.url, context),
            (receiver.url.replace("127.0.0.1", "localhost"), context),
            (receiver.url.replace("127.0.0.1", "wrong.example.com"), context),
            (receiver.url, None),
        ):
            caller = Caller(inside, patience=5, lookup=lambda _: ["127.0.0.1"], context=trusted)
            desk = desk_for(sinks.free_port(), caller=caller)
            letter = desk.ring(desk.webhook(url), f"to {len(results)}")
            desk.round()
            results.append(desk.now(letter))

        assert ["sent", "sent", "waiting", "waiting"] == [each.status for each in results]
        assert [sentences.UNTRUSTED] * 2 == [each.said for each in results[2:]]
        assert 2 == len(receiver.heard)


def test_gone_pauses_the_webhook(receiver, desk):
    """410 ends the letter and pauses; what comes up meanwhile waits until it is called again."""
    webhook = desk.webhook(receiver.url)
    receiver.code = 410
    first = desk.ring(webhook)
    desk.round()
    receiver.code = 200
    second = desk.ring(webhook)
    desk.pass_time(HOUR, step=MINUTE)

    assert ("failed", "waiting") == (desk.now(first).status, desk.now(second).status)
    assert 1 == len(receiver.heard)
    webhooks.pause(desk.state, webhook.id, paused=False)
    desk.round()
    assert "sent" == desk.now(second).status


def test_what_waits_for_a_paused_webhook_is_given_up_in_the_end(receiver, desk):
    """After three days, with a sentence that says so."""
    webhook = desk.webhook(receiver.url)
    webhooks.pause(desk.state, webhook.id, paused=True)
    letter = desk.ring(webhook)
    desk.pass_time(4 * DAY, step=2 * HOUR)

    found = desk.now(letter)
    assert ("failed", sentences.PAUSED_TOO_LONG) == (found.status, found.said)


def test_a_slow_receiver_holds_up_no_other(receiver, desk_for):
    """While some give no answer, the others are called, and e-mail is sent."""
    with sinks.sink() as mail, sinks.faulty(sinks.silent) as port:
        desk = desk_for(mail.port, caller=Caller(Fence(["127.0.0.0/8"]), patience=30))
        slow = [desk.ring(desk.webhook(f"http://127.0.0.1:{port}/")) for _ in range(2)]
        letter = desk.put()
        desk.account = _second_account(desk)
        quick = [desk.ring(desk.webhook(receiver.url)) for _ in range(2)]
        begun = time.monotonic()
        desk.dispatcher.look(desk.clock())
        while {desk.now(each).status for each in (*quick, letter)} != {"sent"}:
            assert time.monotonic() - begun < 20
            time.sleep(0.02)

        assert [0, 0] == [desk.now(each).tries for each in slow]


def test_an_account_with_slow_receivers_takes_two_threads(desk_for):
    """However many webhooks an account has, it leaves room for those of others."""
    with sinks.faulty(sinks.silent) as port:
        desk = desk_for(sinks.free_port(), caller=Caller(Fence(["127.0.0.0/8"]), patience=0.5))
        letters = [desk.ring(desk.webhook(f"http://127.0.0.1:{port}/")) for _ in range(5)]
        desk.round()

        assert 2 == sum(desk.now(each).tries for each in letters)
        desk.round()
        assert 4 == sum(desk.now(each).tries for each in letters)


def test_calls_of_one_webhook_come_in_order(receiver, desk):
    """One after the other, as they were put in, however slow it is."""
    receiver.delay = 0.02
    webhook = desk.webhook(receiver.url)
    keys = [desk.ring(webhook).key for _ in range(30)]
    for _ in range(3):
        desk.round()

    assert keys == [json.loads(each.body)["data"]["about"] for each in receiver.heard]


def test_a_call_is_made_again_by_hand_under_the_same_id(receiver, desk):
    """The receiver can tell that it had it; the history has both."""
    letter = desk.ring(desk.webhook(receiver.url), "alert 7")
    desk.round()
    assert outbox.again(desk.state, desk.now(letter), at=desk.clock())
    assert not outbox.again(desk.state, desk.now(letter), at=desk.clock())
    desk.round()

    assert 2 == len(receiver.heard)
    assert 1 == len({each.headers["Postroad-Id"] for each in receiver.heard})
    assert ["alert 7 again 2", "alert 7"] == [
        each.key for each in outbox.latest(desk.state, desk.account)
    ]


def test_a_webhook_that_was_removed_is_not_called(receiver, desk):
    """What waited for it is not sent, nor what is put in for it later."""
    webhook = desk.webhook(receiver.url)
    first = desk.ring(webhook)
    webhooks.remove(desk.state, webhook.id, at=desk.clock())
    second = desk.ring(webhook)
    desk.round()

    assert ["withdrawn"] * 2 == [desk.now(each).status for each in (first, second)]
    assert [] == receiver.heard


def test_closing_breaks_calls_off(desk_for):
    """A call that was under way is made again at the next start: that is no try."""
    with sinks.faulty(sinks.silent) as port:
        desk = desk_for(sinks.free_port(), caller=Caller(Fence(["127.0.0.0/8"]), patience=60))
        letter = desk.ring(desk.webhook(f"http://127.0.0.1:{port}/"))
        desk.dispatcher.look(desk.clock())
        time.sleep(0.3)
        begun = time.monotonic()
        desk.dispatcher.close()

        assert time.monotonic() - begun < 5
        assert ("waiting", 0) == ((found := desk.now(letter)).status, found.tries)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com/\r\nHost: other",
        "https://example.com:99999/",
        "https://example.com\\@other.example/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_addresses_that_cannot_be_called(url):
    """They are refused when they are named."""
    with pytest.raises(Wrong) as wrong:
        address.read(url)
    assert sentences.BAD_URL == wrong.value.said


@pytest.mark.parametrize("port", [22, 25, 465, 587, 993])
def test_other_services_are_not_spoken_to(port):
    """What listens below 1024 speaks something else."""
    with pytest.raises(Wrong) as wrong:
        address.read(f"https://example.com:{port}/")
    assert sentences.BAD_PORT == wrong.value.said


def _second_account(desk):
    from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind

    directory = Accounts(desk.state, hasher=Hasher(CHEAPEST)).directory
    return directory.add(Draft(name="bob@example.com", kind=Kind.MAILBOX)).id
