"""Kin: what queue ids say of each other, tied together as soon as both are known."""

from __future__ import annotations

from collections.abc import Callable

from postroad.correlate.message import Message, Reference
from postroad.correlate.table import QueueKey, Table
from postroad.model.event import Arrived, Attempted, LinkKind

#: Links along which a delivery goes on, as opposed to a message about it.
_CARRIES_ON = frozenset({LinkKind.FORWARDED_AS, LinkKind.FILTERED_AS, LinkKind.REQUEUED_AS})


#: How many own addresses are remembered in all.
_MOST_ADDRESSES = 1024

_MINUTE = 60_000_000


class Kin:
    """Resolves the references of changed messages; keeps those whose other end is not known."""

    def __init__(
        self,
        table: Table,
        ask: Callable[[QueueKey], None],
        own_addresses: set[tuple[str, str]],
    ) -> None:
        """`ask` is called with queue ids that are not open here and may be stored.

        `own_addresses` names what is known of the hosts' own IP addresses: host and address.
        """
        self.own_addresses = own_addresses
        self._table = table
        self._ask = ask
        self._awaited: dict[QueueKey, dict[Message, Reference]] = {}

    def welcome(self, key: QueueKey) -> None:
        """A message was opened: those that named it before may do so again."""
        if self._awaited:
            for message, reference in self._awaited.pop(key, {}).items():
                if not message.is_gone:
                    message.refer(reference)
                    self._table.touch(message)

    def hand_over(self, message: Message, event: Attempted) -> None:
        """A copy was taken under another queue id, which may be one of this very host."""
        if event.forwarded_as:
            message.refer(Reference(LinkKind.FORWARDED_AS, event.forwarded_as, event.at))
            return
        ip = event.remote_ip
        if ip and not is_loopback(ip) and (message.host, ip) not in self.own_addresses:
            # A host that sends to an address of its own shows as that mail's client.
            other = self._table.find(
                message.host, message.instance, event.next_queue_id, event.at, anywhere=True
            )
            if other is None or other is message or not _came_from(other, ip, event.at):
                return
            if len(self.own_addresses) < _MOST_ADDRESSES:
                self.own_addresses.add((message.host, ip))
        kind = LinkKind.FILTERED_AS
        message.refer(Reference(kind, event.next_queue_id, event.at, sure=False))

    def resolve(self) -> None:
        """Tie together the queue ids that the changed messages name."""
        for message in self._table.dirty:
            if message.references is None or message.is_gone:
                continue
            references, message.references = message.references, None
            for reference in references:
                self._resolve(message, reference)

    def _resolve(self, message: Message, reference: Reference) -> None:
        if reference.kind is LinkKind.BOUNCED_AS:
            _name_bounce(message, reference)
        other = self._table.find(
            message.host,
            message.instance,
            reference.other,
            reference.at,
            anywhere=not reference.sure,
        )
        if other is not None:
            self._tie(message, other, reference)
            return
        key = (message.host, message.instance, reference.other)
        self._awaited.setdefault(key, {}).setdefault(message, reference)
        self._ask(key)

    def _tie(self, message: Message, other: Message, reference: Reference) -> None:
        first, then = (other, message) if reference.reverse else (message, other)
        kind = reference.kind
        first.add_link(kind, first.queue_id, then.queue_id, reference.at)
        if kind in _CARRIES_ON:
            changed = first.adopt(then)
        elif kind is LinkKind.BOUNCED_AS:
            changed = first.bounced_as != then.queue_id or then.bounce_of != first.queue_id
            first.bounced_as = then.queue_id
            then.bounce_of = first.queue_id
        else:
            # A notification that it is late or was delivered is about it, but is no bounce.
            changed = then.bounce_of != first.queue_id
            then.bounce_of = first.queue_id
        if changed:
            self._table.touch(first)
            self._table.touch(then)

    def part(self, message: Message) -> None:
        """A message is about to be made anew: its relatives must find it again."""
        for relative, reference in self._relations(message):
            relative.refer(reference)
            self._table.touch(relative)

    def _relations(self, message: Message) -> list[tuple[Message, Reference]]:
        """What the relatives of a message must say to find it."""
        name = message.queue_id
        found: list[tuple[Message, Reference]] = []
        for child in (message.children or {}).values():
            for (kind, _, other), at in (message.links or {}).items():
                if other == child.queue_id:
                    found.append((child, Reference(kind, name, at, reverse=True)))
        for parent in message.parents or ():
            for (kind, _, other), at in (parent.links or {}).items():
                if other == name:
                    found.append((parent, Reference(kind, name, at)))
        for other, reverse in ((message.bounce_of, False), (message.bounced_as, True)):
            at = message.first_at
            if reverse and message.links:
                at = message.links.get((LinkKind.BOUNCED_AS, name, other), at)
            relative = self._table.find(message.host, message.instance, other, at, anywhere=False)
            if other and relative is not None:
                how = LinkKind.BOUNCED_AS if reverse else _kind(relative, message)
                if how is not None:
                    found.append((relative, Reference(how, name, at, reverse=reverse)))
        return found

    def prune(self, oldest: int, limit: int) -> None:
        """Stop waiting on behalf of messages that ended before `oldest`."""
        if self._awaited:
            self._awaited = {
                key: waiting
                for key, waiting in self._awaited.items()
                if any(not each.closed_at or each.closed_at >= oldest for each in waiting)
            }
        while len(self._awaited) > limit:
            del self._awaited[next(iter(self._awaited))]


def _kind(first: Message, then: Message) -> LinkKind | None:
    """How `first` named its notification `then`, which need not be about a failure.

    None if it was made anew itself, and will name it again.
    """
    for kind, queue_id, other in first.links or {}:
        if (queue_id, other) == (first.queue_id, then.queue_id):
            return kind
    return None


def is_loopback(ip: str) -> bool:
    """Whether an address is this host itself (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3)."""
    return ip.startswith("127.") or ip == "::1"


def _came_from(message: Message, ip: str, at: int) -> bool:
    """Whether a message was brought by this address shortly before this time."""
    return any(
        isinstance(event, Arrived) and event.client_ip == ip and abs(at - event.at) < _MINUTE
        for event in message.events.values()
    )


def _name_bounce(message: Message, reference: Reference) -> None:
    """A message's own line names its bounce, or what it is a bounce of, seen or not."""
    if reference.reverse:
        message.bounce_of = reference.other
    else:
        message.bounced_as = reference.other
        message.add_link(reference.kind, message.queue_id, reference.other, reference.at)
