"""Refusals of messages and of their recipients."""

from __future__ import annotations

from postroad.model.event import Rejected
from postroad.parsers.exim.samples.sample import Sample

#: The text behind the message id.
OF_A_MESSAGE: tuple[Sample, ...] = (
    (
        (
            "H=mail.example.com [192.0.2.10] F=<ann@example.com> rejected after DATA: This "
            "message contains malware (Test.A)"
        ),
        Rejected,
        {
            "command": "END-OF-MESSAGE",
            "sender": "ann@example.com",
            "reply": "This message contains malware (Test.A)",
        },
    ),
    (
        (
            "F=ann@example.com U=ann P=local-smtp temporarily rejected by local_scan(): "
            "Temporary local problem"
        ),
        Rejected,
        {
            "temporary": True,
            "sender": "ann@example.com",
            "user": "ann",
            "user_proven": True,
        },
    ),
    (
        "F=<ann@example.com> rejected by non-SMTP ACL: no",
        Rejected,
        {
            "command": "END-OF-MESSAGE",
            "reply": "no",
        },
    ),
    (
        "rejected from <ann@example.com> U=ann: message too big: read=225 max=100",
        Rejected,
        {
            "command": "END-OF-MESSAGE",
            "sender": "ann@example.com",
            "user": "ann",
        },
    ),
)

#: The text behind the stamp, where no message has an id yet.
OF_NO_MESSAGE: tuple[Sample, ...] = (
    (
        (
            "H=mail.example.com [192.0.2.10]:35328 X=TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256 "
            "CV=no F=<ann@example.com> rejected RCPT <nobody@example.org>: No Such User Here"
        ),
        Rejected,
        {
            "command": "RCPT",
            "temporary": False,
            "sender": "ann@example.com",
            "has_sender": True,
            "recipient": "nobody@example.org",
            "reply": "No Such User Here",
            "client_host": "mail.example.com",
            "client_ip": "192.0.2.10",
            "user_proven": False,
        },
    ),
    (
        (
            '[77] DS H=(helo.example) [192.0.2.10]:1 I=[198.51.100.1]:25 Ci=77 DN="CN=x" '
            "SNI=mx.example.org F=<> A=dovecot_login:ann@example.com temporarily rejected RCPT "
            '<"a b"@example.org>: "451 4.7.1 Try later"'
        ),
        Rejected,
        {
            "temporary": True,
            "sender": "",
            "has_sender": True,
            "recipient": '"a b"@example.org',
            "reply": "451 4.7.1 Try later",
            "smtp_code": 451,
            "enhanced_code": "4.7.1",
            "auth": "dovecot_login",
            "user": "ann@example.com",
            "user_proven": True,
            "pid": 77,
        },
    ),
    (
        "H=(x) [192.0.2.10] rejected MAIL <ann@example.com>: bad sender",
        Rejected,
        {
            "command": "MAIL",
            "sender": "ann@example.com",
            "recipient": "",
            "reply": "bad sender",
        },
    ),
    (
        (
            "rejected MAIL FROM:<ann@example.com> H=(x) [192.0.2.10]: message too big: size=99 "
            "max=50"
        ),
        Rejected,
        {
            "command": "MAIL",
            "sender": "ann@example.com",
            "client_ip": "192.0.2.10",
            "reply": "message too big: size=99 max=50",
        },
    ),
    (
        (
            "H=(x) [192.0.2.10] F=<ann@example.com> RCPT <bob@example.org>: discarded by RCPT "
            "ACL: spam trap"
        ),
        Rejected,
        {
            "discarded": True,
            "recipient": "bob@example.org",
            "reply": "spam trap",
        },
    ),
    (
        (
            "too many recipients: excess temporarily rejected: sender=<ann@example.com> H=(x) "
            "[192.0.2.10]"
        ),
        Rejected,
        {
            "temporary": True,
            "sender": "ann@example.com",
            "client_ip": "192.0.2.10",
        },
    ),
    (
        "unqualified recipient rejected: <bob> H=(x) [192.0.2.10]",
        Rejected,
        {
            "command": "RCPT",
            "recipient": "bob",
        },
    ),
    (
        "unqualified sender rejected: <ann> H=(x) [192.0.2.10]",
        Rejected,
        {
            "command": "MAIL",
            "sender": "ann",
        },
    ),
)
