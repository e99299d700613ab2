"""The audit trail: what it says to administrators, and to those whose mail was looked up."""

from __future__ import annotations

import pytest

from postroad.accounts import Accounts, Draft, Kind, Viewer, local_administrator

PASSWORD = "a long password"
CLIENT = "192.0.2.1"


@pytest.fixture
def people(accounts: Accounts) -> dict[str, Viewer]:
    """An administrator, two owners and two mailbox users, each signed in."""
    drafts = [
        Draft(name="root", kind=Kind.ADMINISTRATOR, password=PASSWORD),
        Draft(name="shop", kind=Kind.OWNER, password=PASSWORD, domains=("example.com",)),
        Draft(name="rival", kind=Kind.OWNER, password=PASSWORD, domains=("example.net",)),
        Draft(name="bob@example.com", kind=Kind.MAILBOX, password=PASSWORD),
        Draft(name="eve@example.net", kind=Kind.MAILBOX, password=PASSWORD),
    ]
    found = {}
    for draft in drafts:
        accounts.directory.add(draft)
        viewer = accounts.by_session(accounts.sign_in(draft.name, PASSWORD, CLIENT), CLIENT)
        assert viewer is not None
        found[draft.name] = viewer
    return found


def who(entries) -> list[str]:
    """The accounts of entries, in order."""
    return [each.account for each in entries]


def test_what_a_question_was_about_is_kept(accounts: Accounts, people):
    """An entry names addresses and domains as they are compared, each once."""
    accounts.audit.write(
        people["shop"],
        "search",
        "…",
        about=("Bob@Example.COM", "@example.com", "bob@example.com", ""),
    )

    [entry, *_] = accounts.audit.read()
    assert entry.about == ("bob@example.com", "example.com")


def test_the_trail_can_be_asked_for_an_account_or_an_address(accounts: Accounts, people):
    """Administrators find what somebody did, and who asked for an address or a domain."""
    accounts.audit.write(people["shop"], "search", "one", about=("bob@example.com",))
    accounts.audit.write(people["rival"], "search", "two", about=("bob@example.com",))
    accounts.audit.write(people["root"], "search", "three", about=("example.com",))
    read = accounts.audit.read

    assert [each.subject for each in read(account="Shop", about="example.com")] == ["one"]
    assert [each.subject for each in read(about="bob@example.com")] == ["two", "one"]
    assert [each.subject for each in read(about="@Example.com")] == ["three", "two", "one"]
    assert read(about="example.org") == []
    assert [each.subject for each in read(about="example.com", limit=1)] == ["three"]


def test_a_mailbox_user_sees_who_looked_up_their_mail(accounts: Accounts, people):
    """By address, and by their whole domain; not what they asked themselves."""
    bob = people["bob@example.com"]
    accounts.audit.write(people["shop"], "search", "secret", about=("bob@example.com",))
    accounts.audit.write(people["shop"], "search", "secret", about=("example.com",))
    accounts.audit.write(people["shop"], "search", "secret", about=("ann@example.com",))
    accounts.audit.write(people["root"], "search", "secret", about=("bob@example.com",))
    accounts.audit.write(bob, "search", "own", about=("bob@example.com",))

    assert who(accounts.audit.about(bob)) == ["administrator", "shop", "shop"]
    assert who(accounts.audit.about(bob, limit=1)) == ["administrator"]


def test_others_are_named_no_more_than_needed(accounts: Accounts, people):
    """No client, no other address, no word of the question, no name of an administrator."""
    about = ("bob@example.com", "ann@example.com", "boss@example.org")
    accounts.audit.write(people["root"], "search", "ann and boss", about=about)
    accounts.audit.write(local_administrator(), "search", "ann and boss", about=about)

    for entry in accounts.audit.about(people["bob@example.com"]):
        assert entry.account == "administrator"
        assert entry.client == ""
        assert entry.about == ("bob@example.com",)
        assert entry.subject == "bob@example.com"


def test_who_cannot_see_the_mail_did_not_look_it_up(accounts: Accounts, people):
    """Another tenant's question for an address finds their own mail; the address is not told."""
    accounts.audit.write(people["rival"], "search", "…", about=("bob@example.com", "example.com"))
    accounts.audit.write(people["eve@example.net"], "search", "…", about=("bob@example.com",))

    assert accounts.audit.about(people["bob@example.com"]) == []
    assert accounts.audit.about(people["shop"]) == []


def test_an_owner_sees_who_looked_up_their_domains(accounts: Accounts, people):
    """Questions for the domain and for any address in it, by mailbox users too."""
    accounts.audit.write(people["bob@example.com"], "search", "…", about=("bob@example.com",))
    accounts.audit.write(people["root"], "search", "…", about=("example.com", "example.net"))
    accounts.audit.write(people["shop"], "search", "…", about=("example.com",))

    found = accounts.audit.about(people["shop"])
    assert who(found) == ["administrator", "bob@example.com"]
    assert found[0].about == ("example.com",)
    assert accounts.audit.about(people["root"]) == []


def test_many_domains_are_asked_in_turns(accounts: Accounts, people):
    """An owner of more domains than one statement takes still sees the newest of all."""
    many = tuple(f"d{n}.example" for n in range(1201))
    accounts.directory.add(Draft(name="big", kind=Kind.OWNER, password=PASSWORD, domains=many))
    big = accounts.by_session(accounts.sign_in("big", PASSWORD, CLIENT), CLIENT)
    assert big is not None
    for n in (0, 700, 1200):
        accounts.audit.write(people["root"], "search", "…", about=(many[n],))

    assert [each.about for each in accounts.audit.about(big, limit=2)] == [
        (many[1200],),
        (many[700],),
    ]


def test_what_is_forgotten_takes_its_addresses_along(accounts: Accounts, people, state, clock):
    """An entry that is dropped by age leaves nothing behind."""
    accounts.audit.write(people["root"], "search", "…", about=("example.com",))

    accounts.audit.drop_before(clock.now + 1)

    assert accounts.audit.about(people["shop"]) == []
    with state.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_about").scalar() == 0
