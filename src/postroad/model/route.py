"""A route: where an address leads now, as a tree. The past is told by deliveries.

Frozen values: `trace` makes them, every way out shows them. What stands in `words`, `notes` and
`fault` is said to people (`model.text`); `reply` are the mail server's own words, which may be a
stranger's.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import assert_never

import msgspec

from postroad.model.text import Text, say

#: The port of SMTP between servers (RFC 5321 section 4.5.4.2).
SMTP_PORT = 25


class Kind(StrEnum):
    """What becomes of mail at one point of a route."""

    #: An alias, a forward or a filter sends it on.
    ROUTED = "routed"
    #: A mailbox here takes it.
    LOCAL = "local"
    #: It goes to another server.
    SMTP = "smtp"
    #: A program gets it.
    COMMAND = "command"
    #: It is thrown away on purpose.
    DISCARD = "discard"
    #: It cannot be told, or the configuration is broken.
    ERROR = "error"
    #: It is refused for good; its sender is told.
    BOUNCE = "bounce"
    #: It waits and is tried again.
    DEFER = "defer"


class Icon(StrEnum):
    """The four pictures of a route."""

    #: Mail Routing Error.
    TROUBLE = "trouble"
    #: Filter/Alias File.
    ALIAS = "alias"
    #: SMTP Destination.
    SERVER = "server"
    #: Local Mailbox.
    MAILBOX = "mailbox"


class Side(StrEnum):
    """Where the trouble is."""

    #: On this server.
    HERE = "here"
    #: At the receiving end.
    THERE = "there"


class Dnssec(StrEnum):
    """What DNSSEC says of an answer (RFC 4035 section 4.3), as the resolver tells it."""

    #: Signed, and the signature holds.
    SECURE = "secure"
    #: Not proven: not signed, or the resolver does not check.
    INSECURE = "insecure"
    #: Signed, and the signature does not hold: a resolver that checks gives no answer.
    BOGUS = "bogus"
    #: Not asked.
    UNKNOWN = "unknown"


class Method(StrEnum):
    """Who was asked for the way."""

    EXIM = "exim"
    POSTFIX = "postfix"
    #: DNS alone, as any sender would see it.
    DNS = "dns"


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One server that takes mail for a destination."""

    #: Host name, or the address itself where the destination is an address.
    name: str
    ips: tuple[str, ...] = ()
    #: Priority of its MX record, lower is tried first; None where there is no MX record.
    mx: int | None = None
    port: int = SMTP_PORT
    dnssec: Dnssec = Dnssec.UNKNOWN
    #: What is wrong with it; empty where nothing is.
    fault: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Each of its addresses as `mail.example.com [192.0.2.1] MX=10`."""
        places = [f" [{each}]" for each in self.ips] or [""]
        priority = "" if self.mx is None else f" MX={self.mx}"
        port = "" if self.port == SMTP_PORT else f" port={self.port}"
        return tuple(f"{self.name}{place}{priority}{port}" for place in places)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a route."""

    #: The address that mail has at this point.
    address: str
    kind: Kind
    #: What becomes of it, in a line: `virtual_user to local delivery`.
    words: str
    #: Where the trouble is; None where there is none.
    side: Side | None = None
    #: The router, table or rule that decided, as the mail server names it.
    router: str = ""
    transport: str = ""
    #: The alias or filter file, or table, that it was read from.
    source: str = ""
    mailbox: str = ""
    command: str = ""
    #: What the mail server itself says of it.
    reply: str = ""
    #: Servers in the order in which they are tried.
    hosts: tuple[Host, ...] = ()
    #: What else is to be known, a sentence each.
    notes: tuple[str, ...] = ()
    #: Whether it is a copy that neither sender nor recipient is told of.
    is_copy: bool = False
    #: Whether the viewer may not see what is behind it.
    is_hidden: bool = False
    children: tuple[Node, ...] = ()

    @property
    def icon(self) -> Icon:
        """Its picture."""
        match self.kind:
            case Kind.ROUTED | Kind.COMMAND | Kind.DISCARD:
                return Icon.ALIAS
            case Kind.LOCAL:
                return Icon.MAILBOX
            case Kind.SMTP:
                return Icon.SERVER
            case Kind.ERROR | Kind.BOUNCE | Kind.DEFER:
                return Icon.TROUBLE
        assert_never(self.kind)

    @property
    def is_trouble(self) -> bool:
        """Whether mail does not get any further here."""
        return self.icon is Icon.TROUBLE


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where one address leads now."""

    #: As it was asked for, its domain in the form that DNS knows.
    address: str
    method: Method
    root: Node
    #: What holds for the whole of it, a sentence each.
    notes: tuple[str, ...] = ()


def walk(root: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    """Every node from the root down, with how deep it stands."""
    yield depth, root
    for child in root.children:
        yield from walk(child, depth + 1)


def ends(root: Node) -> tuple[Node, ...]:
    """The nodes behind which there is none, in order."""
    return tuple(node for _, node in walk(root) if not node.children)


def label(kind: Kind) -> Text:
    """The kind as a heading."""
    match kind:
        case Kind.ROUTED:
            return say("Alias or filter")
        case Kind.LOCAL:
            return say("Local mailbox")
        case Kind.SMTP:
            return say("SMTP destination")
        case Kind.COMMAND:
            return say("Command")
        case Kind.DISCARD:
            return say("Discarded")
        case Kind.ERROR:
            return say("Error")
        case Kind.BOUNCE:
            return say("Refused")
        case Kind.DEFER:
            return say("Put off")
    assert_never(kind)


def icon_label(icon: Icon) -> Text:
    """What a picture stands for."""
    match icon:
        case Icon.TROUBLE:
            return say("Mail routing error")
        case Icon.ALIAS:
            return say("Filter or alias file")
        case Icon.SERVER:
            return say("SMTP destination")
        case Icon.MAILBOX:
            return say("Local mailbox")
    assert_never(icon)


def side_label(side: Side) -> Text:
    """Where the trouble is, in a sentence."""
    match side:
        case Side.HERE:
            return say("The trouble is on this server.")
        case Side.THERE:
            return say("The trouble is at the receiving end.")
    assert_never(side)


def dnssec_label(state: Dnssec) -> Text:
    """What DNSSEC says, in a few words; empty where it was not asked."""
    match state:
        case Dnssec.SECURE:
            return say("DNSSEC: signed and valid")
        case Dnssec.INSECURE:
            return say("DNSSEC: not signed, or not checked by the resolver")
        case Dnssec.BOGUS:
            return say("DNSSEC: the signature is not valid")
        case Dnssec.UNKNOWN:
            return say("")
    assert_never(state)


def method_label(method: Method) -> Text:
    """Who was asked, in a sentence."""
    match method:
        case Method.EXIM:
            return say("As the mail server here (Exim) would route it now.")
        case Method.POSTFIX:
            return say("As the mail server here (Postfix) would route it now.")
        case Method.DNS:
            return say("As any sender sees it in DNS; no mail server here was asked.")
    assert_never(method)
