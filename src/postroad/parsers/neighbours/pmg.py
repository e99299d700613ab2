"""Proxmox Mail Gateway: its filter between two Postfix (pmg-smtp-filter).

    FID: new mail message-id=<id>
    FID: SA score=5/5 time=1.2 bayes=undefined autolearn=no ... hits=RULE(1.2),RULE(0.3)
    FID: accept mail to <R> (QID) (rule: default-accept)
    FID: moved mail for <R> to spam quarantine - ID (rule: ...)
    FID: block mail to <R> (rule: ...)

FID is the filter's own name for the message; the first line says which message that is, and the
reader's memory keeps it. The rest is told by Message-ID, as SpamAssassin's own lines are, but for
the queue id that the accepted mail goes on under.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Attempted, Described, Noted
from postroad.model.status import Outcome
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.spamassassin import INSTANCE
from postroad.parsers.neighbours.words import ADDRESS, Read, Sample, bracketed, home, number
from postroad.parsers.prefix import Prefix

SCANNER = "pmg"


def read(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of the filter; `instance` is the mail server's, whose queue ids it names."""
    own, colon, text = head.text.partition(": ")
    if not colon or not _OWN_ID.fullmatch(own):
        return NOISE
    if found := _ACCEPTED.match(text):
        return Described(
            at=head.at,
            host=head.host,
            instance=home(found[2], instance),
            queue_id=found[2],
            scanner=SCANNER,
            spam_verdict=f"accept mail ({found[3]})",
        )
    key = f"pmg {head.host} {own}"
    if text.startswith("new mail message-id="):
        queue_id = bracketed(text[20:])
        memory.put(key, queue_id)
    else:
        queue_id = memory.get(key)
    return _told(head, own, queue_id, text) if queue_id else NOISE


def _told(head: Prefix, own: str, queue_id: str, text: str) -> Read:
    """Read a line about the message with this Message-ID, which the filter calls `own`."""
    if found := _SCORE.match(text):
        score, required, hits = found.groups("")
        points, limit = number(score), number(required)
        return Described(
            at=head.at,
            host=head.host,
            instance=INSTANCE,
            queue_id=queue_id,
            message_id=queue_id[1:-1],
            scanner=SCANNER,
            spam=None if points is None or limit is None else points >= limit,
            spam_score=points,
            spam_rules=tuple(hit.partition("(")[0] for hit in hits.split(",") if hit),
        )
    if found := _KEPT.match(text):
        return Attempted(
            at=head.at,
            host=head.host,
            instance=INSTANCE,
            queue_id=queue_id,
            outcome=Outcome.DISCARDED,
            address=found[2],
            message_id=queue_id[1:-1],
            # Postfix's line quotes it: "250 2.5.0 OK (FID)".
            session=own,
            transport="quarantine" if found[1] == "moved mail for" else SCANNER,
            reply=text,
            pid=head.pid,
        )
    return Noted(at=head.at, host=head.host, instance=INSTANCE, queue_id=queue_id)


_OWN_ID = re.compile(r"[0-9A-F]{12,24}", re.ASCII)
_ACCEPTED = re.compile(
    rf"accept mail to {ADDRESS} \(([0-9A-Za-z]{{6,}})\) \((rule: .*)\)$", re.ASCII
)
_SCORE = re.compile(r"SA score=(-?[\d.]+)/(-?[\d.]+) time=.*?(?: hits=(\S*))?$", re.ASCII)
_KEPT = re.compile(rf"(moved mail for|block mail to) {ADDRESS}", re.ASCII)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "pmg-smtp-filter",
        "20A9560092030F3374: new mail message-id=<p1@sender.example>",
        Noted,
        {"instance": "spamassassin", "queue_id": "<p1@sender.example>"},
    ),
    Sample(
        "pmg-smtp-filter",
        "20A9560092030F3374: accept mail to <ann@example.com> (5D1F2123AB) (rule: default-accept)",
        Described,
        {
            "instance": "postfix",
            "queue_id": "5D1F2123AB",
            "scanner": "pmg",
            "spam_verdict": "accept mail (rule: default-accept)",
        },
    ),
)
