"""What people ask to be told: who may have it sent where, and how it ends."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from postroad import config
from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind, local_administrator
from postroad.errors import AccountError
from postroad.model import when
from postroad.services.subscribing import MOST, Subscribing
from postroad.state import State, outbox, subscriptions
from postroad.state.notices import letters, webhooks
from postroad.state.outbox import Letter

NOW = 1_768_471_200_000_000


@pytest.fixture
def state(tmp_path):
    """An empty state database."""
    with State.open(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def accounts(state):
    """An administrator, an owner of example.com, and the mailbox anna@example.com."""
    made = Accounts(state, hasher=Hasher(CHEAPEST))
    for draft in (
        Draft(name="root", kind=Kind.ADMINISTRATOR),
        Draft(name="shop", kind=Kind.OWNER, domains=("example.com",)),
        Draft(name="boss@elsewhere.test", kind=Kind.OWNER, domains=("example.com",)),
        Draft(name="anna@example.com", kind=Kind.MAILBOX, addresses=("info@example.com",)),
    ):
        made.directory.add(draft)
    return made


@pytest.fixture
def subscribing(state, accounts, tmp_path):
    """Subscribing, at a fixed moment."""
    settings = config.load(
        {"home": str(tmp_path), "timezone": "Europe/Berlin", "public_url": "https://mail.test/"},
        environ={},
    )
    return Subscribing(settings, state, accounts, lambda: NOW)


@pytest.fixture
def viewer(accounts):
    """A viewer by the name of their account."""

    def find(name):
        return accounts.by_id(accounts.directory.get(name).id, via="session")

    return find


@pytest.mark.parametrize(
    ("name", "target", "allowed"),
    [
        ("root", "anybody@elsewhere.test", True),
        ("shop", "anna@example.com", True),
        ("shop", "Anna@EXAMPLE.com", True),
        ("shop", "anna@other.test", False),
        ("shop", "shop", False),
        ("boss@elsewhere.test", "boss@elsewhere.test", True),
        ("boss@elsewhere.test", "bossy@elsewhere.test", False),
        ("anna@example.com", "anna@example.com", True),
        ("anna@example.com", "info@example.com", True),
        ("anna@example.com", "bob@example.com", False),
        ("root", "a@b.test\r\nBcc: eve@evil.test", False),
        ("root", "a@b.test, eve@evil.test", False),
        ("root", "-oQ/tmp@b.test", False),
        ("root", "<a@b.test>", False),
        ("root", "a b@b.test", False),
        ("root", "", False),
        ("root", f"{'a' * 250}@b.test", False),
        ("root", "jörg@bücher.example", True),
    ],
)
def test_letters_go_to_addresses_of_ones_own(subscribing, viewer, name, target, allowed):
    """An administrator may write to anybody, others to what is theirs; no address is a trick."""
    if allowed:
        assert subscribing.add(viewer(name), "expect", "{}", "email", target)
    else:
        with pytest.raises(AccountError, match="address"):
            subscribing.add(viewer(name), "expect", "{}", "email", target)


def test_a_webhook_is_its_owners(subscribing, viewer, state):
    """The webhook of somebody else is none, for administrators too."""
    row = {"id": "hook", "label": "x", "url": "https://example.org/", "secret": "s"}
    row |= {"created_at": NOW, "paused": False, "account_id": viewer("shop").account_id}
    with state.write() as connection:
        connection.execute(sa.insert(webhooks).values(row))
    assert subscribing.add(viewer("shop"), "expect", "{}", "webhook", "hook")
    for name in ("anna@example.com", "root"):
        with pytest.raises(AccountError, match="no such webhook"):
            subscribing.add(viewer(name), "expect", "{}", "webhook", "hook")


def test_the_unix_socket_has_no_account(subscribing):
    """Whoever asks over it is told that letters need one."""
    with pytest.raises(AccountError, match="sent for accounts"):
        subscribing.add(local_administrator(), "expect", "{}", "email", "a@example.com")
    assert subscribing.mine(local_administrator()) == []


def test_the_same_wish_is_one_wish(subscribing, viewer):
    """A form that is sent twice asks once; once it ended it can be asked again."""
    shop = viewer("shop")
    first = subscribing.add(shop, "expect", "{}", "email", "a@example.com")
    assert subscribing.add(shop, "expect", "{}", "email", "a@example.com") == first
    subscribing.end(shop, first)
    assert subscribing.add(shop, "expect", "{}", "email", "a@example.com") != first
    assert [wish.ended_why for wish in subscribing.mine(shop)] == ["", "removed"]


def test_there_is_a_most(subscribing, viewer):
    """So many wishes at a time, and no more of those that ended than are worth showing."""
    shop = viewer("shop")
    for round_ in range(2):
        made = [
            subscribing.add(
                shop, "expect", f'{{"n":{round_ * MOST + n}}}', "email", "a@example.com"
            )
            for n in range(MOST)
        ]
        with pytest.raises(AccountError, match="which is the most"):
            subscribing.add(shop, "expect", '{"n":-1}', "email", "a@example.com")
        for each in made:
            subscribing.end(shop, each)
    subscribing.add(shop, "expect", "{}", "email", "a@example.com")
    assert len(subscribing.mine(shop)) == 101


def test_nobody_ends_what_is_not_theirs(subscribing, viewer):
    """Somebody else's wish is none, whoever asks."""
    made = subscribing.add(viewer("shop"), "expect", "{}", "email", "a@example.com")
    for name in ("anna@example.com", "root"):
        with pytest.raises(AccountError, match="no such subscription"):
            subscribing.end(viewer(name), made)
    assert not subscribing.get(viewer("shop"), made).ended_at


