"""Receipts are read: what servers and programs say, and which message they are about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from postroad.model.receipt import QueueId, Says
from postroad.receipts import read, rows

NOW = 1_800_000_000_000_000


def message(*parts: str, report: str = "delivery-status", more: str = "") -> bytes:
    """Make a report of these parts, each with its own header."""
    text = (
        f"{more}From: MAILER-DAEMON@mx.example.net\nTo: anna@example.com\n"
        "Date: Sat, 31 Jan 2026 12:00:00 +0000\nMessage-ID: <report-1@mx.example.net>\n"
        f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={report}; boundary="b"\n\n'
        + "".join(f"--b\n{part}\n" for part in parts)
        + "--b--\n"
    )
    return text.replace("\n", "\r\n").encode()


NOTICE = "Content-Type: text/plain\n\nSorry."
STATUS = """Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4F0A1B2C3D
Original-Envelope-Id: order-7@example.com
Arrival-Date: Sat, 31 Jan 2026 11:00:00 +0000

Final-Recipient: rfc822; ben@inside.example.net
Original-Recipient: rfc822;ben@example.net
Action: failed
Status: 5.2.2
Remote-MTA: dns; store.example.net
Diagnostic-Code: smtp; 552 5.2.2 Mailbox
    is full
Last-Attempt-Date: Sat, 31 Jan 2026 11:30:00 +0000

Final-Recipient: rfc822; cara@example.net
Action: delayed (will retry)
Status: 4.4.1 (no answer)
"""
RETURNED = """Content-Type: message/rfc822

Return-Path: <anna@example.com>
Received: from mx1.example.com (mx1.example.com [192.0.2.1])
    by mx.example.net (Postfix) with ESMTPS id 4F0A1B2C3D
    for <ben@example.net>; Sat, 31 Jan 2026 11:00:00 +0000
Received: from by (laptop [203.0.113.5]) by mx1.example.com with esmtpsa
    (Exim 4.98) (envelope-from <anna@example.com>) id 1vJx2k-000000001aB-3cDe; Sat, 31 Jan 2026
Message-ID: <order-1@example.com>
Subject: Order

Text"""


def test_what_a_server_says_of_each_recipient():
    """Recipient, action, codes, diagnostic, servers and time are taken as they stand."""
    first, second = read(message(NOTICE, STATUS, RETURNED)).receipts

    assert (first.says, first.recipient, first.original) == (
        Says.FAILED,
        "ben@inside.example.net",
        "ben@example.net",
    )
    assert (first.smtp_code, first.enhanced_code) == (552, "5.2.2")
    assert first.diagnostic == "552 5.2.2 Mailbox is full"
    assert (first.reporter, first.remote) == ("mx.example.net", "store.example.net")
    assert first.at == int(datetime(2026, 1, 31, 11, 30, tzinfo=UTC).timestamp()) * 1_000_000
    assert (second.says, second.enhanced_code) == (Says.DELAYED, "4.4.1")
    assert second.at == int(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()) * 1_000_000


def test_which_message_it_is_about():
    """Message-ID, envelope id, the reporter's queue id and those of the hosts before it."""
    report = read(message(NOTICE, STATUS, RETURNED))

    assert report.message_ids == ("order-1@example.com", "order-7@example.com")
    assert report.queue_ids == (
        QueueId("mx.example.net", "4F0A1B2C3D"),
        QueueId("mx1.example.com", "1vJx2k-000000001aB-3cDe"),
    )
    assert report.own_id == "report-1@mx.example.net"


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("delivered", Says.DELIVERED),
        ("relayed", Says.RELAYED),
        ("Expanded", Says.EXPANDED),
        ("FAILED", Says.FAILED),
    ],
)
def test_every_action(action, says):
    """Actions are told apart in any case (RFC 3464, section 2.3.3)."""
    part = f"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.test\nAction: {action}\n"

    [found] = read(message(part)).receipts

    assert found.says is says
    assert not found.says.is_of_program


@pytest.mark.parametrize(
    ("status", "says"), [("2.0.0", Says.DELIVERED), ("4.0.0", Says.DELAYED), ("5.0.0", Says.FAILED)]
)
def test_without_an_action_the_status_tells(status, says):
    """Some servers leave the action out."""
    part = f"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.test\nStatus: {status}\n"

    assert [each.says for each in read(message(part)).receipts] == [says]


