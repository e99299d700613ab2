"""What lines of qmail-send say only together with lines before them.

A result (`delivery 7: success: ...`) names a delivery by its number, and only the line that the
delivery was started with names the message and the recipient. A bounce names the process that
queued it (`bounce msg 5 qp 31496`), and that is all that its own message says of it, too.

Delivery numbers begin at 1 whenever qmail-send starts (qmail-send.c: masterdelid), and process ids
come round again, so nothing is remembered for longer than it can be true.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from postroad.parsers.clock import DAY, HOUR, SECOND

#: Deliveries under way at one time are 510 at most (qmail-send.c: two channels of 255); patches
#: allow for more.
_MOST_STARTED = 4096
_MOST_QUEUES = 64
_MOST_BOUNCES = 1024
#: An attempt ends after some hours at most (qmail-control(5): timeoutremote is for each step).
_LONGEST = DAY
#: A bounce is taken from the queue at once, or when qmail-send runs again.
_UNTIL_TAKEN = HOUR
#: Where another program reads the queue (ext_todo), it may be faster than the line of the bounce.
_AHEAD = 10 * SECOND


class Started(NamedTuple):
    """A delivery under way."""

    queue_id: str
    address: str
    is_remote: bool
    #: When it was started, microseconds UTC.
    at: int


class _Queued(NamedTuple):
    """A message that is, or has, a bounce that was queued by a process."""

    queue_id: str
    at: int
    #: Which other message it was matched with; the lines may be read again.
    match: str = ""
    matched_at: int = 0


class Memory(msgspec.Struct):
    """What is under way, by queue."""

    started: dict[str, dict[str, Started]] = {}
    #: By queue and process id: messages whose bounce was queued, and bounces of messages that were
    #: not named yet.
    bounced: dict[str, _Queued] = {}
    arrived: dict[str, _Queued] = {}

    def start(self, queue: str, number: str, delivery: Started) -> None:
        """A delivery was started; number 1 is the first after qmail-send was."""
        if number == "1":
            self.forget(queue)
        known = self.started.get(queue)
        if known is None:
            if len(self.started) >= _MOST_QUEUES:
                self.started.clear()
            known = self.started[queue] = {}
        elif len(known) >= _MOST_STARTED:
            del known[next(iter(known))]
        known[number] = delivery

    def finish(self, queue: str, number: str, at: int) -> Started | None:
        """A delivery ended: which was it?"""
        known = self.started.get(queue)
        started = known.pop(number, None) if known else None
        return started if started is None or abs(at - started.at) <= _LONGEST else None

    def forget(self, queue: str) -> None:
        """No delivery is under way."""
        self.started.pop(queue, None)

    def bounce(self, queue: str, process: str, queue_id: str, at: int) -> str:
        """A bounce of this message was queued: under which number, if that was read already?"""
        key = f"{queue} {process}"
        if other := _matching(self.arrived, key, queue_id, at, _AHEAD):
            return other
        _remember(self.bounced, key, _Queued(queue_id, at))
        return ""

    def arrive(self, queue: str, process: str, queue_id: str, at: int) -> str:
        """A message from nobody came out of this process: which message does it report about?"""
        key = f"{queue} {process}"
        if other := _matching(self.bounced, key, queue_id, at, _UNTIL_TAKEN):
            return other
        _remember(self.arrived, key, _Queued(queue_id, at))
        return ""

    def pack(self) -> bytes:
        """Everything, for `unpack`."""
        return msgspec.msgpack.encode(self)


def unpack(data: bytes) -> Memory:
    """The memory that was packed; an empty one if this is none, or more than there can be."""
    try:
        memory = msgspec.msgpack.decode(data, type=Memory)
    except (msgspec.DecodeError, RecursionError):
        return Memory()
    is_bounded = (
        len(memory.started) <= _MOST_QUEUES
        and all(len(each) <= _MOST_STARTED for each in memory.started.values())
        and max(len(memory.bounced), len(memory.arrived)) <= _MOST_BOUNCES
    )
    return memory if is_bounded else Memory()


def _matching(known: dict[str, _Queued], key: str, queue_id: str, at: int, within: int) -> str:
    """The one message that the other one of a pair belongs to."""
    other = known.get(key)
    if other is None or abs(at - other.at) > within:
        return ""
    if not other.match:
        known[key] = other._replace(match=queue_id, matched_at=at)
    elif (other.match, other.matched_at) != (queue_id, at):
        return ""
    return other.queue_id


def _remember(known: dict[str, _Queued], key: str, queued: _Queued) -> None:
    known.pop(key, None)
    if len(known) >= _MOST_BOUNCES:
        del known[next(iter(known))]
    known[key] = queued
