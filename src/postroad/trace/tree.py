"""Ends of routes put together to one tree.

In go ends, each with the addresses that led to it; out comes the root. What is reached twice is
shown once, and the second place says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from postroad.model.route import Kind, Node
from postroad.model.text import Text, say, say_many
from postroad.trace.limits import MOST_NODES

#: Programs that put mail into a mailbox, where a transport pipes to one of them.
_MAILBOX_PROGRAM = re.compile(
    r"(?:^|/)(?:dovecot-lda|deliver|procmail|maildrop|cyrdeliver)(?:\s|$)"
)


@dataclass
class _Branch:
    """A point of the tree while it grows: an address, what is behind it, and what it is itself."""

    address: str
    ends: list[Node] = field(default_factory=list)
    branches: dict[str, _Branch] = field(default_factory=dict)
    #: In which order ends and branches came.
    order: list[Node | str] = field(default_factory=list)


class Tree:
    """Grows from the address that was asked for."""

    def __init__(self, address: str, expanded: Callable[[str], Node]) -> None:
        """`expanded` makes the node of an address that was expanded, without children."""
        self._top = _Branch(address)
        self._expanded = expanded
        self._count = 1
        self._left_out = 0
        self._seen: set[object] = set()

    def add(self, way: list[str], end: Node, *, is_copy: bool = False) -> None:
        """Put an end behind the addresses that led to it, the one asked for first.

        Without any the end is the address asked for itself, or what that was rewritten to.
        """
        end = msgspec.structs.replace(end, is_copy=is_copy)
        if self._count >= MOST_NODES:
            self._left_out += 1
            return
        if not way and end.address != self._top.address:
            way = [self._top.address]
        branch = self._top
        for address in way[1:]:
            if address not in branch.branches:
                branch.branches[address] = _Branch(address)
                branch.order.append(address)
                self._count += 1
            branch = branch.branches[address]
        if not way:
            branch.ends.append(end)
            return
        self._count += 1
        branch.order.append(end)

    def root(self) -> Node:
        """The whole tree."""
        root = self._grown(self._top)
        if not self._left_out:
            return root
        note = say_many(
            "One more way is left out here.",
            "{count} more ways are left out here.",
            self._left_out,
        )
        return msgspec.structs.replace(root, notes=(*root.notes, note))

    def _grown(self, branch: _Branch) -> Node:
        children: list[Node] = []
        for each in branch.order:
            child = (
                self._once(each) if isinstance(each, Node) else self._grown(branch.branches[each])
            )
            if not any(_same(child, other) for other in children):
                children.append(child)
        if not children and len(branch.ends) == 1:
            return branch.ends[0]
        children += [self._once(end) for end in branch.ends]
        return msgspec.structs.replace(self._expanded(branch.address), children=tuple(children))

    def _once(self, end: Node) -> Node:
        """The end, or a reference to it where it was shown already."""
        key = (end.address, end.kind, end.mailbox, end.command, end.words)
        if key not in self._seen or end.is_trouble:
            self._seen.add(key)
            return end
        note = say("It is reached in another way, too, and gets one copy.")
        return msgspec.structs.replace(end, notes=(*end.notes, note))


def _same(one: Node, other: Node) -> bool:
    def bare(node: Node) -> Node:
        return msgspec.structs.replace(node, notes=(), hosts=())

    return bare(one) == bare(other)


def is_mailbox_program(command: str) -> bool:
    """Whether a command puts mail into a mailbox."""
    return bool(_MAILBOX_PROGRAM.search(command))


def loop(way: list[str]) -> Text:
    """That an address leads back to itself."""
    return say("It leads back to itself: {way}.", way=" → ".join(way))


def routed(address: str, *, router: str = "", source: str = "", words: Text | None = None) -> Node:
    """An address that is expanded by an alias, forward or filter."""
    if words is None and source:
        words = say("{router} sends it on, as {source} says", router=router, source=source)
    elif words is None:
        words = say("{router} sends it on", router=router) if router else say("sent on")
    return Node(address=address, kind=Kind.ROUTED, words=words, router=router, source=source)
