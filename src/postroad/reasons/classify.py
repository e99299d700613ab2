"""From a reply to a reason: decisive phrases, codes that say something, phrases, other codes.

An enhanced status code (RFC 3463, and the registry that RFC 5248 opened) is often exact, and as
often a catch-all: 5.1.1 and 5.2.2 are believed before the text, 5.7.1 and 5.0.0 after it. The reply
code (RFC 5321, section 4.2) comes last, as it says least.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import assert_never

from postroad.model.status import Status
from postroad.reasons.reason import Reason
from postroad.reasons.shape import LOOKED_AT, shape


def reason(reply: str, smtp_code: int, enhanced_code: str, status: Status) -> Reason | None:
    """Say why mail is late or was refused; None if its status says that nothing went wrong.

    `smtp_code` is 0 and `enhanced_code` empty where there was none. The reply may be the other
    server's, or this server's own words.
    """
    match status:
        case Status.DELIVERED | Status.IN_PROGRESS:
            return None
        case Status.DEFERRED | Status.FAILED | Status.REJECTED:
            return _reason(reply[:LOOKED_AT], smtp_code, enhanced_code)
        case Status.BLOCKED:
            return _reason(reply[:LOOKED_AT], smtp_code, enhanced_code) or Reason.OWN_LIMIT
        case Status.FILTERED:
            return _reason(reply[:LOOKED_AT], smtp_code, enhanced_code) or Reason.POLICY
    assert_never(status)


@lru_cache(maxsize=4096)
def _reason(reply: str, smtp_code: int, enhanced_code: str) -> Reason:
    """Classify, remembering whole replies: the same one comes with every try."""
    subject, _, detail = _specific(enhanced_code, reply).partition(".")
    return _of_shape(shape(reply), smtp_code, subject, detail)


@lru_cache(maxsize=4096)
def _of_shape(text: str, smtp_code: int, subject: str, detail: str) -> Reason:
    """Classify a shape; `subject` and `detail` are the second and third part of the status."""
    code = f"{subject}.{detail}"
    return (
        _first(text, _DECISIVE)
        or _EXACT.get(code)
        or _first(text, _PHRASES)
        or _VAGUE.get(code)
        or _SUBJECTS.get(subject)
        or _REPLY_CODES.get(smtp_code)
        or Reason.UNKNOWN
    )


def _specific(enhanced_code: str, reply: str) -> str:
    """The subject and detail of a status code: one in the text, if the given one says nothing.

    4.1.1 is not as exact as 5.1.1: it is what servers say that could not find out.
    """
    kind, _, rest = enhanced_code.partition(".")
    if rest in {"", "0.0"} and (found := _STATUS_CODE.search(reply)):
        kind, rest = found[1], found[2]
    return "" if kind == "4" and rest in _EXACT_FOR_GOOD else rest


def _first(text: str, phrases: tuple[tuple[str, tuple[str, ...], Reason], ...]) -> Reason | None:
    """The reason of the first phrase that the text holds, in the order of the file."""
    for first, others, found in phrases:
        at = text.find(first)
        if at < 0:
            continue
        at += len(first)
        for other in others:
            at = text.find(other, at)
            if at < 0:
                break
            at += len(other)
        else:
            return found
    return None


def _load(kind: str) -> tuple[tuple[str, tuple[str, ...], Reason], ...]:
    """Read the phrases of one kind: their first part, their other parts, what they mean."""
    text = resources.files(__package__).joinpath("phrases.toml").read_text("utf-8")
    loaded = []
    for name, table in tomllib.loads(text).items():
        if name == "origins":
            continue
        for phrases in table.get(kind, {}).values():
            for phrase in phrases:
                first, *others = phrase.split(" ... ")
                loaded.append((first, tuple(others), Reason[name.upper()]))
    return tuple(loaded)


_DECISIVE = _load("decisive")
_PHRASES = _load("phrases")
_STATUS_CODE = re.compile(r"(?<![\w.])([45])\.(\d{1,3}\.\d{1,3})(?![\w.]*\d)", re.ASCII)

#: Codes that are believed before the text.
_EXACT = {
    "1.1": Reason.MAILBOX_UNKNOWN,
    "1.2": Reason.HOST_NOT_FOUND,
    "1.6": Reason.MOVED,
    "1.7": Reason.SENDER_REJECTED,
    "1.8": Reason.SENDER_REJECTED,
    "1.10": Reason.NO_MAIL_SERVICE,
    "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.MESSAGE_TOO_LARGE,
    "3.4": Reason.MESSAGE_TOO_LARGE,
    "4.6": Reason.LOOP,
    "7.20": Reason.AUTHENTICATION_FAILED,
    "7.21": Reason.AUTHENTICATION_FAILED,
    "7.22": Reason.AUTHENTICATION_FAILED,
    "7.23": Reason.AUTHENTICATION_FAILED,
    "7.24": Reason.AUTHENTICATION_FAILED,
    "7.25": Reason.REVERSE_DNS,
    "7.26": Reason.AUTHENTICATION_FAILED,
    "7.27": Reason.SENDER_REJECTED,
    "7.28": Reason.RATE_LIMITED,
    "7.30": Reason.TLS_FAILED,
    # Exchange Online.
    "7.509": Reason.AUTHENTICATION_FAILED,
}
#: Of these, the ones that mean nothing exact when they are temporary.
_EXACT_FOR_GOOD = frozenset({"1.0", "1.1", "1.2"})
#: Codes that are believed where the text says nothing.
_VAGUE = {
    "2.1": Reason.MAILBOX_DISABLED,
    "4.1": Reason.CONNECTION_TIMED_OUT,
    "4.2": Reason.CONNECTION_LOST,
    "4.3": Reason.HOST_NOT_FOUND,
    "4.4": Reason.HOST_NOT_FOUND,
    "4.7": Reason.EXPIRED,
    "5.3": Reason.RATE_LIMITED,
    "7.8": Reason.AUTH_REQUIRED,
    "7.10": Reason.TLS_FAILED,
    "7.11": Reason.TLS_FAILED,
    "7.57": Reason.AUTH_REQUIRED,
}
#: What the second part of a code says by itself (RFC 3463, section 2).
_SUBJECTS = {
    "1": Reason.MAILBOX_UNKNOWN,
    "3": Reason.REMOTE_TROUBLE,
    "4": Reason.REMOTE_TROUBLE,
    "5": Reason.BAD_PROTOCOL,
    "6": Reason.CONTENT_REFUSED,
    "7": Reason.POLICY,
}
_REPLY_CODES = {
    421: Reason.REMOTE_TROUBLE,
    450: Reason.REMOTE_TROUBLE,
    451: Reason.REMOTE_TROUBLE,
    452: Reason.REMOTE_TROUBLE,
    454: Reason.TLS_FAILED,
    500: Reason.BAD_PROTOCOL,
    501: Reason.BAD_PROTOCOL,
    502: Reason.BAD_PROTOCOL,
    503: Reason.BAD_PROTOCOL,
    504: Reason.BAD_PROTOCOL,
    521: Reason.NO_MAIL_SERVICE,
    530: Reason.AUTH_REQUIRED,
    535: Reason.AUTH_REQUIRED,
    538: Reason.AUTH_REQUIRED,
    551: Reason.MOVED,
    552: Reason.MAILBOX_FULL,
    556: Reason.NO_MAIL_SERVICE,
}
