"""Exim: attempts, `=> -> >> *>` (delivered), `==` (deferred) and `**` (failed), by deliver.c.

Comes in: the text behind the flag. Goes out: `Attempted`, or None if it is not written so.

    address [(parents)] [<original>] [F=<sender>] [Q=] [P=<>] [R=router] [T=transport] [S=]
    [H=host [ip]:port] [...] [X=tls] [CV=] [DN=""] [...] [C="reply"] [QT=] [DT=]
    address ... R=router T=transport defer (errno): words H=host [ip]: words
    address ... R=router T=transport H=host [ip] : words        (": words" before 4.99)

Whether a host was really tried is told by words, as the numbers changed with versions.
"""

from __future__ import annotations

import re

from postroad.model.event import Attempted, Ended, EndKind
from postroad.model.status import Outcome
from postroad.parsers.exim import fields
from postroad.parsers.exim.fields import ADDRESS, ANGLE, MINOR, PEER, QUOTED, TLS, Head

_ENVELOPE = rf"(?: F={ANGLE})?(?: Q=[^ ]+)?(?: P=<[^>]*>)?"
_ROUTE = r"(?: R=([^ :]+))?(?: T=([^ :]+))?"
_TIMES = r"(?: QT=([\w.]+))?(?: DT=[\w.]+)?"
_ORIGIN = rf"(?: \(([^()]*(?:\([^()]*\)[^()]*)*)\))?(?: {ANGLE})?(?: SRS=<[^>]*>)?"


def _delivered_pattern(address: str) -> re.Pattern[str]:
    return re.compile(
        rf"{address}{_ORIGIN}{_ENVELOPE}{_ROUTE}(?: S=\w+)?"
        rf"(?: H={PEER})?{MINOR}{TLS}{MINOR}(?: A=[^ ]+)?{MINOR}"
        rf"(?: C={QUOTED})?{_TIMES}$"
    )


def _failed_pattern(address: str) -> re.Pattern[str]:
    return re.compile(
        rf"{address}{_ORIGIN}{_ENVELOPE}{_ROUTE}"
        rf"(?: H={PEER})?{MINOR}{TLS}{MINOR}"
        r"(?: ?: (.*)| (?:routing yielded|mua_wrapper) .*)?$",
        re.DOTALL,
    )


def _deferred_pattern(address: str) -> re.Pattern[str]:
    return re.compile(
        rf"{address}{_ORIGIN}(?: Q=[^ ]+)?{_ROUTE}(?: routing)? defer \([^)]*\)"
        rf"(?:: (.*?))?(?: H={PEER}{MINOR}{TLS}{MINOR})?(?: DT=[\w.]+)?"
        r"(?: ?: (.*))?$",
        re.DOTALL,
    )


#: Before an address that holds spaces (the command of a pipe) is looked for, the usual ones are.
_SPACED = "(.{1,999}?)"
_DELIVERED = _delivered_pattern(ADDRESS), _delivered_pattern(_SPACED)
_BEFORE_WORDS = r'("(?:[^"\\]|\\.)*+"[^ ]*?|[^ ]+?)(?=:? |$)'
_FAILED = _failed_pattern(_BEFORE_WORDS), _failed_pattern(_SPACED)
_DEFERRED = _deferred_pattern(ADDRESS), _deferred_pattern(_SPACED)

#: The server's words for a recipient that it left in the queue without asking anybody.
_POSTPONED = (
    "retry time not reached",
    "Retry time not yet reached",
    "domain matches queue_smtp_domains",
    "first-pass only routing due to",
    "SMTP delivery explicitly queued",
    "domain is in queue_domains",
    "domain is held",
    "concurrency limit reached",
    "connection limit reached",
    "some host address lookups failed and retry time not reached",
    "reusing SMTP connection skips previous routing defer",
    "remote deliveries suppressed",
)
#: The words of cPanel's outgoing limits and holds, which are its routers' and nobody else's.
_BLOCKED = re.compile(
    r"has (?:exceeded the max (?:emails|defers and failures)|an outgoing mail (?:hold|suspension))"
)
_BLOCKING_ROUTER = "enforce_mail_permissions"
_THROWN_AWAY = re.compile(r"(?::blackhole:|discarded)(?= )")
_ALL_THROWN_AWAY = re.compile(r"(?:discarded|blackhole) (?:\((.*)\)|(?!<|R=)(.*))$")


