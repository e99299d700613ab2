"""Other lines of a message."""

from __future__ import annotations

from postroad.model.event import Attempted, Described, Ended, EndKind, Noted
from postroad.model.status import Outcome
from postroad.parsers.exim.samples.sample import Sample

#: The text behind the message id.
OF_A_MESSAGE: tuple[Sample, ...] = (
    (
        "Completed",
        Ended,
        {
            "kind": EndKind.COMPLETED,
        },
    ),
    (
        "removed by root",
        Ended,
        {
            "kind": EndKind.REMOVED,
            "by": "removed by root",
        },
    ),
    (
        "cancelled by system filter: unwanted",
        Ended,
        {
            "kind": EndKind.CANCELLED,
        },
    ),
    (
        "cancelled by timeout_frozen_after",
        Ended,
        {
            "kind": EndKind.CANCELLED,
        },
    ),
    (
        "Message removed because older than 5w",
        Ended,
        {
            "kind": EndKind.CANCELLED,
        },
    ),
    (
        "Message abandoned: no sender",
        Ended,
        {
            "kind": EndKind.ABANDONED,
        },
    ),
    (
        "SMTP connection lost after final dot H=(x) [192.0.2.10] P=esmtp",
        Ended,
        {
            "kind": EndKind.ABANDONED,
        },
    ),
    (
        "rescind the above message-accept",
        Ended,
        {
            "kind": EndKind.ABANDONED,
        },
    ),
    (
        "Frozen (delivery error message)",
        Described,
        {
            "waiting": "Frozen (delivery error message)",
        },
    ),
    (
        "frozen by ACL",
        Described,
        {
            "waiting": "frozen by ACL",
        },
    ),
    (
        "Message is frozen",
        Described,
        {
            "waiting": "frozen",
        },
    ),
    (
        "Unfrozen by errmsg timer",
        Described,
        {
            "waiting": "-",
        },
    ),
    (
        "unfrozen by root",
        Described,
        {
            "waiting": "-",
        },
    ),
    (
        "address <bob@example.org> marked delivered by root",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "address": "bob@example.org",
            "counted": False,
        },
    ),
    (
        "recipient <carl@example.org> added by root",
        Described,
        {
            "recipient": "carl@example.org",
        },
    ),
    (
        "sender address changed to <> by root",
        Described,
        {
            "sender": "",
            "has_sender": True,
        },
    ),
    (
        "Sender identification U=shop D=example.com S=ann@example.com",
        Described,
        {
            "user": "shop",
            "domain": "example.com",
            "identified_sender": "ann@example.com",
        },
    ),
    (
        "Sender identification S=shop",
        Described,
        {
            "user": "",
            "identified_sender": "shop",
        },
    ),
    (
        (
            'H=mail.example.com [192.0.2.10]:2525 Warning: "SpamAssassin as shop detected '
            'message as NOT spam (-1.9)"'
        ),
        Described,
        {
            "spam": False,
            "spam_score": -1.9,
        },
    ),
    (
        'H=(x) [192.0.2.10] Warning: "SpamAssassin as shop detected message as spam (12.5)"',
        Described,
        {
            "spam": True,
            "spam_score": 12.5,
        },
    ),
    (
        "H=mx.example.org [203.0.113.4] Connection refused",
        Noted,
        {
            "tried_host": "mx.example.org [203.0.113.4] Connection refused",
        },
    ),
    (
        (
            "H=mx.example.org [203.0.113.4]: SMTP error from remote mail server after MAIL "
            "FROM:<ann@example.com>: 451 busy"
        ),
        Noted,
        {},
    ),
    (
        "SMTP connection outbound 1772611752 1vxgvK-00000000Lw3-0Kq1 example.com bob@example.org",
        Noted,
        {},
    ),
    (
        "Spool file is locked (another process is handling this message)",
        Noted,
        {},
    ),
    (
        "Delivery deferred by system filter",
        Described,
        {
            "waiting": "Delivery deferred by system filter",
        },
    ),
    (
        "no immediate delivery: queued by ACL",
        Described,
        {
            "waiting": "no immediate delivery: queued by ACL",
        },
    ),
    (
        "bob@example.org: error ignored",
        Noted,
        {},
    ),
    (
        (
            "DKIM: d=example.com s=sel c=relaxed/relaxed a=rsa-sha256 b=2048 [verification "
            "succeeded]"
        ),
        Noted,
        {},
    ),
    (
        "<|/usr/bin/scan>: address_pipe transport output: x",
        Noted,
        {},
    ),
    (
        (
            "TLS session: (certificate verification failed): delivering unencrypted to "
            "H=mx.example.org [203.0.113.4]"
        ),
        Noted,
        {},
    ),
    (
        "our own logwrite => said so",
        Noted,
        {},
    ),
)

#: The text behind the stamp, where no message has an id yet.
OF_NO_MESSAGE: tuple[Sample, ...] = (
    (
        "[9] 1vxgvK-00000000Lw3-0Kq1 Completed QT=2s",
        Ended,
        {
            "kind": EndKind.COMPLETED,
        },
    ),
)
