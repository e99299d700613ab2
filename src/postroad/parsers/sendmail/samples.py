"""Texts of sendmail's lines that must be understood, and what they must be made into."""

from __future__ import annotations

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Linked,
    LinkKind,
    Noted,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome
from postroad.parsers.sendmail.line import Sample

_ID = "56661kKD001591"
_OTHER = "56661kKD001592"
_CLIENT = "mx.ex.test [192.0.2.7]"
_TAIL = "class=0, nrcpts=1, msgid={msgid}, proto=ESMTPA, daemon=MTA-v4, relay={relay}"
_TLS = "version=TLSv1.3, verify=NO, cipher=TLS_AES_256_GCM_SHA384, bits=256/256"
_TLS_TOLD = "TLSv1.3:TLS_AES_256_GCM_SHA384:256/256 verify=NO"
_TO = "delay=00:00:07, xdelay=00:00:06, mailer=esmtp, pri=120407"

_ARRIVALS = (
    Sample(
        f"{_ID}: from=<a@ex.test>, size=2172, "
        + _TAIL.format(msgid="<1@ex.test>", relay=f"{_CLIENT} (may be forged)"),
        Arrived,
        {
            "queue_id": _ID,
            "sender": "a@ex.test",
            "has_sender": True,
            "size": 2172,
            "message_id": "1@ex.test",
            "protocol": "ESMTPA",
            "client_host": "mx.ex.test",
            "client_ip": "192.0.2.7",
            "user": "",
            "user_proven": False,
        },
    ),
    Sample(
        f"{_ID}: from=anna, size=300, class=0, nrcpts=1, msgid=<2@ex.test>, relay=anna@localhost",
        Arrived,
        {"sender": "anna", "user": "anna", "user_proven": True, "client_host": "", "client_ip": ""},
    ),
    Sample(
        f"{_ID}: from=<>, size=1, class=0, nrcpts=1, proto=ESMTP, daemon=M, "
        "relay=localhost [127.0.0.1]",
        Arrived,
        {"sender": "", "user_proven": False, "client_ip": "127.0.0.1", "message_id": ""},
    ),
    Sample(
        f"{_ID}: from=<a@ex.test>, size=9, "
        + _TAIL.format(msgid="<x, relay=root@localhost>", relay="[IPv6:2001:db8::7]"),
        Arrived,
        {
            "message_id": "x, relay=root@localhost",
            "user_proven": False,
            "client_host": "",
            "client_ip": "2001:db8::7",
        },
    ),
    Sample(
        f'{_ID}: from=<"b, size=1, class=0"@ex.test>, size=9, '
        + _TAIL.format(msgid="no brackets, proto=x", relay="IDENT:joe@mx.ex.test [192.0.2.7]"),
        Arrived,
        {
            "sender": '"b, size=1, class=0"@ex.test',
            "size": 9,
            "message_id": "no brackets, proto=x",
            "client_host": "mx.ex.test",
            "user": "",
        },
    ),
    Sample(
        f"{_ID}: from=<a@ex.test>, size=9, " + _TAIL.format(msgid="<3@ex.test>", relay=_CLIENT),
        Arrived,
        {
            "user": "anna@ex.test",
            "user_proven": True,
            "tls": _TLS_TOLD,
        },
        (
            f"STARTTLS=server, relay={_CLIENT}, {_TLS}",
            f"AUTH=server, relay={_CLIENT}, authid=anna@ex.test, mech=PLAIN, bits=0",
        ),
    ),
    Sample(
        f"{_ID}: from=<a@ex.test>, size=9, " + _TAIL.format(msgid="<3@ex.test>", relay=_CLIENT),
        Arrived,
        {"user": "", "user_proven": False, "tls": ""},
        ("AUTH=server, relay=[192.0.2.8], authid=anna@ex.test, mech=PLAIN, bits=0",),
    ),
    Sample(
        f"{_ID}: from=<a@ex.test>, size=0, class=0, nrcpts=0, proto=SMTP, daemon=M, "
        f"relay={_CLIENT}",
        Described,
        {"sender": "a@ex.test", "client_ip": "192.0.2.7"},
    ),
    Sample(
        f"{_ID}: from=<a@ex.test>, size=0, class=0, nrcpts=1, proto=SMTP, daemon=M, "
        f"relay={_CLIENT}",
        Described,
        {},
    ),
    Sample(
        "HAA12345: from=anna, size=3, class=0, pri=30003, nrcpts=1, msgid=<1@ex.test>, "
        "relay=anna@localhost",
        Arrived,
        {"queue_id": "HAA12345", "size": 3, "user": "anna"},
    ),
    Sample(
        f"{_ID}: from=<a@ex.test>, size=3, class=0, nrcpts=1, msgid=<1@ex.test>, "
        f"bodytype=8BITMIME, proto=ESMTPSA, daemon=MSA, tls_verify=NO, auth=LOGIN, relay={_CLIENT}",
        Arrived,
        {"auth": "LOGIN", "protocol": "ESMTPSA", "message_id": "1@ex.test"},
    ),
    Sample(
        f"STARTTLS=server, relay={_CLIENT}, {_TLS}",
        SessionTls,
        {"outgoing": False, "peer_host": "mx.ex.test", "peer_ip": "192.0.2.7"},
    ),
    Sample(
        f"AUTH=server, relay={_CLIENT}, authid=anna@ex.test, mech=PLAIN, bits=0",
        Described,
        {"queue_id": "", "user": "anna@ex.test", "domain": "ex.test", "client_ip": "192.0.2.7"},
    ),
)

