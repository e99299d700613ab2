"""One running postroad for all tests of the API."""

from __future__ import annotations

import pytest
from tests.web.served import serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory):
    """A running postroad with the mail of two tenants."""
    with serving(tmp_path_factory.mktemp("served") / "home") as running:
        yield running
