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
from bisect import bisect_left, bisect_right
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
        #: Those that knocked last stand last.
        self._doors: dict[_Triple, _Door] = {}
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
        if not self._doors:
            return
        folded: list[Delivery] = []
        accepted = [row for row in batch.deliveries if is_accepted(row)]
        for row in sorted(accepted, key=lambda each: (each.first_at, each.id)):
            if door := self._doors.get(triple(row)):
                folded += door.let_in(row)
        batch.deliveries.extend(folded)

    def _remember(self, knock: Delivery) -> None:
        name = triple(knock)
        door = self._doors.pop(name, None) or _Door()
        self._doors[name] = door
        self._count += door.remember(knock)
        while self._count > MOST:
            first = next(iter(self._doors))
            if len(self._doors) > 1:
                self._count -= len(self._doors.pop(first))
            else:
                self._count -= self._doors[first].forget(MOST // 2)


class _Door:
    """The knocks of one client for one sender and recipient.

    One that knocks all day costs no more for each message that it is let in with.
    """

    __slots__ = ("_free", "_is_sorted", "_known", "_let_in")

    def __init__(self) -> None:
        self._known: dict[str, Delivery] = {}
        #: Knocks that nobody was let in after so far, and the others by the queue id of who was.
        self._free: list[Delivery] = []
        self._let_in: dict[str, dict[str, Delivery]] = {}
        self._is_sorted = True

    def __len__(self) -> int:
        return len(self._known)

    def remember(self, knock: Delivery) -> int:
        """Hold a knock, or what became of it meanwhile; 1 if it was not held, else 0."""
        known = self._known.get(knock.id)
        if known is not None and known.version >= knock.version:
            return 0
        if known is not None and known.next_queue_id:
            self._let_in[known.next_queue_id].pop(known.id, None)
        self._known[knock.id] = knock
        self._is_sorted = False
        if knock.next_queue_id:
            self._let_in.setdefault(knock.next_queue_id, {})[knock.id] = knock
        else:
            self._free.append(knock)
        return int(known is None)

    def let_in(self, row: Delivery) -> list[Delivery]:
        """Count the knocks before an accepted message; returns those that are folded by it."""
        since = row.first_at - WINDOW
        fresh = self._take_free(since, row.first_at)
        before = self._let_in.get(row.queue_id, {})
        changed = [
            msgspec.structs.replace(
                knock, folded=True, next_queue_id=row.queue_id, version=knock.version + 1
            )
            for knock in fresh
        ]
        if changed:
            before = self._let_in.setdefault(row.queue_id, before)
            before.update((each.id, each) for each in changed)
            self._known.update((each.id, each) for each in changed)
        times = [each.first_at for each in before.values() if since <= each.first_at]
        times = [at for at in times if at <= row.first_at]
        if times:
            row.knocks, row.knocked_at = len(times), min(times)
        return changed

    def _take_free(self, since: int, until: int) -> list[Delivery]:
        if not self._is_sorted:
            # Of some it was told since that somebody was let in after them.
            held = {each.id: each for each in self._free if self._known[each.id] is each}
            self._free = sorted(held.values(), key=_order)
            self._is_sorted = True
        low = bisect_left(self._free, since, key=_time)
        high = bisect_right(self._free, until, key=_time)
        taken = self._free[low:high]
        del self._free[low:high]
        return taken

    def forget(self, count: int) -> int:
        """Forget the oldest; returns how many."""
        oldest = sorted(self._known.values(), key=_order)[:count]
        for each in oldest:
            del self._known[each.id]
            if each.next_queue_id:
                self._let_in[each.next_queue_id].pop(each.id, None)
        self._let_in = {name: held for name, held in self._let_in.items() if held}
        self._free = [each for each in self._free if each.id in self._known]
        return len(oldest)


def _time(knock: Delivery) -> int:
    return knock.first_at


def _order(knock: Delivery) -> tuple[int, str]:
    return knock.first_at, knock.id


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