_ATTEMPTS = (
    Sample(
        f"{_ID}: to=<b@ex.test>, ctladdr=<anna@mail.ex.test> (33/33), {_TO}, "
        "relay=mx.ex.test. [192.0.2.9], dsn=2.0.0, stat=Sent (Ok: queued as 4F5C64474F)",
        Attempted,
        {
            "queue_id": _ID,
            "outcome": Outcome.DELIVERED,
            "address": "b@ex.test",
            "also": (),
            "original": "",
            "transport": "esmtp",
            "remote": True,
            "remote_host": "mx.ex.test",
            "remote_ip": "192.0.2.9",
            "enhanced_code": "2.0.0",
            "reply": "Sent (Ok: queued as 4F5C64474F)",
            "next_queue_id": "4F5C64474F",
            "delay": 7.0,
        },
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>,c@ex.test,\\d, [more], delay=3+01:00:07, xdelay=00:00:06, "
        "mailer=relay, pri=1, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, "
        f"stat=Sent ({_OTHER} Message accepted for delivery)",
        Attempted,
        {
            "address": "b@ex.test",
            "also": ("c@ex.test", "d"),
            "delay": 262807.0,
            "next_queue_id": _OTHER,
            "remote_host": "",
            "remote_ip": "127.0.0.1",
        },
    ),
    Sample(
        f'{_ID}: to="|/usr/bin/sort, delay=1, stat=Sent",<"e, delay=2"@ex.test>, {_TO}, dsn=5.0.0, '
        "stat=Service unavailable",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "address": '"|/usr/bin/sort, delay=1, stat=Sent"',
            "also": ('"e, delay=2"@ex.test',),
        },
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, {_TO}, relay=mx.ex.test. [192.0.2.9], dsn=5.1.1, reply=550 5.1.1 "
        "<b@ex.test>, dsn=2.0.0, stat=User unknown",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "smtp_code": 550,
            "enhanced_code": "5.1.1",
            "reply": "550 5.1.1 <b@ex.test>, dsn=2.0.0",
        },
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, {_TO}, relay=mx.ex.test., dsn=4.0.0, "
        "stat=Deferred: 451 4.7.1 later, stat=Sent",
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
            "smtp_code": 451,
            "enhanced_code": "4.7.1",
            "remote_host": "mx.ex.test",
        },
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, {_TO}, relay=mx.ex.test. [192.0.2.9], dsn=2.0.0, stat=Sent (ok)",
        Attempted,
        {"tls": _TLS_TOLD},
        (f"STARTTLS=client, relay=mx.ex.test., {_TLS}",),
    ),
    Sample(
        f"{_ID}: to=anna, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=30377, relay=local, "
        "dsn=2.1.5, stat=Sent",
        Attempted,
        {"remote": False, "remote_host": "", "transport": "local", "outcome": Outcome.DELIVERED},
    ),
    Sample(
        f"{_ID}: to=/dev/null, delay=00:00:00, mailer=*file*, pri=3, dsn=2.0.0, stat=Sent",
        Attempted,
        {"outcome": Outcome.DISCARDED},
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, delay=00:00:00, mailer=esmtp, pri=3, stat=queued",
        Attempted,
        {"outcome": Outcome.POSTPONED, "counted": False},
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, delay=00:00:00, mailer=local, pri=3, quarantine=virus, "
        "dsn=4.7.0, stat=quarantined",
        Attempted,
        {"outcome": Outcome.POSTPONED},
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, delay=00:00:00, pri=30131, stat=discarded",
        Attempted,
        {"outcome": Outcome.DISCARDED},
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>,<c@ex.test>, delay=00:00:00, pri=30131, stat=Virus found",
        Rejected,
        {
            "command": "END-OF-MESSAGE",
            "recipient": "b@ex.test",
            "recipients": ("c@ex.test",),
            "smtp_code": 554,
            "reply": "554 5.7.1 Virus found",
        },
        (f"{_ID}: Milter: data, reject=554 5.7.1 Virus found",),
    ),
    Sample(
        f"{_ID}: to=<b@ex.test>, delay=00:00:00, pri=30131, stat=aborted by sender",
        Ended,
        {"kind": EndKind.ABANDONED},
    ),
    Sample(
        "HAA12345: to=b@ex.test, ctladdr=anna (3/3), delay=00:00:01, xdelay=00:00:00, "
        "mailer=esmtp, relay=mx.ex.test. [192.0.2.9], stat=Sent (ok)",
        Attempted,
        {"outcome": Outcome.DELIVERED, "enhanced_code": ""},
    ),
)

