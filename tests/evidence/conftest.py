"""One running postroad for all tests of evidence, and one document of it."""

from __future__ import annotations

import base64

import pytest
from tests.web.served import serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory):
    """A running postroad with the mail of two tenants, known by an address of its own."""
    home = tmp_path_factory.mktemp("evidence") / "home"
    with serving(home, host="mx1.example.com") as running:
        yield running


@pytest.fixture(scope="session")
def served_evil(tmp_path_factory: pytest.TempPathFactory):
    """A running postroad with mail that was written to do harm."""
    with serving(tmp_path_factory.mktemp("evil") / "home", sample="evil") as running:
        yield running


@pytest.fixture(scope="session")
def made(served):
    """Evidence of one delivery, as the API gives it to an owner."""
    with served.holder("shop") as holder:
        answer = holder.post(f"/deliveries/{served.ids['delivered']}/evidence", json={})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="session")
def sealed(made) -> bytes:
    """The signed file."""
    return made["sealed"].encode()


@pytest.fixture(scope="session")
def pdf(made) -> bytes:
    """Its PDF."""
    return base64.b64decode(made["pdf"])
