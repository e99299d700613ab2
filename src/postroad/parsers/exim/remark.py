"""Exim: lines that have a message id and none of the flags.

Comes in: the text behind the id. Goes out: an event, or None if it begins as if it decided the
message's fate without being written as Exim writes that.

Most of these lines change nothing: a host that could not be reached, a signature verified, `error
ignored` behind the failure itself, and whatever the configuration writes beside a message
(`logwrite` in ACLs and filters, events, embedded Perl, `local_scan`). They are evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from postroad.model.event import (
    Attempted,
    Described,
    Ended,
    EndKind,
    Event,
    Noise,
    Noted,
    Rejected,
)
from postroad.model.status import Outcome
from postroad.parsers.exim import refusal
from postroad.parsers.exim.fields import ANGLE, CLIENT, MINOR, Head

_KEYS = re.compile(r" ([UDS])=(\S*)")
_MARKED = re.compile(rf"address {ANGLE} marked delivered by (.*)")
_ADDED = re.compile(rf"recipient {ANGLE} added by ")
_CHANGED = re.compile(rf"sender address changed to {ANGLE} by ")
_SA_EXIM = re.compile(
    r"SA: Action: (.*?): score=(-?\d{1,9}(?:\.\d{1,9})?|\?) .*\)\. "
    rf"From {ANGLE} \(host=(.*?) \[(.*?)\]\) for (.*)$"
)
_LOST = re.compile(rf"SMTP connection lost after final dot(?: H={CLIENT})?{MINOR}")
#: Exim up to 4.84: a host that was tried, without `H=`.
_TRIED = re.compile(r"([^ :=]+) \[([0-9A-Fa-f.:]+)\](?::\d+)?(?::)? [^ ]")
#: How Exim begins a line that decides a message's fate: with a flag, or with one of these words.
#: Nothing that begins so is taken for granted if it is not written as it should be.
_FATE = re.compile(
    r"[<>=*(-][<>=*-](?: |$)"
    r"|(?:completed|rejected|discarded|blackholed|frozen|unfrozen|cancell?ed|removed|abandoned"
    r"|bounced|deferred|failed(?! to )|delivered|rescinded|returned|dropped|refused|expired"
    r"|quarantined)\b",
    re.IGNORECASE,
)
_FROM_OUTSIDE = ("H=", "U=", "F=", "DS ", "X=", "Ci=", "I=")
_VERDICTS = ("rejected ", "temporarily rejected ", "too many recipients: ", "unqualified ")


def read(head: Head, text: str) -> Event | None:
    """Read the text behind a message id."""
    first = text.partition(" ")[0]
    if reader := _READERS.get(first):
        if event := reader(head, text):
            return event
    elif text.startswith(_FROM_OUTSIDE):
        return _of_message(refusal.led_by_client(head, f" {text}"))
    elif text.startswith(_VERDICTS):
        return _of_message(refusal.led_by_verdict(head, text))
    if _TRIED.match(text):
        return _noted(head, text)
    return None if _FATE.match(text) else _noted(head)


def _of_message(event: Event | Noise | None) -> Event | None:
    return None if isinstance(event, Noise) else event


def _noted(head: Head, tried_host: str = "") -> Noted:
    return Noted(at=head.at, host=head.host, queue_id=head.queue_id, tried_host=tried_host)


def _ended(head: Head, kind: EndKind, by: str = "") -> Ended:
    return Ended(at=head.at, host=head.host, queue_id=head.queue_id, kind=kind, by=by)


def _removed(head: Head, text: str) -> Ended | None:
    """`removed by USER` (queue.c, exim -Mrm)."""
    return _ended(head, EndKind.REMOVED, text) if text.startswith("removed by ") else None


def _cancelled(head: Head, text: str) -> Ended | None:
    """`cancelled by USER`, `by timeout_frozen_after`, `by system filter: text` (deliver.c)."""
    return _ended(head, EndKind.CANCELLED, text) if text.startswith("cancelled by ") else None


def _message(head: Head, text: str) -> Event | None:
    """`Message is frozen`, `Message removed because older than T`, `Message abandoned: text`."""
    if text.startswith("Message is frozen"):
        return _waiting(head, "frozen")
    if text.startswith("Message removed because older than"):
        return _ended(head, EndKind.CANCELLED, text)
    if text.startswith("Message abandoned"):
        return _ended(head, EndKind.ABANDONED, text)
    return None


def _frozen(head: Head, text: str) -> Event:
    """`frozen by X`, `Frozen (delivery error message)`, `Frozen by the system filter: text`."""
    return _waiting(head, text)


def _unfrozen(head: Head, _text: str) -> Event:
    """`unfrozen by X`, `Unfrozen by errmsg timer` and others."""
    return _waiting(head, "-")


def _waiting(head: Head, what: str) -> Described:
    return Described(at=head.at, host=head.host, queue_id=head.queue_id, waiting=what)


def _queued(head: Head, text: str) -> Described | None:
    """`no immediate delivery: queued by ACL` and other reasons (receive.c, daemon.c)."""
    return _waiting(head, text) if text.startswith("no immediate delivery: ") else None


def _deferred(head: Head, text: str) -> Described | None:
    """`Delivery deferred by system filter` (deliver.c)."""
    return _waiting(head, text) if text.startswith("Delivery deferred by ") else None


def _lost(head: Head, text: str) -> Ended | None:
    """`SMTP connection lost after final dot`: the id was used up without an arrival."""
    if text.startswith("SMTP connection lost after final dot"):
        return _ended(head, EndKind.ABANDONED, text)
    return None


def _original(head: Head, text: str) -> Event | None:
    """`original recipients ignored (system filter)`: they get no copy, others may."""
    if not text.startswith("original recipients ignored"):
        return None
    return _ended(head, EndKind.DISCARDED, text)


def _rescinded(head: Head, text: str) -> Ended:
    """`rescind the above message-accept`: the client was gone before it heard of it."""
    return _ended(head, EndKind.ABANDONED, text)


def _marked(head: Head, text: str) -> Attempted | None:
    """`address <a> marked delivered by USER`: an operator's word, no delivery."""
    found = _MARKED.match(text)
    if not found:
        return None
    return Attempted(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        outcome=Outcome.FAILED,
        address=found[1],
        reply=f"marked delivered by {found[2]}",
        counted=False,
    )