_REFUSALS = (
    Sample(
        f"{_ID}: ruleset=check_rcpt, arg1=<b@ex.test>, relay={_CLIENT}, reject=550 5.7.1 "
        "<b@ex.test>... Relaying denied",
        Rejected,
        {
            "queue_id": _ID,
            "command": "RCPT",
            "recipient": "b@ex.test",
            "temporary": False,
            "smtp_code": 550,
            "enhanced_code": "5.7.1",
            "reply": "550 5.7.1 <b@ex.test>... Relaying denied",
            "client_host": "mx.ex.test",
            "client_ip": "192.0.2.7",
        },
    ),
    Sample(
        f'{_ID}: ruleset=check_mail, arg1=<"x, relay=y [192.0.2.1], reject=250 ok"@ex.test>, '
        f"relay={_CLIENT}, reject=451 4.1.8 Domain does not resolve",
        Rejected,
        {
            "command": "MAIL",
            "temporary": True,
            "has_sender": True,
            "sender": '"x, relay=y [192.0.2.1], reject=250 ok"@ex.test',
            "client_ip": "192.0.2.7",
        },
    ),
    Sample(
        "ruleset=check_relay, arg1=[192.0.2.7], arg2=192.0.2.7, relay=[192.0.2.7], "
        "reject=421 4.3.2 Too many open connections.",
        Rejected,
        {"queue_id": "", "command": "CONNECT", "client_ip": "192.0.2.7", "temporary": True},
    ),
    Sample(
        f"{_ID}: ruleset=CheckSubject, arg1=buy, relay=z [192.0.2.1], reject=250, relay={_CLIENT}, "
        "reject=553 5.7.1 No",
        Rejected,
        {"command": "END-OF-MESSAGE", "smtp_code": 553, "client_ip": "192.0.2.7"},
    ),
    Sample(
        f"{_ID}: ruleset=check_rcpt, arg1=<b@ex.test>, relay={_CLIENT}, discard",
        Rejected,
        {"discarded": True, "recipient": "b@ex.test"},
    ),
    Sample(
        f"{_ID}: ruleset=check_mail, arg1=<a@ex.test>, relay={_CLIENT}, quarantine=odd",
        Described,
        {"waiting": "quarantined: odd"},
    ),
    Sample(
        f"{_ID}: ruleset=tls_server, arg1=SOFTWARE, relay=mx.ex.test, reject=403 4.7.0 TLS",
        Noted,
        {"queue_id": _ID},
    ),
    Sample(
        f"{_ID}: <b@ex.test>... User unknown",
        Rejected,
        {"command": "RCPT", "recipient": "b@ex.test", "temporary": False},
    ),
    Sample(
        f'{_ID}: <"x>... User ok"@ex.test>... 450 4.7.1 later',
        Rejected,
        {"recipient": '"x>... User ok"@ex.test', "temporary": True},
    ),
    Sample(
        f"{_ID}: Milter: to=<b@ex.test>, reject=450 4.7.1 Greylisted",
        Rejected,
        {"command": "RCPT", "recipient": "b@ex.test", "temporary": True},
    ),
    Sample(
        f"{_ID}: Milter: from=<a@ex.test>, discard",
        Rejected,
        {"command": "MAIL", "sender": "a@ex.test", "discarded": True},
    ),
    Sample(
        f"{_ID}: Milter: data, reject=554 5.7.1 spam",
        Rejected,
        {"command": "END-OF-MESSAGE", "smtp_code": 554},
    ),
    Sample(f"{_ID}: Milter: cmd=data, discard", Rejected, {"command": "DATA", "discarded": True}),
    Sample(
        f"{_ID}: Milter: connect: host=mx.ex.test, addr=192.0.2.7, reject=550 5.7.1 No",
        Rejected,
        {"command": "CONNECT", "client_host": "mx.ex.test", "client_ip": "192.0.2.7"},
    ),
    Sample(
        f"{_ID}: milter=spf, quarantine=looks odd", Described, {"waiting": "quarantined: looks odd"}
    ),
    Sample(f"{_ID}: milter=spf, action=mail, accepted", Noted, {}),
    Sample(f"{_ID}: quarantine=by hand", Described, {"waiting": "quarantined: by hand"}),
    Sample(f"{_ID}: unquarantine", Described, {"waiting": "-"}),
    Sample(
        f"{_ID}: message size (30000001) exceeds maximum (30000000)",
        Rejected,
        {"command": "END-OF-MESSAGE"},
    ),
)

