"""Postfix's settings and tables, asked with its real tools, in configurations of many kinds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from postroad.model.route import Kind, Method, Node, Side, ends
from postroad.trace import Tools, trace

BASE = """\
compatibility_level = 3.6
mail_owner = mail
setgid_group = uucp
shlib_directory = no
myhostname = mx.example.org
myorigin = example.org
mydestination = example.org
alias_maps =
local_recipient_maps =
"""
MASTER = """\
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
    -o syslog_name=relay
lmtp      unix  -       -       n       -       -       lmtp
virtual   unix  -       n       n       -       -       virtual
local     unix  -       n       n       -       -       local
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
lists     unix  -       n       n       -       -       pipe
    flags=FR user=list argv=/usr/lib/lists/queue ${recipient}
lda       unix  -       n       n       -       -       pipe
    flags=DRhu user=vmail argv=/usr/lib/dovecot/dovecot-lda -d ${recipient}
"""

Follow = Callable[..., Node]


@pytest.fixture
def follow(postfix: Path, tmp_path: Path) -> Follow:
    """Trace an address through a Postfix with these settings and tables."""

    def go(address: str, settings: str, /, seconds: float = 10, **tables: str) -> Node:
        (tmp_path / "main.cf").write_text(BASE + settings.replace("PLACE", str(tmp_path)))
        (tmp_path / "master.cf").write_text(MASTER)
        for name, text in tables.items():
            (tmp_path / name).write_text(text)
        tools = Tools(
            method=Method.POSTFIX,
            program=str(postfix / "bin/postconf"),
            directory=str(tmp_path),
            # Nobody answers there, and at once: what needs DNS is seen to need it.
            resolver=("127.0.0.1:9",),
            seconds=seconds,
        )
        return trace(address, tools).root

    return go


@pytest.mark.parametrize(
    ("settings", "host", "port"),
    [
        ("relayhost = [192.0.2.25]\n", "192.0.2.25", 25),
        ("relayhost = [192.0.2.25]:587\n", "192.0.2.25", 587),
        ("default_transport = smtp:[192.0.2.26]:26\nrelayhost = [192.0.2.25]\n", "192.0.2.26", 26),
        ("transport_maps = inline:{elsewhere.example=smtp:[192.0.2.27]}\n", "192.0.2.27", 25),
        ("transport_maps = inline:{*=:[192.0.2.28]}\n", "192.0.2.28", 25),
        ("transport_maps = regexp:PLACE/re\n", "192.0.2.29", 25),
        ("transport_maps = inline:{x@elsewhere.example=relay:[192.0.2.30]}\n", "192.0.2.30", 25),
        ("transport_maps = proxy:texthash:PLACE/table\n", "192.0.2.31", 25),
    ],
)
def test_next_hops(follow: Follow, settings: str, host: str, port: int):
    """Relay, transport table and default transport, in Postfix's order of importance."""
    tables = {
        "re": "/^x@elsewhere/ smtp:[192.0.2.29]\n",
        "table": "elsewhere.example smtp:[192.0.2.31]\n",
    }
    node = follow("x@elsewhere.example", settings, **tables)

    assert Kind.SMTP is node.kind
    assert [(host, port)] == [(each.name, each.port) for each in node.hosts]


