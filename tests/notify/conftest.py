"""Desks, sinks and certificates for the tests of letters."""

from __future__ import annotations

import pytest
from tests.notify import sinks
from tests.notify.certificates import authority
from tests.notify.desk import Desk

from postroad.notify.line import Server
from postroad.notify.submission import Submission


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Make an authority, and a certificate for this machine."""
    return authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def sink():
    """Run a mail server that takes all."""
    with sinks.sink() as running:
        yield running


@pytest.fixture
def desk_for(tmp_path):
    """Make desks that hand over to whoever listens on a port, with little patience."""
    made: list[Desk] = []

    def make(port: int, *, scheme: str = "smtp", patience: float = 5, last: float = 5, **more):
        server = {name: more.pop(name) for name in ("login", "password", "ca") if name in more}
        url = f"{scheme}://127.0.0.1:{port}"
        carrier = Submission(Server.of(url, patience=patience, last=last, name="me.test", **server))
        made.append(Desk(tmp_path, carrier, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def desk(sink, desk_for):
    """Make a desk before a mail server that takes all."""
    return desk_for(sink.port)
