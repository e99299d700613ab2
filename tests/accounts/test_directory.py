"""Accounts: how they are made and changed, and what each kind may see."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from postroad.accounts import CHEAPEST, STRONG, Accounts, Draft, Hasher, Kind
from postroad.errors import AccountError
from postroad.model.scope import Scope
from postroad.state import people


def test_an_administrator_sees_everything(accounts: Accounts):
    """The scope of an administrator is everything."""
    account = accounts.directory.add(Draft(name="root", kind=Kind.ADMINISTRATOR))

    assert account.scope == Scope.everything()


def test_an_owner_sees_its_domains_and_logins(accounts: Accounts):
    """The scope of an owner is its domains, however they are written, and its logins."""
    account = accounts.directory.add(
        Draft(
            name="shop", kind=Kind.OWNER, domains=("Example.COM", "@example.net."), logins=("Shop",)
        )
    )

    assert account.scope == Scope.of(domains={"example.com", "example.net"}, logins={"shop"})


def test_an_owner_named_by_an_address_does_not_own_its_domain(accounts: Accounts):
    """The name of an owner proves nothing: only the domains it was given count."""
    account = accounts.directory.add(
        Draft(name="ceo@example.org", kind=Kind.OWNER, domains=("example.com",))
    )

    assert not account.scope.holds("ceo@example.org")


def test_a_mailbox_sees_its_address_and_aliases(anna):
    """The scope of a mailbox is its address and its aliases, and not its domain."""
    assert anna.scope == Scope.of(addresses={"anna@example.com", "sales@example.com"})
    assert not anna.scope.holds("bea@example.com")


@pytest.mark.parametrize(
    ("draft", "about"),
    [
        (Draft(name="", kind=Kind.ADMINISTRATOR), "name of an account"),
        (Draft(name="two words", kind=Kind.ADMINISTRATOR), "name of an account"),
        (Draft(name="a\x00b", kind=Kind.ADMINISTRATOR), "name of an account"),
        (Draft(name="x" * 400, kind=Kind.ADMINISTRATOR), "name of an account"),
        (Draft(name="shop", kind=Kind.OWNER), "at least one domain"),
        (Draft(name="shop", kind=Kind.OWNER, domains=("",)), "not a domain"),
        (Draft(name="shop", kind=Kind.OWNER, domains=("a@b.example",)), "not a domain"),
        (Draft(name="shop", kind=Kind.OWNER, domains=("a.example, b.example",)), "not a domain"),
        (Draft(name="anna", kind=Kind.MAILBOX), "needs an address"),
        (Draft(name="a@b.example", kind=Kind.MAILBOX, domains=("b.example",)), "not domains"),
        (Draft(name="anna", kind=Kind.MAILBOX, addresses=("@b.example",)), "not an address"),
        (Draft(name="root", kind=Kind.ADMINISTRATOR, password="short"), "8 to 1024"),
        (Draft(name="root", kind=Kind.ADMINISTRATOR, password="x" * 2000), "8 to 1024"),
    ],
)
def test_what_cannot_be_an_account_is_refused(accounts: Accounts, draft: Draft, about: str):
    """A draft that makes no sense is refused with the reason, and nothing is kept of it."""
    with pytest.raises(AccountError, match=about):
        accounts.directory.add(draft)

    assert accounts.directory.all() == []


def test_a_name_is_taken_once(accounts: Accounts, anna):
    """A second account of a name, in whatever case, is a conflict."""
    with pytest.raises(AccountError) as caught:
        accounts.directory.add(Draft(name="ANNA@example.com", kind=Kind.MAILBOX))

    assert caught.value.kind == "conflict"


def test_changing_keeps_the_password(accounts: Accounts, anna):
    """An account can be changed without telling its password again."""
    accounts.directory.change(
        anna.name, Draft(name=anna.name, kind=Kind.OWNER, domains=("example.com",))
    )

    account = accounts.directory.verify(anna.name, "a long password")
    assert account is not None
    assert account.kind is Kind.OWNER


def test_changing_ends_the_sessions(accounts: Accounts, anna):
    """Who is signed in to an account that is changed has to sign in again."""
    secret = accounts.sign_in(anna.name, "a long password", "192.0.2.1")

    accounts.directory.change(anna.name, Draft(name=anna.name, kind=Kind.MAILBOX))

    assert accounts.by_session(secret, "192.0.2.1") is None


def test_removing_takes_sessions_and_tokens_along(accounts: Accounts, anna):
    """Nothing that belonged to a removed account opens the door any more."""
    session = accounts.sign_in(anna.name, "a long password", "192.0.2.1")
    token, _ = accounts.tokens.add(anna, "script")

    accounts.directory.remove(anna.name)

    assert accounts.by_session(session, "") is None
    assert accounts.by_token(token, "") is None


@pytest.mark.parametrize("verb", ["get", "remove"])
def test_what_is_not_there_is_not_found(accounts: Accounts, verb: str):
    """An account that does not exist is told apart from one that cannot be."""
    with pytest.raises(AccountError) as caught:
        getattr(accounts.directory, verb)("nobody@example.com")

    assert caught.value.kind == "not_found"


def test_hashes_are_renewed(state, clock, anna):
    """A password hashed with another profile is hashed anew when it is next used."""
    hasher = Hasher(STRONG)
    directory = Accounts(state, hasher=hasher, clock=clock).directory

    assert directory.verify(anna.name, "a long password")
    with state.read() as connection:
        stored = connection.execute(sa.select(people.accounts.c.password)).scalar_one()

    assert not hasher.is_outdated(stored)
    assert Hasher(CHEAPEST).is_outdated(stored)


def test_accents_are_compared_as_letters(accounts: Accounts):
    """A password typed with combining accents is the same as one typed with composed ones."""
    accounts.directory.add(
        Draft(name="root", kind=Kind.ADMINISTRATOR, password="caf\u00e9 caf\u00e9")
    )

    assert accounts.directory.verify("root", "cafe\u0301 cafe\u0301")


def test_an_account_without_a_password_cannot_be_signed_in_to(accounts: Accounts):
    """An account made without a password answers to none, not to the empty one either."""
    accounts.directory.add(Draft(name="root", kind=Kind.ADMINISTRATOR))

    assert accounts.directory.verify("root", "") is None
    assert accounts.directory.verify("root", "the password of nobody") is None


def test_secrets_are_not_stored(state, accounts: Accounts, anna, tmp_path):
    """Neither a password nor a session nor a token is found in the bytes of the database."""
    session = accounts.sign_in(anna.name, "a long password", "192.0.2.1")
    token, _ = accounts.tokens.add(anna, "script")
    state.close()

    stored = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    for secret in ("a long password", session, token):
        assert secret.encode() not in stored
