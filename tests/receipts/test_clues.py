"""Whatever is pasted says which message is meant: identifiers before addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.question import NAMES
from postroad.receipts import LARGEST, clues

BOUNCE = b"""Return-Path: <>
Received: from mx.example.net by mx1.example.com with esmtp id 1vJx9z-000000009zZ-0aBc; x
From: MAILER-DAEMON@mx.example.net
To: anna@example.com
Message-ID: <report-1@mx.example.net>
Content-Type: multipart/report; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4F0A1B2C3D

Final-Recipient: rfc822; ben@example.net
Action: failed

--b
Content-Type: message/rfc822

Received: from laptop by mx1.example.com with esmtpsa id 1vJx2k-000000001aB-3cDe; x
Message-ID: <order-1@example.com>
From: anna@example.com

--b--
"""
HEADER = b"""Return-Path: <anna@example.com>
Received: from mx1.example.com by mx.example.net (Postfix) with ESMTPS
\tid 4F0A1B2C3D for <ben@example.net>; Sat, 31 Jan 2026 11:00:00 +0000
Received: from laptop by mx1.example.com with esmtpsa id 1vJx2k-000000001aB-3cDe; x
From: Anna <anna@example.com>
To: Ben <ben@example.net>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Message-ID: <order-1@example.com>
"""


def test_a_bounce_is_about_the_message_that_was_returned():
    """Its Message-ID and queue ids first, then those of the bounce, then the recipient."""
    found = clues(BOUNCE)

    assert found[:3] == [
        {"message_id": "order-1@example.com"},
        {"id": "4F0A1B2C3D", "host": "mx.example.net"},
        {"id": "1vJx2k-000000001aB-3cDe", "host": "mx1.example.com"},
    ]
    assert {"message_id": "report-1@mx.example.net"} in found[3:]
    assert {"to": "ben@example.net"} in found


def test_a_header():
    """Message-ID, the queue ids that hosts gave, then who wrote to whom, then the subject."""
    found = clues(HEADER)

    assert found == [
        {"message_id": "order-1@example.com"},
        {"id": "4F0A1B2C3D", "host": "mx.example.net"},
        {"id": "1vJx2k-000000001aB-3cDe", "host": "mx1.example.com"},
        {"to": "ben@example.net", "from": "anna@example.com"},
        {"to": "ben@example.net"},
        {"from": "anna@example.com"},
        {"subject": "Grüße"},
    ]


def test_lines_of_a_log():
    """The first line with an identifier."""
    text = b"Mar  2 10:00:00 mx postfix/smtpd[1]: connect from x\nMar  2 10:00:00 mx postfix/qmgr[1]: AB12CD: removed\n"

    assert clues(text)[0] == {"id": "AB12CD"}


def test_a_warning_that_names_the_message():
    """Exim's warnings name the message by its id."""
    text = b"From: x\nSubject: Warning\n\nThe message identifier is:     1vJx2k-000000001aB-3cDe\n"

    assert {"id": "1vJx2k-000000001aB-3cDe"} in clues(text)


def test_text_without_identifiers():
    """Words are as in the one box."""
    assert clues(b"Hello\nben@example.net is missing it") == [{"address": "ben@example.net"}]
    assert clues(b"ben@example.net") == [{"address": "ben@example.net"}]


def test_nothing():
    """Blank is nothing."""
    assert clues(b"") == clues(b" \r\n\r\n") == []


def test_a_client_that_calls_itself_by_is_no_host():
    """What stands behind `from` is the client's own word, whatever it is."""
    text = b"Received: from by by mx1.example.com with smtp id AB12CD34; x\nTo: a@b.example\nX: y\n"

    assert clues(text)[0] == {"id": "AB12CD34", "host": "mx1.example.com"}


def test_an_answer_names_the_message_that_it_answers():
    """What bounces mail without returning it often names it in `In-Reply-To`; the null sender is nobody."""
    text = b"Return-Path: <>\nSubject: no\nIn-Reply-To: <order-1@example.com>\n\nSorry\n"

    assert clues(text)[:2] == [{"message_id": "order-1@example.com"}, {"subject": "no"}]


def test_so_many_questions():
    """Of many identifiers the first are asked for."""
    lines = "".join(
        f"Mar  2 10:00:00 mx postfix/qmgr[1]: AB12C{n:03X}: removed\n" for n in range(99)
    )

    assert len(clues(lines.encode())) == 20


@given(st.binary(max_size=1_000))
def test_anything_is_some_question(data):
    """Any octets give questions of known names."""
    for each in clues(data):
        assert set(each) <= set(NAMES)


@pytest.mark.parametrize(
    "piece", [b"Received: by x id abcd; y\n", b"1vJx2k-000000001aB-3cDe x\n", b"To: a@b\n", b"\n x"]
)
def test_long_texts_give_few_questions(piece):
    """However much is pasted, so much is asked."""
    assert len(clues(piece * (LARGEST // len(piece)))) <= 20
