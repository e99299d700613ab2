"""MailScanner: its verdict on a message (Message.pm), and the queue ids before and after it.

    Message QID from IP (SENDER) to DOMAIN is [not ]spam[, LIST][, SpamAssassin (score=...)]
    Requeue: QID to QID
    Spam Actions: message QID actions are store,deliver

With Postfix, MailScanner takes a message that was put on hold out of the queue and puts another
in; what it calls the message is the queue id, a dot and five digits of its own (Postfix.pm).
"""

from __future__ import annotations

import re

from postroad.model.event import (
    NOISE,
    Described,
    Ended,
    EndKind,
    Linked,
    LinkKind,
    Noted,
)
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import Read, Sample, home, number
from postroad.parsers.prefix import Prefix


def read(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of MailScanner; `instance` is the mail server's, whose queue ids it names."""
    del memory
    text = head.text
    if text.startswith("Message "):
        return _judged(head, instance, text)
    if text.startswith("Requeue: "):
        return _requeued(head, instance, text)
    if found := _ACTIONS.match(text):
        return _acted(head, instance, found)
    return NOISE


def _judged(head: Prefix, instance: str, text: str) -> Read:
    found = _MESSAGE.match(text)
    if not found:
        return NOISE
    queue_id = found[1]
    instance = home(queue_id, instance)
    verdict = _verdict(text, found.end())
    if verdict < 0:
        return Noted(at=head.at, host=head.host, instance=instance, queue_id=queue_id)
    words = text[verdict:]
    score = _SCORE.search(words)
    return Described(
        at=head.at,
        host=head.host,
        instance=instance,
        queue_id=queue_id,
        scanner="mailscanner",
        spam=words.startswith("spam"),
        spam_score=number(score[1]) if score else None,
        spam_verdict=words.partition(", SpamAssassin")[0],
        spam_rules=tuple(_RULE.findall(words, score.end())) if score else (),
    )


def _verdict(text: str, start: int) -> int:
    """Find what stands behind ` to DOMAIN is `, -1 if nothing: the sender may hold words, too."""
    last = -1
    for found in _IS.finditer(text, start):
        last = found.end()
    return last


def _requeued(head: Prefix, instance: str, text: str) -> Read:
    found = _REQUEUED.match(text)
    if not found:
        return NOISE
    return Linked(
        at=head.at,
        host=head.host,
        instance=home(found[1], instance),
        queue_id=found[1],
        kind=LinkKind.REQUEUED_AS,
        other=found[2],
    )


def _acted(head: Prefix, instance: str, found: re.Match[str]) -> Read:
    queue_id, actions = found.groups()
    instance = home(queue_id, instance)
    if _GOES_ON.isdisjoint(actions.replace(" ", "").split(",")):
        return Ended(
            at=head.at,
            host=head.host,
            instance=instance,
            queue_id=queue_id,
            kind=EndKind.DISCARDED,
            by=f"MailScanner: {head.text}",
        )
    return Noted(at=head.at, host=head.host, instance=instance, queue_id=queue_id)


#: Actions after which the recipients, or others in their place, still get something.
_GOES_ON = frozenset({"deliver", "forward", "attachment", "striphtml", "convert", "bounce"})
_ID = r"([0-9A-Za-z]{6,}(?:-[0-9A-Za-z]+)*)(?:\.[0-9A-F]{5})?"
_MESSAGE = re.compile(rf"Message {_ID} from (?=\S)", re.ASCII)
_IS = re.compile(r" is (?=(?:not )?spam\b|too big for spam checks)", re.ASCII)
_SCORE = re.compile(
    r"SpamAssassin \((?:[\w ]+, )*score=(-?[\d.]+)(?:, required -?[\d.]+)?", re.ASCII
)
_RULE = re.compile(r", ([A-Z][A-Z0-9_]+) -?[\d.]+", re.ASCII)
_REQUEUED = re.compile(rf"Requeue: {_ID} to {_ID}$", re.ASCII)
_ACTIONS = re.compile(
    rf"(?:Non-Spam|Spam|High Scoring Spam|High Spam) Actions: message {_ID} actions are (.*)",
    re.ASCII,
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "MailScanner",
        "Message 4BA2876290.A1B2C from 192.0.2.25 (carol@sender.example) to example.com is spam, "
        "SpamAssassin (not cached, score=25.5, required 4, BAYES_99 5.0, DKIM_VALID -0.21)",
        Described,
        {
            "instance": "postfix",
            "queue_id": "4BA2876290",
            "scanner": "mailscanner",
            "spam": True,
            "spam_score": 25.5,
            "spam_verdict": "spam",
            "spam_rules": ("BAYES_99", "DKIM_VALID"),
        },
    ),
    Sample(
        "MailScanner",
        "Message 1kX2aB-0003Ab-Cd from 192.0.2.25 (carol@sender.example) to example.com is not "
        "spam (whitelisted)",
        Described,
        {"instance": "", "spam": False, "spam_verdict": "not spam (whitelisted)"},
    ),
    Sample(
        "MailScanner",
        "Requeue: 4BA2876290.A1B2C to 5CA2876291",
        Linked,
        {"queue_id": "4BA2876290", "other": "5CA2876291", "kind": LinkKind.REQUEUED_AS},
    ),
    Sample(
        "MailScanner",
        "Spam Actions: message 4BA2876290.A1B2C actions are store",
        Ended,
        {"queue_id": "4BA2876290", "kind": EndKind.DISCARDED},
    ),
)
