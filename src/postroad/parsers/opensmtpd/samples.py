"""Texts of OpenSMTPD's lines that must be understood, and what they must be made into."""

from __future__ import annotations

from postroad.model.event import (
    NOISE,
    Arrived,
    Attempted,
    Described,
    Noted,
    Rejected,
    SessionTls,
)
from postroad.model.status import Outcome
from postroad.parsers.opensmtpd.line import Sample

_HERE = "5df87c972116a049"
_FIRST = "smtp event=message msgid=3d4c4a42 from=<> to=<b@ex.test> size=17 ndest=1 proto=SMTP"
_CONNECTED = f"{_HERE} smtp connected address=192.0.2.7 host=mx.ex.test"
_NAME = 0x5DF87C972116A049
_INCOMING = (
    Sample(_CONNECTED, Described, {"client_ip": "192.0.2.7", "pid": _NAME, "queue_id": ""}),
    Sample(
        f"{_HERE} smtp connected address=[2001:db8::7] host=<unknown>",
        Described,
        {"client_ip": "2001:db8::7", "client_host": ""},
    ),
    Sample(
        f"{_HERE} smtp connected address=local host=mail.ex.test",
        Described,
        {"client_ip": "", "client_host": ""},
    ),
    Sample(
        f"{_HERE} smtp tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256",
        SessionTls,
        {"outgoing": False, "tls": "TLSv1.3:TLS_AES_256_GCM_SHA384:256", "peer_ip": "192.0.2.7"},
        (_CONNECTED,),
    ),
    Sample(
        f"{_HERE} smtp authentication user=anna result=ok",
        Described,
        {"user": "anna", "client_ip": "192.0.2.7"},
        (_CONNECTED,),
    ),
    Sample(f"{_HERE} smtp authentication user=a result=ok result=permfail", type(NOISE), {}),
    Sample(
        f"{_HERE} smtp message msgid=3d4c4a42 size=1746 nrcpt=2 proto=ESMTP",
        Arrived,
        {
            "queue_id": "3d4c4a42",
            "size": 1746,
            "protocol": "ESMTP",
            "client_host": "mx.ex.test",
            "client_ip": "192.0.2.7",
            "user": "anna",
            "user_proven": True,
        },
        (_CONNECTED, f"{_HERE} smtp authentication user=anna result=ok"),
    ),
    Sample(
        f"{_HERE} smtp envelope evpid=3d4c4a424797fe79 from=<a@ex.test> to=<b@ex.test>",
        Described,
        {"queue_id": "3d4c4a42", "sender": "a@ex.test", "recipient": "b@ex.test"},
    ),
    Sample(
        f"{_HERE} smtp event=message address=192.0.2.7 host=mx.ex.test msgid=3d4c4a42 from=<> "
        "to=<b@ex.test> size=17 ndest=1 proto=SMTP",
        Arrived,
        {"queue_id": "3d4c4a42", "has_sender": True, "sender": "", "recipients": ("b@ex.test",)},
    ),
    Sample(
        f"{_HERE} smtp event=message msgid=3d4c4a42 from=<> to=<c@ex.test> size=17 ndest=1 "
        "proto=SMTP",
        Described,
        {"recipient": "c@ex.test"},
        (f"{_HERE} {_FIRST}",),
    ),
    Sample(
        f'{_HERE} smtp failed-command command="RCPT TO:<b@ex.test> NOTIFY=NEVER" '
        'result="550 Invalid recipient: <b@ex.test>"',
        Rejected,
        {
            "queue_id": "",
            "command": "RCPT",
            "recipient": "b@ex.test",
            "temporary": False,
            "smtp_code": 550,
            "reply": "550 Invalid recipient: <b@ex.test>",
            "client_ip": "192.0.2.7",
        },
        (_CONNECTED,),
    ),
    Sample(
        f'{_HERE} smtp failed-command command="rcpt to:<"a" result="250 x"@ex.test>" '
        'result="421 4.3.0 Temporary Error"',
        Rejected,
        {"recipient": '"a" result="250 x"@ex.test', "temporary": True, "enhanced_code": "4.3.0"},
    ),
    Sample(
        f'{_HERE} smtp failed-command command="MAIL FROM:<>" result="550 5.7.1 No"',
        Rejected,
        {"command": "MAIL", "has_sender": True, "sender": "", "recipient": ""},
    ),
    Sample(
        f'{_HERE} smtp failed-command command="DATA" result="554 5.7.1 spam"',
        Rejected,
        {"command": "DATA", "recipient": "", "has_sender": False},
    ),
    Sample(
        f'{_HERE} smtp failed-command command="AUTH PLAIN (...)" result="535 no"', type(NOISE), {}
    ),
    Sample(
        f'{_HERE} smtp failed-command command="STARTTLS" result="503 5.5.1 no"', type(NOISE), {}
    ),
    Sample(f'{_HERE} smtp bad-input result="500 5.5.2 what"', type(NOISE), {}),
    Sample(f"{_HERE} smtp disconnected reason=quit", type(NOISE), {}),
    Sample(
        f"{_HERE} smtp event=closed address=local host=mail.ex.test reason=quit", type(NOISE), {}
    ),
    Sample(
        f"smtp-in: New session {_HERE} from host mx.ex.test [192.0.2.7]",
        Described,
        {"client_host": "mx.ex.test", "client_ip": "192.0.2.7"},
    ),
    Sample(
        f"smtp-in: Accepted message 4296f490 on session {_HERE}: from=<a@ex.test>, "
        "to=<b@ex.test>, size=1746, ndest=1, proto=ESMTP",
        Arrived,
        {
            "queue_id": "4296f490",
            "sender": "a@ex.test",
            "recipients": ("b@ex.test",),
            "client_ip": "",
            "size": 1746,
        },
        (f"smtp-in: New session {_HERE} from host mail.ex.test [local]",),
    ),
    Sample(
        f"smtp-in: Accepted message 4296f490 on session {_HERE}: from=<a@ex.test>, size=1746, "
        "nrcpts=1, proto=ESMTP",
        Arrived,
        {"recipients": (), "sender": "a@ex.test"},
    ),
    Sample(
        f'smtp-in: Failed command on session {_HERE}: "MAIL FROM:<a@ex.test>  " => '
        "421 4.3.0: Temporary Error",
        Rejected,
        {"command": "MAIL", "sender": "a@ex.test", "temporary": True, "enhanced_code": "4.3.0"},
    ),
    Sample(
        f"smtp-in: Accepted authentication for user anna on session {_HERE}",
        Described,
        {"user": "anna"},
    ),
    Sample(
        f"smtp-in: Started TLS on session {_HERE}: version=TLSv1.2, cipher=AES256, bits=256",
        SessionTls,
        {"tls": "version=TLSv1.2, cipher=AES256, bits=256"},
    ),
    Sample(f"smtp-in: Closing session {_HERE}", type(NOISE), {}),
)
_SESSION = "5df87c9ffd0e785d"
_CONNECTING = f"{_SESSION} mta connecting address=smtp://198.51.100.9:25 host=mx.ex.test"
_TLS = f"{_SESSION} mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256"
_DELIVERY = (
    f"{_SESSION} mta delivery evpid=f6e94209918f7e7b from=<a@ex.test> to=<b@ex.test> "
    'rcpt=<{rcpt}> source="192.0.2.1" relay="{relay}" delay={delay} result="{result}" stat="{stat}"'
)
_OUTGOING = (
    Sample(_CONNECTING, type(NOISE), {}),
    Sample(
        _TLS,
        SessionTls,
        {"outgoing": True, "peer_ip": "198.51.100.9", "peer_port": 25, "peer_host": "mx.ex.test"},
        (_CONNECTING,),
    ),
    Sample(
        _DELIVERY.format(
            rcpt="-",
            relay="198.51.100.9 (mx.ex.test)",
            delay="2s",
            result="Ok",
            stat='250 2.0.0 Ok: queued as 4F5C64474F "x" => y',
        ),
        Attempted,
        {
            "queue_id": "f6e94209",
            "outcome": Outcome.DELIVERED,
            "address": "b@ex.test",
            "original": "",
            "sender": "a@ex.test",
            "remote": True,
            "remote_host": "mx.ex.test",
            "remote_ip": "198.51.100.9",
            "remote_port": 25,
            "tls": "TLSv1.3:TLS_AES_256_GCM_SHA384:256",
            "smtp_code": 250,
            "enhanced_code": "2.0.0",
            "next_queue_id": "4F5C64474F",
            "reply": '250 2.0.0 Ok: queued as 4F5C64474F "x" => y',
            "delay": 2.0,
            "pid": 0x5DF87C9FFD0E785D,
        },
        (_CONNECTING, _TLS),
    ),
    Sample(
        _DELIVERY.format(
            rcpt="root@ex.test",
            relay="[2001:db8::9] (mx.ex.test)",
            delay="1d2h",
            result="TempFail",
            stat="451 4.7.1 later",
        ),
        Attempted,
        {
            "outcome": Outcome.DEFERRED,
            "original": "root@ex.test",
            "remote_ip": "2001:db8::9",
            "delay": 93600.0,
        },
    ),
    Sample(
        _DELIVERY.format(
            rcpt="-", relay="ex.test", delay="0s", result="PermFail", stat="Domain does not exist"
        ),
        Attempted,
        {"outcome": Outcome.FAILED, "remote_ip": "", "remote_host": "", "smtp_code": None},
    ),
    Sample(
        _DELIVERY.format(
            rcpt="-",
            relay="198.51.100.9 (mx.ex.test)",
            delay="0s",
            result="Ok",
            stat="250 2.0.0 3d4c4a42 Message accepted for delivery",
        ),
        Attempted,
        {"next_queue_id": "3d4c4a42"},
    ),
    Sample(
        "5df87c9250bba470 mda delivery evpid=c405e39ad6bbc64f from=<> to=<b@ex.test> "
        "rcpt=<b@ex.test> user=gilles delay=0s result=Ok stat=Delivered",
        Attempted,
        {
            "queue_id": "c405e39a",
            "outcome": Outcome.DELIVERED,
            "sender": "",
            "has_sender": True,
            "remote": False,
            "transport": "mda",
            "reply": "Delivered",
        },
    ),
    Sample(
        "5df87c9250bba470 mda event=delivery evpid=c405e39ad6bbc64f from=<a@ex.test> "
        'to=<b@ex.test> user=b method=lmtp delay=3m1s result=PermFail stat=Error ("no")',
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "transport": "lmtp",
            "delay": 181.0,
            "reply": 'Error ("no")',
        },
    ),
    Sample(
        f"relay: Ok for f6e94209918f7e7b: session={_SESSION}, from=<a@ex.test>, to=<b@ex.test>, "
        "rcpt=<->, source=192.0.2.1, relay=198.51.100.9 (mx.ex.test), delay=1s, stat=250 ok, x",
        Attempted,
        {
            "queue_id": "f6e94209",
            "outcome": Outcome.DELIVERED,
            "remote_ip": "198.51.100.9",
            "reply": "250 ok, x",
            "smtp_code": 250,
        },
    ),
    Sample(
        "delivery: TempFail for c405e39ad6bbc64f: from=<a@ex.test>, to=<b@ex.test>, user=b, "
        "method=maildir, delay=4s, stat=Error (disk)",
        Attempted,
        {"outcome": Outcome.DEFERRED, "transport": "maildir", "remote": False},
    ),
    Sample(
        "relay: Expire for f6e94209918f7e7b: from=<@>, to=<b@ex.test>, rcpt=<->, delay=4d2s, "
        "stat=Envelope expired",
        Attempted,
        {
            "outcome": Outcome.FAILED,
            "expired": True,
            "counted": False,
            "sender": "",
            "remote": True,
        },
    ),
    Sample(
        "delivery: Remove for f6e94209918f7e7b: from=<a@ex.test>, to=<b@ex.test>, rcpt=<->, "
        "delay=4s, stat=Removed by administrator",
        Attempted,
        {"outcome": Outcome.FAILED, "expired": False, "counted": False},
    ),
    Sample(f"{_SESSION} mta connected", type(NOISE), {}),
    Sample(f"{_SESSION} mta error reason=Connection closed unexpectedly", type(NOISE), {}),
    Sample(f"{_SESSION} mta disconnected reason=quit messages=1", type(NOISE), {}),
    Sample(
        f"smtp-out: Started TLS on session {_SESSION}: version=TLSv1.2, cipher=A, bits=256",
        SessionTls,
        {"outgoing": True},
    ),
    Sample(
        f"smtp-out: Connecting to smtp://198.51.100.9:25 (mx.ex.test) on session {_SESSION}...",
        type(NOISE),
        {},
    ),
    Sample("smtp-out: No MX found for [connector:[]->[relay:ex.test,smtp],0x0]", type(NOISE), {}),
    Sample(
        "warn: PermFail injecting failure report on message f6e94209 to <a@ex.test> for 1 "
        "envelope: 550 no",
        Noted,
        {"queue_id": "f6e94209"},
    ),
    Sample("warn: queue: double bounce!", type(NOISE), {}),
)

#: Texts that must be understood, and how.
SAMPLES: tuple[Sample, ...] = (
    *_INCOMING,
    *_OUTGOING,
    Sample("info: OpenSMTPD 6.8.0p2 starting", type(NOISE), {}),
    Sample("queue: queue encryption enabled", type(NOISE), {}),
)
