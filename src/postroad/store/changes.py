"""Changes: which deliveries were written since a moment, whatever time they speak of.

A row has the moment at which its block was begun to be written, and can be read when that block is
whole. So there is a moment up to which nothing can be added any more: `Writing` knows it for what
this process writes; of a server, which others may write to, it is taken to be a while ago.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from postroad.model.status import Status

#: Microseconds that a block of another process may take to be written.
SLOWEST = 60_000_000


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was written: whose mail it is about, to be looked up by whoever may see it."""

    written_at: int
    first_at: int
    id: str
    #: Lower case.
    sender: str
    recipient: str
    targets: list[str]
    subject: str
    #: What it says became of the delivery, which may have been written over since.
    status: Status
    smtp_code: int

    @property
    def place(self) -> tuple[int, int, str]:
        """Where it stands in the order of changes."""
        return self.written_at, -self.first_at, self.id


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes somebody waits for: any of these, in lower case."""

    #: Addresses, and `@domain`.
    senders: list[str] = []
    recipients: list[str] = []
    #: Parts of subjects.
    subjects: list[str] = []
    #: Keys of messages.
    messages: list[str] = []


#: The changes from a moment to before another, behind a place, that somebody waits for.
CHANGES = """
WITH
    (a -> concat('@', trim(TRAILING '>' FROM substringIndex(a, '@', -1)))) AS domain_of,
    lowerUTF8(deliveries.sender) AS from_key,
    lowerUTF8(deliveries.recipient) AS to_key,
    arrayConcat(deliveries.targets, [to_key]) AS to_keys
SELECT written_at, first_at, id, from_key AS sender, to_key AS recipient, targets, subject,
    toInt8(deliveries.status) AS status, smtp_code
FROM deliveries
WHERE written_at >= {since:Int64} AND written_at < {until:Int64}
    AND greatest(first_at, last_attempt_at) >= {active:Int64}
    AND NOT deleted AND NOT folded
    AND (written_at, ago, id) > ({written:Int64}, {ago:Int64}, {id:String})
    AND (
        hasAny([from_key, domain_of(from_key)], {senders:Array(String)})
        OR hasAny(arrayConcat(to_keys, arrayMap(domain_of, to_keys)), {recipients:Array(String)})
        OR arrayExists(s -> positionCaseInsensitiveUTF8(subject, s) > 0, {subjects:Array(String)})
        OR toString(message_key) IN {messages:Array(String)}
    )
ORDER BY written_at, ago, id
LIMIT {limit:UInt32}
"""


class Writing:
    """What is being written just now."""

    def __init__(self, clock: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        """`clock` gives microseconds UTC, as the engine's does."""
        self._clock = clock
        self._guard = threading.Lock()
        self._begun: list[int] = []

    @contextmanager
    def block(self) -> Iterator[None]:
        """Something is written while this lasts."""
        with self._guard:
            begun = self._clock()
            self._begun.append(begun)
        try:
            yield
        finally:
            with self._guard:
                self._begun.remove(begun)

    def settled(self) -> int:
        """Before which moment nothing is being written any more."""
        with self._guard:
            return min([self._clock(), *self._begun])
