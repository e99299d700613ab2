"""One running postroad for all tests of the pages."""

from __future__ import annotations

import pytest
from tests.web.served import serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory):
    """A running postroad with the mail of two tenants."""
    with serving(tmp_path_factory.mktemp("served") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def served_evil(tmp_path_factory: pytest.TempPathFactory):
    """A running postroad with mail that was written to do harm."""
    with serving(tmp_path_factory.mktemp("evil") / "home", sample="evil") as running:
        yield running
