"""SpamAssassin: spamd, and the proxy spampd.

spamd (spamd.raw) writes three lines of a message, all from one process that does nothing else in
between:

    spamd: processing message <id> for USER:UID
    spamd: clean message (0.9/3.0) for USER:UID in 2.7 seconds, 3164 bytes.
    spamd: result: . 0 - RULE,RULE scantime=2.7,...,mid=<id>,...,autolearn=no

The second tells the score with its decimals and not whose it is; the process joins them. Where the
first is missing the third tells, without decimals. In `mid=` blanks, commas and control characters
stand as `_`. spampd writes it all in one line (spampd, `process_request`).

Before 3.0 there was no Message-ID; such lines are noise.
"""

from __future__ import annotations

import re

from postroad.model.event import NOISE, Described, Noted
from postroad.parsers.neighbours.memory import Memory
from postroad.parsers.neighbours.words import ADDRESS, Read, Sample, bracketed, number
from postroad.parsers.prefix import Prefix

INSTANCE = "spamassassin"


def daemon(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of spamd."""
    del instance
    text = head.text.removeprefix("spamd: ")
    key = f"spamd {head.host} {head.pid}"
    if text.startswith(("processing message ", "checking message ")):
        return _begun(head, text, memory, key)
    if text.startswith(("clean message (", "identified spam (")):
        return _scored(head, text, memory, key)
    if text.startswith("result: "):
        return _result(head, text, memory, key)
    return NOISE


def proxy(head: Prefix, instance: str, memory: Memory) -> Read:
    """Read a line of spampd: `identified spam <id> (12.3/5.0) from <S> for <R> in 1s, ...`."""
    del instance, memory
    found = _PROXIED.match(head.text)
    queue_id = bracketed(found[2]) if found else ""
    if not found or not queue_id:
        return NOISE
    return _described(head, queue_id, found[1], number(found[3]))


def _begun(head: Prefix, text: str, memory: Memory, key: str) -> Read:
    """`processing message <id>[ aka <resent id>] for USER:UID`."""
    written = text[text.index(" message ") + 9 :].rpartition(" for ")[0]
    aka = written.find("> aka <")
    queue_id = bracketed(_safe(written[: aka + 1] if aka >= 0 else written))
    if not queue_id:
        memory.forget(key)
        return NOISE
    memory.put(key, queue_id)
    return Noted(at=head.at, host=head.host, instance=INSTANCE, queue_id=queue_id)


def _scored(head: Prefix, text: str, memory: Memory, key: str) -> Read:
    """`clean message (S/T) for USER:UID in X seconds, N bytes.`"""
    found = _SCORED.match(text)
    if not found:
        return NOISE
    score = found[1]
    queue_id = memory.get(key).partition(" ")[0]
    memory.put(key, f"{queue_id} {score}")
    if not queue_id:
        return NOISE
    verdict = _SPAM if text.startswith(_SPAM) else _HAM
    return _described(head, queue_id, verdict, number(score))


def _result(head: Prefix, text: str, memory: Memory, key: str) -> Read:
    """`result: Y SCORE - RULES scantime=,size=,user=,uid=,...,mid=<id>,...`."""
    queue_id, _, score = memory.forget(key).partition(" ")
    found = _RESULT.match(text)
    if not found:
        return NOISE
    said, truncated, rules, fields = found.groups()
    named = _MID.search(fields)
    told = bracketed(named[1]) if named else ""
    if not told:
        # The process was told an id that spamd could not write down here.
        return NOISE
    return _described(
        head,
        told,
        _SPAM if said == "Y" else _HAM,
        number(score if queue_id in {"", told} and score else truncated),
        tuple(rule for rule in rules.split(",") if rule),
    )


def _described(
    head: Prefix,
    queue_id: str,
    verdict: str,
    score: float | None,
    rules: tuple[str, ...] = (),
) -> Described:
    return Described(
        at=head.at,
        host=head.host,
        instance=INSTANCE,
        queue_id=queue_id,
        message_id=queue_id[1:-1],
        scanner=INSTANCE,
        spam=verdict == _SPAM,
        spam_score=score,
        spam_verdict=verdict,
        spam_rules=rules,
    )


def _safe(message_id: str) -> str:
    """Write a Message-ID as the `result:` line does."""
    return _UNSAFE.sub("_", message_id)


_SPAM = "identified spam"
_HAM = "clean message"
_UNSAFE = re.compile(r"[\x00-\x20\s,]")
_SCORED = re.compile(r"[a-z ]+ \((-?[\d.]+)/-?[\d.]+\) for ", re.ASCII)
_RESULT = re.compile(r"result: ([Y.]) +(-?[\d.]+) - (\S*) (scantime=.*)", re.ASCII | re.DOTALL)
_MID = re.compile(
    r"scantime=[^,]*,size=[^,]*,(?:user=.*?,uid=\d+,required_score=[^,]*,rhost=[^,]*,raddr=[^,]*,"
    r"rport=[^,]*,)?mid=([^,]*)(?:,|$)",
    re.ASCII,
)
_PROXIED = re.compile(
    rf"(clean message|identified spam) (\S+) \((-?[\d.]+)/-?[\d.]+\) from {ADDRESS} for ", re.ASCII
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "spamd",
        "spamd: result: Y 12 - BAYES_99,HTML_MESSAGE scantime=2.4,size=3235,user=vmail,uid=5000,"
        "required_score=5.0,rhost=::1,raddr=::1,rport=33770,mid=<s1@sender.example>,bayes=0.99,"
        "autolearn=no autolearn_force=no",
        Described,
        {
            "instance": "spamassassin",
            "queue_id": "<s1@sender.example>",
            "scanner": "spamassassin",
            "spam": True,
            "spam_score": 12.0,
            "spam_rules": ("BAYES_99", "HTML_MESSAGE"),
        },
    ),
    Sample(
        "spampd",
        "clean message <s2@sender.example> (-1.90/5.00) from <carol@sender.example> for "
        "<ann@example.com> in 0.5s, 2210 bytes.",
        Described,
        {"queue_id": "<s2@sender.example>", "spam": False, "spam_score": -1.9},
    ),
)
