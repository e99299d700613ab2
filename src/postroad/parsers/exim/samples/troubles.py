"""Deferrals and failures."""

from __future__ import annotations

from postroad.model.event import Attempted
from postroad.model.status import Outcome
from postroad.parsers.exim.samples.sample import Sample

#: The text behind the message id.
OF_A_MESSAGE: tuple[Sample, ...] = (
    (
        (
            "== bob@example.org R=dnslookup T=remote_smtp defer (-44) H=mx.example.org "
            "[203.0.113.4]:25 DT=3s: SMTP error from remote mail server after RCPT "
            "TO:<bob@example.org>: 450 4.2.0 <bob@example.org>: Greylisted"
        ),
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
            "remote": True,
            "remote_host": "mx.example.org",
            "remote_port": 25,
            "smtp_code": 450,
            "enhanced_code": "4.2.0",
            "reply": (
                "SMTP error from remote mail server after RCPT TO:<bob@example.org>: 450 4.2.0 "
                "<bob@example.org>: Greylisted"
            ),
            "counted": True,
        },
    ),
    (
        (
            "== bob@example.org R=dnslookup T=remote_smtp defer (110): Connection timed out "
            "H=mx.example.org [203.0.113.4]: SMTP timeout after DATA"
        ),
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
            "remote_ip": "203.0.113.4",
            "reply": "Connection timed out: SMTP timeout after DATA",
            "smtp_code": None,
        },
    ),
    (
        (
            "== dan@example.net (bob@example.com) <info@example.com> R=dkim_lookuphost "
            "T=dkim_remote_forwarded_smtp defer (-46) H=mx.example.net [203.0.113.8]: SMTP error "
            "from remote mail server after end of data: 421-4.7.28 Unusual rate.\\n421 4.7.28 "
            "See https://example.net/ for more."
        ),
        Attempted,
        {
            "parents": ("bob@example.com",),
            "original": "info@example.com",
            "smtp_code": 421,
            "enhanced_code": "4.7.28",
            "reply": (
                "SMTP error from remote mail server after end of data: 421-4.7.28 Unusual "
                "rate.\n421 4.7.28 See https://example.net/ for more."
            ),
        },
    ),
    (
        (
            "== bob@example.com R=localuser T=local_delivery defer (-22): mailbox is full "
            "(MTA-imposed quota exceeded while writing to /home/bob/mail)"
        ),
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
            "remote": False,
            "counted": True,
        },
    ),
    (
        (
            "== bob@example.org R=dnslookup T=remote_smtp defer (-53): retry time not reached "
            "for any host for 'example.org'"
        ),
        Attempted,
        {
            "outcome": Outcome.POSTPONED,
            "counted": False,
        },
    ),
    (
        (
            "== bob@example.org R=dnslookup T=remote_smtp defer (-1): domain matches "
            "queue_smtp_domains, or -odqs set"
        ),
        Attempted,
        {
            "outcome": Outcome.POSTPONED,
            "counted": False,
        },
    ),
    (
        "== bob@example.org routing defer (-56): domain is in queue_domains",
        Attempted,
        {
            "outcome": Outcome.POSTPONED,
            "counted": False,
            "router": "",
        },
    ),
    (
        (
            "== save my folder <bob@example.com> R=filter T=address_file defer (-21): "
            "appendfile: not absolute"
        ),
        Attempted,
        {
            "address": "save my folder",
            "original": "bob@example.com",
        },
    ),
    (
        (
            "== bob@example.org R=enforce_mail_permissions defer (-1): Domain example.com has "
            "exceeded the max emails per hour (120/100 (120%)) allowed.  Message will be "
            "reattempted later"
        ),
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
        },
    ),
    (
        (
            "** bob@example.org R=dnslookup T=remote_smtp H=mx.example.org [203.0.113.4] "
            "X=TLS1.3:c:256 CV=yes : SMTP error from remote mail server after RCPT "
            "TO:<bob@example.org>: 550 5.1.1 <bob@example.org>: no such user"
        ),
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "remote": True,
            "remote_ip": "203.0.113.4",
            "tls": "TLS1.3:c:256 CV=yes",
            "smtp_code": 550,
            "enhanced_code": "5.1.1",
            "counted": True,
        },
    ),
    (
        "** bob@example.com <info@example.com> R=virtual_aliases: No Such User Here",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "router": "virtual_aliases",
            "reply": "No Such User Here",
        },
    ),
    (
        "** bob@example.org : Unrouteable address",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "address": "bob@example.org",
            "reply": "Unrouteable address",
        },
    ),
    (
        "** bob@example.org: retry timeout exceeded",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "address": "bob@example.org",
            "counted": False,
        },
    ),
    (
        "** bob@[IPv6:2001:db8::1] <b@example.com>: retry timeout exceeded",
        Attempted,
        {
            "address": "bob@[IPv6:2001:db8::1]",
            "original": "b@example.com",
            "counted": False,
        },
    ),
    (
        "** bob@example.com routing yielded a local delivery",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "reply": "routing yielded a local delivery",
        },
    ),
    (
        (
            "** bob@example.org R=enforce_mail_permissions : Domain example.com has exceeded the "
            "max defers and failures per hour (15/15 (100%)) allowed. Message discarded."
        ),
        Attempted,
        {
            "outcome": Outcome.BLOCKED,
            "router": "enforce_mail_permissions",
        },
    ),
    (
        (
            '** bob@example.org R=check_mail_permissions: "Domain example.com has an outgoing '
            'mail hold"'
        ),
        Attempted,
        {
            "outcome": Outcome.BLOCKED,
        },
    ),
    (
        (
            "** bob@example.org R=dnslookup T=remote_smtp H=mx.example.org [203.0.113.4] : SMTP "
            "error from remote mail server after end of data: 550 Domain example.com has "
            "exceeded the max emails per hour"
        ),
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "smtp_code": 550,
        },
    ),
)