@pytest.mark.parametrize(
    ("settings", "address", "kind", "words"),
    [
        (
            "virtual_mailbox_domains = v.example\nvirtual_transport = lmtp:unix:private/lmtp\n",
            "a@v.example",
            Kind.LOCAL,
            "lmtp to local delivery",
        ),
        (
            "virtual_mailbox_domains = v.example\nvirtual_transport = lda:\n",
            "a@v.example",
            Kind.LOCAL,
            "lda to local delivery",
        ),
        (
            "transport_maps = inline:{l.example=lists:}\n",
            "a@l.example",
            Kind.COMMAND,
            "lists hands it to a command",
        ),
        (
            "transport_maps = inline:{d.example=discard:}\n",
            "a@d.example",
            Kind.DISCARD,
            "discard throws it away",
        ),
        (
            "transport_maps = inline:{{e.example=error:5.7.1 go away}}\n",
            "a@e.example",
            Kind.BOUNCE,
            "rule of this server refuses",
        ),
        (
            "transport_maps = inline:{{r.example=retry:4.3.0 later}}\n",
            "a@r.example",
            Kind.DEFER,
            "puts it off",
        ),
        (
            "transport_maps = inline:{t.example=nosuch:}\n",
            "a@t.example",
            Kind.DEFER,
            "transport nosuch",
        ),
        (
            "virtual_alias_domains = s.example\nvirtual_alias_maps = inline:{b@s.example=root@example.org}\n",
            "a@s.example",
            Kind.BOUNCE,
            "virtual aliases only",
        ),
        (
            "local_recipient_maps = inline:{root=x}\n",
            "who@example.org",
            Kind.BOUNCE,
            "local_recipient_maps",
        ),
        (
            "mailbox_transport = lmtp:unix:private/lmtp\n",
            "root@example.org",
            Kind.LOCAL,
            "lmtp to local delivery",
        ),
        ("", "no-such-user@example.org", Kind.BOUNCE, "no user of this name"),
        ("", "root@example.org", Kind.LOCAL, "local to local delivery"),
        (
            "mailbox_command = /usr/bin/procmail\n",
            "root@example.org",
            Kind.LOCAL,
            "local to local delivery",
        ),
        (
            "mailbox_command = /usr/bin/odd\n",
            "root@example.org",
            Kind.COMMAND,
            "hands it to a command",
        ),
        ("", "-x@example.org", Kind.BOUNCE, "begins with “-”"),
        (
            "mydestination = example.org, !sub.example.org, .example.org\n",
            "root@deep.example.org",
            Kind.LOCAL,
            "local to local delivery",
        ),
        (
            "mydestination = example.org PLACE/domains\n",
            "root@listed.example",
            Kind.LOCAL,
            "local to local delivery",
        ),
        (
            "mydestination = inline:{tabled.example=x}\n",
            "root@tabled.example",
            Kind.LOCAL,
            "local to local delivery",
        ),
        (
            "inet_interfaces = 127.0.0.1\n",
            "root@[127.0.0.1]",
            Kind.LOCAL,
            "local to local delivery",
        ),
        ("", "root%example.org@example.org", Kind.LOCAL, "local to local delivery"),
        (
            "relocated_maps = inline:{root@example.org=boss@example.net}\n",
            "root@example.org",
            Kind.BOUNCE,
            "It has moved to boss@example.net",
        ),
        (
            "relay_domains = r.example\nrelayhost = [192.0.2.25]\n",
            "a@sub.r.example",
            Kind.SMTP,
            "relay via 192.0.2.25",
        ),
    ],
)
def test_classes_and_transports(
    follow: Follow, settings: str, address: str, kind: Kind, words: str
):
    """What each class of address and each kind of transport comes to, in words."""
    (node,) = ends(follow(address, settings, domains="# a list\nlisted.example\n"))

    assert kind is node.kind
    assert words in node.words


def test_extensions_are_kept_or_matched(follow: Follow):
    """An address with an extension finds the alias without it, and the extension goes along."""
    settings = (
        "recipient_delimiter = +\nvirtual_alias_maps = inline:{a@example.org=root@example.org}\n"
    )

    assert ["root+tag@example.org"] == [
        each.address for each in ends(follow("a+tag@example.org", settings))
    ]


def test_local_aliases_of_all_kinds(follow: Follow):
    """Addresses, commands, files, lists, nowhere, and names that do not exist."""
    root = follow(
        "team@example.org",
        "alias_maps = texthash:PLACE/aliases\n",
        aliases='team "|/usr/bin/prog \\"two words\\"", /var/mail/team, /dev/null, :include:/etc/list, root, nosuch\n',
    )
    found = {each.kind for each in root.children}

    assert Kind.ROUTED is root.kind
    assert {Kind.COMMAND, Kind.LOCAL, Kind.DISCARD, Kind.ROUTED, Kind.BOUNCE} == found
    assert "/etc/list" in next(each.source for each in root.children if each.kind is Kind.ROUTED)


