"""The route that Postfix takes, followed through its own settings and tables.

In goes an address that was looked at before (`asked.py`), out comes the root of a route: cleanup(8)
rewrites and expands it, trivial-rewrite(8) finds transport and next hop, local(8) reads aliases,
and DNS says where a next hop is.

Limits: Postfix is asked without a sender and without content. `.forward` files and lists that an
alias includes belong to their users and are not read. What a content filter makes of mail is not
known; that there is one is said.
"""

from __future__ import annotations

from postroad.model.route import Kind, Node, Side
from postroad.model.text import Text, say
from postroad.trace.dns import Asker
from postroad.trace.limits import DEEPEST, MOST_NODES
from postroad.trace.postfix_aliases import Aliases, Target
from postroad.trace.postfix_ends import Ends
from postroad.trace.postfix_lists import Lists
from postroad.trace.postfix_resolve import Resolved, Resolver
from postroad.trace.postfix_rewrite import Expansion, Recipient, Rewriter
from postroad.trace.postfix_tables import Tables, Unanswered
from postroad.trace.tree import Tree, loop, routed

_TOO_MANY = say("There are too many ways to follow them all.")


def trace(address: str, *, tables: Tables, asker: Asker) -> tuple[Node, tuple[Text, ...]]:
    """The root of the address's route, and what is to be said of the whole."""
    try:
        tables.read()
    except Unanswered as silence:
        return _error(address, silence.words), ()
    return _Flow(address, tables, asker).run(), _notes(tables)


class _Flow:
    """Follows one address to all its ends."""

    def __init__(self, address: str, tables: Tables, asker: Asker) -> None:
        self._address = address
        self._tables = tables
        self._lists = lists = Lists(tables)
        self._rewriter = Rewriter(tables, lists)
        self._resolver = Resolver(tables, lists)
        self._aliases = Aliases(tables, lists)
        self._ends = Ends(tables, lists, asker)
        self._expansions: dict[str, Expansion] = {}
        self._tree = Tree(address, self._expanded)
        self._followed = 0

    def run(self) -> Node:
        self._queue(self._address, ())
        return self._tree.root()

    def _queue(self, address: str, way: tuple[Expansion, ...]) -> None:
        """A message for this address comes in."""
        try:
            for each in self._rewriter.recipients(address):
                self._deliver(each, (*way, *each.way))
        except Unanswered as silence:
            self._end(_error(address, silence.words), way)

    def _deliver(self, recipient: Recipient, way: tuple[Expansion, ...]) -> None:
        """A recipient in the queue goes where it is resolved to."""
        self._followed += 1
        if self._followed > MOST_NODES:
            self._end(_error(recipient.address, _TOO_MANY), way)
            return
        if recipient.is_loop:
            self._end(_circle(recipient.address, recipient.way, Kind.DEFER), way)
            return
        try:
            resolved = self._resolver.resolve(recipient.address)
            resolved = self._resolver.unknown(resolved) or resolved
            if resolved.refusal is None and self._ends.program(resolved) == "local":
                self._deliver_locally(resolved, way, is_copy=recipient.is_copy)
                return
            node = self._ends.node(resolved, recipient.address)
        except Unanswered as silence:
            node = _error(recipient.address, silence.words)
        self._end(node, way, is_copy=recipient.is_copy)

    def _deliver_locally(
        self,
        resolved: Resolved,
        way: tuple[Expansion, ...],
        *,
        came_from: str = "",
        is_copy: bool = False,
    ) -> None:
        """local(8): aliases first, unless it is the alias of that name that led here."""
        address = resolved.recipient
        found = self._aliases.find(address)
        if found is None or found[2] == came_from:
            self._end(self._ends.mailbox(resolved), way, is_copy=is_copy)
            return
        targets, table, name = found
        words = say("local alias sends it on, as {table} says", table=table)
        if any(each.address.lower() == address.lower() for each in way) or len(way) > DEEPEST:
            self._end(_circle(address, way, Kind.BOUNCE), way)
            return
        way = (*way, Expansion(address, table, words))
        onward = [self._rewriter.qualified(each.address) for each in targets if each.address]
        self._lists.learn(onward[:MOST_NODES])
        for target in targets:
            if self._followed > MOST_NODES:
                self._end(_error(address, _TOO_MANY), way)
                return
            self._follow(target, address, way, came_from=name)

    def _follow(
        self, target: Target, address: str, way: tuple[Expansion, ...], *, came_from: str
    ) -> None:
        """What an alias of local(8) names."""
        if not target.address:
            self._end(self._ends.handed(target, address, way[-1].source), way)
            return
        onward = self._rewriter.qualified(target.address)
        resolved = self._resolver.resolve(onward)
        self._followed += 1
        if self._ends.program(resolved) == "local":
            # Within local(8), without being queued again: no canonical or virtual mapping.
            if refusal := self._ends.unknown_user(
                resolved, is_alias=bool(self._aliases.find(onward))
            ):
                self._end(refusal, way)
            else:
                self._deliver_locally(resolved, way, came_from=came_from)
        else:
            self._queue(onward, way)

    def _end(self, node: Node, way: tuple[Expansion, ...], *, is_copy: bool = False) -> None:
        for each in way:
            self._expansions.setdefault(each.address, each)
        self._tree.add([each.address for each in way], node, is_copy=is_copy)

    def _expanded(self, address: str) -> Node:
        step = self._expansions.get(address)
        return routed(address, source=step.source, words=step.words) if step else routed(address)


def _circle(address: str, way: tuple[Expansion, ...], kind: Kind) -> Node:
    """That an address leads back to itself, or that the way to it is too long to be followed."""
    names = [*(each.address.lower() for each in way), address.lower()]
    at = names.index(address.lower())
    if at == len(way):
        return _error(address, say("There are too many aliases of aliases to follow them all."))
    return _trouble(address, kind, loop([*(each.address for each in way[at:]), address]))


def _error(address: str, words: Text) -> Node:
    return _trouble(address, Kind.ERROR, words)


def _trouble(address: str, kind: Kind, words: Text) -> Node:
    return Node(address=address, kind=kind, words=words, side=Side.HERE)


def _notes(tables: Tables) -> tuple[Text, ...]:
    notes = []
    if tables["content_filter"]:
        notes.append(
            say(
                "All mail passes the content filter {filter} first, which may do otherwise.",
                filter=tables["content_filter"],
            )
        )
    if tables["always_bcc"]:
        notes.append(say("A copy of all mail goes to {address}.", address=tables["always_bcc"]))
    if any(tables[f"sender_dependent_{each}_maps"] for each in ("relayhost", "default_transport")):
        notes.append(say("For some senders the next server may be another one."))
    return tuple(notes)
