"""Signing in with the mail password: a real Dovecot is asked, over TLS and nothing less."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from tests.doors.conftest import PEOPLE

from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.accounts.imap import Imap
from postroad.errors import AccessError, ConfigError, TooManyTries
from postroad.model.scope import Scope
from postroad.state import people

CLIENT = "192.0.2.7"
DOMAINS = ("example.com",)
LOCAL = "a local password"


def refused(accounts: Accounts, name: str, password: str) -> str:
    """Sign in, which must fail; what was said."""
    with pytest.raises(AccessError) as caught:
        accounts.sign_in(name, password, CLIENT)
    return str(caught.value)


@contextmanager
def speaking(*lines: bytes) -> Iterator[int]:
    """A server that says these lines, one for each that it is told, and never means TLS."""

    def serve() -> None:
        with listening:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as told:
                for line in lines:
                    connection.sendall(line)
                    if not told.readline():
                        return

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        thread.join()


@pytest.mark.parametrize("name", [name for name in PEOPLE if name.endswith("@example.com")])
@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_the_mail_password_signs_in(state, mailserver, scheme: str, name: str):
    """Over IMAPS and over STARTTLS, with any password that a mailbox can have."""
    port = mailserver.imaps if scheme == "imaps" else mailserver.starttls
    imap = Imap(f"{scheme}://localhost:{port}", DOMAINS, mailserver.ca, 10)

    assert imap.verify(name, PEOPLE[name], CLIENT)
    assert not imap.verify(name, PEOPLE[name] + "x", CLIENT)


def test_the_first_time_makes_a_mailbox_account(accounts: Accounts, state):
    """It sees its address and nothing else, and no password is kept of it."""
    secret = accounts.sign_in(" Anna@EXAMPLE.com ", "mail password", CLIENT)

    viewer = accounts.by_session(secret, CLIENT)
    assert viewer is not None
    assert (viewer.name, viewer.kind) == ("anna@example.com", Kind.MAILBOX)
    assert viewer.scope == Scope.of(addresses={"anna@example.com"})
    [account] = accounts.directory.all()
    assert account.backend == "imap"
    with state.read() as connection:
        assert connection.execute(sa.select(people.accounts.c.password)).scalar_one() == ""
    assert accounts.directory.verify("anna@example.com", "") is None

    accounts.sign_in("anna@example.com", "mail password", CLIENT)
    assert len(accounts.directory.all()) == 1


def test_aliases_given_to_it_stay(accounts: Accounts):
    """An administrator gives the account an alias; the next sign-in sees it too."""
    accounts.sign_in("anna@example.com", "mail password", CLIENT)
    draft = Draft(name="anna@example.com", kind=Kind.MAILBOX, addresses=("sales@example.com",))
    accounts.directory.change("anna@example.com", draft)

    viewer = accounts.by_session(
        accounts.sign_in("anna@example.com", "mail password", CLIENT), CLIENT
    )

    assert viewer is not None
    assert viewer.scope.addresses == {"anna@example.com", "sales@example.com"}
    assert accounts.directory.get("anna@example.com").backend == "imap"


def test_the_answer_is_the_same_whatever_was_wrong(accounts: Accounts, mailserver):
    """A wrong password, no such mailbox, another domain and no address at all read the same."""
    said = {
        refused(accounts, "anna@example.com", "not the password"),
        refused(accounts, "nobody@example.com", "mail password"),
        refused(accounts, "eve@example.net", "mail password"),
        refused(accounts, "nobody", "mail password"),
        refused(accounts, "anna@example.com", ""),
    }

    assert len(said) == 1
    assert accounts.directory.all() == []
    assert "eve@example.net" not in mailserver.log()


def test_an_account_with_a_password_of_its_own_is_not_opened_by_mail(accounts: Accounts):
    """A mail password opens neither an account with another one nor one that sees more."""
    add = accounts.directory.add
    add(Draft(name="anna@example.com", kind=Kind.ADMINISTRATOR, password=LOCAL))
    add(Draft(name="shop@example.com", kind=Kind.OWNER, domains=("example.com",)))
    add(Draft(name="dora@example.com", kind=Kind.MAILBOX, password=LOCAL))

    for name in ("anna@example.com", "shop@example.com", "dora@example.com"):
        refused(accounts, name, PEOPLE[name])
    assert accounts.sign_in("anna@example.com", LOCAL, CLIENT)


def test_a_mailbox_account_without_a_password_is_opened_by_mail(accounts: Accounts):
    """An account that was made beforehand, with aliases, waits for its mail password."""
    draft = Draft(name="anna@example.com", kind=Kind.MAILBOX, addresses=("info@example.com",))
    accounts.directory.add(draft)

    secret = accounts.sign_in("anna@example.com", "mail password", CLIENT)

    viewer = accounts.by_session(secret, CLIENT)
    assert viewer is not None
    assert "info@example.com" in viewer.scope.addresses


def test_a_disabled_account_stays_closed(accounts: Accounts):
    """The right mail password does not open an account that was locked."""
    draft = Draft(name="old@example.com", kind=Kind.MAILBOX)
    accounts.directory.add(draft)
    accounts.directory.change("old@example.com", draft, disabled=True)

    refused(accounts, "old@example.com", "mail password")


@pytest.mark.parametrize(
    "name",
    [
        "anna@example.com\r\na1 LOGOUT",
        "anna@example.com\0eve@example.net",
        "eve@example.net\0anna@example.com",
        '"anna@example.com" "mail password"',
        "@example.com",
        "anna@example.com@example.net",
        "x" * 400 + "@example.com",
    ],
)
def test_a_name_that_is_no_address_is_nobody(accounts: Accounts, name: str):
    """What could be read as a command, or as somebody else, opens nothing."""
    refused(accounts, name, "mail password")

    assert accounts.directory.all() == []


@pytest.mark.parametrize("password", ["a\0b", "x" * 5000, "\ud800"])
def test_a_password_that_no_mailbox_has_is_wrong(imap: Imap, password: str):
    """What cannot be sent is not sent."""
    assert not imap.verify("anna@example.com", password, CLIENT)


def test_a_password_is_never_a_command(imap: Imap, mailserver):
    """Line ends arrive as part of the password, which the server then refuses, and not as lines."""
    before = mailserver.log().count("password having illegal chars")

    assert not imap.verify("anna@example.com", "mail password\r\na9 LOGOUT\r\n", CLIENT)

    assert mailserver.log().count("password having illegal chars") == before + 1
    assert "a9" not in mailserver.log()


def test_guessing_is_slowed_down_before_the_server_is_asked(accounts: Accounts, mailserver):
    """After five failures not even the right password gets as far as the mail server."""
    looked_up = "passwd-file(greta@example.com"
    for _ in range(5):
        refused(accounts, "greta@example.com", "not the password")
    assert mailserver.log().count(looked_up) == 5

    with pytest.raises(TooManyTries):
        accounts.sign_in("greta@example.com", "mail password", CLIENT)

    assert mailserver.log().count(looked_up) == 5


def test_the_server_is_told_who_tries(imap: Imap, mailserver):
    """Its log and its own brakes see the person's address, where it trusts ours."""
    assert imap.verify("anna@example.com", "mail password", "2001:db8::7")
    assert imap.verify("anna@example.com", "mail password", 'x" "y')

    assert "rip=2001:db8::7" in mailserver.log()


