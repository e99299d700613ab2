"""A postroad with the mail of two tenants, in this process, and how its exports are asked for."""

from __future__ import annotations

import time

import pytest
from bench import generate
from tests.queries import world
from tests.web.served import serving

from postroad import app, config
from postroad.accounts import CHEAPEST, Draft, Hasher, Kind
from postroad.model import when
from postroad.services.exports import Order
from postroad.state import exports
from postroad.store import Store
from postroad.store.address import parse
from postroad.store.engine import Engine

#: Deliveries, how many are made at once, and when they began to come in, microseconds UTC.
COUNT, STEP, START = 120_000, 40_000, 1_760_000_000_000_000


class Office:
    """Services, and what tests ask of exports."""

    def __init__(self, services):
        self.services = services
        self.exporting = services.exporting
        self.making = services.exporting.making
        self.folder = services.settings.home / "exports"

    def viewer(self, name):
        """The viewer that the account of this name is."""
        accounts = self.services.accounts
        return accounts.by_id(accounts.directory.get(name).id, via="session")

    def order(self, name, word="json", mail_to="", **values):
        """Order an export as somebody; its id."""
        order = Order(values=values, clock="UTC")
        return self.exporting.order(self.viewer(name), order, word=word, mail_to=mail_to)

    def get(self, export_id):
        """What is kept of it."""
        return exports.get(self.services.state, export_id)

    def work(self, seconds=30):
        """Look, as the round does, until nothing waits or is written any more."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.making.look(self.services.now())
            is_open = exports.of_status(self.services.state, exports.OPEN)
            # Its letter is put when it has ended.
            if not is_open and not self.making._running:
                return
            time.sleep(0.02)
        raise AssertionError("an export did not end")

    def files(self):
        """Names of the files on the shelf."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    def fetch(self, name, export_id):
        """The octets of a file, as somebody."""
        _, file = self.exporting.fetch(self.viewer(name), export_id)
        with file:
            return file.read()


def opened(home, **more):
    """The services of this home, without the round."""
    given = {"home": str(home), "timezone": "UTC", "public_url": "https://mail.test"} | more
    settings = config.load(given, environ={})
    return app.opened(settings, follow=False, hasher=Hasher(CHEAPEST))


PEOPLE = (
    Draft(name="root", kind=Kind.ADMINISTRATOR),
    Draft(name="com", kind=Kind.OWNER, domains=("example.com",)),
    Draft(name="net", kind=Kind.OWNER, domains=("example.net",)),
    Draft(name="anna@example.com", kind=Kind.MAILBOX),
)


def people(services):
    """Make the accounts."""
    for draft in PEOPLE:
        services.accounts.directory.add(draft)


@pytest.fixture
def office(tmp_path):
    """Everything, over a store with the mail of two tenants."""
    with opened(tmp_path / "home") as services:
        world.fill(services.store)
        people(services)
        yield Office(services)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A running postroad with the mail of two tenants, in a process of its own."""
    with serving(tmp_path_factory.mktemp("exports") / "home") as served:
        yield served


UTC = when.UTC_ZONE


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A home whose store has much mail; nobody has it open."""
    home = tmp_path_factory.mktemp("large")
    url = f"chdb://{home}/p/store"
    (home / "p").mkdir()
    with Store.open(url):
        engine = Engine(parse(url, ""))
        for first in range(0, COUNT, STEP):
            engine.command(generate.deliveries(START, generate.DAY, COUNT, first, STEP))
        engine.close()
    return home
