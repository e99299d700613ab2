"""Postfix's cleanup(8): message ids, and what header and body rules and milters did.

A rule writes (cleanup_message.c `cleanup_act_log`)
`ACTION: CLASS CONTENT from ORIGIN; from=<S> to=<R> proto=P helo=<H>[: TEXT]`. `header_checks` with
the action INFO or WARN on `/^Subject:/` is the one way by which Postfix logs subjects.

CONTENT, at most 200 characters, is the sender's, and TEXT may be anything: where more than one
reading fits, only CONTENT is believed.
"""

from __future__ import annotations

import re
from itertools import islice

from postroad.model.event import NOISE, Described, Ended, EndKind, Noted, Rejected
from postroad.parsers.postfix import policy, session
from postroad.parsers.postfix.line import ADDRESS, Origin, Read, Sample, codes, peer
from postroad.parsers.prefix import Prefix
from postroad.parsers.subject import decode

#: The offer and the rule's text, the client, and whether the mail was submitted on this host.
_Reading = tuple[policy.Offer, tuple[str, str], bool]


def cleanup(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read a line that names a message id, a rule or a milter."""
    if not queue_id:
        return session.remark(text)
    if text.startswith("message-id="):
        return Described(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            message_id=_message_id(text[11:]),
        )
    if found := _RULE.match(text):
        return _rule(head, origin, queue_id, found, text[found.end() :])
    if text.startswith(_REMOVED):
        discarded = text.startswith("removed (discarded")
        return Ended(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            kind=EndKind.DISCARDED if discarded else EndKind.CANCELLED,
            by=text,
        )
    if text.startswith("resent-message-id="):
        return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
    return policy.verdict(head, origin, queue_id, text)


def warned(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read `warning: QUEUE_ID: text`: some of these mean that the mail was not taken."""
    too_big = text.startswith("queue file size limit exceeded")
    if too_big or text.endswith("message not accepted, try again later"):
        return Rejected(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            command="END-OF-MESSAGE",
            temporary=not too_big,
            reply=text,
        )
    return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)


def _rule(head: Prefix, origin: Origin, queue_id: str, found: re.Match[str], text: str) -> Read:
    """Read what stands behind `ACTION: CLASS `, which is `found`."""
    action = found[1].removeprefix("milter-header-").removeprefix("milter-")
    kind = found[2]
    content, readings = _readings(text)
    said, client, is_local = readings[0] if len(readings) == 1 else _UNSURE
    if action not in _REFUSALS:
        return Described(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            sender=said.sender,
            has_sender=said.has_sender,
            subject=_subject(kind, content),
            # A redirected message goes to none of those it was addressed to.
            recipient="" if action == "redirect" else said.recipient,
            client_host=client[0],
            client_ip=client[1],
            helo=said.helo,
            protocol=said.protocol,
            waiting="on hold" if action == "hold" else "",
        )
    if is_local and action == "reject":
        # What is submitted on this host is not refused: it is taken, and then bounced.
        return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
    code, enhanced = codes(said.text)
    return Rejected(
        at=head.at,
        host=head.host,
        instance=origin.instance,
        queue_id=queue_id,
        command="END-OF-MESSAGE",
        temporary=code // 100 == _LATER if code else enhanced.startswith("4"),
        discarded=action == "discard",
        sender=said.sender,
        has_sender=said.has_sender,
        recipient=said.recipient,
        smtp_code=code,
        enhanced_code=enhanced,
        reply=said.text or f"{kind} {content}",
        client_host=client[0],
        client_ip=client[1],
        helo=said.helo,
        protocol=said.protocol,
        pid=head.pid,
    )


def _readings(text: str) -> tuple[str, list[_Reading]]:
    """Take `CONTENT from ORIGIN; from=<S> ...` apart in all ways that reach the end of the line."""
    origins = list(islice(_ORIGIN.finditer(text), _MOST_READINGS))
    content = text[: origins[-1].start()] if origins else text
    if len(origins) == _MOST_READINGS:
        return content, []
    readings = []
    for origin in origins:
        if found := _FIELDS.match(text, origin.end()):
            content = text[: origin.start()]
            readings.append(_reading(origin, found))
    return content, readings


def _reading(origin: re.Match[str], found: re.Match[str]) -> _Reading:
    host, ip = origin.groups()
    sender, recipient, protocol, helo, rule = found.groups()
    said = policy.Offer(
        text=rule or "",
        sender=sender or "",
        has_sender=sender is not None,
        recipient=recipient or "",
        protocol=protocol or "",
        helo=helo or "",
    )
    return said, peer(host or "", ip or ""), origin[0] == " from local;"