def test_a_certificate_that_is_not_trusted_ends_it(mailserver, caplog):
    """Neither an unknown authority nor another host's certificate gets to see a password."""
    before = mailserver.log()
    strangers = Imap(f"imaps://127.0.0.1:{mailserver.imaps}", DOMAINS, None, 10)
    other = Imap(f"imap://127.0.0.2:{mailserver.starttls}", DOMAINS, mailserver.ca, 10)

    with caplog.at_level(logging.WARNING):
        assert not strangers.verify("anna@example.com", "mail password", CLIENT)
        assert not other.verify("anna@example.com", "mail password", CLIENT)

    assert all("not to be trusted" in record.getMessage() for record in caplog.records)
    assert len(caplog.records) == 2
    assert "user=<anna@example.com>" not in mailserver.log()[len(before) :]


def test_a_server_that_is_down_is_told_to_the_log_only(state, mailserver, caplog):
    """Who signs in reads what they always read; local accounts are not concerned."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    imap = Imap(f"imaps://127.0.0.1:{port}", DOMAINS, mailserver.ca, 1)
    accounts = Accounts(state, hasher=Hasher(CHEAPEST), imap=imap)
    accounts.directory.add(Draft(name="root", kind=Kind.ADMINISTRATOR, password=LOCAL))

    with caplog.at_level(logging.WARNING):
        said = refused(accounts, "anna@example.com", "mail password")

    assert said == refused(accounts, "root", "not the password")
    [record] = caplog.records
    assert f"port {port}" in record.getMessage()
    assert "mail password:" not in record.getMessage()
    assert accounts.sign_in("root", LOCAL, CLIENT)


def test_a_server_that_hangs_is_given_up(mailserver, caplog):
    """No answer in time is no."""
    imap = Imap(f"imaps://127.0.0.1:{mailserver.imaps}", DOMAINS, mailserver.ca, 0.5)
    mailserver.pause()
    try:
        with caplog.at_level(logging.WARNING):
            assert not imap.verify("anna@example.com", "mail password", CLIENT)
    finally:
        mailserver.go_on()

    assert "does not answer in time" in caplog.text


@pytest.mark.parametrize(
    "lines",
    [
        (b"* PREAUTH welcome\r\n", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN STARTTLS\r\n"),
        (b"* OK welcome\r\n", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"),
        (b"* BYE not now\r\n",),
        (b"220 mail.example.com ESMTP\r\n",),
        (b"\x1b[2J\xff\r\n",),
        (b"",),
    ],
)
def test_a_server_without_tls_gets_no_password(mailserver, caplog, lines: tuple[bytes, ...]):
    """A server that offers no STARTTLS, lets everybody in or is none is not told anything."""
    with speaking(*lines) as port, caplog.at_level(logging.WARNING):
        imap = Imap(f"imap://127.0.0.1:{port}", DOMAINS, mailserver.ca, 1)
        assert not imap.verify("anna@example.com", "mail password", CLIENT)

    [record] = caplog.records
    assert record.getMessage().isprintable()


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    """A wrong `imap_ca` ends the start with a sentence."""
    with pytest.raises(ConfigError, match="imap_ca"):
        Imap("imaps://mail.example.com", DOMAINS, tmp_path / "none.pem", 1)
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(ConfigError, match="imap_ca"):
        Imap("imaps://mail.example.com", DOMAINS, empty, 1)
