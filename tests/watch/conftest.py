"""Two tenants who want to be told things, over a real store and a real state database."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa
from tests.store.rows import NOON, batch

from postroad import config
from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.services import Services
from postroad.services.watching import Where
from postroad.state import State, outbox
from postroad.state.notices import letters
from postroad.store import Store

_numbers = itertools.count()

ACCOUNTS = (
    Draft(name="root", kind=Kind.ADMINISTRATOR, addresses=("root@example.com",)),
    Draft(name="shop", kind=Kind.OWNER, domains=("example.com",)),
    Draft(name="rival", kind=Kind.OWNER, domains=("example.net",)),
    Draft(name="anna@example.com", kind=Kind.MAILBOX),
)


class Yard:
    """Services without pages, whose clock is set by hand."""

    def __init__(self, store, state, home):
        self.store = store
        self.state = state
        self.at = NOON
        self.home = home
        self.begin()

    def begin(self):
        """Begin anew, as after a restart: nothing is remembered but what was kept."""
        settings = config.load(
            {"home": str(self.home), "timezone": "UTC", "public_url": "https://mail.test"},
            environ={},
        )
        accounts = Accounts(self.state, hasher=Hasher(CHEAPEST), clock=lambda: self.at)
        self.services = Services(settings, self.store, self.state, accounts, imports=None)
        self.services.now = lambda: self.at
        self.services.watching.wire()

    def viewer(self, name):
        """The viewer that an account is now."""
        accounts = self.services.accounts
        return accounts.by_id(accounts.directory.get(name).id, via="session")

    def change(self, name, **fields):
        """Change what an account has."""
        directory = self.services.accounts.directory
        old = directory.get(name)
        fields = {
            "kind": old.kind,
            "domains": old.domains,
            "addresses": old.addresses,
            **fields,
        }
        disabled = fields.pop("disabled", None)
        directory.change(name, Draft(name=name, **fields), disabled=disabled)

    def expect(self, name, asked, target=""):
        """Let an account expect mail, told of at an address of its own."""
        return self.services.watching.expect(self.viewer(name), asked, where(name, target))

    def follow(self, name, row, *, everybody=False):
        """Let an account follow a delivery; the id of the wish."""
        found = self.services.watching.follow(
            self.viewer(name), row.id, where(name), everybody=everybody
        )
        return found[0]

    def alert(self, name, alert):
        """Let an account be alarmed."""
        return self.services.watching.alert(self.viewer(name), alert, where(name))

    def write(self, *rows, attempts=()):
        """Write deliveries."""
        self.store.write(batch(*rows, attempts=attempts))

    def look(self, *, after=0):
        """Look for news, so many microseconds later."""
        self.at += after
        for watch in self.services.telling.watches:
            watch(self.at)

    def letters(self, name):
        """The letters of an account, the earliest first."""
        account = self.services.accounts.directory.get(name)
        return outbox.latest(self.state, account.id, limit=1000)[::-1]

    def told(self, name):
        """What the letters of an account say, as if they were sent now."""
        composers = self.services.telling.composers
        viewer = self.viewer(name)
        return [composers[each.kind](viewer, each) for each in self.letters(name)]

    def every_letter(self):
        """How many letters there are of anybody."""
        with self.state.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(letters)).scalar_one()

    def wish(self, name, wish_id):
        """A wish of an account."""
        mine = self.services.subscribing.mine(self.viewer(name))
        return next(each for each in mine if each.id == wish_id)


def where(name, target=""):
    """An address that letters of an account may go to."""
    usual = {"root": "root@example.com", "shop": "shop@example.com", "rival": "boss@example.net"}
    return Where(channel="email", target=target or usual.get(name, name), zone="Europe/Berlin")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Address of an embedded store that stays open while the tests of a module run."""
    url = f"chdb://{tmp_path_factory.mktemp('engine')}/store"
    with Store.open(url, database="unused"):
        yield url


@pytest.fixture
def yard(engine, tmp_path):
    """Two tenants, a mailbox and an administrator."""
    with (
        Store.open(engine, database=f"watch_{next(_numbers)}") as store,
        State.open(tmp_path / "state.db") as state,
    ):
        made = Yard(store, state, tmp_path)
        for draft in ACCOUNTS:
            made.services.accounts.directory.add(draft)
        yield made
        made.services.close()
