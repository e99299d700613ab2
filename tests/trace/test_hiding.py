"""Each viewer sees their own part of a route, and what everybody may know."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from postroad.accounts import Kind as Account
from postroad.accounts import Viewer, local_administrator
from postroad.model.route import Host, Kind, Method, Node, Route, Side, walk
from postroad.model.scope import Scope
from postroad.model.text import say
from postroad.services.hiding import seen_by

OWNER = Viewer(
    name="shop", kind=Account.OWNER, scope=Scope.of(domains=["example.com"]), via="session"
)
ANNA = Viewer(
    name="anna",
    kind=Account.MAILBOX,
    scope=Scope.of(addresses=["anna@example.com", "info@example.com"]),
    via="session",
)
HOST = Host(name="mx.elsewhere.example", ips=("192.0.2.1",), mx=10)
SMARTHOST = Host(name="relay.inside.example", ips=("192.0.2.9",))


def node(address: str, kind: Kind, words: str = "", **more: object) -> Node:
    """A node with words that give its secrets away."""
    return Node(address=address, kind=kind, words=say(words or f"{kind.value} here"), **more)


def local(address: str, **more: object) -> Node:
    """A mailbox, in a secret place."""
    return node(
        address,
        Kind.LOCAL,
        f"mailboxes to local delivery of {address}",
        router="mailboxes",
        mailbox="/secret/place/",
        source="/secret/mailboxes",
        **more,
    )


def alias(address: str, *children: Node) -> Node:
    """An alias from a file."""
    return node(
        address,
        Kind.ROUTED,
        "aliases sends it on, as /secret/aliases says",
        router="aliases",
        source="/secret/aliases",
        children=children,
    )


def shown(viewer: Viewer, root: Node) -> Node:
    """The root as the viewer sees it."""
    route = Route(address=root.address, method=Method.EXIM, root=root, notes=(say("inside"),))
    return seen_by(viewer, route).root


def text(root: Node) -> str:
    """All that can be read of it."""
    return msgspec.json.encode(root, enc_hook=str).decode()


def kinds(root: Node) -> list[tuple[str, str]]:
    """Address and kind of every point, from the top."""
    return [(each.address, each.kind.value) for _, each in walk(root)]


def reads(root: Node, secrets: Iterable[str]) -> list[str]:
    """Those of the secrets that can be read."""
    return [each for each in secrets if each in text(root)]


INFO = alias(
    "info@example.com",
    local("anna@example.com"),
    local("ben@example.com"),
    alias("rival@example.net", local("carl@example.net"), local("eve@example.net")),
    node("agency@elsewhere.example", Kind.SMTP, hosts=(HOST,)),
    local("archive@example.net", is_copy=True),
)


def test_an_administrator_sees_all():
    """Nothing is taken away, neither nodes nor notes."""
    route = Route(address="x@example.com", method=Method.EXIM, root=INFO, notes=(say("inside"),))

    assert route == seen_by(local_administrator(), route)


def test_an_owner_sees_where_their_aliases_lead():
    """Up to where another tenant begins; no secret copies, no places of mailboxes."""
    seen = shown(OWNER, INFO)

    assert [
        ("info@example.com", "routed"),
        ("anna@example.com", "local"),
        ("ben@example.com", "local"),
        ("rival@example.net", "local"),
        ("agency@elsewhere.example", "smtp"),
    ] == kinds(seen)
    assert seen.children[2].is_hidden
    assert "/secret/aliases" in seen.words
    assert (HOST,) == seen.children[3].hosts
    assert [] == reads(seen, ["carl", "eve", "archive", "/secret/place", "/secret/mailboxes"])


def test_a_mailbox_user_sees_their_own_addresses():
    """Who else gets the mail of an alias, and from which file, is not theirs to see."""
    seen = shown(ANNA, INFO)

    assert [
        ("info@example.com", "routed"),
        ("anna@example.com", "local"),
        ("•••@•••", "routed"),
    ] == kinds(seen)
    assert [] == reads(
        seen, ["ben", "rival", "agency", "elsewhere", "archive", "/secret", "carl", "192.0.2"]
    )


def test_somebody_elses_address_here_is_taken_and_no_more():
    """That this server takes it is what anybody could find out by sending."""
    for root in (
        local("carl@example.net"),
        alias("carl@example.net", local("eve@example.net")),
        node("carl@example.net", Kind.COMMAND, command="/secret/command", router="pipes"),
        node("carl@example.net", Kind.DISCARD, source="/secret/aliases"),
    ):
        for viewer in (OWNER, ANNA):
            seen = shown(viewer, root)
            assert [("carl@example.net", "local")] == kinds(seen)
            assert seen.is_hidden
            assert [] == reads(seen, ["secret", "eve", "mailboxes", "aliases", "pipes"])


def test_trouble_inside_is_told_without_its_words():
    """Configuration errors name files and servers of the inside."""
    root = node(
        "carl@example.net",
        Kind.DEFER,
        "The table mysql:/secret/db cannot be asked",
        side=Side.HERE,
        reply="failed to open /secret/file for eve@example.net",
    )

    for viewer in (OWNER, ANNA):
        seen = shown(viewer, root)
        assert (Kind.DEFER, Side.HERE) == (seen.kind, seen.side)
        assert [] == reads(seen, ["secret", "eve", "mysql"])


def test_trouble_with_an_own_address_is_told_in_words_that_bounces_have():
    """Other people's addresses in them are masked, errors of the configuration left out."""
    bounce = node(
        "anna@example.com", Kind.BOUNCE, side=Side.HERE, reply="closed, write to eve@example.net"
    )
    defer = node("anna@example.com", Kind.DEFER, side=Side.HERE, reply="cannot read /secret/file")

    assert "closed, write to •••@•••" == shown(ANNA, bounce).reply
    assert "" == shown(ANNA, defer).reply
    assert "" == shown(OWNER, defer).reply


def test_what_dns_tells_everybody_sees():
    """Servers of a domain elsewhere are public, a relay of this server's is not."""
    public = node("x@elsewhere.example", Kind.SMTP, "DNS via mx", hosts=(HOST,))
    relayed = node("x@elsewhere.example", Kind.SMTP, "smart via relay", hosts=(SMARTHOST,))
    refused = node("x@gone.example", Kind.BOUNCE, "There is no domain", side=Side.THERE)

    for viewer in (OWNER, ANNA):
        assert (HOST,) == shown(viewer, public).hosts
        assert "There is no domain" == shown(viewer, refused).words
        assert [] == reads(shown(viewer, relayed), ["relay", "192.0.2.9", "smart"])


def test_notes_on_the_inside_are_for_administrators():
    """They name content filters and archives."""
    route = Route(address="anna@example.com", method=Method.EXIM, root=INFO, notes=(say("inside"),))

    assert () == seen_by(OWNER, route).notes


def test_a_loop_through_somebody_elses_alias_names_only_own_addresses():
    """The words of the loop would tell the other address."""
    root = alias(
        "info@example.com",
        node(
            "info@example.com",
            Kind.BOUNCE,
            "It leads back to itself: info@example.com → eve@example.net → info@example.com.",
            side=Side.HERE,
        ),
    )

    assert [] == reads(shown(OWNER, root), ["eve"])
    assert [] == reads(shown(ANNA, root), ["eve"])
