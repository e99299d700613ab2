"""Postfix's ways in: smtpd(8) and qmqpd(8), pickup(8) for mail submitted on this host.

A queue id's life begins here: `client=HOST[IP][, sasl_method=M][, sasl_username=U][, sasl_sender=S]
[, orig_queue_id=Q][, orig_client=HOST[IP]]` (smtpd.c) or `uid=N from=<S>[ orig_id=Q]` (pickup.c).
`orig_...` is what a content filter passed on with XFORWARD, or the id before a requeue.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Arrived, Ended, EndKind, Noted
from postroad.parsers.postfix import policy, session
from postroad.parsers.postfix.ids import QUEUE_ID
from postroad.parsers.postfix.line import NOQUEUE, Origin, Read, Sample, peer
from postroad.parsers.prefix import Prefix


def server(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read a line of smtpd(8) or qmqpd(8)."""
    if not queue_id:
        known = session.incoming(head, origin, text)
        return known or (policy.proxied(head, origin, text) if text[:6] == "proxy-" else None)
    if text.startswith("client="):
        # Without a queue file the filter before the queue will make one, and tell its id.
        return _client(head, origin, queue_id, text) if queue_id != NOQUEUE else NOISE
    found = _BROKEN.match(text)
    if not found:
        return policy.verdict(head, origin, queue_id, text)
    if queue_id == NOQUEUE:
        return NOISE
    if found[1] == "END-OF-MESSAGE":
        return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
    return Ended(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id=queue_id,
        kind=EndKind.ABANDONED,
        by=text,
    )


def pickup(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read `uid=N from=<S>[ orig_id=Q]`."""
    found = _PICKUP.match(text)
    if not found or not queue_id or queue_id == NOQUEUE:
        return session.remark(text) if not queue_id else None
    uid, sender, before = found.groups()
    # After a requeue the queue file's owner is Postfix itself, not who submitted it.
    user = "" if before else f"uid:{uid}"
    return Arrived(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id=queue_id,
        sender=sender,
        has_sender=True,
        user=user,
        user_proven=user != "",
        continues=before or "",
        pid=head.pid,
    )


def _client(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    found = _CLIENT.match(text)
    if not found:
        return None
    host, ip, method, user, before, first_host, first_ip = found.groups()
    if first_ip is not None:
        host, ip = first_host, first_ip
    host, ip = peer(host, ip)
    return Arrived(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id=queue_id,
        client_host=host,
        client_ip=ip,
        auth=method or "",
        user=user or "",
        user_proven=bool(user),
        continues=before if before and QUEUE_ID.fullmatch(before) else "",
        pid=head.pid,
    )


_CLIENT = re.compile(
    r"client=([^\s\[]*)\[([^\s\]]*)\](?::(?:\d+|unknown))?"
    r"(?:, sasl_method=([^,]*))?"
    r"(?:, sasl_username=(.*?))?"
    r"(?:, sasl_sender=.*?)?"
    r"(?:, orig_queue_id=([^,]*))?"
    r"(?:, orig_client=([^\s\[]*)\[([^\s\]]*)\](?::\d+)?)?$",
    re.DOTALL,
)
_PICKUP = re.compile(r"uid=(\d+) from=<(.*)>(?: orig_id=(\w+))?$", re.DOTALL | re.ASCII)
_BROKEN = re.compile(r"(?:lost connection|timeout) after ([A-Z-]+)", re.ASCII)

#: Lines this module must understand.
SAMPLES = (
    Sample(
        "smtpd",
        "08ACF1541B01: client=mx.ex.test[192.0.2.7]",
        Arrived,
        {
            "queue_id": "08ACF1541B01",
            "client_host": "mx.ex.test",
            "client_ip": "192.0.2.7",
            "user_proven": False,
        },
    ),
    Sample(
        "submission/smtpd",
        "4PbC4z6W5Qz3tG3: client=unknown[2001:db8::5]:50100, sasl_method=PLAIN, "
        "sasl_username=anna@ex.test, sasl_sender=x@a.test",
        Arrived,
        {
            "client_host": "",
            "client_ip": "2001:db8::5",
            "auth": "PLAIN",
            "user": "anna@ex.test",
            "user_proven": True,
        },
    ),
    Sample(
        "amavis/smtpd",
        "ED01244770: client=localhost[127.0.0.1], orig_queue_id=4F5C64474F, "
        "orig_client=mx.ex.test[192.0.2.7]",
        Arrived,
        {"continues": "4F5C64474F", "client_host": "mx.ex.test", "client_ip": "192.0.2.7"},
    ),
    Sample("smtpd", "NOQUEUE: client=mx.ex.test[192.0.2.7]", type(NOISE), {}),
    Sample(
        "smtpd",
        "08ACF1541B01: lost connection after DATA (512 bytes) from mx.ex.test[192.0.2.7]",
        Ended,
        {"kind": EndKind.ABANDONED},
    ),
    Sample("qmqpd", "08ACF1541B01: client=mx.ex.test[192.0.2.7]", Arrived, {}),
    Sample(
        "pickup",
        "08ACF1541B01: uid=1000 from=<anna>",
        Arrived,
        {"sender": "anna", "has_sender": True, "user": "uid:1000", "user_proven": True},
    ),
    Sample(
        "pickup",
        "94D3C762A0C: uid=105 from=<s@ex.test> orig_id=A89EB7629C3",
        Arrived,
        {"continues": "A89EB7629C3", "user": "", "user_proven": False},
    ),
)
