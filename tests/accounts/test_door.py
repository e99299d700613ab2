"""The door: signing in, sessions, tokens, and how guessing is slowed down."""

from __future__ import annotations

import statistics
import threading
import time

import pytest

from postroad.accounts import Accounts, Draft, Hasher, Kind
from postroad.errors import AccessError, AccountError, TooManyTries
from postroad.model.when import DAY, HOUR, MINUTE, SECOND

CLIENT = "192.0.2.1"


def fail(accounts: Accounts, name: str, client: str = CLIENT) -> str:
    """Sign in with a wrong password; what was said."""
    with pytest.raises(AccessError) as caught:
        accounts.sign_in(name, "not the password", client)
    return str(caught.value)


def test_signing_in_opens_a_session(accounts: Accounts, anna):
    """The right name, in any case, and password give a session that stands for the account."""
    secret = accounts.sign_in(" ANNA@example.com ", "a long password", CLIENT)

    viewer = accounts.by_session(secret, CLIENT)
    assert viewer is not None
    assert (viewer.name, viewer.kind, viewer.via) == ("anna@example.com", Kind.MAILBOX, "session")
    assert viewer.scope == anna.scope


def test_the_answer_is_the_same_whatever_was_wrong(accounts: Accounts, anna):
    """An account that is not there, a wrong password and a disabled account read the same."""
    disabled = Draft(name="old", kind=Kind.ADMINISTRATOR, password="a long password")
    accounts.directory.add(disabled)
    accounts.directory.change("old", disabled, disabled=True)

    said = {fail(accounts, "nobody@example.com"), fail(accounts, anna.name)}
    with pytest.raises(AccessError) as caught:
        accounts.sign_in("old", "a long password", CLIENT)

    assert said == {str(caught.value)}


def test_the_answer_takes_the_same_time(state, anna):
    """A name that does not exist costs a hash like one that does."""
    directory = Accounts(state, hasher=Hasher()).directory
    directory.change(
        anna.name, Draft(name=anna.name, kind=Kind.MAILBOX, password="another password")
    )

    def median(name: str) -> float:
        times = []
        for _ in range(5):
            began = time.process_time()
            directory.verify(name, "not the password")
            times.append(time.process_time() - began)
        return statistics.median(times)

    assert median("nobody@example.com") > 0.5 * median(anna.name)


def test_a_session_ends_by_time(accounts: Accounts, anna, clock):
    """After the hours of the setting a session is worth nothing."""
    secret = accounts.sign_in(anna.name, "a long password", CLIENT)

    clock.move(12 * HOUR - 1)
    assert accounts.by_session(secret, CLIENT)
    clock.move(1)
    assert accounts.by_session(secret, CLIENT) is None


def test_a_session_ends_by_signing_out(accounts: Accounts, anna):
    """A session that was ended is worth nothing; another one of the account lives on."""
    one = accounts.sign_in(anna.name, "a long password", CLIENT)
    other = accounts.sign_in(anna.name, "a long password", CLIENT)

    accounts.sessions.end(one)

    assert accounts.by_session(one, CLIENT) is None
    assert accounts.by_session(other, CLIENT)


def test_guessing_an_account_is_slowed_down(accounts: Accounts, anna, clock):
    """After five failures even the right password has to wait, each time twice as long."""
    for _ in range(5):
        fail(accounts, anna.name)
    waits = []
    for _ in range(8):
        with pytest.raises(TooManyTries) as caught:
            accounts.sign_in(anna.name, "a long password", "198.51.100.7")
        waits.append(caught.value.wait)
        clock.move(caught.value.wait * SECOND)
        fail(accounts, anna.name)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_guessing_is_slowed_down_for_accounts_that_are_not_there(accounts: Accounts):
    """The wait does not tell whether an account exists."""
    for _ in range(5):
        fail(accounts, "nobody@example.com")

    with pytest.raises(TooManyTries):
        accounts.sign_in("nobody@example.com", "not the password", CLIENT)


