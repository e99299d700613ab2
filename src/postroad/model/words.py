"""What the closed words mean to people: a label and a sentence for each.

The sentences promise no more than a mail server's log knows: accepted is not read.
"""

from __future__ import annotations

from typing import assert_never

from postroad.model.status import Direction, Outcome, Status
from postroad.model.text import Text, join, say

#: What *Show Blocked & Failed* shows.
TROUBLE = frozenset({Status.FAILED, Status.REJECTED, Status.BLOCKED})


def label(status: Status) -> Text:
    """The status as a heading: `In progress`."""
    match status:
        case Status.DELIVERED:
            return say("Delivered")
        case Status.IN_PROGRESS:
            return say("In progress")
        case Status.DEFERRED:
            return say("Deferred")
        case Status.FAILED:
            return say("Failed")
        case Status.REJECTED:
            return say("Rejected")
        case Status.BLOCKED:
            return say("Blocked")
        case Status.FILTERED:
            return say("Filtered")
    assert_never(status)


def meaning(status: Status) -> Text:
    """The status in one sentence, for a reader who is not a postmaster."""
    match status:
        case Status.DELIVERED:
            return say(
                "The next server, or the mailbox here, accepted it. Accepted does not mean read."
            )
        case Status.IN_PROGRESS:
            return say("It is on this server and nothing final is known yet.")
        case Status.DEFERRED:
            return say("The last try ended in “later”. The server tries again by itself.")
        case Status.FAILED:
            return say("It will not be delivered: it bounced, and the sender is told.")
        case Status.REJECTED:
            return say("This server refused it when it was offered, so it never became its mail.")
        case Status.BLOCKED:
            return say("This server refused to send it out: a limit, a hold or a policy.")
        case Status.FILTERED:
            return say("Accepted, but kept out of the inbox: discarded, or put aside as spam.")
    assert_never(status)


def direction(way: Direction) -> Text:
    """The direction in words; empty where it is not known."""
    match way:
        case Direction.UNKNOWN:
            return join([])
        case Direction.INBOUND:
            return say("From another server to a mailbox here")
        case Direction.OUTBOUND:
            return say("From here to another server")
        case Direction.INTERNAL:
            return say("From here to a mailbox here")
        case Direction.RELAYED:
            return say("From another server, through here, to another server")
    assert_never(way)


def outcome(end: Outcome) -> Text:
    """How one attempt ended, as a heading."""
    match end:
        case Outcome.DELIVERED:
            return say("Accepted")
        case Outcome.DEFERRED:
            return say("Deferred")
        case Outcome.FAILED:
            return say("Failed")
        case Outcome.DISCARDED:
            return say("Discarded")
        case Outcome.POSTPONED:
            return say("Not tried yet")
        case Outcome.BLOCKED:
            return say("Blocked")
    assert_never(end)


def outcome_status(end: Outcome) -> Status:
    """The status whose icon and colour an attempt's outcome is shown with."""
    match end:
        case Outcome.DELIVERED:
            return Status.DELIVERED
        case Outcome.DEFERRED:
            return Status.DEFERRED
        case Outcome.FAILED:
            return Status.FAILED
        case Outcome.DISCARDED:
            return Status.FILTERED
        case Outcome.POSTPONED:
            return Status.IN_PROGRESS
        case Outcome.BLOCKED:
            return Status.BLOCKED
    assert_never(end)