def test_the_link_ends_one_wish_and_its_waiting_letters(subscribing, viewer, state):
    """Again is harmless; a letter that was sent stays sent; the neighbour's wish stays."""
    shop = viewer("shop")
    made = [
        subscribing.add(shop, "expect", f'{{"n":{n}}}', "email", "a@example.com") for n in range(2)
    ]
    wish = subscribing.get(shop, made[0])
    link = subscribing.link(wish)
    assert link.startswith("https://mail.test/unsubscribe/")
    given = link.rsplit("/", 1)[1]
    assert given not in wish.digest
    for key, wish_id, status in (
        ("1", made[0], "waiting"),
        ("2", made[0], "sent"),
        ("3", made[1], "waiting"),
    ):
        letter = Letter(
            key=key,
            account_id=shop.account_id,
            subscription_id=wish_id,
            kind="expect",
            channel="email",
            target="a@example.com",
            status=status,
        )
        outbox.put(state, letter, at=NOW)
    assert subscribing.of_secret(given).id == made[0]
    assert subscribing.unsubscribe(given)
    assert not subscribing.unsubscribe(given)
    assert not subscribing.unsubscribe("unknown")
    assert subscribing.of_secret(given) is None
    with state.read() as connection:
        rows = connection.execute(sa.select(letters.c.key, letters.c.status)).all()
    assert dict(map(tuple, rows)) == {"1": "withdrawn", "2": "sent", "3": "waiting"}
    assert [(each.id, each.ended_why) for each in subscribing.mine(shop)] == [
        (made[1], ""),
        (made[0], "unsubscribed"),
    ]


def test_what_is_done_keeps_its_last_letter(subscribing, viewer, state):
    """A wish that is fulfilled ends, and the letter that says so is still sent."""
    shop = viewer("shop")
    made = subscribing.add(shop, "follow", "{}", "email", "a@example.com")
    letter = Letter(
        key="f",
        account_id=shop.account_id,
        subscription_id=made,
        kind="follow",
        channel="email",
        target="a@example.com",
    )
    outbox.put(state, letter, at=NOW)
    subscriptions.end(state, made, why=subscriptions.DONE, at=NOW + when.MINUTE)
    assert [each.status for each in outbox.latest(state, shop.account_id)] == ["waiting"]


def test_another_account_under_the_same_id_has_another_link(subscribing, viewer, accounts, state):
    """Ids come again once an account is removed; the old letters' links end nothing then."""
    made = subscribing.add(viewer("shop"), "expect", "{}", "email", "a@example.com")
    old = subscribing.link(subscribing.get(viewer("shop"), made))
    accounts.directory.remove("shop")
    later = Subscribing(subscribing._settings, state, accounts, lambda: NOW + 1)
    anna = viewer("anna@example.com")
    again = later.add(anna, "expect", "{}", "email", "anna@example.com")
    assert later.link(later.get(anna, again)) != old
    assert not later.unsubscribe(old.rsplit("/", 1)[1])
