"""The SMTP conversation of one delivery, rebuilt from what its log tells. Pure.

Comes in: a delivery and its attempts, masked for the viewer. Goes out: turns in order. A log keeps
replies, and of commands what they amounted to: what was not logged word for word is marked as
derived, and what is not known (greetings, options, the message itself) is left out.

RFC 5321 section 3.3 (the order of commands), RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum, StrEnum

import msgspec

from postroad.model.delivery import Attempt, Delivery
from postroad.model.status import Outcome, Status
from postroad.model.text import say


class Who(StrEnum):
    """Who speaks."""

    CLIENT = "client"
    SERVER = "server"
    #: Nobody: what happened between two turns.
    NOTE = "note"


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one side said."""

    #: When it was logged, microseconds UTC; 0 where not known.
    at: int
    who: Who
    text: str
    #: Whether it follows from what was logged, and was not logged itself.
    is_derived: bool = True


class _Stage(IntEnum):
    """How far a conversation came: the command that a reply answers."""

    CONNECT = 0
    HELLO = 1
    TLS = 2
    AUTH = 3
    MAIL = 4
    RCPT = 5
    DATA = 6
    END = 7


#: How Exim and Postfix say which command a reply answers.
_AFTER = re.compile(
    r"(?:after|in reply to) (?:sending )?(?:pipelined )?(?:the )?"
    r"(initial connection|connect|HELO|EHLO|STARTTLS|AUTH|MAIL FROM|MAIL|RCPT TO|RCPT|"
    r"end of (?:data|message|DATA)|DATA)",
    re.IGNORECASE,
)
_STAGES = {
    "initial connection": _Stage.CONNECT,
    "connect": _Stage.CONNECT,
    "helo": _Stage.HELLO,
    "ehlo": _Stage.HELLO,
    "starttls": _Stage.TLS,
    "auth": _Stage.AUTH,
    "mail from": _Stage.MAIL,
    "mail": _Stage.MAIL,
    "rcpt to": _Stage.RCPT,
    "rcpt": _Stage.RCPT,
    "data": _Stage.DATA,
}
#: Protocols over TLS and with sign-in end so (RFC 3848), as in `esmtpsa`.
_EXTENSIONS = re.compile(r"e?smtp(s?)(a?)$|(?:utf8)?e?smtp(s?)(a?)$", re.IGNORECASE)


def conversation(delivery: Delivery, attempts: Sequence[Attempt]) -> list[Turn]:
    """What was said when the message came in, and at each try to hand it on."""
    turns = list(_coming_in(delivery))
    for attempt in attempts:
        if attempt.counted and (attempt.remote_host or attempt.remote_ip):
            turns += _going_out(delivery, attempt)
    return turns


def _coming_in(delivery: Delivery) -> Iterator[Turn]:
    at = delivery.first_at or delivery.sent_at
    host = _host(delivery.client_host, delivery.client_ip)
    if not host:
        return
    yield _note(at, say("{host} connected to this server.", host=host))
    protocol = delivery.protocol.lower()
    found = _EXTENSIONS.match(protocol)
    if delivery.helo:
        yield _command(at, f"{'HELO' if protocol.startswith('smtp') else 'EHLO'} {delivery.helo}")
    if found and (found[1] or found[3]):
        yield _command(at, "STARTTLS")
    if delivery.auth:
        yield _command(at, "AUTH")
        if delivery.user:
            yield _note(at, say("It signed in as {user}.", user=delivery.user))
    if delivery.status is not Status.REJECTED or delivery.sender or delivery.recipient:
        yield _command(at, f"MAIL FROM:<{delivery.sender}>")
    if delivery.recipient:
        yield _command(at, f"RCPT TO:<{delivery.recipient}>")
    if delivery.status is Status.REJECTED:
        if delivery.result:
            yield _note(at, say("This server refused it, there or at what followed."))
            yield Turn(at=at, who=Who.SERVER, text=delivery.result, is_derived=False)
        return
    yield _command(at, "DATA")
    if delivery.queue_id:
        note = say("This server took the message, as {id}.", id=delivery.queue_id)
        yield _note(at, note, is_derived=False)


def _going_out(delivery: Delivery, attempt: Attempt) -> Iterator[Turn]:
    at = attempt.at
    host = _host(attempt.remote_host, attempt.remote_ip)
    stage = _stage(attempt)
    if stage is _Stage.CONNECT and not attempt.smtp_code:
        yield _note(at, say("This server tried to reach {host}.", host=host), is_derived=False)
    else:
        yield _note(at, say("This server connected to {host}.", host=host))
        yield from _commands(delivery, attempt, _known(attempt) if stage is None else stage)
        if stage is None:
            yield _note(at, say("It is not known which command the reply was to."))
    if not attempt.reply:
        return
    if attempt.smtp_code:
        yield Turn(at=at, who=Who.SERVER, text=attempt.reply, is_derived=False)
    else:
        # No code: these are this server's own words for what went wrong.
        yield Turn(at=at, who=Who.NOTE, text=attempt.reply, is_derived=False)


def _commands(delivery: Delivery, attempt: Attempt, last: _Stage) -> Iterator[Turn]:
    """The commands up to the one that was answered for good."""
    recipient = attempt.address or delivery.recipient
    commands = (
        (_Stage.HELLO, f"EHLO {delivery.host}"),
        (_Stage.TLS, "STARTTLS" if attempt.tls or last is _Stage.TLS else ""),
        (_Stage.AUTH, "AUTH" if last is _Stage.AUTH else ""),
        (_Stage.MAIL, f"MAIL FROM:<{delivery.sender}>"),
        (_Stage.RCPT, f"RCPT TO:<{recipient}>"),
        (_Stage.DATA, "DATA"),
    )
    for stage, command in commands:
        if command and stage <= last:
            yield _command(attempt.at, command)


def _stage(attempt: Attempt) -> _Stage | None:
    """Which command the reply answers; None where the log does not say."""
    if found := _AFTER.search(attempt.reply):
        return _STAGES.get(found[1].lower(), _Stage.END)
    if attempt.outcome is Outcome.DELIVERED:
        return _Stage.END
    if not attempt.smtp_code:
        return _Stage.CONNECT
    return None


def _known(attempt: Attempt) -> _Stage:
    """How far a conversation came at least, whose end the log does not name."""
    return _Stage.TLS if attempt.tls else _Stage.CONNECT


def _host(name: str, ip: str) -> str:
    return f"{name} [{ip}]" if name and ip and name != ip else name or ip


def _command(at: int, text: str) -> Turn:
    return Turn(at=at, who=Who.CLIENT, text=text)


def _note(at: int, text: str, *, is_derived: bool = True) -> Turn:
    return Turn(at=at, who=Who.NOTE, text=text, is_derived=is_derived)
