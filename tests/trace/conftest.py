"""A running postroad beside a Postfix: its real tools, with tables of two tenants, and name servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.servers import packages
from tests.trace_live.names import NameServers, Zones
from tests.web.served import Served, serving

MAIN = """\
compatibility_level = 3.6
mail_owner = mail
setgid_group = uucp
shlib_directory = no
myhostname = mx.example.org
virtual_mailbox_domains = example.com example.net
virtual_mailbox_base = /secret/mail
virtual_mailbox_maps = texthash:PLACE/mailboxes
virtual_alias_maps = texthash:PLACE/virtual
transport_maps = texthash:PLACE/transport
alias_maps =
local_recipient_maps =
content_filter = scan:inside.example.org
"""
MASTER = """\
smtp      unix  -       -       n       -       -       smtp
virtual   unix  -       n       n       -       -       virtual
local     unix  -       n       n       -       -       local
"""
TABLES = {
    "mailboxes": "anna@example.com a/\nsales@example.com s/\ncarl@example.net c/\neve@example.net e/\n",
    "virtual": "info@example.com anna@example.com, team@example.com, carl@example.net\n"
    "team@example.com sales@example.com, agency@one.example\n"
    "all@example.net carl@example.net, eve@example.net\n"
    "deep@example.com info@example.com, team@example.com, x@nullmx.example, x@two.example\n",
    "transport": "relayed.example smtp:[relay.inside.example]\n",
}
ROOT = [
    "one.example. MX 10 mx.one.example.",
    "mx.one.example. A 192.0.2.1",
    "two.example. MX 10 a.two.example.",
    "two.example. MX 20 b.two.example.",
    "a.two.example. A 192.0.2.10",
    "b.two.example. A 192.0.2.20",
    "nullmx.example. MX 0 .",
    "relay.inside.example. A 192.0.2.99",
]


@pytest.fixture(scope="session")
def postfix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a main.cf, with programs that know their libraries beside it in `bin`."""
    try:
        tree = packages.unpacked()
    except packages.PackagesMissing as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("postfix")
    (folder / "main.cf").write_text(MAIN.replace("PLACE", str(folder)))
    (folder / "master.cf").write_text(MASTER)
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    libraries = tree / "usr/lib"
    places = (libraries / "postfix", libraries / f"{os.uname().machine}-linux-gnu")
    (folder / "bin").mkdir()
    for tool in ("postconf", "postmap"):
        program = folder / "bin" / tool
        path = ":".join(map(str, places))
        program.write_text(
            f'#!/bin/sh\nexec env LD_LIBRARY_PATH={path} {tree}/usr/sbin/{tool} "$@"\n'
        )
        program.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def served(postfix: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running postroad that asks this Postfix and these name servers."""
    names = NameServers(tmp_path_factory.mktemp("names"), "127.0.0.1", packages.unpacked())
    names.start(Zones(root=ROOT))
    try:
        with serving(
            tmp_path_factory.mktemp("served") / "home",
            mail_server="postfix",
            postconf_path=str(postfix / "bin/postconf"),
            postfix_config=str(postfix),
            resolver=[names.resolver],
        ) as running:
            yield running
    finally:
        names.close()


@pytest.fixture
def open_page(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Open a page as an administrator."""
    return partial(open_page, account="root")
