"""Who owns whom: what resellers and owners see, by their accounts and by the files of panels."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.accounts.panel import Panel
from postroad.errors import AccountError
from postroad.model.scope import Scope
from postroad.model.when import SECOND

PASSWORD = "a long password"
USERDOMAINS = """\
shop.example: shop
www.shop.example: shop
Blog.Example: blog
rival.example: rival
*: nobody
parked.example: nobody
"""
OWNERS = """\
#userowners v1
shop: hoster
blog: hoster
hoster: hoster
rival: other
"""


class World:
    """Accounts beside a panel's files."""

    def __init__(self, folder: Path, state, clock) -> None:
        self.folder = folder
        self.clock = clock
        self.domains = folder / "userdomains"
        self.owners = folder / "trueuserowners"
        self.write(self.domains, USERDOMAINS)
        self.write(self.owners, OWNERS)
        self.panel = Panel((self.domains,), (self.owners,), clock)
        self.accounts = Accounts(state, hasher=Hasher(CHEAPEST), panel=self.panel, clock=clock)

    def write(self, path: Path, text: str) -> None:
        """Replace a file as panels do, written a while ago by the clock of the test."""
        new = path.with_suffix(".new")
        new.write_text(text)
        seconds = self.clock.now // SECOND - 60
        os.utime(new, (seconds, seconds))
        new.replace(path)

    def add(self, name: str, kind: Kind, **draft) -> None:
        """Make an account."""
        self.accounts.directory.add(Draft(name=name, kind=kind, password=PASSWORD, **draft))

    def scope(self, name: str) -> Scope:
        """What the account of this name sees, a second later."""
        self.clock.move(SECOND)
        secret = self.accounts.sign_in(name, PASSWORD, "192.0.2.1")
        viewer = self.accounts.by_session(secret, "192.0.2.1")
        assert viewer is not None
        return viewer.scope


@pytest.fixture
def world(tmp_path: Path, state, clock):
    """A panel with two resellers, and no accounts yet."""
    return World(tmp_path, state, clock)


def test_an_owner_has_the_domains_of_its_user(world: World):
    """An owner named like a panel's user has its domains, in addition to its own, and its login."""
    world.add("shop", Kind.OWNER)
    world.add("blog", Kind.OWNER, domains=("extra.example",))

    assert world.scope("shop") == Scope.of(
        domains={"shop.example", "www.shop.example"}, logins={"shop"}
    )
    assert world.scope("blog") == Scope.of(
        domains={"blog.example", "extra.example"}, logins={"blog"}
    )


def test_an_owner_that_no_panel_knows_needs_a_domain(world: World):
    """Without a user of its name an owner account has to say what it owns."""
    with pytest.raises(AccountError, match="at least one domain"):
        world.add("stranger", Kind.OWNER)


def test_an_owner_may_have_the_panels_name_as_its_login(world: World):
    """An owner that signs in by address has its user's domains by the login it was given."""
    world.add("anna@shop.example", Kind.OWNER, logins=("shop",))

    assert world.scope("anna@shop.example").domains == {"shop.example", "www.shop.example"}


def test_a_mailbox_has_nothing_of_a_panel(world: World):
    """Neither name nor login of a mailbox account gives it a domain."""
    world.add("shop", Kind.MAILBOX, addresses=("anna@shop.example",), logins=("blog",))

    assert world.scope("shop") == Scope.of(addresses={"anna@shop.example"}, logins={"blog"})


def test_a_reseller_has_what_its_users_have(world: World):
    """The domains and logins of every user that the panel says is theirs, and of nobody else."""
    world.add("hoster", Kind.RESELLER)
    world.add("other", Kind.RESELLER)

    assert world.scope("hoster") == Scope.of(
        domains={"shop.example", "www.shop.example", "blog.example"},
        logins={"shop", "blog", "hoster"},
    )
    assert world.scope("other") == Scope.of(domains={"rival.example"}, logins={"rival", "other"})


def test_a_reseller_without_a_panel_owns_accounts(accounts: Accounts):
    """Owner accounts that name their reseller are theirs, with all they have."""
    add = accounts.directory.add
    add(Draft(name="hoster", kind=Kind.RESELLER, domains=("hoster.example",)))
    add(Draft(name="shop", kind=Kind.OWNER, domains=("shop.example",), reseller="Hoster"))
    add(
        Draft(
            name="blog",
            kind=Kind.OWNER,
            domains=("blog.example",),
            addresses=("x@example.org",),
            logins=("b",),
            reseller="hoster",
        )
    )
    add(Draft(name="rival", kind=Kind.OWNER, domains=("rival.example",)))

    assert accounts.ownership.scope(accounts.directory.get("hoster")) == Scope.of(
        domains={"hoster.example", "shop.example", "blog.example"},
        addresses={"x@example.org"},
        logins={"b"},
    )


def test_a_reseller_has_the_panels_domains_of_its_accounts(world: World):
    """What the panel gives to an owner account is its reseller's too."""
    world.add("mine", Kind.RESELLER)
    world.add("rival", Kind.OWNER, reseller="mine")

    assert world.scope("mine") == Scope.of(domains={"rival.example"}, logins={"rival"})


