"""Words and looks of checks, for the pages that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from postroad.model.check import Outcome, State, Topic, Turn, Who
from postroad.model.text import Text, say
from postroad.model.when import SECOND


def state_label(state: State) -> Text:
    """How something stands, in a word or two."""
    match state:
        case State.OK:
            return say("In order")
        case State.WARNING:
            return say("Should be changed")
        case State.FAULT:
            return say("Wrong")
        case State.UNKNOWN:
            return say("Not known")
    assert_never(state)


def topic_label(topic: Topic) -> Text | str:
    """What was looked at. Names of protocols are the same in every language."""
    match topic:
        case Topic.PTR:
            return say("Reverse name (PTR)")
        case Topic.BLOCKLIST:
            return say("Block list")
        case Topic.CERTIFICATE:
            return say("Certificate")
        case Topic.STARTTLS:
            return say("Encryption (STARTTLS)")
        case Topic.MTA_STS:
            return "MTA-STS"
        case Topic.TLS_RPT:
            return "TLS-RPT"
        case Topic.MX | Topic.SPF | Topic.DKIM | Topic.DMARC | Topic.DANE:
            return topic.name
    assert_never(topic)


def outcome_label(outcome: Outcome) -> Text:
    """What would become of mail, in a word or two."""
    match outcome:
        case Outcome.ACCEPTED:
            return say("Would be taken")
        case Outcome.DEFERRED:
            return say("Put off")
        case Outcome.REFUSED:
            return say("Refused")
        case Outcome.UNREACHABLE:
            return say("Not reached")
        case Outcome.BROKEN:
            return say("Broken off")
        case Outcome.NOT_ASKED:
            return say("Not asked")
    assert_never(outcome)


def who_label(who: Who) -> Text:
    """Who speaks."""
    match who:
        case Who.CLIENT:
            return say("We")
        case Who.SERVER:
            return say("The server")
        case Who.NOTE:
            return say("What happened")
    assert_never(who)


def looks_of(state: State | Outcome) -> str:
    """The status of a delivery whose colour and icon tell the same."""
    match state:
        case State.OK | Outcome.ACCEPTED:
            return "delivered"
        case State.WARNING | Outcome.DEFERRED | Outcome.UNREACHABLE:
            return "deferred"
        case State.FAULT | Outcome.REFUSED | Outcome.BROKEN:
            return "failed"
        case State.UNKNOWN | Outcome.NOT_ASKED:
            return "filtered"
    assert_never(state)


def after(turn: Turn, turns: Sequence[Turn]) -> str:
    """Seconds from the first line of a conversation to this one, as in `0.123 s`."""
    return f"{(turn.at - turns[0].at) / SECOND:.3f} s"


#: What templates of checks are given.
WORDS = {
    "state_label": state_label,
    "topic_label": topic_label,
    "outcome_label": outcome_label,
    "who_label": who_label,
    "looks_of": looks_of,
    "after": after,
}
