"""Programs that write about mail beside the mail server: mailbox servers and content filters.

Comes in: the envelope of a line, of a log that they share with a mail server or of one of their
own. Goes out: an event, `NOISE`, or None.

Programs that know the mail server's queue id (amavis, MailScanner, milters) speak of its message:
their events bear that id, and `instance`, the mail server's. Those that do not (`ASIDES`: Dovecot,
spamd, rspamd where it was not told) bear their own name as instance and the Message-ID in angle
brackets, or the LMTP session's name, as queue id; to join them is the correlator's work.

A program is told by its syslog tag. `READERS` tells who reads its lines; another mail server's
lines are not understood here, and said not to be; of any other program they are noise.
"""

from __future__ import annotations

from functools import lru_cache

from postroad.model.event import NOISE
from postroad.parsers.neighbours import (
    amavis,
    dovecot,
    mailscanner,
    milters,
    pmg,
    rspamd,
    spamassassin,
)
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import ANY, ProgramReader, Read, Sample
from postroad.parsers.prefix import Prefix

__all__ = ["ANY", "MAIL_SERVERS", "READERS", "SAMPLES", "Memory", "known", "read"]

#: Mail servers: where one's reader does not know such a line, it is another's.
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

#: Which program's lines are read by which function.
READERS: dict[str, ProgramReader] = {
    **dict.fromkeys(("dovecot", "dovecot-lda", "deliver", "lda", "lmtp"), dovecot.read),
    **dict.fromkeys(("spamd", "spamd-child"), spamassassin.daemon),
    "spampd": spamassassin.proxy,
    **dict.fromkeys(("rspamd", "rspamd_proxy"), rspamd.read),
    **dict.fromkeys(("amavis", "amavisd", "amavisd-new", "amavisd.pl"), amavis.read),
    "MailScanner": mailscanner.read,
    "pmg-smtp-filter": pmg.read,
    "clamav-milter": milters.clamav,
    **dict.fromkeys(("mimedefang", "mimedefang.pl"), milters.mimedefang),
    **dict.fromkeys(milters.SIGNERS, milters.read),
}

#: Lines that must be understood, and how.
SAMPLES: tuple[Sample, ...] = (
    *dovecot.SAMPLES,
    *spamassassin.SAMPLES,
    *rspamd.SAMPLES,
    *amavis.SAMPLES,
    *mailscanner.SAMPLES,
    *pmg.SAMPLES,
    *milters.SAMPLES,
)


def read(head: Prefix, instance: str, memory: Memory | None = None) -> Read:
    """Read a line of a program beside the mail server, whose queue ids are `instance`'s (or `ANY`).

    `memory` is that of the log, for programs that say in two lines what belongs together.
    """
    tag = head.tag
    if not tag:
        return NOISE if head.repeated or head.text.startswith("-- MARK --") else None
    reader = known(tag)
    if reader:
        return reader(head, instance, memory or Memory())
    return None if tag in MAIL_SERVERS else NOISE


@lru_cache(maxsize=1024)
def known(tag: str) -> ProgramReader | None:
    """Who reads the lines of this tag: `amavis`, `/usr/sbin/amavisd-new`, `deliver(ann)`."""
    if reader := READERS.get(tag):
        return reader
    if tag.startswith("/") and (reader := READERS.get(tag.rpartition("/")[2])):
        return reader
    if tag.startswith(("deliver(", "lda(", "lmtp(", "dovecot-lda(")):
        return dovecot.read
    return milters.read if "milter" in tag else None