def test_a_reseller_must_be_one(accounts: Accounts, anna):
    """Only reseller accounts own accounts, and only owner accounts are owned."""
    add = accounts.directory.add
    add(Draft(name="hoster", kind=Kind.RESELLER))
    with pytest.raises(AccountError, match="no reseller account"):
        add(Draft(name="a", kind=Kind.OWNER, domains=("a.example",), reseller="nobody"))
    with pytest.raises(AccountError, match="no reseller account"):
        add(Draft(name="a", kind=Kind.OWNER, domains=("a.example",), reseller=anna.name))
    with pytest.raises(AccountError, match="only owner accounts"):
        add(Draft(name="a@b.example", kind=Kind.MAILBOX, reseller="hoster"))


def test_accounts_follow_their_reseller(accounts: Accounts):
    """They follow it to its new name; when it goes, or is none any more, they are nobody's."""
    add, change, get = (
        accounts.directory.add,
        accounts.directory.change,
        accounts.directory.get,
    )
    add(Draft(name="hoster", kind=Kind.RESELLER))
    add(Draft(name="shop", kind=Kind.OWNER, domains=("shop.example",), reseller="hoster"))

    change("hoster", Draft(name="host", kind=Kind.RESELLER))
    assert get("shop").reseller == "host"
    change("host", Draft(name="host", kind=Kind.ADMINISTRATOR))
    assert get("shop").reseller == ""

    add(Draft(name="two", kind=Kind.RESELLER))
    change("shop", Draft(name="shop", kind=Kind.OWNER, domains=("s.example",), reseller="two"))
    accounts.directory.remove("two")
    assert get("shop").reseller == ""


def test_files_are_read_again_when_they_change(world: World):
    """A domain that moves is its new user's, and not its old one's, within a second."""
    world.add("shop", Kind.OWNER)
    world.add("blog", Kind.OWNER)
    assert "blog.example" in world.scope("blog").domains

    world.write(world.domains, USERDOMAINS.replace("Blog.Example: blog", "blog.example: shop"))

    assert "blog.example" in world.scope("shop").domains
    assert world.scope("blog").domains == frozenset()


def test_a_file_that_vanishes_keeps_what_it_said(world: World, caplog):
    """A file that is gone is told once, and what it said last holds until it is back."""
    world.add("shop", Kind.OWNER)
    assert world.scope("shop").domains

    world.domains.unlink()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert "shop.example" in world.scope("shop").domains
    assert [record.getMessage() for record in caplog.records] == world.panel.problems()
    assert "What it said last is kept" in world.panel.problems()[0]

    world.write(world.domains, "new.example: shop\n")
    assert world.scope("shop").domains == {"new.example"}
    assert world.panel.problems() == []


def test_bad_lines_are_left_out_and_told(world: World, caplog):
    """Of a file with lines that make no sense the others are taken; the log says so once."""
    world.write(
        world.domains,
        "\n  # a comment\nshop.example: shop\nno colon\n: shop\nx.example:\n"
        "a b.example: shop\nu.example: two words\ny.example: sh/op\nz.example: shop==root==main\n"
        f"{'x' * 300}.example: shop\n\x00\x01: shop\n<script>: shop\n",
    )
    with world.domains.open("ab") as file:
        file.write(b"\xff\xfe.example: shop\n")
    os.utime(world.domains, (1, 1))
    world.add("shop", Kind.OWNER)

    with caplog.at_level(logging.WARNING):
        assert world.scope("shop").domains == {"shop.example"}
        world.scope("shop")

    [record] = caplog.records
    assert "11 lines" in record.getMessage()


def test_a_domain_of_two_users_is_nobodys(world: World):
    """A domain that is given to two users, in one file or in two, is seen by neither."""
    world.add("shop", Kind.OWNER)
    world.add("blog", Kind.OWNER)
    world.write(
        world.domains, "a.example: shop\na.example: blog\nb.example: shop\nc.example: shop\n"
    )
    assert world.scope("shop").domains == {"b.example", "c.example"}
    assert world.scope("blog").domains == frozenset()
    assert "several" in world.panel.problems()[0]

    second = world.folder / "domainowners"
    world.write(second, "b.example: blog\nc.example: shop\n")
    reading = Panel((world.domains, second), (), world.clock).reading()
    assert reading.domains == {"shop": {"c.example"}}


def test_half_a_line_is_not_believed(world: World):
    """A last line without its end may be cut off: it counts once the file is left alone."""
    world.domains.write_text("a.example: shop\nb.example: shop")
    now = world.clock.now // SECOND
    os.utime(world.domains, (now, now))
    world.add("shop", Kind.OWNER)

    assert world.scope("shop").domains == {"a.example"}
    assert world.scope("shop").domains == {"a.example", "b.example"}


def test_what_everybody_may_write_proves_nothing(world: World):
    """A file that any user could change is not read, and neither is what is no file."""
    world.domains.chmod(0o666)
    world.owners.unlink()
    os.mkfifo(world.owners)
    world.add("shop", Kind.OWNER, domains=("own.example",))

    assert world.scope("shop").domains == {"own.example"}
    everybody, pipe = world.panel.problems()
    assert "Everybody may write" in everybody
    assert "is not a file" in pipe

    world.domains.chmod(0o644)
    assert "shop.example" in world.scope("shop").domains


def test_files_are_looked_at_once_a_second(world: World):
    """Many questions in one second ask the disk once."""
    first = world.panel.reading()
    world.write(world.domains, "")

    assert world.panel.reading() is first
    world.clock.move(SECOND)
    assert world.panel.reading().domains == {}
