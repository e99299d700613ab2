"""Greylisting: knocks that were refused, and the message that was let in at last, as one story.

A server that greylists (RFC 6647) tells an unknown client to come back later. Each knock is a
refusal without a queue id; the message that is accepted in the end has the same envelope sender,
recipient and client network. It says how often it was refused and since when, and the knocks are
not shown by themselves any more.

Limits: only the knocks of about the last `MOST` are held in memory; older ones have to be told
with `learn()`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from postroad.model import address as addresses
from postroad.model.delivery import Batch, Delivery
from postroad.model.status import Direction, Status
from postroad.reasons import Reason

#: How long after a knock the client may come back, microseconds: what postgrey(8) allows by
#: default (`--retry-window`), and longer than greylistd and rspamd do.
WINDOW = 2 * 86_400_000_000
#: Knocks that are held.
MOST = 50_000
#: Leading bits that make a network of clients, as postgrey's `--lookup-by-subnet` has it for IPv4.
_BITS = {4: 24, 6: 64}
_NAME = Reason.GREYLISTED.word

#: Sender, recipient, network.
_Triple = tuple[str, str, str]


class Greylist:
    """The last knocks, and who was let in after them."""

    def __init__(self) -> None:
        """No knock is known."""
        self._knocks: dict[_Triple, dict[str, Delivery]] = {}
        self._count = 0

    def learn(self, rows: Iterable[Delivery]) -> None:
        """Take in stored knocks; one that somebody was let in after names that queue id."""
        for row in rows:
            if is_knock(row):
                self._remember(row)

    def settle(self, batch: Batch) -> None:
        """Tie the knocks and the accepted messages of a batch to each other and to those known."""
        for row in batch.deliveries:
            if is_knock(row):
                self._remember(row)
        if not self._knocks:
            return
        folded: list[Delivery] = []
        accepted = [row for row in batch.deliveries if is_accepted(row)]
        for row in sorted(accepted, key=lambda each: (each.first_at, each.id)):
            folded += self._let_in(row)
        batch.deliveries.extend(folded)

    def _let_in(self, row: Delivery) -> list[Delivery]:
        """Count the knocks before an accepted message; returns those that are folded by it."""
        held = self._knocks.get(triple(row))
        if not held:
            return []
        before = [
            knock
            for knock in held.values()
            if 0 <= row.first_at - knock.first_at <= WINDOW
            and knock.next_queue_id in ("", row.queue_id)
        ]
        if not before:
            return []
        row.knocks = len(before)
        row.knocked_at = min(knock.first_at for knock in before)
        fresh = [knock for knock in before if not knock.next_queue_id]
        changed = []
        for knock in fresh:
            told = msgspec.structs.replace(
                knock, folded=True, next_queue_id=row.queue_id, version=knock.version + 1
            )
            held[knock.id] = told
            changed.append(told)
        return changed

    def _remember(self, knock: Delivery) -> None:
        held = self._knocks.setdefault(triple(knock), {})
        known = held.get(knock.id)
        if known is not None and known.version >= knock.version:
            return
        held[knock.id] = knock
        self._count += known is None
        while self._count > MOST:
            self._count -= len(self._knocks.pop(next(iter(self._knocks))))


def is_knock(row: Delivery) -> bool:
    """Whether a row is a refusal that asks the client to come back."""
    return (
        row.reason == _NAME
        and row.status is Status.REJECTED
        and not row.queue_id
        and bool(row.client_ip and row.recipient)
        and not row.deleted
    )


def is_accepted(row: Delivery) -> bool:
    """Whether a row is of a message that was let in from elsewhere."""
    return (
        bool(row.queue_id and row.client_ip and row.sent_at)
        and not (row.deleted or row.folded)
        and row.status is not Status.REJECTED
        and row.direction in (Direction.INBOUND, Direction.RELAYED)
    )


def triple(row: Delivery) -> _Triple:
    """What a greylist knows a client by."""
    return addresses.key(row.sender), addresses.key(row.recipient), network(row.client_ip)


def network(ip: str) -> str:
    """The network of a client: servers with many addresses come back from another one."""
    if ip.count(".") == 3 and ":" not in ip:  # noqa: PLR2004 - the dots of an IPv4 address
        return ip.rpartition(".")[0]
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, _BITS[address.version]), strict=False))
