"""Receipts on the page and in the API: claims beside the message that they are about."""

from __future__ import annotations

import html
import re

import pytest
from tests.web.served import Served

REPORT = """From: MAILER-DAEMON@mx.mail.example.org
Date: {date}
Message-ID: <{name}@mx.mail.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; <script>alert(1)</script>

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 {said}

--b
Content-Type: text/rfc822-headers

Message-ID: <{message_id}>

--b--
"""


@pytest.fixture(scope="module")
def about(served: Served):
    """The delivery that the receipts of this module are about."""
    with served.administrator() as client:
        found = client.get(f"/deliveries/{served.ids['failed']}").json()["delivery"]
        body = REPORT.format(
            date="Sat, 03 Jan 2026 10:00:00 +0000",
            name="r1",
            recipient=found["recipient"],
            message_id=found["message_id"],
            said="<b>full</b>, so says secret@elsewhere.test",
        )
        for _ in range(2):
            answer = hand_in(client, body)
            assert (answer.status_code, answer.json()) == (200, {"receipts": 1})
    return found


def hand_in(client, body: str, kind: str = "message/rfc822"):
    """Hand a message in."""
    return client.post("/receipts", content=body.encode(), headers={"Content-Type": kind})


def test_the_page_tells_what_came_back(served: Served, about):
    """Who says what, as a claim; what a stranger wrote is text."""
    with served.reader("root") as client:
        page = client.get(f"/message/{about['id']}").text
    plain = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page)))

    assert "What came back" in plain
    assert plain.count("The recipient's server says: not delivered") == 1
    assert "it proves no more than that its writer says so" in plain
    assert "<script>alert" not in page
    assert "<b>full</b>" not in page


def test_the_api_tells_the_same(served: Served, about):
    """A receipt has its words for programs and for people."""
    with served.administrator() as client:
        [found] = client.get(f"/deliveries/{about['id']}").json()["receipts"]

    assert (found["says"], found["smtp_code"], found["enhanced_code"]) == ("failed", 552, "5.2.2")
    assert found["is_for_recipient"]


def test_others_do_not_see_it(served: Served, about):
    """Whoever does not see the delivery does not see what came back about it."""
    with served.holder("rival") as client:
        assert client.get(f"/deliveries/{about['id']}").status_code == 404


def test_only_administrators_hand_in(served: Served, about):
    """Nobody else may claim anything about somebody's mail."""
    with served.holder("shop") as client:
        assert hand_in(client, REPORT).status_code == 403


def test_what_is_no_receipt_tells_of_nobody(served: Served):
    """An ordinary message is not kept; another kind of body is refused, and one too large."""
    with served.administrator() as client:
        assert hand_in(client, "From: a@b.test\n\nHello").json() == {"receipts": 0}
        assert hand_in(client, REPORT, "application/json").status_code == 422
        assert hand_in(client, "x" * (2 << 20)).status_code == 413