def test_neither_action_nor_status_says_nothing():
    """A recipient of whom nothing is said makes no receipt."""
    part = (
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.test\nAction: eaten\n"
    )

    assert read(message(part)).receipts == ()


def test_what_the_server_said_is_nearer_than_the_status():
    """A reporter's status gives way to the code in the reply that it quotes."""
    part = (
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.test\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.7.1 blocked\n"
    )

    [found] = read(message(part)).receipts

    assert (found.smtp_code, found.enhanced_code) == (550, "5.7.1")


def test_diagnostics_of_other_protocols_keep_their_name():
    """What is no reply of SMTP is not shown as one."""
    part = (
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.test\n"
        "Action: failed\nDiagnostic-Code: X-Unix; 255\n"
    )

    [found] = read(message(part)).receipts

    assert (found.diagnostic, found.smtp_code) == ("X-Unix; 255", 0)


@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_international_reports(encoding):
    """Addresses and parts of RFC 6533, also encoded ones."""
    import base64

    text = (
        "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: utf-8; björn@example.net\n"
        "Original-Recipient: utf-8;\\x{5DE5}@example.net\nAction: delivered\nStatus: 2.0.0\n"
    )
    body = base64.encodebytes(text.encode()).decode() if encoding == "base64" else text
    part = (
        "Content-Type: message/global-delivery-status; charset=utf-8\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{body}"
    )
    returned = "Content-Type: message/global-headers\n\nMessage-ID: <a@b.test>\n"

    report = read(message(part, returned))

    assert [(each.recipient, each.original) for each in report.receipts] == [
        ("björn@example.net", "工@example.net")
    ]
    assert report.message_ids == ("a@b.test",)


@pytest.mark.parametrize("code", ["\\x{D800}", "\\x{110000}", "\\x{zz}"])
def test_letters_that_are_none_stay_as_they_are(code):
    """What is written like a letter and is none is left."""
    part = f"Content-Type: message/delivery-status\n\nFinal-Recipient: utf-8;{code}@b.test\nAction: failed\n"

    assert read(message(part)).receipts[0].recipient == f"{code}@b.test"


@pytest.mark.parametrize(
    ("disposition", "says", "by_hand"),
    [
        ("manual-action/MDN-sent-manually; displayed", Says.DISPLAYED, True),
        ("automatic-action/MDN-sent-automatically; deleted/expired", Says.DELETED, False),
        ("manual-action/MDN-sent-automatically; processed", Says.PROCESSED, True),
        ("automatic-action/MDN-sent-automatically;dispatched", Says.DISPATCHED, False),
        ("manual-action/MDN-sent-manually; denied", Says.DENIED, True),
    ],
)
def test_what_a_program_says(disposition, says, by_hand):
    """Disposition notifications: what, by whose hand, about which message (RFC 8098)."""
    part = (
        "Content-Type: message/disposition-notification\n\n"
        "Reporting-UA: pc.example.net; Mailer 1.0\nOriginal-Recipient: rfc822;ben@example.net\n"
        "Final-Recipient: rfc822;ben@example.net\nOriginal-Message-ID: <order-1@example.com>\n"
        f"Disposition: {disposition}\n"
    )

    report = read(message(NOTICE, part, report="disposition-notification"))

    [found] = report.receipts
    assert (found.says, found.by_hand, found.reporter) == (
        says,
        by_hand,
        "pc.example.net; Mailer 1.0",
    )
    assert found.says.is_of_program
    assert report.message_ids == ("order-1@example.com",)


def test_a_program_that_says_nothing():
    """A disposition that is none makes no receipt."""
    part = "Content-Type: message/disposition-notification\n\nDisposition: x; eaten\n"

    assert read(message(part)).receipts == ()


QMAIL = """Return-Path: <>
From: MAILER-DAEMON@mx.example.com
Date: 31 Jan 2026 12:00:00 -0000

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ben@example.net>:
192.0.2.25 does not like recipient.
Remote host said: 550 5.1.1 no such user
Giving up on 192.0.2.25.

<cara@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <anna@example.com>
Message-ID: <order-1@example.com>

Text
"""


def test_bounces_of_qmail():
    """Addresses in brackets, then what is the matter, then the message."""
    report = read(QMAIL.encode())

    first, second = report.receipts
    assert (first.recipient, first.smtp_code, first.enhanced_code) == (
        "ben@example.net",
        550,
        "5.1.1",
    )
    assert (second.recipient, second.smtp_code, second.enhanced_code) == (
        "cara@example.net",
        0,
        "5.1.1",
    )
    assert first.reporter == "mx.example.com"
    assert report.message_ids == ("order-1@example.com",)


