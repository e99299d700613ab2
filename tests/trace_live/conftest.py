"""One world of name servers, mail servers and web servers for all tests of live checks."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.servers import packages
from tests.trace_live.world import World, build
from tests.web.served import Served, serving


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything runs, on the loopback; skipped where ports below 1024 may not be used."""
    if os.geteuid() != 0:
        pytest.skip("mail servers listen on port 25, for which one must be root")
    before = os.environ.get("SSL_CERT_FILE")
    try:
        built = build(tmp_path_factory.mktemp("world"), packages.unpacked())
    except packages.PackagesMissing as missing:
        pytest.skip(str(missing))
    yield built
    built.names.close()
    built.network.close()
    os.environ.pop("SSL_CERT_FILE", None)
    if before is not None:
        os.environ["SSL_CERT_FILE"] = before


@pytest.fixture(scope="session")
def served(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running postroad in that world."""
    settings = world.settings
    with serving(
        tmp_path_factory.mktemp("served") / "home",
        host=settings.host,
        resolver=list(settings.resolver),
        check_networks=list(settings.check_networks),
        sending_addresses=list(settings.sending_addresses),
        mail_server="none",
    ) as running:
        yield running
