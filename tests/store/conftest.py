"""One engine for the tests of a module, and a database of its own for each test."""

import itertools

import pytest

from postroad.store import Store

_numbers = itertools.count()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Address of an embedded store that stays open while the tests of a module run."""
    url = f"chdb://{tmp_path_factory.mktemp('engine')}/store"
    with Store.open(url, database="unused"):
        yield url


@pytest.fixture
def store(engine):
    """An empty store."""
    with Store.open(engine, database=f"test_{next(_numbers)}") as opened:
        yield opened
