"""Whole lines: other stamps, other envelopes, older versions."""

from __future__ import annotations

from postroad.model.event import Arrived, Attempted, Described, Ended, Noise, Noted, Rejected
from postroad.model.status import Outcome
from postroad.parsers.exim.samples.sample import Sample

WHOLE_LINES: tuple[Sample, ...] = (
    (
        "Mar  4 08:09:12 mx1 exim[812]: 2026-03-04 08:09:12 1vxgvK-00000000Lw3-0Kq1 Completed",
        Ended,
        {
            "queue_id": "1vxgvK-00000000Lw3-0Kq1",
        },
    ),
    (
        (
            "Mar  4 08:09:12 mx1 exim4[812]: 1vxgvK-00000000Lw3-0Kq1 <= ann@example.com U=ann "
            "P=local S=1"
        ),
        Arrived,
        {
            "user": "ann",
            "pid": 812,
        },
    ),
    (
        (
            "2026-03-04T08:09:12.123456+01:00 mx1 exim[812]: 2026-03-04 08:09:12.100 [812] "
            "1vxgvK-00000000Lw3-0Kq1 Completed"
        ),
        Ended,
        {
            "at": 1_772_608_152_123_456,
        },
    ),
    (
        "<22>1 2026-03-04T08:09:12Z mx1 exim 812 - - 1vxgvK-00000000Lw3-0Kq1 Completed",
        Ended,
        {
            "at": 1_772_611_752_000_000,
        },
    ),
    (
        (
            '{"__REALTIME_TIMESTAMP":"1772611752000001","_HOSTNAME":"mx1","_PID":"812",'
            '"SYSLOG_IDENTIFIER":"exim","MESSAGE":"1vxgvK-00000000Lw3-0Kq1 Completed"}'
        ),
        Ended,
        {
            "at": 1_772_611_752_000_001,
        },
    ),
    (
        (
            "2026-03-04 08:09:12 mx1.example.com exim[812]: no host name found for IP address "
            "192.0.2.1"
        ),
        Noise,
        {},
    ),
    (
        "mx1.example.com exim[812]: 2026-03-04 08:09:12 1vxgvK-00000000Lw3-0Kq1 Completed",
        Ended,
        {},
    ),
    (
        "Mar  4 08:09:12 mx1 last message repeated 2 times",
        Noise,
        {},
    ),
    (
        (
            "2012-02-13 14:39:22.123 +0400 [812] 1RwtJa-0009RI-2d <= ann@example.com "
            "H=mail.example.com (helo.example) [2001:db8::7]:40112 I=[198.51.100.1]:25 P=esmtp "
            'S=1289 T="Lunch" for bob@example.org "odd one"@example.org'
        ),
        Arrived,
        {
            "queue_id": "1RwtJa-0009RI-2d",
            "at": 1_329_129_562_123_000,
            "pid": 812,
            "client_host": "mail.example.com",
            "helo": "helo.example",
            "client_ip": "2001:db8::7",
            "subject": "Lunch",
            "recipients": ("bob@example.org", '"odd one"@example.org'),
        },
    ),
    (
        (
            "2012-02-13 14:39:22 1RwtJa-0009RI-2d == bob@example.org R=dnslookup T=remote_smtp "
            "defer (-44): SMTP error from remote mail server after RCPT TO:<bob@example.org>: "
            "host mx.example.org [203.0.113.4]: 450 4.3.2 Too many mails H=evil [192.0.2.66]: x"
        ),
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
            "remote_host": "mx.example.org",
            "remote_ip": "203.0.113.4",
            "remote": True,
            "smtp_code": 450,
            "enhanced_code": "4.3.2",
        },
    ),
    (
        (
            "2012-02-13 14:39:22 1RwtJa-0009RI-2d ** bob@example.org F=<ann@example.com> "
            "R=dnslookup T=remote_smtp: SMTP error from remote mail server after end of data: "
            "host mx.example.org [203.0.113.4]: 554 gone"
        ),
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "sender": "ann@example.com",
            "transport": "remote_smtp",
            "remote_host": "mx.example.org",
            "remote_ip": "203.0.113.4",
            "smtp_code": 554,
        },
    ),
    (
        (
            "2013-06-10 18:33:32 [10099] H=(example) [192.0.2.13]:3755 I=[198.51.100.1]:25 "
            "F=spam@example.net rejected RCPT bob@example.org: relay not permitted"
        ),
        Rejected,
        {
            "sender": "spam@example.net",
            "recipient": "bob@example.org",
            "reply": "relay not permitted",
        },
    ),
    (
        (
            "2013-12-29 15:34:12 1VxHRO-000NiI-Ly SA: Action: silently tossed message: "
            "score=31.0 required=5.0 trigger=30.0 (scanned in 6/6 secs | Message-Id: "
            "x@example.net). From <spam@example.net> (host=dial.example.net [192.0.2.45]) for "
            "bob@example.com"
        ),
        Rejected,
        {
            "discarded": True,
            "sender": "spam@example.net",
            "recipients": ("bob@example.com",),
            "client_ip": "192.0.2.45",
        },
    ),
    (
        (
            "2013-12-30 00:24:50 1VxPit-000MMd-U4 SA: Action: flagged as Spam but accepted: "
            "score=8.2 required=5.0 (scanned in 6/6 secs | Message-Id: a@example.net). From "
            "<spam@example.net> (host=x.example.net [192.0.2.45]) for bob@example.com"
        ),
        Described,
        {
            "spam": True,
            "spam_score": 8.2,
        },
    ),
    (
        "2012-02-13 14:39:24 1RvhTH-000B9y-TD mx.example.org [203.0.113.12] Operation timed out",
        Noted,
        {
            "tried_host": "mx.example.org [203.0.113.12] Operation timed out",
        },
    ),
    (
        (
            "2012-02-13 14:39:24 1RvhTH-000B9y-TD SMTP error from remote mail server after MAIL "
            "FROM:<ann@example.com>: host mx.example.org [203.0.113.12]: 451 busy"
        ),
        Noted,
        {},
    ),
    (
        (
            "2016-03-21 04:07:49 [25874] 1ahr79-0006jK-G9 SMTP connection from (x) "
            "[192.0.2.204]:44884 I=[198.51.100.1]:25 closed by DROP in ACL"
        ),
        Noted,
        {},
    ),
)