def _added(head: Head, text: str) -> Described | None:
    """`recipient <a> added by USER`."""
    found = _ADDED.match(text)
    if not found:
        return None
    return Described(at=head.at, host=head.host, queue_id=head.queue_id, recipient=found[1])


def _changed(head: Head, text: str) -> Described | None:
    """`sender address changed to <a> by USER`."""
    found = _CHANGED.match(text)
    if not found:
        return None
    return Described(
        at=head.at, host=head.host, queue_id=head.queue_id, sender=found[1], has_sender=True
    )


def _identified(head: Head, text: str) -> Described | None:
    """`Sender identification U=user D=domain S=sender`: cPanel's word on who sent a message."""
    if not text.startswith("Sender identification"):
        return None
    keys = dict(_KEYS.findall(text))
    return Described(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        user=keys.get("U", ""),
        domain=keys.get("D", ""),
        identified_sender=keys.get("S", ""),
    )


def _sa_exim(head: Head, text: str) -> Event | None:
    """`SA: Action: what: score=...` of sa-exim, a `local_scan` of long ago."""
    found = _SA_EXIM.match(text)
    if not found:
        return None
    action, score, sender, name, ip, recipients = found.groups()
    if action == "silently tossed message":
        return Rejected(
            at=head.at,
            host=head.host,
            queue_id=head.queue_id,
            command="END-OF-MESSAGE",
            discarded=True,
            sender=sender,
            has_sender=True,
            recipients=tuple(recipients.replace(",", " ").split()),
            reply=f"{action}: score={score}",
            client_host="" if name == "NULL" else name,
            client_ip=ip,
            pid=head.pid,
        )
    return Described(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        scanner="spamassassin",
        spam="isn't spam" not in action,
        spam_score=None if score == "?" else float(score),
        spam_verdict=action,
    )


_READERS: dict[str, Callable[[Head, str], Event | None]] = {
    "removed": _removed,
    "cancelled": _cancelled,
    "Message": _message,
    "frozen": _frozen,
    "Frozen": _frozen,
    "unfrozen": _unfrozen,
    "Unfrozen": _unfrozen,
    "no": _queued,
    "Delivery": _deferred,
    "SMTP": _lost,
    "rescind": _rescinded,
    "original": _original,
    "address": _marked,
    "recipient": _added,
    "sender": _changed,
    "Sender": _identified,
    "SA:": _sa_exim,
}
