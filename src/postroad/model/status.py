"""The closed words for what became of a delivery, numbered once because the numbers are stored."""

from __future__ import annotations

from enum import IntEnum
from typing import assert_never


class Status(IntEnum):
    """What became of one message for one recipient. Append, never renumber."""

    #: The next server, or the local mailbox, took it.
    DELIVERED = 1
    #: It is here and nothing final is known yet.
    IN_PROGRESS = 2
    #: The last try ended in "later"; the server will try again.
    DEFERRED = 3
    #: It will not be delivered; the sender is told, or was to be told.
    FAILED = 4
    #: Refused when it was offered to us: it never became our message.
    REJECTED = 5
    #: Refused by our own rules on its way out: quota, hold, policy.
    BLOCKED = 6
    #: Accepted, but kept out of the inbox: discarded, or put aside as spam.
    FILTERED = 7

    @property
    def word(self) -> str:
        """The public name, as in the API and on the command line: `in_progress`."""
        return self.name.lower()

    @property
    def is_final(self) -> bool:
        """Whether no further attempt is to be expected."""
        match self:
            case Status.IN_PROGRESS | Status.DEFERRED:
                return False
            case (
                Status.DELIVERED
                | Status.FAILED
                | Status.REJECTED
                | Status.BLOCKED
                | Status.FILTERED
            ):
                return True
        assert_never(self)

    @classmethod
    def from_word(cls, word: str) -> Status:
        """The status with this public name. Raises `KeyError` for a word that is none."""
        return cls[word.upper()]


class Direction(IntEnum):
    """Which way a delivery went, seen from the server whose log tells of it."""

    #: Not to be told from what the log holds.
    UNKNOWN = 0
    #: From another server to a mailbox here.
    INBOUND = 1
    #: From a user or program here to another server.
    OUTBOUND = 2
    #: From a user or program here to a mailbox here.
    INTERNAL = 3
    #: From another server, through here, to another server: a forward or a relay.
    RELAYED = 4

    @property
    def word(self) -> str:
        """The public name: `inbound`."""
        return self.name.lower()


class Outcome(IntEnum):
    """How one attempt for one recipient ended, as the log line says it."""

    #: Taken by the next server or the mailbox.
    DELIVERED = 1
    #: "Later", or nobody was reached.
    DEFERRED = 2
    #: "Never".
    FAILED = 3
    #: Thrown away on purpose: a black hole, a discard rule.
    DISCARDED = 4
    #: Left in the queue without a try: queue-only mode, retry time not reached, on hold.
    POSTPONED = 5
    #: Refused by our own outgoing policy: limits, holds, suspensions.
    BLOCKED = 6

    @property
    def word(self) -> str:
        """The public name: `deferred`."""
        return self.name.lower()
