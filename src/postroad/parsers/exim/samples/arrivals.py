"""Arrivals."""

from __future__ import annotations

from postroad.model.event import Arrived
from postroad.parsers.exim.samples.sample import Sample

#: The text behind the message id.
OF_A_MESSAGE: tuple[Sample, ...] = (
    (
        (
            "<= ann@example.com H=mail.example.com [192.0.2.10] P=esmtps "
            "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=2048 id=first.1@example.com"
        ),
        Arrived,
        {
            "sender": "ann@example.com",
            "has_sender": True,
            "client_host": "mail.example.com",
            "client_ip": "192.0.2.10",
            "protocol": "esmtps",
            "tls": "TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no",
            "size": 2048,
            "message_id": "first.1@example.com",
            "user": "",
            "user_proven": False,
            "recipients": (),
        },
    ),
    (
        "<= <> R=1vxgvK-00000000Lw3-0Kq1 U=mailnull P=local S=3958",
        Arrived,
        {
            "sender": "",
            "has_sender": True,
            "bounce_of": "1vxgvK-00000000Lw3-0Kq1",
            "user": "mailnull",
            "user_proven": True,
            "protocol": "local",
        },
    ),
    (
        (
            '<= "ann b"@example.com U=ann P=local-esmtp S=900 M8S=0 T="50% off => today **" for '
            "bob@example.org"
        ),
        Arrived,
        {
            "sender": '"ann b"@example.com',
            "user": "ann",
            "user_proven": True,
            "subject": "50% off => today **",
            "recipients": ("bob@example.org",),
        },
    ),
    (
        (
            "<= ann@example.com H=([192.0.2.66]) [192.0.2.10]:33146 U=guess P=esmtpsa L* K "
            'X=TLS1.2:ECDHE-RSA-AES128:128* CV=yes DN="CN=a \\"b\\",O=Example" '
            "SNI=mx.example.com A=dovecot_plain:ann@example.com:x@y.example PRDR S=51873 M8S=8 "
            "DKIM=example.com ARC DMARC=pass RT=0.204s Q=slow id=a1@example.com "
            'T="\\342\\200\\234Hi\\342\\200\\235 \\"you\\" \\\\o/\\n" from <Ann@example.com> for '
            "bob@example.org carl@example.org <trunc>"
        ),
        Arrived,
        {
            "helo": "[192.0.2.66]",
            "client_ip": "192.0.2.10",
            "auth": "dovecot_plain",
            "user": "ann@example.com",
            "user_proven": True,
            "tls": "TLS1.2:ECDHE-RSA-AES128:128* CV=yes",
            "size": 51873,
            "message_id": "a1@example.com",
            "subject": '“Hi” "you" \\o/\n',
            "recipients": ("bob@example.org", "carl@example.org"),
        },
    ),
    (
        (
            "<= ann@example.com DS H=relay.example [192.0.2.10] TFO* P=esmtps X=TLS1.3:c:256 "
            "SPF=pass S=77 id*=made.here@example.com"
        ),
        Arrived,
        {
            "client_host": "relay.example",
            "client_ip": "192.0.2.10",
            "message_id": "made.here@example.com",
        },
    ),
    (
        "(= ann@example.com H=(x) [192.0.2.10] P=smtp S=77",
        Arrived,
        {
            "fake_reject": True,
            "helo": "x",
        },
    ),
    (
        "<= ann@example.com U=mail P=spam-scanned S=1100 id=x@example.com",
        Arrived,
        {
            "user": "mail",
            "user_proven": False,
            "protocol": "spam-scanned",
        },
    ),
    (
        "<= ann@example.com H=(y) [192.0.2.10] U=two words P=smtp S=77",
        Arrived,
        {
            "user": "",
            "helo": "y",
            "size": 77,
        },
    ),
    (
        "<= ann@example.com H=((x) [203.0.113.66]) [192.0.2.10] P=smtp S=77",
        Arrived,
        {
            "client_ip": "192.0.2.10",
            "helo": "(x) [203.0.113.66]",
        },
    ),
    (
        (
            '<= ann@example.com H=(y) [192.0.2.10] P=smtp S=77 id=odd for eve@example.net T="x" '
            "for bob@example.org"
        ),
        Arrived,
        {
            "message_id": "odd for eve@example.net",
            "recipients": ("bob@example.org",),
        },
    ),
    (
        (
            "<= ann@example.com H=(y) [192.0.2.10] P=smtp S=77 id=odd for eve@example.net for "
            "bob@example.org"
        ),
        Arrived,
        {
            "message_id": "odd for eve@example.net",
            "recipients": ("bob@example.org",),
        },
    ),
    (
        (
            '<= ann@example.com H=(y) [192.0.2.10] P=smtp S=77 T="a\\" for eve@example.net '
            'A=plain:root" for bob@example.org'
        ),
        Arrived,
        {
            "subject": 'a" for eve@example.net A=plain:root',
            "auth": "",
            "recipients": ("bob@example.org",),
        },
    ),
)
