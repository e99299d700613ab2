"""Agreement with another project's reading of real bounces, measured.

Its vocabulary is not ours: for some of its words several of ours are right. Bounces without a
machine-readable report are read as the text that they are, boilerplate included.
"""

from __future__ import annotations

import csv
import email
import os
import re
from email.message import Message
from pathlib import Path

import pytest

from postroad.model.status import Status
from postroad.reasons import Reason, reason

#: Its words, and what we may call the same.
SAME = {
    "authfailure": {Reason.AUTHENTICATION_FAILED},
    "badreputation": {Reason.SENDER_REPUTATION},
    "blocked": {
        Reason.BLOCKLISTED, Reason.SENDER_REPUTATION, Reason.POLICY, Reason.RATE_LIMITED,
        Reason.REVERSE_DNS,
    },
    "contenterror": {Reason.CONTENT_REFUSED},
    "exceedlimit": {Reason.MESSAGE_TOO_LARGE},
    "expired": {
        Reason.EXPIRED, Reason.CONNECTION_TIMED_OUT, Reason.CONNECTION_REFUSED,
        Reason.CONNECTION_LOST, Reason.NO_ROUTE,
    },
    "filtered": {
        Reason.MAILBOX_UNKNOWN, Reason.MAILBOX_DISABLED, Reason.RESTRICTED, Reason.POLICY,
        Reason.SPAM,
    },
    "hasmoved": {Reason.MOVED},
    "hostunknown": {Reason.HOST_NOT_FOUND},
    "mailboxfull": {Reason.MAILBOX_FULL},
    "mailererror": {Reason.LOCAL_TROUBLE},
    "mesgtoobig": {Reason.MESSAGE_TOO_LARGE},
    "networkerror": {
        Reason.NO_ROUTE, Reason.CONNECTION_LOST, Reason.CONNECTION_TIMED_OUT,
        Reason.CONNECTION_REFUSED, Reason.LOOP, Reason.HOST_NOT_FOUND,
    },
    "norelaying": {Reason.RELAY_DENIED},
    "notaccept": {Reason.NO_MAIL_SERVICE, Reason.HOST_NOT_FOUND},
    "notcompliantrfc": {Reason.BAD_PROTOCOL},
    "onhold": {Reason.UNKNOWN, Reason.MAILBOX_UNKNOWN},
    "policyviolation": {Reason.POLICY, Reason.CONTENT_REFUSED, Reason.SPAM},
    "rejected": {
        Reason.SENDER_REJECTED, Reason.POLICY, Reason.SENDER_REPUTATION, Reason.RATE_LIMITED,
        Reason.RESTRICTED,
    },
    "requireptr": {Reason.REVERSE_DNS},
    "securityerror": {Reason.AUTH_REQUIRED, Reason.TLS_FAILED, Reason.POLICY},
    "spamdetected": {Reason.SPAM},
    "suspend": {Reason.MAILBOX_DISABLED},
    "syntaxerror": {Reason.BAD_PROTOCOL},
    "systemerror": {Reason.REMOTE_TROUBLE, Reason.LOCAL_TROUBLE},
    "toomanyconn": {Reason.RATE_LIMITED},
    "undefined": {Reason.UNKNOWN},
    "userunknown": {Reason.MAILBOX_UNKNOWN},
    "virusdetected": {Reason.VIRUS},
}  # fmt: skip
ORIGINAL = re.compile(
    r"(?im)^(?:--- Below this line is a copy|------ This is a copy of the message"
    r"|-+ ?Original message|Received: |Return-Path: |-+ Unsent)"
)
CODES = re.compile(r"\b([245]\d\d)[- ](?:([245]\.\d+\.\d+))?")
REPORT = "message/delivery-status"


@pytest.fixture(scope="module")
def bounces(request):
    """Find the folder with the bounces."""
    if elsewhere := os.environ.get("POSTROAD_CORPORA"):
        return Path(elsewhere) / "sisimai"
    return request.getfixturevalue("corpora") / "sisimai"


def replies(path, count):
    """Give reply, reply code and enhanced code of each of `count` recipients, and if reported."""
    message = email.message_from_bytes(path.read_bytes())
    reported = [
        (part.get("Status") or "", " ".join(str(part.get("Diagnostic-Code") or "").split()))
        for report in message.walk()
        if report.get_content_type() == REPORT
        for part in report.get_payload()
        if isinstance(part, Message)
        and (part.get("Final-Recipient") or part.get("Diagnostic-Code"))
    ]
    for number in range(count):
        status, diagnostic = reported[number] if len(reported) == count else ("", "")
        text = re.sub(r"^[\w-]+ ?; ?", "", diagnostic) if diagnostic else words(message)
        found = CODES.search(text)
        code = int(found[1]) if found else 0
        enhanced = (found and found[2]) or (status.split() or [""])[0]
        yield text, code, enhanced, bool(diagnostic)


def words(message):
    """Give the text of a bounce, without the message that it returns."""
    parts = [
        payload.decode("utf-8", "replace")
        for part in message.walk()
        if not part.is_multipart() and part.get_content_type() != "text/rfc822-headers"
        if (payload := part.get_payload(decode=True))
    ]
    return " ".join(ORIGINAL.split("\n".join(parts))[0].split())


def test_reasons_agree_with_another_projects(bounces):
    """At least nine in ten bounces are explained as that project explains them."""
    with (bounces / "expected.tsv").open() as table:
        rows = [
            row for row in csv.DictReader(table, delimiter="\t") if row["reason"] != "delivered"
        ]
    expected = {}
    for row in rows:
        expected.setdefault(row["file"], []).append(row["reason"])
    agreed = {True: 0, False: 0}
    total = {True: 0, False: 0}
    for name, theirs in expected.items():
        found = replies(bounces / name, len(theirs))
        for word, (text, code, enhanced, reported) in zip(theirs, found, strict=True):
            total[reported] += 1
            agreed[reported] += reason(text, code, enhanced, Status.FAILED) in SAME[word]

    assert sum(total.values()) > 200
    assert agreed[True] / total[True] >= 0.95
    assert sum(agreed.values()) / sum(total.values()) >= 0.90
