"""Links and the key, with a clock of the test's own: how they begin, and how they end."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.queries import world as mail

from postroad import config
from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.errors import TooManyTries
from postroad.model.when import DAY
from postroad.services import evidencing
from postroad.services.evidencing import Ended, Evidencing, Order
from postroad.services.limits import Limits, Rule
from postroad.state import State
from postroad.state import evidence as rows
from postroad.store import Store

UTC = ZoneInfo("UTC")


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.at = mail.NOON + DAY

    def __call__(self) -> int:
        """Microseconds UTC."""
        return self.at


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    """A store with the mail of two tenants."""
    url = f"chdb://{tmp_path_factory.mktemp('links')}/store"
    with Store.open(url) as opened:
        mail.fill(opened)
        yield opened


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def state(tmp_path: Path):
    """An empty state."""
    with State.open(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def accounts(state: State) -> Accounts:
    """One owner of example.com."""
    made = Accounts(state, hasher=Hasher(CHEAPEST))
    made.directory.add(Draft(name="shop", kind=Kind.OWNER, domains=("example.com",)))
    return made


@pytest.fixture
def evidence(tmp_path: Path, store: Store, state: State, accounts: Accounts, clock: Clock):
    """Evidence at work."""
    settings = config.load({"home": str(tmp_path), "host": "mx1.example.com"}, environ={})
    return Evidencing(settings, store, state, accounts, Limits(), clock)


def viewer(accounts: Accounts):
    """The owner."""
    return accounts.by_id(accounts.directory.get("shop").id, via="session")


@pytest.mark.parametrize("days", [30, 365])
def test_a_link_opens_until_its_time_is_over(evidence, accounts, clock: Clock, days: int):
    """To the microsecond; its document stays right."""
    made = evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(days=days, zone=UTC))
    kept, document = evidence.opened(made.secret)
    assert document == made.document
    clock.at += days * DAY - 1
    assert evidence.opened(made.secret)
    clock.at += 1
    with pytest.raises(Ended, match="is over"):
        evidence.opened(made.secret)
    assert evidence.examine(kept.body.sealed.encode()).is_right
    assert [each.ended for each in evidence.mine(viewer(accounts))] != [""]


def test_a_link_without_end_opens_until_it_is_withdrawn(evidence, accounts, clock: Clock):
    """After a hundred years; then never again."""
    made = evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(days=0, zone=UTC))
    clock.at += 36_500 * DAY
    evidence.forget(clock.at)
    kept, _ = evidence.opened(made.secret)
    assert evidence.withdraw(viewer(accounts), kept.id)
    assert not evidence.withdraw(viewer(accounts), kept.id)
    with pytest.raises(Ended, match="withdrawn"):
        evidence.opened(made.secret)


def test_the_secret_is_not_in_the_database(evidence, accounts, state: State, tmp_path: Path):
    """Whoever reads the database cannot open a link, and a digest opens none."""
    made = evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(zone=UTC))
    kept = rows.of_account(state, viewer(accounts).account_id)[0]
    assert evidence.opened(kept.id) is None
    state.close()
    for path in tmp_path.glob("state.db*"):
        assert made.secret.encode() not in path.read_bytes()


def test_what_ended_long_ago_is_forgotten(evidence, accounts, clock: Clock, state: State):
    """The words why it ended are told for a year and more, then there is no such address."""
    first = evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(days=30, zone=UTC))
    clock.at += 60 * DAY
    evidence.forget(clock.at)
    with pytest.raises(Ended):
        evidence.opened(first.secret)
    second = evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(days=365, zone=UTC))
    clock.at += 390 * DAY
    evidence.forget(clock.at)
    assert evidence.opened(first.secret) is None
    with pytest.raises(Ended):
        evidence.opened(second.secret)


def test_a_message_may_go_before_its_evidence(evidence, accounts, store: Store):
    """Whether its maker may show it is known without the message."""
    made = evidence.make(viewer(accounts), mail.INBOUND.id, Order(zone=UTC))
    kept, _ = evidence.opened(made.secret)
    assert kept.body.parties == ("anna@example.com",)


def test_one_person_makes_so_many_in_a_while(evidence, accounts, monkeypatch):
    """The limit is each account's own, and says when to try again."""
    monkeypatch.setattr(evidencing, "_MAKING", Rule(3, 600))
    for _ in range(3):
        evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(zone=UTC))
    with pytest.raises(TooManyTries):
        evidence.make(viewer(accounts), mail.OPEN_COPY.id, Order(zone=UTC))


def _key(path: str, start, told) -> None:
    """In a process of its own: open the state at the same moment as the others, and ask."""
    from postroad.accounts.keys import Keys

    with State.open(path) as state:
        start.wait(30)
        told.put(Keys(state).get("evidence"))


def test_processes_that_begin_together_have_one_key(tmp_path: Path):
    """Four at once on a new database: one key, and the same ever after."""
    path = str(tmp_path / "state.db")
    State.open(path).close()
    made = multiprocessing.get_context("spawn")
    start, told = made.Barrier(4), made.Queue()
    processes = [made.Process(target=_key, args=(path, start, told)) for _ in range(4)]
    for each in processes:
        each.start()
    keys = {told.get(timeout=60) for _ in processes}
    for each in processes:
        each.join(60)
        assert each.exitcode == 0
    assert len(keys) == 1
    settings = config.load({"home": str(tmp_path)}, environ={})
    with State.open(path) as state:
        seals = [
            Evidencing(settings, None, state, None, Limits(), Clock()).seal.public for _ in range(2)
        ]
    assert seals[0] == seals[1]
