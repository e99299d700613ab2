"""Programs that write to the same log as Postfix.

Milters name the queue id, so their lines are evidence of a message. Programs that have nothing to
do with mail, and content filters and mailbox servers (whose own lines are not read yet), are noise.
Another mail server's lines are not understood here, and said not to be.
"""

from __future__ import annotations

from postroad.model.event import NOISE, Noted
from postroad.parsers.postfix.ids import LEADING
from postroad.parsers.postfix.line import NOQUEUE, Read
from postroad.parsers.prefix import Prefix

#: Other mail servers.
MAIL_SERVERS = frozenset(
    {
        "exim",
        "exim4",
        "sendmail",
        "sm-mta",
        "sm-msp-queue",
        "smtpd",
        "opensmtpd",
        "qmail",
        "qmail-send",
        "courierd",
        "courieresmtp",
        "courierlocal",
    }
)
_MILTERS = frozenset(
    {"opendkim", "opendmarc", "openarc", "dkim-filter", "dk-filter", "sid-filter", "spfmilter"}
)


def read(head: Prefix, instance: str) -> Read:
    """Read a line of a program that is no part of Postfix; its queue ids are `instance`'s."""
    tag = head.tag
    if not tag:
        return NOISE if head.repeated or head.text.startswith("-- MARK --") else None
    if tag in MAIL_SERVERS:
        return None
    if tag in _MILTERS or "milter" in tag:
        found = LEADING.match(head.text)
        if found and found[1] != NOQUEUE:
            return Noted(at=head.at, host=head.host, instance=instance, queue_id=found[1])
    return NOISE
