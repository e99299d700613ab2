"""Letters of real accounts: what they say is found out when they are sent, and nobody sees another's."""

from __future__ import annotations

import json

import pytest
from tests.notify import receivers, sinks
from tests.queries.world import mail
from tests.store.rows import batch

from postroad import app, config
from postroad.accounts import CHEAPEST, Draft, Hasher, Kind, local_administrator
from postroad.errors import AccountError, TooManyTries
from postroad.model.notice import Notice
from postroad.model.status import Status
from postroad.notify import sentences
from postroad.services.delivering import MOST
from postroad.services.subscribing import Subscribing
from postroad.state import outbox, subscriptions
from postroad.state.outbox import Letter

PATIENCE = 20


@pytest.fixture
def sink():
    """Run a mail server that takes all."""
    with sinks.sink() as running:
        yield running


@pytest.fixture
def receiver():
    """Run a receiver that takes all."""
    with receivers.receiver() as running:
        yield running


@pytest.fixture
def services(tmp_path, sink):
    """Everything, over an empty store; nothing goes round by itself."""
    settings = config.load(
        {
            "home": str(tmp_path / "home"),
            "host": "mail.example.com",
            "mail_submission": f"smtp://127.0.0.1:{sink.port}",
            "webhook_networks": ["127.0.0.0/8"],
            "public_url": "https://postroad.example.com/",
        },
        environ={},
    )
    with app.opened(settings, follow=False, hasher=Hasher(CHEAPEST)) as opened:
        for draft in (
            Draft(name="shop", kind=Kind.OWNER, domains=("example.com",)),
            Draft(name="rival", kind=Kind.OWNER, domains=("example.net",)),
        ):
            opened.accounts.directory.add(draft)
        opened.telling.composers["alert"] = _seen
        yield opened


def _seen(viewer, letter):
    """Write what the viewer sees: their domains."""
    domains = ", ".join(sorted(viewer.scope.domains))
    if not domains:
        return None
    return Notice(subject="What you see", text=f"{letter.key}: {domains}\n", data={"sees": domains})


def viewer(services, name):
    """Who an account is now."""
    return services.accounts.by_id(services.accounts.directory.get(name).id, via="test")


def put(services, name, key, **more):
    """Put a letter in for an account."""
    account = services.accounts.directory.get(name).id
    made = {"kind": "alert", "channel": "email", "target": "info@example.com"} | more
    letter = Letter(key=key, account_id=account, **made)
    assert outbox.put(services.state, letter, at=services.now())


def round_(services):
    """Look, and wait for what that began."""
    services.delivering.look(services.now())
    assert services.delivering.dispatcher.finish(PATIENCE)


def status(services, name):
    """What became of the letters of an account, the first one first."""
    found = services.delivering.letters(viewer(services, name), limit=100)
    return [(each.letter.status, each.letter.said) for each in reversed(found)]


def test_a_letter_says_what_its_reader_sees_when_it_is_sent(services, sink):
    """Domains that were taken away, or came, since it was put in count."""
    put(services, "shop", "alert 1")
    draft = Draft(name="shop", kind=Kind.OWNER, domains=("example.com", "example.org"))
    services.accounts.directory.change("shop", draft)
    round_(services)

    assert b"alert 1: example.com, example.org" in sink.contents[0]
    assert b"From: postroad <postroad@mail.example.com>" in sink.contents[0]


def test_nothing_goes_where_it_may_not_go_any_more(services, sink):
    """An account without rights to the address, one that is switched off, one that sees nothing."""
    put(services, "shop", "alert 1")
    put(services, "rival", "alert 2", target="info@example.net")
    put(services, "rival", "alert 3", target="info@example.com")
    put(services, "rival", "alert 4", target="info@example.net", kind="nothing")
    directory = services.accounts.directory
    directory.change("shop", Draft(name="shop", kind=Kind.OWNER, domains=("example.org",)))
    round_(services)

    assert [("withdrawn", sentences.NOT_THERE)] == status(services, "shop")
    assert ["sent", "withdrawn", "withdrawn"] == [each for each, _ in status(services, "rival")]
    assert [sentences.NOT_THERE, sentences.NOBODY_WRITES] == [
        said for _, said in status(services, "rival")[1:]
    ]
    assert [["info@example.net"]] == [each.rcpt_tos for each in sink.envelopes]

    put(services, "rival", "alert 5", target="info@example.net")
    directory.change(
        "rival", Draft(name="rival", kind=Kind.OWNER, domains=("example.net",)), disabled=True
    )
    round_(services)
    directory.change(
        "rival", Draft(name="rival", kind=Kind.OWNER, domains=("example.net",)), disabled=False
    )
    assert ("withdrawn", sentences.GONE) == status(services, "rival")[-1]
    assert 1 == len(sink.envelopes)


def test_a_letter_of_a_subscription_ends_it_without_signing_in(services, sink):
    """Its header has the link, over HTTPS as it is reached."""
    owner = viewer(services, "shop")
    subscribing: Subscribing = services.subscribing
    wish = subscribing.add(owner, "alert", "{}", "email", "info@example.com")
    put(services, "shop", "alert 1", subscription_id=wish)
    round_(services)

    link = subscribing.link(subscribing.get(owner, wish))
    assert link.startswith("https://postroad.example.com/unsubscribe/")
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in sink.contents[0]
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in sink.contents[0]