def test_a_table_that_cannot_be_asked_is_named(follow: Follow):
    """An error of ours, with Postfix's words for it."""
    node = follow("x@example.org", "virtual_alias_maps = texthash:PLACE/absent\n")

    assert (Kind.ERROR, Side.HERE) == (node.kind, node.side)
    assert "absent" in node.words
    assert "postmap cannot answer" in node.words


def test_a_main_cf_that_is_not_there(postfix: Path, tmp_path: Path):
    """The trace says that postconf cannot answer, and why."""
    tools = Tools(
        method=Method.POSTFIX,
        program=str(postfix / "bin/postconf"),
        directory=str(tmp_path / "none"),
    )
    node = trace("x@example.org", tools).root

    assert (Kind.ERROR, Side.HERE) == (node.kind, node.side)
    assert "postconf" in node.words


@pytest.mark.parametrize(
    "virtual",
    [
        "a@example.org b@example.org\nb@example.org a@example.org\n",
        "a@example.org root@example.org, b@example.org\nb@example.org c@example.org\nc@example.org b@example.org\n",
        "".join(f"n{at}@example.org n{at + 1}@example.org\n" for at in range(300))
        + "a@example.org n0@example.org\n",
    ],
)
def test_circles_and_depths_end(follow: Follow, virtual: str):
    """An alias that leads back to itself, sooner or later, is one node that says so."""
    node = follow("a@example.org", "virtual_alias_maps = texthash:PLACE/virtual\n", virtual=virtual)

    (end,) = ends(node)
    assert Side.HERE is end.side
    assert (end.kind, end.words.partition(":")[0]) in (
        (Kind.DEFER, "It leads back to itself"),
        (Kind.ERROR, "There are too many aliases of aliases to follow them all."),
    )


@pytest.mark.parametrize("width", [30, 3000])
def test_wide_aliases_are_bounded(follow: Follow, width: int):
    """All members of a list are told up to a bound, and that some are left out; in time."""
    members = ", ".join(f"m{at}@v.example" for at in range(width))
    boxes = "".join(f"m{at}@v.example m{at}/\n" for at in range(width))
    begun = time.monotonic()
    root = follow(
        "all@v.example",
        "virtual_mailbox_domains = v.example\n"
        "virtual_mailbox_maps = texthash:PLACE/boxes\nvirtual_alias_maps = texthash:PLACE/virtual\n",
        virtual=f"all@v.example {members}\n",
        boxes=boxes,
    )

    assert time.monotonic() - begun < 11
    assert min(width, 499) <= len(root.children) <= 501
    assert (width > 500) == any("left out" in each for each in root.notes)


def test_aliases_that_multiply_are_bounded(follow: Follow):
    """Each of forty aliases leads twice to the next: a million million ways are not followed."""
    bomb = "".join(
        f"b{at} b{at + 1}, b{at + 1}x\nb{at}x b{at + 1}, b{at + 1}x\n" for at in range(40)
    )
    begun = time.monotonic()
    root = follow("b0@example.org", "alias_maps = texthash:PLACE/aliases\n", aliases=bomb)

    assert time.monotonic() - begun < 11
    assert Kind.ROUTED is root.kind
    assert len(ends(root)) <= 501


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read")
def test_a_table_that_may_not_be_read(follow: Follow, postfix: Path, tmp_path: Path):
    """What Postfix says of a table that is closed to us reaches the reader."""
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    begun = time.monotonic()
    node = follow("x@example.org", "virtual_alias_maps = texthash:PLACE/pipe\n", seconds=2)

    assert time.monotonic() - begun < 4
    assert Kind.ERROR is node.kind
    assert "did not answer in time" in node.words
