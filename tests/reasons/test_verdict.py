"""The verdict says what happened, whose side it is on and what can be done, and no more."""

from __future__ import annotations

import pytest

from postroad.model.delivery import Attempt, Delivery
from postroad.model.status import Direction, Outcome, Status
from postroad.reasons import Reason
from postroad.reasons.verdict import Side, verdict


def new_delivery(status, **fields):
    """Make a delivery of this status."""
    return Delivery(
        id="1", message_key="1", host="mail", instance="", queue_id="1", version=1,
        status=status, recipient="b@example.net", **fields,
    )  # fmt: skip


def new_attempt(**fields):
    """Make an attempt."""
    return Attempt(
        delivery_id="1", message_key="1", host="mail", queue_id="1", at=1,
        outcome=Outcome.DEFERRED, **fields,
    )  # fmt: skip


REMOTE = {
    "remote_host": "mx.example.net",
    "remote_ip": "192.0.2.7",
    "direction": Direction.OUTBOUND,
}


def test_accepted_by_another_server_is_not_called_read():
    """A remote 250 means that the other server has it, no more."""
    said = verdict(
        new_delivery(Status.DELIVERED, smtp_code=250, enhanced_code="2.0.0", attempts=2, **REMOTE)
    )

    assert said.sentence == "Accepted by mx.example.net [192.0.2.7] (250 2.0.0) after 2 attempts."
    assert said.side is Side.THERE
    assert "cannot tell" in said.advice


def test_local_delivery_names_where_it_went():
    """A local delivery names the mailbox, if it is not the address itself."""
    said = verdict(new_delivery(Status.DELIVERED, delivered_to="c@example.com"))

    assert said.sentence == "Delivered on this server to c@example.com."
    assert "not known" in said.advice


def test_deferred_says_that_the_server_goes_on_trying():
    """Nobody has to do anything about greylisting."""
    said = verdict(
        new_delivery(Status.DEFERRED, smtp_code=450, reason="greylisted", **REMOTE),
        [new_attempt(), new_attempt(), new_attempt(counted=False)],
    )

    assert said.sentence.startswith(
        "Not delivered yet after 2 attempts: mx.example.net [192.0.2.7]"
    )
    assert "tries again by itself" in said.sentence
    assert said.side is Side.NOBODY


def test_server_that_did_not_answer_said_nothing():
    """A host that could not be reached is not quoted as having refused."""
    said = verdict(new_delivery(Status.DEFERRED, reason="connection_refused", **REMOTE))

    assert "could not be reached" in said.sentence
    assert "said" not in said.sentence
    assert said.side is Side.THERE


def test_failure_names_server_codes_reason_and_notification():
    """A bounce says who refused it, with which codes, why, and that the sender knows."""
    said = verdict(
        new_delivery(
            Status.FAILED,
            smtp_code=550,
            enhanced_code="5.1.1",
            reason="mailbox_unknown",
            bounced_as="ABC123",
            **REMOTE,
        )
    )

    assert said.sentence == (
        "Not delivered: mx.example.net [192.0.2.7] refused it for good (550 5.1.1) because there is "
        "no such mailbox. Its sender was sent a notification."
    )
    assert said.side is Side.SENDER


def test_sides_are_turned_round_for_mail_that_is_offered_to_us():
    """What the sending server must mend is the other side's where we refused it, ours where they did."""
    refused_here = verdict(new_delivery(Status.REJECTED, reason="blocklisted"))
    refused_there = verdict(
        new_delivery(Status.FAILED, reason="blocklisted", smtp_code=550, **REMOTE)
    )

    assert refused_here.side is Side.THERE
    assert refused_there.side is Side.HERE


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({"smtp_code": 450}, "told its client to come back later"),
        ({"enhanced_code": "4.7.1"}, "told its client to come back later"),
        ({"smtp_code": 550}, "refused it"),
        ({}, "refused it"),
    ],
)
def test_refusals_for_now_and_for_good_are_told_apart(codes, words):
    """A 4xx to a client is no refusal for good."""
    assert words in verdict(new_delivery(Status.REJECTED, **codes)).sentence


def test_trouble_of_our_own_is_ours():
    """A failed local delivery is not the other server's fault."""
    assert verdict(new_delivery(Status.FAILED, reason="local_trouble")).side is Side.HERE
    assert verdict(new_delivery(Status.FAILED, reason="policy")).side is Side.HERE


def test_message_on_hold_says_what_it_waits_for():
    """What a message waits for is the server's own word."""
    said = verdict(new_delivery(Status.IN_PROGRESS, result="on hold"))

    assert "on hold" in said.sentence
    assert said.side is Side.HERE


def test_message_in_progress_promises_nothing():
    """As long as nothing final is known, nothing final is said."""
    assert "nothing final" in verdict(new_delivery(Status.IN_PROGRESS)).sentence


def test_blocked_and_filtered_are_this_servers_doing():
    """Mail that was stopped or put aside here is this server's matter."""
    blocked = verdict(new_delivery(Status.BLOCKED, reason="own_limit"))
    filtered = verdict(new_delivery(Status.FILTERED, reason="spam"))

    assert (blocked.side, filtered.side) == (Side.HERE, Side.HERE)
    assert "limit for outgoing mail" in blocked.sentence
    assert "taken for spam" in filtered.sentence


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("reason", [*(member.word for member in Reason), "", "no such word"])
@pytest.mark.parametrize("fields", [{}, REMOTE, {**REMOTE, "smtp_code": 550}])
def test_every_case_has_a_verdict(status, reason, fields):
    """There are whole sentences for every status and every reason, and none is left to guess."""
    said = verdict(new_delivery(status, reason=reason, **fields))

    assert said.sentence.endswith(".")
    assert said.text == f"{said.sentence} {said.advice}"
    assert isinstance(said.side, Side)
    for overpromise in (" was read by", "has read", "in the inbox of"):
        assert overpromise not in said.text


@pytest.mark.parametrize("status", Status)
def test_words_of_the_log_are_quoted(status):
    """Whatever the log holds goes through the caller's quoting."""
    said = verdict(
        new_delivery(
            status,
            remote_host="<mx>",
            remote_ip="<ip>",
            delivered_to="<to>",
            result="<result>",
            enhanced_code="<5>",
            bounced_as="<id>",
        ),
        quote=lambda text: text.replace("<", "("),
    )

    assert "<" not in said.text


def test_a_folder_is_named_where_the_mailbox_server_says_it():
    """A copy in a folder is said to be there, not only taken; the folder for spam is named."""
    stored = new_delivery(Status.DELIVERED, mailbox="INBOX", delivered_to="b@example.com")
    junk = new_delivery(Status.FILTERED, mailbox="Junk")

    assert verdict(stored).sentence == "Stored in the folder “INBOX” of b@example.com."
    assert "“Junk” and not in the inbox" in verdict(junk).sentence
    assert verdict(junk).side is Side.RECIPIENT