def _subject(kind: str, content: str) -> str:
    if kind != "header" or content[:8].lower() != "subject:":
        return ""
    return decode(content[8:].strip())


def _message_id(value: str) -> str:
    """Take the brackets off; what has none is kept as it is."""
    value = value.strip()
    if value[:1] == "<" and value[-1:] == ">":
        return value[1:-1]
    return value


_LATER = 4
_UNSURE = (policy.Offer(text=""), ("", ""), False)
_MOST_READINGS = 16
_REFUSALS = frozenset({"reject", "discard"})
_REMOVED = ("removed (canceled)", "removed (cancelled)", "removed (discarded)")
_RULE = re.compile(
    r"([a-z][a-z-]*): ((?:mime[ -]|nested[ -])?header|body|mime-error) ",
    re.ASCII,
)
_ORIGIN = re.compile(r" from (?:([^\s\[]*)\[([^\s\]]*)\](?::\d+)?|local|unknown);", re.ASCII)
_FIELDS = re.compile(
    rf"(?: from={ADDRESS})?(?: to={ADDRESS})?(?: proto=(\S*?))?(?: helo=<([^>]*)>)?"
    r"(?:: (.*))?$",
    re.DOTALL,
)

#: Lines this module must understand.
SAMPLES = (
    Sample(
        "cleanup",
        "08ACF1541B01: message-id=<1@ex.test>",
        Described,
        {"message_id": "1@ex.test", "queue_id": "08ACF1541B01"},
    ),
    Sample("cleanup", "08ACF1541B01: message-id=<>", Described, {"message_id": ""}),
    Sample("cleanup", "08ACF1541B01: message-id=a b@c", Described, {"message_id": "a b@c"}),
    Sample("cleanup", "08ACF1541B01: resent-message-id=<2@ex.test>", Noted, {}),
    Sample(
        "cleanup",
        "08ACF1541B01: warning: header Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=?"
        " =?utf-8?Q?_aus_?= Bonn from mx.ex.test[192.0.2.7]; from=<s@ex.test> to=<b@a.test> "
        "proto=ESMTP helo=<mx.ex.test>",
        Described,
        {
            "subject": "Gr\u00fc\u00dfe aus  Bonn",
            "sender": "s@ex.test",
            "recipient": "b@a.test",
            "client_ip": "192.0.2.7",
            "helo": "mx.ex.test",
            "protocol": "ESMTP",
        },
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: info: header Subject: from me from local; from=<s@ex.test> to=<b@a.test>",
        Described,
        {"subject": "from me", "sender": "s@ex.test", "recipient": "b@a.test", "client_ip": ""},
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: info: header Subject: x from y[192.0.2.9]; from=<v@a.test> to=<w@a.test> "
        "proto=SMTP helo=<y>: z from mx.ex.test[192.0.2.7]; from=<s@ex.test> to=<b@a.test> "
        "proto=ESMTP helo=<mx.ex.test>",
        Described,
        {"recipient": "", "sender": "", "client_ip": ""},
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: reject: header X-Mailer: Bulk from mx.ex.test[192.0.2.7]; from=<s@ex.test> "
        "to=<b@a.test> proto=ESMTP helo=<mx.ex.test>: 5.7.1 not this software",
        Rejected,
        {
            "reply": "5.7.1 not this software",
            "enhanced_code": "5.7.1",
            "recipient": "b@a.test",
            "command": "END-OF-MESSAGE",
            "temporary": False,
        },
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: milter-header-redirect: header X-Spam: Yes from mx.ex.test[192.0.2.7]; "
        "from=<s@ex.test> to=<b@a.test> proto=ESMTP helo=<x>: spam@a.test",
        Described,
        {"recipient": "", "sender": "s@ex.test"},
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: hold: header X-Check: Yes from mx.ex.test[192.0.2.7]; from=<s@ex.test> "
        "to=<b@a.test> proto=ESMTP helo=<x>",
        Described,
        {"waiting": "on hold", "recipient": "b@a.test"},
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: reject: body buy this from local; from=<s@ex.test> to=<b@a.test>: 5.7.1 no",
        Noted,
        {},
    ),
    Sample(
        "cleanup",
        "08ACF1541B01: removed (discarded)",
        Ended,
        {"kind": EndKind.DISCARDED},
    ),
    Sample(
        "cleanup",
        "warning: 08ACF1541B01: sender_canonical_maps map lookup problem for s@ex.test -- message "
        "not accepted, try again later",
        Rejected,
        {"queue_id": "08ACF1541B01", "temporary": True},
    ),
    Sample("cleanup", "table hash:/etc/aliases(0,lock|fold_fix) has changed", type(NOISE), {}),
)
