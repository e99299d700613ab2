"""What stands behind the doors: accounts over a fresh database, and a real Dovecot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.doors.dovecot import dovecot as run

from postroad.accounts import CHEAPEST, Accounts, Hasher
from postroad.accounts.imap import Imap
from postroad.state import State

#: Mailboxes and their passwords, some of which could be read as something else than a password.
PEOPLE = {
    "anna@example.com": "mail password",
    "bob@example.com": 'quote" backslash\\ {3}',
    "carl@example.com": "p\u00e4ssw\u00f6rd \u4f60\u597d",
    "dora@example.com": " spaces  around ",
    "eve@example.net": "mail password",
    "shop@example.com": "mail password",
    "old@example.com": "mail password",
}


@pytest.fixture(scope="session")
def mailserver(need: Callable[[str, str], Path]):
    """A running Dovecot with the mailboxes of `PEOPLE`."""
    program = need("dovecot", "dovecot-imapd")
    need("openssl", "openssl")
    with run(program, PEOPLE) as running:
        yield running


@pytest.fixture
def state(tmp_path: Path):
    """An empty state database."""
    with State.open(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def imap(mailserver):
    """The backend that asks this Dovecot over IMAPS, for one of its two domains."""
    server = f"imaps://127.0.0.1:{mailserver.imaps}"
    return Imap(server, ("example.com",), mailserver.ca, 10)


@pytest.fixture
def accounts(state: State, imap: Imap):
    """No accounts yet; mail passwords are asked for over IMAPS."""
    return Accounts(state, hasher=Hasher(CHEAPEST), imap=imap)