EXIM = """X-Failed-Recipients: ben@example.net,
  cara@example.net
From: Mail Delivery System <Mailer-Daemon@mx.example.com>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ben@example.net
    SMTP error from remote mail server after RCPT TO:<ben@example.net>:
    host mx.example.net [192.0.2.25]: 550 5.2.1 disabled
  cara@example.net
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

Message-ID: <order-1@example.com>
"""


def test_bounces_of_exim():
    """The addresses are named in a field, what is the matter stands below each."""
    report = read(EXIM.encode())

    assert [(each.recipient, each.smtp_code, each.enhanced_code) for each in report.receipts] == [
        ("ben@example.net", 550, "5.2.1"),
        ("cara@example.net", 0, ""),
    ]
    assert report.receipts[1].diagnostic == "Unrouteable address"
    assert report.message_ids == ("order-1@example.com",)


def test_warnings_of_exim():
    """A warning that nothing was delivered yet is no failure; it has no field with addresses."""
    text = (
        "From: x\n\nThis message was created automatically by mail delivery software.\n"
        "A message that you sent has not yet been delivered to one or more of its recipients.\n\n"
        "  ben@example.net\n    Delay reason: connection refused\n"
    )

    [found] = read(text.encode()).receipts

    assert (found.says, found.recipient) == (Says.DELAYED, "ben@example.net")
    assert found.diagnostic == "Delay reason: connection refused"


def test_a_quoted_reply_where_no_address_is_followed_by_one():
    """Gmail names the address in a field and quotes the other server by itself."""
    text = (
        "X-Failed-Recipients: ben@example.net\n\nDelivery to the following recipient failed:\n\n"
        "     ben@example.net\n\nThe error that the other server returned was:\n550 5.1.1 no such user\n"
        "\n----- Original message -----\n\nMessage-ID: <order-1@example.com>\n"
    )

    report = read(text.encode())

    assert report.receipts[0].diagnostic == "550 5.1.1 no such user"
    assert report.message_ids == ("order-1@example.com",)


def test_fields_of_a_report_in_a_text_for_people():
    """A report that somebody quotes, or that has no part of its own, is read in the text."""
    text = (
        "From: ben@example.net\n\nLook what came:\n> Reporting-MTA: dns; mx.example.net\n>\n"
        "> Final-Recipient: rfc822; ben@example.net\n> Action: failed\n> Status: 5.1.1\n"
        "> Message-ID: <order-1@example.com>\n"
    )

    [found] = read(text.encode()).receipts

    assert (found.recipient, found.reporter) == ("ben@example.net", "mx.example.net")


def test_an_ordinary_message_is_no_receipt():
    """Mail that reports nothing says nothing."""
    report = read(b"From: anna@example.com\r\nMessage-ID: <a@b.test>\r\n\r\nHello\r\n")

    assert report.receipts == ()
    assert rows(report, now=NOW) == []


def test_the_line_before_a_message_in_a_mailbox_is_no_field():
    """Pipes and mailboxes put a `From ` line before it."""
    assert read(b"From MAILER-DAEMON Sat Jan 31\n" + EXIM.encode()).receipts


def test_rows_are_kept_under_every_name():
    """Each recipient under each name of the message; the same report gives the same rows."""
    report = read(message(NOTICE, STATUS, RETURNED))
    kept = rows(report, now=NOW)

    assert {(each.host, each.key) for each in kept} == {
        ("", "order-1@example.com"),
        ("", "order-7@example.com"),
        ("mx.example.net", "4F0A1B2C3D"),
        ("mx1.example.com", "1vJx2k-000000001aB-3cDe"),
    }
    assert len({each.id for each in kept}) == 2
    assert kept == rows(report, now=NOW)


def test_a_receipt_from_the_future_is_from_now():
    """Nobody can have a row kept for ever by a date to come."""
    kept = rows(read(message(NOTICE, STATUS, RETURNED)), now=1_000)

    assert {each.noted_at for each in kept} == {1_000}


@pytest.mark.parametrize("says", Says)
def test_every_claim_is_put_as_a_claim(says):
    """The words say who says so."""
    assert " says: " in says.words
    assert says.word == says.name.lower()


def test_claims_keep_their_numbers():
    """They are stored: appended, never renumbered."""
    assert [each.value for each in Says] == list(range(1, 11))
