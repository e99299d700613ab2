"""Reasons against real bounce messages, where these stand beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import bounces

from postroad.reasons import Reason

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "sisimai"
#: Share of the messages that must agree.
PROMISE = 0.9


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the bounce messages do not stand beside it")
def test_reasons_agree_with_those_of_real_bounce_messages():
    """Of the messages whose reason others have found, nine in ten at least have it here too."""
    found = bounces.compare(CORPUS)

    assert found.messages > 200
    assert found.share >= PROMISE, found.differences


def test_every_word_of_theirs_has_one_of_ours():
    """Their words lead to ours, and none of ours is one for "we cannot tell"."""
    for ours in bounces.SAME.values():
        assert ours
        assert Reason.UNKNOWN not in ours


def test_a_message_is_read_as_far_as_its_reply():
    """Replies are taken from the report, then from what the notice quotes, then from its words."""
    report = (
        "From: MAILER-DAEMON@example.com\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; anna@example.net\r\nAction: failed\r\nStatus: 5.2.2\r\n"
        "Diagnostic-Code: smtp; 552 5.2.2 full\r\n\r\n--b--\r\n"
    )
    quoting = "From: x\r\n\r\n<<< 550 5.1.1 user unknown\r\n"
    telling = "From: x\r\n\r\nYour mail looks like spam.\r\n"

    reasons = [bounces.of_message(text.encode())[0].reason for text in (report, quoting, telling)]

    assert reasons == [Reason.MAILBOX_FULL, Reason.MAILBOX_UNKNOWN, Reason.SPAM]
