"""Accounts over a fresh state database, with the cheapest hashes and a clock that is set by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from postroad.accounts import CHEAPEST, Accounts, Draft, Hasher, Kind
from postroad.model.when import DAY
from postroad.state import State


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 20_000 * DAY

    def __call__(self) -> int:
        """Tell the time."""
        return self.now

    def move(self, microseconds: int) -> None:
        """Let time pass."""
        self.now += microseconds


@pytest.fixture
def clock():
    """A clock that stands until it is moved."""
    return Clock()


@pytest.fixture
def state(tmp_path: Path):
    """An empty state database."""
    with State.open(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def accounts(state: State, clock: Clock):
    """No accounts yet."""
    return Accounts(state, hasher=Hasher(CHEAPEST), session_hours=12, clock=clock)


@pytest.fixture
def anna(accounts: Accounts):
    """A mailbox account with an alias."""
    draft = Draft(
        name="Anna@Example.com",
        kind=Kind.MAILBOX,
        password="a long password",
        addresses=("sales@example.com",),
    )
    return accounts.directory.add(draft)
