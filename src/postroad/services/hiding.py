"""What of a route its viewer may see. Pure.

Comes in: a whole route, and who asked. Goes out: the route with other people's part of it taken
away. An administrator sees all. Owners see where the aliases of their addresses lead, up to the
point where another tenant's mailbox or alias begins. Mailbox users see no inside of the server but
their own addresses. What DNS tells everybody about a domain elsewhere, everybody sees.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from postroad.accounts import Kind as Account
from postroad.accounts import Viewer
from postroad.model import address as addresses
from postroad.model.route import Kind, Node, Route, Side
from postroad.model.text import Text, say
from postroad.queries.masks import MASK, Mask

#: What an alias of the viewer's own names in so many words.
_NAMED = (Kind.COMMAND, Kind.DISCARD)


def seen_by(viewer: Viewer, route: Route) -> Route:
    """The route as this viewer may see it."""
    if viewer.is_administrator:
        return route
    root = _View(viewer).root(route.root)
    return msgspec.structs.replace(route, root=root, notes=())


class _View:
    """One viewer's eyes."""

    def __init__(self, viewer: Viewer) -> None:
        self._holds = viewer.scope.holds
        self._sees_targets = viewer.kind is not Account.MAILBOX

    def root(self, node: Node) -> Node:
        """The address that was asked for, whosever it is."""
        if self._holds(node.address):
            return self._own(node, is_named=False)
        return _strangers(node)

    def _own(self, node: Node, *, is_named: bool) -> Node:
        """An address of the viewer's; `is_named` where an alias of theirs names what it says."""
        is_alias = node.kind is Kind.ROUTED
        knows = self._sees_targets and (is_alias or (is_named and node.kind in _NAMED))
        mask = Mask(self._holds, (node.address,))
        bare = msgspec.structs.replace(
            node,
            source=node.source if knows else "",
            command=node.command if knows else "",
            mailbox="" if node.mailbox.startswith("/") else node.mailbox,
            reply=mask.text(node.reply) if node.kind is Kind.BOUNCE else "",
            hosts=node.hosts if _is_public(node) or self._sees_targets else (),
            notes=tuple(each for each in node.notes if mask.text(str(each)) == str(each)),
            children=self._children(node),
        )
        is_tellable = knows or not node.source
        if node.side is Side.THERE or (is_tellable and mask.text(node.words) == node.words):
            return bare
        return msgspec.structs.replace(bare, words=_plain(node))

    def _children(self, node: Node) -> tuple[Node, ...]:
        shown: list[Node] = []
        has_others = False
        for child in node.children:
            if child.is_copy:
                continue
            if self._holds(child.address):
                shown.append(self._own(child, is_named=True))
            elif self._sees_targets:
                shown.append(_strangers(child))
            else:
                has_others = True
        if has_others:
            shown.append(
                Node(
                    address=MASK,
                    kind=Kind.ROUTED,
                    words=say("to other addresses"),
                    is_hidden=True,
                )
            )
        return tuple(_once(shown))


def _strangers(node: Node) -> Node:
    """Somebody else's address: what everybody may know of it."""
    if node.kind is Kind.SMTP or node.side is Side.THERE:
        is_public = _is_public(node)
        return msgspec.structs.replace(
            node,
            words=node.words if is_public else say("to another server"),
            hosts=node.hosts if is_public else (),
            source="",
            reply="",
            notes=node.notes if is_public else (),
            children=(),
        )
    if node.is_trouble:
        return Node(address=node.address, kind=node.kind, words=_plain(node), side=node.side)
    return Node(
        address=node.address,
        kind=Kind.LOCAL,
        words=say("This server takes it; what becomes of it there is for its owner to see."),
        is_hidden=True,
    )


def _is_public(node: Node) -> bool:
    """Whether DNS tells everybody what stands there, and not this server's configuration."""
    domain = addresses.domain(node.address)
    return all(each.mx is not None or each.name == domain for each in node.hosts)


def _plain(node: Node) -> Text:
    """What becomes of mail, without names of files, tables and other addresses."""
    match node.kind:
        case Kind.ROUTED:
            return (
                say("{router} sends it on", router=node.router) if node.router else say("sent on")
            )
        case Kind.LOCAL:
            return say("{router} to local delivery", router=node.router or node.transport)
        case Kind.SMTP:
            return say("to another server")
        case Kind.COMMAND:
            return say("handed to a command")
        case Kind.DISCARD:
            return say("thrown away")
        case Kind.ERROR:
            return say("The mail server here cannot tell now where it goes.")
        case Kind.BOUNCE:
            return say("This server refuses it.")
        case Kind.DEFER:
            return say("This server cannot tell now, and tries again.")


def _once(nodes: Iterable[Node]) -> list[Node]:
    """The nodes without repetitions."""
    kept: list[Node] = []
    for node in nodes:
        if node not in kept:
            kept.append(node)
    return kept
