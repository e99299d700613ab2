"""What the readers of OpenSMTPD's lines share: sessions, addresses, samples.

Facts about a session (who connected, who logged in, how it is encrypted, where it goes) stand on
lines of their own that name no message; the session's 64-bit number joins them. It is random
(smtpd.c, `generate_uid`), so it is nobody else's. Events bear it as their `pid`: all sessions are
handled by one process, whose own number tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from postroad.model.event import Event, Noise
from postroad.parsers.prefix import Prefix

#: What reading one line gives.
Read = Event | Noise | None

#: Sessions that are remembered; a busy server has some hundred at a time.
MOST_SESSIONS = 4096


class Session(msgspec.Struct, gc=False):
    """What was said of one session so far."""

    client_host: str = ""
    client_ip: str = ""
    #: The login, which the server has proven.
    user: str = ""
    tls: str = ""
    #: Where a session of our own goes.
    peer_host: str = ""
    peer_ip: str = ""
    peer_port: int | None = None
    #: The message that arrived last in it, and the recipient on its first line.
    message: str = ""


class Sessions:
    """The sessions of late by their names, in bounded memory."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._known: dict[str, Session] = {}

    def of(self, name: str) -> Session:
        """What is known of a session, to be read; nothing is remembered by asking."""
        return self._known.get(name) or Session()

    def begun(self, name: str) -> Session:
        """What is known of a session, to be added to."""
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= MOST_SESSIONS:
                del self._known[next(iter(self._known))]
            found = self._known[name] = Session()
        return found

    @property
    def carried(self) -> bytes:
        """All of it, for `carry` of a reader that goes on where this one stopped."""
        return msgspec.msgpack.encode(self._known)

    def carry(self, data: bytes) -> None:
        """Take up what another reader `carried`; what is damaged is nothing."""
        try:
            known = msgspec.msgpack.decode(data, type=dict[str, Session])
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            return
        self._known = dict(list(known.items())[-MOST_SESSIONS:])


#: Reads the text of a line behind the words that told its kind: the envelope, the session's name
#: (`""` where there is none), the text, the sessions known.
LineReader = Callable[[Prefix, str, str, Sessions], Read]


class Sample(NamedTuple):
    """A text that must be understood, and what it must be made into."""

    text: str
    #: The event's class.
    kind: type[Any]
    #: Some of its fields.
    fields: Mapping[str, object]
    #: Lines before it that it rests on.
    before: tuple[str, ...] = ()


def number(session: str) -> int:
    """The session as a number, by which events of one session are joined; 0 if there is none."""
    try:
        return int(session, 16)
    except ValueError:
        return 0


def queue_id(envelope: str) -> str:
    """The message that an envelope is of: the upper 32 bits of its number (smtpd.h)."""
    return envelope[:8]


def sender(address: str) -> str:
    """A sender as logged: without a user, older versions write `@` (queue.c, `queue_log`)."""
    return "" if address == "@" else address


def client(host: str, address: str) -> tuple[str, str]:
    """Name a client: who submits on this host has neither name nor address."""
    if address == "local":
        return "", ""
    return "" if host == "<unknown>" else host, bare(address)


def bare(address: str) -> str:
    """An address without what is written around one of IPv6 (to.c, `sa_to_text`)."""
    return address.strip("[]").removeprefix("IPv6:")
