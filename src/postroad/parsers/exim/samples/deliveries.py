"""Deliveries, and what counts as one in the log without being one."""

from __future__ import annotations

from postroad.model.event import Attempted, Ended, EndKind
from postroad.model.status import Outcome
from postroad.parsers.exim.samples.sample import Sample

#: The text behind the message id.
OF_A_MESSAGE: tuple[Sample, ...] = (
    (
        (
            "=> bob@example.org R=dnslookup T=remote_smtp H=mx.example.org [203.0.113.4]:25 "
            "I=[198.51.100.1]:40000 PRX=[198.51.100.2]:1080 TFO PS=se "
            'X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=dane DN="CN=mx.example.org" A=plain:me L '
            'PRDR K C="250 2.0.0 Ok: queued as 934AC7BFEA7" QT=1m2s DT=0.5s'
        ),
        Attempted,
        {
            "outcome": Outcome.DELIVERED,
            "address": "bob@example.org",
            "original": "",
            "router": "dnslookup",
            "transport": "remote_smtp",
            "remote": True,
            "remote_host": "mx.example.org",
            "remote_ip": "203.0.113.4",
            "remote_port": 25,
            "tls": "TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=dane",
            "smtp_code": 250,
            "enhanced_code": "2.0.0",
            "reply": "250 2.0.0 Ok: queued as 934AC7BFEA7",
            "next_queue_id": "934AC7BFEA7",
            "delay": 62.0,
            "counted": True,
        },
    ),
    (
        (
            "-> carl@example.org F=<ann@example.com> P=<ann@example.com> R=dnslookup "
            'T=remote_smtp S=2100 H=mx.example.org DS [203.0.113.4]* C="250-part one\\\\n250 OK '
            'id=1vxgvM-00000000Lx9-2xyz"'
        ),
        Attempted,
        {
            "sender": "ann@example.com",
            "has_sender": True,
            "remote_host": "mx.example.org",
            "remote_ip": "203.0.113.4",
            "smtp_code": 250,
            "reply": "250-part one\n250 OK id=1vxgvM-00000000Lx9-2xyz",
            "next_queue_id": "1vxgvM-00000000Lx9-2xyz",
        },
    ),
    (
        "=> bob <bob@example.com> R=localuser T=local_delivery ST=archive (disk full)",
        Attempted,
        {
            "outcome": Outcome.DELIVERED,
            "address": "bob",
            "original": "bob@example.com",
            "transport": "local_delivery",
            "remote": False,
            "smtp_code": None,
        },
    ),
    (
        (
            '=> bob <bob@example.com> R=virtual_user T=dovecot_virtual_delivery C="250 2.0.0 '
            '<bob@example.com> AVo8MlHATlm4 Saved"'
        ),
        Attempted,
        {
            "remote": False,
            "enhanced_code": "2.0.0",
        },
    ),
    (
        (
            '=> bob@example.com R=scan T=scan_smtp H=127.0.0.1 [127.0.0.1]:10024 C="250 2.0.0 '
            'from MTA: 250 2.0.0 Ok: queued as 4F2A11C0B3"'
        ),
        Attempted,
        {
            "remote": False,
            "remote_ip": "127.0.0.1",
            "remote_port": 10024,
            "next_queue_id": "4F2A11C0B3",
        },
    ),
    (
        (
            "=> sales+x |/usr/local/bin/autorespond sales@example.com /home/shop "
            "(sales@example.com, info@example.com) <info@example.com> R=virtual_aliases "
            "T=virtual_address_pipe"
        ),
        Attempted,
        {
            "address": "sales+x |/usr/local/bin/autorespond sales@example.com /home/shop",
            "parents": ("sales@example.com", "info@example.com"),
            "original": "info@example.com",
        },
    ),
    (
        '=> |/bin/sh -c "cat >/tmp/x" <pipe@example.com> R=alias T=pipe',
        Attempted,
        {
            "address": '|/bin/sh -c "cat >/tmp/x"',
            "original": "pipe@example.com",
        },
    ),
    (
        (
            "=> dan@example.net <bob@example.com> SRS=<SRS0=abcd=XY=example.com=ann@example.com> "
            "R=dkim_lookuphost T=dkim_remote_forwarded_smtp H=mx.example.net [2001:db8::25] "
            'C="250 accepted"'
        ),
        Attempted,
        {
            "address": "dan@example.net",
            "original": "bob@example.com",
            "remote": True,
            "remote_ip": "2001:db8::25",
            "smtp_code": 250,
        },
    ),
    (
        "=> >ann@example.com <auto@example.com> R=userforward T=address_reply",
        Attempted,
        {
            "address": ">ann@example.com",
            "original": "auto@example.com",
        },
    ),
    (
        "=> x@example.com <system-filter> T=copy",
        Attempted,
        {
            "original": "system-filter",
            "transport": "copy",
            "router": "",
        },
    ),
    (
        '>> bob@example.org R=all T=smtp H=mx.example.org [203.0.113.4] C="250 OK"',
        Attempted,
        {
            "outcome": Outcome.DELIVERED,
            "remote": True,
        },
    ),
    (
        "*> bob <bob@example.com> R=accept T=appendfile",
        Attempted,
        {
            "outcome": Outcome.DISCARDED,
        },
    ),
    (
        "=> :blackhole: <trap@example.com> R=blackhole",
        Attempted,
        {
            "outcome": Outcome.DISCARDED,
            "address": ":blackhole:",
            "original": "trap@example.com",
        },
    ),
    (
        "=> discarded <bob@example.com> R=central_filter",
        Attempted,
        {
            "outcome": Outcome.DISCARDED,
            "original": "bob@example.com",
        },
    ),
    (
        "=> /dev/null <null@example.com> R=system_aliases T=**bypassed**",
        Attempted,
        {
            "outcome": Outcome.DISCARDED,
            "original": "null@example.com",
        },
    ),
    (
        "=> blackhole (DATA ACL discarded recipients): bye",
        Ended,
        {
            "kind": EndKind.DISCARDED,
        },
    ),
    (
        "=> discarded (system filter)",
        Ended,
        {
            "kind": EndKind.DISCARDED,
            "by": "system filter",
        },
    ),
)
