"""Milters: signers and checkers of signatures, virus scanners, and whoever filters by rules.

Nearly all begin with the mail server's queue id (`QID: text`): opendkim, opendmarc, OpenARC and
others. Their lines are evidence of the message. ClamAV's milter names it in a sentence
(clamav-milter.conf(5), `LogInfected Full`), MIMEDefang in a record of its own.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Described, Noted
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import Read, Sample, home
from postroad.parsers.prefix import Prefix

#: Programs that begin their lines with the queue id.
SIGNERS = (
    "opendkim",
    "opendmarc",
    "openarc",
    "dkim-filter",
    "dk-filter",
    "sid-filter",
    "spfmilter",
    "milter-greylist",
    "dkimpy-milter",
    "spamass-milter",
)


def read(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read `QID: text`; `instance` is the mail server's, whose queue ids it names."""
    del memory
    found = _LEADING.match(head.text)
    if not found:
        return NOISE
    queue_id = found[1]
    return Noted(at=head.at, host=head.host, instance=home(queue_id, instance), queue_id=queue_id)


def clamav(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of ClamAV's milter: `Message QID from <S> to <R> ... infected by VIRUS`."""
    text = head.text
    found = _SCANNED.match(text)
    if not found:
        return read(head, instance, memory)
    queue_id = found[1]
    _, infected, virus = text.rpartition(" infected by ")
    return Described(
        at=head.at,
        host=head.host,
        instance=home(queue_id, instance),
        queue_id=queue_id,
        scanner="clamav",
        spam_verdict="infected" if infected else "clean",
        spam_rules=(virus,) if infected else (),
    )


def mimedefang(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read `MDLOG,QID,event,...` (mimedefang-filter(5), `md_syslog`), or `QID: text`."""
    if not head.text.startswith("MDLOG,"):
        return read(head, instance, memory)
    queue_id = head.text[6:].partition(",")[0]
    if not _ID.fullmatch(queue_id) or queue_id == "NOQUEUE":
        return NOISE
    return Noted(at=head.at, host=head.host, instance=home(queue_id, instance), queue_id=queue_id)


#: A queue id of Postfix, Exim or sendmail, with the colon behind it.
_LEADING = re.compile(
    r"([0-9A-F]{6,}|[0-9A-Za-z]{10,}z[0-9A-Za-y]+|[0-9A-Za-z]{6}-[0-9A-Za-z-]{9,16}"
    r"|[0-9A-Za-x]{8}\d{6,}): ",
    re.ASCII,
)
_ID = re.compile(r"[0-9A-Za-z-]{6,24}", re.ASCII)
_SCANNED = re.compile(r"(?:Message|Clean message) ([0-9A-Za-z-]{6,24}) from <", re.ASCII)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "opendkim",
        "4AA091855D: DKIM-Signature field added (s=mail, d=example.com)",
        Noted,
        {"instance": "postfix", "queue_id": "4AA091855D"},
    ),
    Sample(
        "opendmarc",
        "u1IJTVKD001591: sender.example fail",
        Noted,
        {"instance": "", "queue_id": "u1IJTVKD001591"},
    ),
    Sample(
        "clamav-milter",
        "Message 4AA091855D from <carol@sender.example> to <ann@example.com> with subject 'x "
        "infected by y' message-id '<m1@sender.example>' date '' infected by Eicar-Signature",
        Described,
        {"scanner": "clamav", "spam_rules": ("Eicar-Signature",), "spam_verdict": "infected"},
    ),
)