@pytest.mark.parametrize(
    ("tried", "refused", "let_in"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
    ],
)
def test_a_client_that_guesses_is_slowed_down(
    accounts: Accounts, anna, tried: str, refused: str, let_in: str
):
    """After twenty failures of one client, with whatever names, it has to wait; others do not."""
    for n in range(20):
        fail(accounts, f"user{n}@example.com", tried)

    with pytest.raises(TooManyTries):
        accounts.sign_in(anna.name, "a long password", refused)
    assert accounts.sign_in(anna.name, "a long password", let_in)


def test_success_forgets_the_failures_of_the_name(accounts: Accounts, anna):
    """Who mistypes four times and then gets it right starts afresh."""
    for _ in range(3):
        for _ in range(4):
            fail(accounts, anna.name)
        assert accounts.sign_in(anna.name, "a long password", CLIENT)


def test_failures_are_forgotten_in_time(accounts: Accounts, anna, clock):
    """An hour without a failure ends the slowing down."""
    for _ in range(5):
        fail(accounts, anna.name)

    clock.move(HOUR)

    for _ in range(5):
        fail(accounts, anna.name)


def test_many_tries_at_once_gain_nothing(accounts: Accounts, anna):
    """Of twenty tries at the same moment no more than the free ones are looked at."""
    looked_at = []

    def attempt() -> None:
        try:
            accounts.sign_in(anna.name, "not the password", "")
        except TooManyTries:
            return
        except AccessError:
            looked_at.append(1)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked_at) == 5


def test_a_token_stands_for_its_account(accounts: Accounts, anna):
    """A token sees what its account sees, and is listed without its secret."""
    secret, token = accounts.tokens.add(anna, "monitoring")

    viewer = accounts.by_token(secret, CLIENT)
    assert viewer is not None
    assert (viewer.name, viewer.scope, viewer.via) == (anna.name, anna.scope, "token")
    assert [(token.id, "monitoring")] == [(t.id, t.label) for t in accounts.tokens.all(anna.id)]
    assert accounts.by_token(secret + "x", CLIENT) is None
    assert accounts.by_session(secret, CLIENT) is None


def test_a_token_ends_by_time(accounts: Accounts, anna, clock):
    """A token made for one day works for one day."""
    secret, _ = accounts.tokens.add(anna, "today", days=1)

    clock.move(DAY - 1)
    assert accounts.by_token(secret, CLIENT)
    clock.move(1)
    assert accounts.by_token(secret, CLIENT) is None


def test_a_token_is_revoked_by_its_owner_only(accounts: Accounts, anna):
    """Somebody else's token is not found; one's own is gone at once."""
    root = accounts.directory.add(Draft(name="root", kind=Kind.ADMINISTRATOR))
    secret, token = accounts.tokens.add(anna, "script")

    with pytest.raises(AccountError):
        accounts.tokens.revoke(token.id, root.id)
    assert accounts.by_token(secret, CLIENT)
    accounts.tokens.revoke(token.id, anna.id)

    assert accounts.by_token(secret, CLIENT) is None


def test_use_of_a_token_is_noted(accounts: Accounts, anna, clock):
    """When a token was last used is kept, to the minute."""
    secret, _ = accounts.tokens.add(anna, "script")
    clock.move(90 * SECOND)

    accounts.by_token(secret, CLIENT)

    assert accounts.tokens.all(None)[0].used_at == clock.now - clock.now % MINUTE


def test_a_disabled_account_opens_nothing(accounts: Accounts, anna):
    """Disabling an account closes its token at once."""
    secret, _ = accounts.tokens.add(anna, "script")

    accounts.directory.change(anna.name, Draft(name=anna.name, kind=Kind.MAILBOX), disabled=True)

    assert accounts.by_token(secret, CLIENT) is None


def test_the_audit_trail_outlives_the_account(accounts: Accounts, anna, clock):
    """What an account did is still told after it was removed, until it is old enough."""
    accounts.sign_in(anna.name, "a long password", CLIENT)
    accounts.directory.remove(anna.name)

    [entry] = accounts.audit.read()
    assert (entry.account, entry.action, entry.client) == (anna.name, "sign_in", CLIENT)

    accounts.audit.drop_before(clock.now + 1)
    assert accounts.audit.read() == []