def delivered(head: Head, line: str, start: int, *, fake: bool = False) -> Attempted | Ended | None:
    """Read the text of `=>` and its kin; `fake` if nothing was really delivered (`exim -N`)."""
    found = _DELIVERED[0].match(line, start)
    if not found or not (found[5] or found[6] or found[3]):
        if everything := _ALL_THROWN_AWAY.match(line, start):
            return Ended(
                at=head.at,
                host=head.host,
                queue_id=head.queue_id,
                kind=EndKind.DISCARDED,
                by=everything[1] or everything[2] or "",
            )
        found = _DELIVERED[1].match(line, start)
        if not found:
            return None
    (
        address,
        parents,
        original,
        sender,
        router,
        transport,
        host,
        ip,
        port,
        tls,
        reply,
        queue_time,
    ) = found.groups()
    outcome = Outcome.DELIVERED
    if fake or transport == "**bypassed**" or (not transport and _THROWN_AWAY.match(line, start)):
        outcome = Outcome.DISCARDED
    text = fields.reply(fields.unquote(reply)) if reply else ""
    codes = fields.read_reply(text)
    return Attempted(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        outcome=outcome,
        address=address,
        original=original or "",
        parents=_parents(parents),
        router=router or "",
        transport=transport or "",
        remote=host is not None and not fields.is_loopback(ip),
        remote_host=host or "",
        remote_ip=ip or "",
        remote_port=fields.port(port),
        tls=tls or "",
        smtp_code=codes.smtp_code,
        enhanced_code=codes.enhanced_code,
        reply=text,
        next_queue_id=fields.next_queue_id(text) if text else "",
        sender=sender or "",
        has_sender=sender is not None,
        pid=head.pid,
        delay=fields.seconds(queue_time) if queue_time else None,
    )


def deferred(head: Head, line: str, start: int) -> Attempted | None:
    """Read the text of `==`."""
    found = _DEFERRED[0].match(line, start) or _DEFERRED[1].match(line, start)
    if not found:
        return None
    *recipient_and_route, error, host, ip, port, tls, words = found.groups()
    text = ": ".join(part for part in (error, words) if part)
    postponed = text.startswith(_POSTPONED)
    return _undelivered(
        head,
        Outcome.POSTPONED if postponed else Outcome.DEFERRED,
        text,
        (*recipient_and_route, host, ip, port, tls),
        counted=not postponed,
    )


def failed(head: Head, line: str, start: int) -> Attempted | None:
    """Read the text of `**`."""
    found = _FAILED[0].match(line, start) or _FAILED[1].match(line, start)
    if not found:
        return None
    *recipient, sender, router, transport, host, ip, port, tls, words = found.groups()
    text = words if words is not None else line[found.end(1) : found.end()].lstrip()
    blocked = not transport and (router == _BLOCKING_ROUTER or _BLOCKED.search(text))
    return _undelivered(
        head,
        Outcome.BLOCKED if blocked else Outcome.FAILED,
        text,
        (*recipient, router, transport, host, ip, port, tls),
        # The attempt that it gives up after has a line of its own.
        counted=text != "retry timeout exceeded",
        expired=text == "retry timeout exceeded",
        sender=sender,
    )


def _undelivered(
    head: Head,
    outcome: Outcome,
    text: str,
    written: tuple[str | None, ...],
    *,
    counted: bool,
    expired: bool = False,
    sender: str | None = None,
) -> Attempted:
    """Make the event of a recipient that was not delivered to, from the fields in their order."""
    address, parents, original, router, transport, host, ip, port, tls = written
    text = fields.reply(text)
    codes = fields.read_reply(text)
    ip = ip or codes.ip
    return Attempted(
        at=head.at,
        host=head.host,
        queue_id=head.queue_id,
        outcome=outcome,
        address=address or "",
        original=original or "",
        parents=_parents(parents),
        router=router or "",
        transport=transport or "",
        remote=bool(ip) and not fields.is_loopback(ip),
        remote_host=host or codes.host,
        remote_ip=ip,
        remote_port=fields.port(port),
        tls=tls or "",
        smtp_code=codes.smtp_code,
        enhanced_code=codes.enhanced_code,
        reply=text,
        counted=counted,
        expired=expired,
        sender=sender or "",
        has_sender=sender is not None,
        pid=head.pid,
    )


def _parents(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(", ")) if text else ()