_REMARKS = (
    Sample(
        f"{_ID}: {_OTHER}: DSN: User unknown",
        Linked,
        {"kind": LinkKind.BOUNCED_AS, "queue_id": _ID, "other": _OTHER},
    ),
    Sample(f"{_ID}: {_OTHER}: DSN: Return receipt", Linked, {"kind": LinkKind.DSN_SENT_AS}),
    Sample(
        f"{_ID}: {_OTHER}: sender notify: Warning: could not send message for past 4 hours",
        Linked,
        {"kind": LinkKind.DELAY_NOTIFIED_AS},
    ),
    Sample(
        f"{_ID}: {_OTHER}: sender notify: Cannot send message for 5 days",
        Linked,
        {"kind": LinkKind.BOUNCED_AS, "expired": True},
    ),
    Sample(
        f"{_ID}: {_OTHER}: return to sender: Host unknown",
        Linked,
        {"kind": LinkKind.POSTMASTER_NOTIFIED_AS},
    ),
    Sample(
        f"{_ID}: {_OTHER}: postmaster notify: User unknown",
        Linked,
        {"kind": LinkKind.POSTMASTER_NOTIFIED_AS},
    ),
    Sample(
        f"{_ID}: {_OTHER}: clone: owner=owner-list@ex.test",
        Linked,
        {"kind": LinkKind.FORWARDED_AS, "other": _OTHER},
    ),
    Sample(f"{_ID}: {_OTHER}: something new", Noted, {}),
    Sample(f"{_ID}: done; delay=00:00:07, ntries=1", Ended, {"kind": EndKind.COMPLETED}),
    Sample(f"{_ID}: discarded", Ended, {"kind": EndKind.DISCARDED}),
    Sample(f"{_ID}: collect: premature EOM: unexpected close", Ended, {"kind": EndKind.ABANDONED}),
    Sample(
        f"{_ID}: Milter (spamass) add: header: X-Spam-Status: Yes, score=7.9 required=5.0",
        Described,
        {"spam": True, "spam_score": 7.9, "scanner": "spamassassin"},
    ),
    Sample(f"{_ID}: Milter add: header: X-Spam-Flag: YES", Described, {"spam": True}),
    Sample(f"{_ID}: Milter change: header Subject: from a to b", Noted, {}),
    Sample(f"{_ID}: Milter accept: message", Noted, {}),
    Sample(f"{_ID}: SYSERR(root): MX list for ex.test. points back to mail.ex.test", Noted, {}),
    Sample(f"{_ID}: lost input channel from {_CLIENT} to MTA after rcpt", Noted, {}),
    Sample(f"{_ID}: split: maxrcpts=10, rcpts=20, count=1, id={_OTHER}", Noted, {}),
    *(
        Sample(text, type(NOISE), {})
        for text in (
            f"{_ID}: {_CLIENT} did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
            f"{_ID}: {_CLIENT}: possible SMTP attack: command=AUTH, count=5",
            f"{_ID}: {_CLIENT}: VRFY root [rejected]",
            f"{_ID}: rejecting commands from {_CLIENT} due to pre-greeting traffic after 0 seconds",
            f"{_ID}: AUTH failure (LOGIN): authentication failure (-13) SASL(-13), user=a, relay=x",
            "STARTTLS: read error=generic SSL error (-1), errno=0",
            "starting daemon (8.18.1): SMTP+queueing@00:10:00",
            "gethostbyaddr(192.0.2.99) failed: 1",
            "/etc/mail/aliases: 12 aliases, longest 10 bytes, 200 bytes total",
            "NOQUEUE: SYSERR(root): opendaemonsocket: daemon MTA: cannot bind",
            "rejecting connections on daemon MTA: load average: 12",
        )
    ),
)

#: Texts that must be understood, and how.
SAMPLES: tuple[Sample, ...] = (*_ARRIVALS, *_ATTEMPTS, *_REFUSALS, *_REMARKS)