def test_a_letter_that_came_back_is_shown_so(services, sink):
    """By this server's own log, which its reader may not see."""
    put(services, "shop", "alert 1")
    round_(services)
    sent = services.delivering.letters(viewer(services, "shop"), limit=1)[0].letter
    failed = mail(
        70,
        "info@example.com",
        message_id=sent.message_id,
        sender="postroad@mail.example.com",
        status=Status.FAILED,
        result="552 5.2.2 mailbox full",
    )
    services.store.write(batch(failed))
    services.delivering.look(services.now() + 3_600_000_000)

    assert [("bounced", "552 5.2.2 mailbox full")] == status(services, "shop")


def test_webhooks_belong_to_one_account(services, receiver):
    """Nobody reads, calls, pauses, removes or repeats another's."""
    delivering = services.delivering
    mine, other = viewer(services, "shop"), viewer(services, "rival")
    webhook = delivering.add(mine, " My  hook ", receiver.url)
    assert "My hook" == webhook.label
    delivering.test(mine, webhook.id)
    round_(services)
    (sent,) = delivering.letters(mine, limit=10)
    assert ("sent", "My hook", True) == (sent.letter.status, sent.label, sent.may_go_again)
    assert "test" == json.loads(receiver.heard[0].body)["event"]

    for stranger in (other, local_administrator()):
        assert [] == delivering.webhooks(stranger)
        assert [] == delivering.letters(stranger, limit=10)
        for forbidden in (
            lambda who: delivering.webhook(who, webhook.id),
            lambda who: delivering.test(who, webhook.id),
            lambda who: delivering.pause(who, webhook.id, paused=True),
            lambda who: delivering.remove(who, webhook.id),
            lambda who: delivering.again(who, sent.letter.id),
        ):
            with pytest.raises(AccountError) as error:
                forbidden(stranger)
            assert "not_found" == error.value.kind
    # A letter to somebody else's webhook goes nowhere.
    put(services, "rival", "alert 9", channel="webhook", target=webhook.id)
    round_(services)
    assert 1 == len(receiver.heard)
    assert ("withdrawn", sentences.NOT_THERE) == status(services, "rival")[-1]


def test_bounds(services, receiver):
    """So many webhooks for an account, so many letters by hand; and none for nobody."""
    delivering = services.delivering
    mine = viewer(services, "shop")
    made = [delivering.add(mine, "", receiver.url) for _ in range(MOST)]
    assert {"127.0.0.1"} == {each.label for each in made}
    for who, url in (
        (mine, receiver.url),
        (local_administrator(), receiver.url),
        (viewer(services, "rival"), "ftp://example.com/"),
    ):
        with pytest.raises(AccountError):
            delivering.add(who, "", url)
    for _ in range(20):
        delivering.test(mine, made[0].id)
    with pytest.raises(TooManyTries):
        delivering.test(mine, made[0].id)


def test_removing_a_webhook_ends_what_is_told_there(services, receiver):
    """Its letters do not go, and its subscriptions end."""
    mine = viewer(services, "shop")
    webhook = services.delivering.add(mine, "", receiver.url)
    wish = services.subscribing.add(mine, "alert", "{}", "webhook", webhook.id)
    put(services, "shop", "alert 1", channel="webhook", target=webhook.id)
    services.delivering.remove(mine, webhook.id)
    round_(services)

    assert "removed" == services.subscribing.get(mine, wish).ended_why
    assert "withdrawn" == status(services, "shop")[0][0]
    assert [] == receiver.heard


def test_only_what_ended_badly_is_sent_again(services, sink):
    """A letter that was sent is not sent again by hand; one that failed is, once."""
    mine = viewer(services, "shop")
    sink.answers["RCPT"] = "550 5.1.1 no such user"
    put(services, "shop", "alert 1")
    round_(services)
    sink.answers.clear()
    (failed,) = services.delivering.letters(mine, limit=10)
    assert failed.may_go_again
    for _ in range(2):
        services.delivering.again(mine, failed.letter.id)
    round_(services)

    again, before = services.delivering.letters(mine, limit=10)
    assert ("sent", False) == (again.letter.status, again.may_go_again)
    assert ("failed", False) == (before.letter.status, before.may_go_again)
    with pytest.raises(AccountError):
        services.delivering.again(mine, again.letter.id)
    assert 1 == len(sink.envelopes)


def test_nothing_is_sent_for_a_subscription_that_ended(services, sink):
    """Also what was put in at the same moment; what is done is still told."""
    owner = viewer(services, "shop")
    subscribing = services.subscribing
    ended = subscribing.add(owner, "alert", '{"n":1}', "email", "info@example.com")
    done = subscribing.add(owner, "alert", '{"n":2}', "email", "info@example.com")
    subscribing.end(owner, ended)
    subscriptions.end(services.state, done, why=subscriptions.DONE, at=services.now())
    put(services, "shop", "alert 1", subscription_id=ended)
    put(services, "shop", "alert 2", subscription_id=done)
    round_(services)

    assert [("withdrawn", sentences.UNWANTED), ("sent", "2.0.0 taken")] == status(services, "shop")
    assert 1 == len(sink.envelopes)
