"""Postfix's queue: qmgr(8), the notifications of bounce(8), and what postsuper(1) did to it.

`from=<S>, size=N, nrcpt=N (queue active)` comes again with every retry. `removed` by qmgr is the
end of a life; by postsuper it is an operator's deed.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Described, Ended, EndKind, Linked, LinkKind, Noted
from postroad.parsers.postfix import session
from postroad.parsers.postfix.ids import QUEUE_ID
from postroad.parsers.postfix.line import Origin, Read, Sample
from postroad.parsers.prefix import Prefix


def manager(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read a line of qmgr(8), oqmgr(8) or nqmgr(8)."""
    if not queue_id:
        return session.remark(text)
    if text == "removed":
        return Ended(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            kind=EndKind.COMPLETED,
        )
    if text.startswith("from=<"):
        return _active(head, origin, queue_id, text)
    if text.startswith(_MANAGER_REMARKS):
        return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
    return None


def _active(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read `from=<S>, size=N, nrcpt=N (queue active)` or `from=<S>, status=expired, ...`.

    The sender's address is the only part that others write, so the rest is looked for behind it.
    """
    sender, found, rest = text.rpartition(">, size=")
    if found:
        size, _, count = rest.partition(", nrcpt=")
        count = count.partition(" ")[0]
        if not (_is_number(size) and _is_number(count)):
            return None
        return Described(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            sender=sender[6:],
            has_sender=True,
            size=int(size),
            nrcpt=int(count),
        )
    sender, found, rest = text.rpartition(">, status=")
    if found and rest.startswith(("expired", "force-expired")):
        return Ended(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            kind=EndKind.EXPIRED,
            by=rest,
        )
    return None


def bounce(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read which notification was sent about which message."""
    if not queue_id:
        return session.remark(text)
    if found := _NOTIFICATION.fullmatch(text):
        return Linked(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            kind=_NOTIFICATIONS[found[1]],
            other=found[2],
        )
    if text.startswith(_BOUNCE_REMARKS):
        return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
    return None


def operator(head: Prefix, origin: Origin, queue_id: str, text: str) -> Read:
    """Read a line of postsuper(1)."""
    if not queue_id:
        return session.background(head, origin, queue_id, text)
    if text == "removed":
        return Ended(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            kind=EndKind.REMOVED,
            by="postsuper",
        )
    if waiting := _WAITING.get(text):
        return Described(
            at=head.at,
            host=head.host,
            instance=origin.instance,
            queue_id=queue_id,
            waiting=waiting,
        )
    if text.startswith(("expired", "released and expired")):
        return Noted(at=head.at, host=head.host, instance=origin.instance, queue_id=queue_id)
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


#: More digits than any size or count has.
_LONGEST_NUMBER = 18
_NOTIFICATIONS = {
    "sender non-delivery": LinkKind.BOUNCED_AS,
    "postmaster non-delivery": LinkKind.POSTMASTER_NOTIFIED_AS,
    "postmaster delay": LinkKind.POSTMASTER_NOTIFIED_AS,
    "sender delay": LinkKind.DELAY_NOTIFIED_AS,
    "sender delivery status": LinkKind.DSN_SENT_AS,
}
_NOTIFICATION = re.compile(
    rf"({'|'.join(_NOTIFICATIONS)}) notification: ({QUEUE_ID.pattern})", re.ASCII
)
#: What a message waits for after an operator's command.
_WAITING = {
    "placed on hold": "on hold",
    "released from hold": "-",
    "requeued": "requeued",
}
_MANAGER_REMARKS = ("skipped, still being delivered", "completed unprivileged", "removing ")
_BOUNCE_REMARKS = ("no trace file", "undeliverable postmaster notification", "status=")

#: Lines this module must understand.
SAMPLES = (
    Sample(
        "qmgr",
        "08ACF1541B01: from=<s@ex.test>, size=829, nrcpt=1 (queue active)",
        Described,
        {
            "queue_id": "08ACF1541B01",
            "sender": "s@ex.test",
            "has_sender": True,
            "size": 829,
            "nrcpt": 1,
        },
    ),
    Sample(
        "qmgr",
        '08ACF1541B01: from=<"a>, size=1, nrcpt=9 (x"@ex.test>, size=829, nrcpt=2 (queue active)',
        Described,
        {"sender": '"a>, size=1, nrcpt=9 (x"@ex.test', "size": 829, "nrcpt": 2},
    ),
    Sample("qmgr", "08ACF1541B01: removed", Ended, {"kind": EndKind.COMPLETED}),
    Sample(
        "qmgr",
        "08ACF1541B01: from=<>, status=force-expired, returned to sender",
        Ended,
        {"kind": EndKind.EXPIRED, "by": "force-expired, returned to sender"},
    ),
    Sample("qmgr", "08ACF1541B01: skipped, still being delivered", Noted, {}),
    Sample(
        "bounce",
        "08ACF1541B01: sender non-delivery notification: A7E673C067",
        Linked,
        {"kind": LinkKind.BOUNCED_AS, "other": "A7E673C067"},
    ),
    Sample(
        "bounce",
        "08ACF1541B01: sender delay notification: A7E673C067",
        Linked,
        {"kind": LinkKind.DELAY_NOTIFIED_AS},
    ),
    Sample(
        "bounce",
        "08ACF1541B01: sender delivery status notification: A7E673C067",
        Linked,
        {"kind": LinkKind.DSN_SENT_AS},
    ),
    Sample(
        "bounce",
        "08ACF1541B01: postmaster non-delivery notification: 4PbC4z6W5Qz3tG3",
        Linked,
        {"kind": LinkKind.POSTMASTER_NOTIFIED_AS, "other": "4PbC4z6W5Qz3tG3"},
    ),
    Sample("bounce", "08ACF1541B01: no trace file -- not sending a notification", Noted, {}),
    Sample("postsuper", "08ACF1541B01: removed", Ended, {"kind": EndKind.REMOVED}),
    Sample("postsuper", "08ACF1541B01: placed on hold", Described, {"waiting": "on hold"}),
    Sample("postsuper", "08ACF1541B01: released from hold", Described, {"waiting": "-"}),
    Sample("postsuper", "08ACF1541B01: requeued", Described, {"waiting": "requeued"}),
    Sample("postsuper", "Deleted: 115 messages", type(NOISE), {}),
)
