"""Where an address leads now."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.params import Parameter

from postroad.api.asking import Asking, Served
from postroad.api.errors import documented
from postroad.model import route

TAGS = ["Checks"]

KindWord = Literal["routed", "local", "smtp", "command", "discard", "error", "bounce", "defer"]
SideWord = Literal["here", "there"]
MethodWord = Literal["exim", "postfix", "dns"]
DnssecWord = Literal["secure", "insecure", "bogus", "unknown"]


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A server that takes mail for a destination."""

    name: str
    ips: list[str]
    #: Priority of its MX record, lower is tried first; null without one.
    mx: int | None
    port: int
    dnssec: DnssecWord
    #: What is wrong with it; empty where nothing is.
    fault: str


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a route."""

    address: str
    #: `routed`: an alias or filter sends it on. `error`, `bounce` and `defer`: it ends here.
    kind: KindWord
    #: What becomes of it, as people read it.
    words: str
    #: Where the trouble is; null where there is none.
    side: SideWord | None
    router: str
    transport: str
    #: The alias or filter file, or table, that decided.
    source: str
    mailbox: str
    command: str
    #: The mail server's own words.
    reply: str
    hosts: list[Host]
    notes: list[str]
    #: Whether the viewer may not see what is behind it.
    hidden: bool
    children: list[Node]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where an address leads now."""

    #: As it was traced, its domain as DNS knows it.
    address: str
    #: Who was asked: the mail server, or DNS alone.
    method: MethodWord
    #: What holds for all of it.
    notes: list[str]
    root: Node


@get("/trace", tags=TAGS, responses=documented(429), sync_to_thread=True)
def trace(
    viewer: Asking,
    services: Served,
    address: Annotated[
        str, Parameter(description="One address, as in `name@example.com`.", max_length=1000)
    ],
) -> Route:
    """Where mail for an address would go now. Nothing is sent.

    Whoever may not see the inside of the server sees their own addresses and what DNS tells.
    """
    found = services.tracing.route(viewer, address)
    return Route(
        address=found.address,
        method=found.method.value,
        notes=[str(each) for each in found.notes],
        root=_node(found.root),
    )


def _node(node: route.Node) -> Node:
    return Node(
        address=node.address,
        kind=node.kind.value,
        words=str(node.words),
        side=node.side.value if node.side else None,
        router=node.router,
        transport=node.transport,
        source=node.source,
        mailbox=node.mailbox,
        command=node.command,
        reply=node.reply,
        hosts=[_host(each) for each in node.hosts],
        notes=[str(each) for each in node.notes],
        hidden=node.is_hidden,
        children=[_node(each) for each in node.children],
    )


def _host(host: route.Host) -> Host:
    return Host(
        name=host.name,
        ips=list(host.ips),
        mx=host.mx,
        port=host.port,
        dnssec=host.dnssec.value,
        fault=str(host.fault),
    )
