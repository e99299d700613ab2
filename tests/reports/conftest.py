"""One engine for the tests of a module, and services whose clock is set by hand."""

from __future__ import annotations

import itertools
import shutil

import pytest
from tests.notify import sinks
from tests.reports import traffic

from postroad import config
from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.services import Services
from postroad.services.round import wire
from postroad.state import State
from postroad.store import Store

_numbers = itertools.count()

ACCOUNTS = (
    Draft(name="root", kind=Kind.ADMINISTRATOR, addresses=("root@example.com",)),
    Draft(name="shop", kind=Kind.OWNER, domains=("example.com",)),
    Draft(name="rival", kind=Kind.OWNER, domains=("example.net",)),
    Draft(name="anna@example.com", kind=Kind.MAILBOX),
)
#: Seconds that letters of a test may take.
PATIENCE = 60


class House:
    """Services without pages: a store, a state, a mail server to hand letters to, a clock."""

    def __init__(self, store, folder, port, at=traffic.OCTOBER.since + traffic.DAY):
        self.store = store
        self.folder = folder
        self.port = port
        self.at = at
        self.state = State.open(folder / "state.db")
        accounts = self._accounts()
        for each in ACCOUNTS:
            if accounts.directory.find(each.name) is None:
                accounts.directory.add(each)
        self.services = None
        self.begin()

    def _accounts(self):
        return Accounts(self.state, hasher=Hasher(CHEAPEST), clock=lambda: self.at)

    def begin(self):
        """Begin anew, as after a restart: nothing is remembered but what was kept."""
        if self.services:
            self.services.close()
        settings = config.load(
            {
                "home": str(self.folder),
                "timezone": "Europe/Berlin",
                "host": traffic.HOSTS[0],
                "public_url": "https://mail.test",
                "mail_submission": f"smtp://127.0.0.1:{self.port}",
                "mail_from": "postroad@example.com",
                # Letters are dropped as mail is; tests look at them later.
                "retention_days": 3650,
            },
            environ={},
        )
        self.services = Services(settings, self.store, self.state, self._accounts(), imports=None)
        self.services.now = lambda: self.at
        wire(self.services)

    def viewer(self, name):
        """The viewer that an account is now."""
        accounts = self.services.accounts
        return accounts.by_id(accounts.directory.get(name).id, via="session")

    def round(self, at=0):
        """Look once, at a moment, and wait until what is due is sent."""
        self.at = at or self.at
        self.services.telling.round()
        assert self.services.delivering.dispatcher.finish(PATIENCE)

    def close(self):
        """End it."""
        self.services.close()
        self.state.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Address of an embedded store that stays open while the tests of a module run."""
    folder = tmp_path_factory.mktemp("engine")
    url = f"chdb://{folder}/store"
    with Store.open(url, database="unused"):
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(engine):
    """An empty store."""
    with Store.open(engine, database=f"test_{next(_numbers)}") as opened:
        yield opened


@pytest.fixture(scope="module")
def month(engine):
    """A store with a month of mail, only to be read, and the mail."""
    mail = traffic.Mail()
    with Store.open(engine, database="month") as opened:
        mail.fill(opened)
        traffic.read(opened)
        yield opened, mail


@pytest.fixture
def sink():
    """Run a mail server that takes all."""
    with sinks.sink() as running:
        yield running


@pytest.fixture
def house(store, sink, tmp_path):
    """Services with an empty store."""
    made = House(store, tmp_path, sink.port)
    yield made
    made.close()
