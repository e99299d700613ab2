"""What a person chose, saved and asked last: kept for them alone."""

from __future__ import annotations

import pytest

from postroad.accounts import Accounts, Choices, Draft, Kind, local_administrator
from postroad.accounts.choices import LONGEST_QUERY, MOST_SAVED, RECENT
from postroad.errors import AccountError
from postroad.model.text import Text, join, say, say_many

PASSWORD = "a long password"


def viewer(accounts: Accounts, name: str, **draft):
    """A new account, signed in to."""
    given = {"kind": Kind.MAILBOX, "password": PASSWORD} | draft
    accounts.directory.add(Draft(name=name, **given))
    return accounts.by_session(accounts.sign_in(name, PASSWORD, "192.0.2.1"), "192.0.2.1")


@pytest.fixture
def bob(accounts: Accounts):
    """Somebody who is signed in."""
    return viewer(accounts, "bob@example.com")


@pytest.fixture
def eve(accounts: Accounts):
    """Somebody else."""
    return viewer(accounts, "eve@example.net")


def test_choices_are_kept_by_account(accounts: Accounts, bob, eve):
    """What was chosen is there again, for the one who chose it and nobody else."""
    assert accounts.choices.get(bob) == Choices()
    chosen = Choices(zone="Asia/Tokyo", language="de", columns=("status", "to"), rows=100)

    accounts.choices.set(bob, Choices(zone="UTC"))
    accounts.choices.set(bob, chosen)

    assert accounts.choices.get(bob) == chosen
    assert accounts.choices.get(eve) == Choices()


@pytest.mark.parametrize(
    ("chosen", "about"),
    [
        (Choices(zone="Mars/Crater"), "time zone"),
        (Choices(zone="../../etc/passwd"), "time zone"),
        (Choices(language="<script>"), "language"),
        (Choices(columns=("x" * 50,)), "columns"),
        (Choices(columns=("a'b",)), "columns"),
        (Choices(columns=tuple(f"c{n}" for n in range(100))), "columns"),
        (Choices(rows=0), "rows"),
        (Choices(rows=10**9), "rows"),
        (Choices(refresh=1), "refreshes"),
    ],
)
def test_what_cannot_be_chosen_is_refused(accounts: Accounts, bob, chosen: Choices, about: str):
    """A choice that no form offers is refused with a sentence, and what was there stays."""
    accounts.choices.set(bob, Choices(rows=20))

    with pytest.raises(AccountError, match=about):
        accounts.choices.set(bob, chosen)

    assert accounts.choices.get(bob) == Choices(rows=20)


def test_who_has_no_account_keeps_nothing(accounts: Accounts):
    """The administrator on the Unix socket gets the defaults, whatever they do."""
    root = local_administrator()

    accounts.choices.set(root, Choices(rows=20))
    accounts.choices.note(root, "to=a", "Mail to a")

    assert accounts.choices.get(root) == Choices()
    assert accounts.choices.saved(root) == []
    assert accounts.choices.recent(root) == []
    with pytest.raises(AccountError):
        accounts.choices.save(root, "Mine", "to=a")


def test_searches_are_saved_by_name(accounts: Accounts, bob, eve, clock):
    """A saved search is found under its name; saved again it is replaced; others do not see it."""
    book = accounts.choices
    book.save(bob, "  Failed   mail ", "?status=failed")
    book.save(bob, "boss", "from=boss%40example.com")
    clock.move(5)
    book.save(bob, "Failed mail", "status=failed,deferred")

    found = book.saved(bob)
    assert [(each.name, each.query) for each in found] == [
        ("boss", "from=boss%40example.com"),
        ("Failed mail", "status=failed,deferred"),
    ]
    assert book.saved(eve) == []
    with pytest.raises(AccountError) as caught:
        book.forget(eve, found[0].id)
    assert caught.value.kind == "not_found"

    book.forget(bob, found[0].id)
    assert [each.name for each in book.saved(bob)] == ["Failed mail"]


@pytest.mark.parametrize(
    ("name", "query"),
    [("", "to=a"), ("x" * 101, "to=a"), ("a\x00b", "to=a"), ("long", "q" * (LONGEST_QUERY + 1))],
)
def test_what_cannot_be_saved_is_refused(accounts: Accounts, bob, name: str, query: str):
    """Names without letters, control characters and endless queries are refused."""
    with pytest.raises(AccountError):
        accounts.choices.save(bob, name, query)

    assert accounts.choices.saved(bob) == []


def test_saved_searches_have_an_end(accounts: Accounts, bob):
    """So many and no more; what is there can still be replaced."""
    for n in range(MOST_SAVED):
        accounts.choices.save(bob, f"n{n}", "to=a")

    with pytest.raises(AccountError, match=str(MOST_SAVED)):
        accounts.choices.save(bob, "one more", "to=a")
    accounts.choices.save(bob, "n1", "to=b")


def test_the_last_questions_are_kept_once_each(accounts: Accounts, bob, eve):
    """The newest comes first, a question asked again moves up, and the eleventh is forgotten."""
    for n in range(RECENT + 5):
        accounts.choices.note(bob, f"to=a{n}", f"Mail to a{n}")
    accounts.choices.note(bob, "to=a8", "Mail to a8")
    accounts.choices.note(eve, "to=x", "Mail to x")
    accounts.choices.note(bob, "q=" + "x" * LONGEST_QUERY, "Too long")

    asked = [each.query for each in accounts.choices.recent(bob)]
    assert asked == [f"to=a{n}" for n in (8, 14, 13, 12, 11, 10, 9, 7, 6, 5)]
    accounts.choices.forget_recent(bob)
    assert accounts.choices.recent(bob) == []
    assert [each.words for each in accounts.choices.recent(eve)] == ["Mail to x"]


@pytest.mark.parametrize(
    "words",
    [
        "plain, with {braces} and \u202e marks",
        '{"message": "looks like ours"}',
        say("Mail to {address}.", address="bob@example.com"),
        say("In {zone}: {rest}", zone="UTC", rest=say_many("{count} row", "{count} rows", 3)),
        join([say("One."), "two {x}", say("Three {n}.", n=3)]),
    ],
)
def test_words_can_still_be_translated(accounts: Accounts, bob, words: str):
    """A question in words comes back as it was, with what it was made of."""
    accounts.choices.note(bob, "to=a", words)

    [recent] = accounts.choices.recent(bob)
    assert (recent.words, type(recent.words)) == (words, type(words))
    if isinstance(words, Text):
        assert isinstance(recent.words, Text)
        assert recent.words.message == words.message
        assert recent.words.number == words.number
        assert recent.words.values == words.values


def test_removing_an_account_takes_it_all_along(accounts: Accounts, bob):
    """Nothing that a person chose or asked outlives their account."""
    accounts.choices.set(bob, Choices(rows=20))
    accounts.choices.save(bob, "mine", "to=a")
    accounts.choices.note(bob, "to=a", "Mail to a")

    accounts.directory.remove(bob.name)

    assert accounts.choices.get(bob) == Choices()
    assert accounts.choices.saved(bob) == accounts.choices.recent(bob) == []
