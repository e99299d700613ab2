"""What the readers of sendmail's lines share: hosts, addresses, intervals, memory, samples.

A text is read from left to right, field by field (`key=value, `), in the order in which sendmail
puts them together: senders choose addresses and Message-IDs, and remote servers their replies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from postroad.model.event import Event, Noise
from postroad.parsers.prefix import Prefix

#: What reading one line gives.
Read = Event | Noise | None

#: How long a session is that a line of it may be joined to, microseconds: after it the process's
#: number may be another's.
LONGEST_SESSION = 3_600 * 1_000_000
_MOST = 4096
_Value = TypeVar("_Value")


class Peer(NamedTuple):
    """A host as sendmail names it: `name [ip] (may be forged)`, `ident@name [ip]`, `[ip]`."""

    name: str
    ip: str
    #: The login of who submits on this host (`anna@localhost`, daemon.c `getauthinfo`).
    user: str


class Session(msgspec.Struct, gc=False):
    """What a process said of the session it is in."""

    at: int
    peer: str
    user: str = ""
    tls: str = ""


class Memory:
    """What lines without a queue id, and parts of lines, say of those to come; bounded."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._sessions: dict[str, Session] = {}
        self._begun: dict[str, str] = {}

    def session(self, head: Prefix, peer: str, *, side: str) -> Session | None:
        """The session that a process has with a peer, as a server or as a client (`side`)."""
        found = self._sessions.get(f"{side} {head.host} {head.pid}")
        if found is None or found.peer != peer or not 0 <= head.at - found.at <= LONGEST_SESSION:
            return None
        return found

    def met(self, head: Prefix, peer: str, *, side: str) -> Session:
        """Remember that a process has a session with this peer."""
        found = self.session(head, peer, side=side)
        if found is None:
            found = Session(head.at, peer)
            _put(self._sessions, f"{side} {head.host} {head.pid}", found)
        return found

    def begin(self, key: str, text: str) -> None:
        """Remember what will be asked for by this key."""
        _put(self._begun, key, text)

    def begun(self, key: str) -> str:
        """What was remembered under this key."""
        return self._begun.get(key, "")

    def end(self, key: str) -> str:
        """What was remembered under this key, for the last time."""
        return self._begun.pop(key, "")

    @property
    def carried(self) -> bytes:
        """All of it, for `carry` of a reader that goes on where this one stopped."""
        return msgspec.msgpack.encode((self._sessions, self._begun))

    def carry(self, data: bytes) -> None:
        """Take up what another memory `carried`; what is damaged is nothing."""
        try:
            sessions, begun = msgspec.msgpack.decode(
                data, type=tuple[dict[str, Session], dict[str, str]]
            )
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            return
        self._sessions = dict(list(sessions.items())[-_MOST:])
        self._begun = dict(list(begun.items())[-_MOST:])


def _put(memory: dict[str, _Value], key: str, value: _Value) -> None:
    memory.pop(key, None)
    if len(memory) >= _MOST:
        del memory[next(iter(memory))]
    memory[key] = value


#: Reads what stands behind a keyword: the envelope, the queue id (`""` where there is none), the
#: text with the keyword, the memory of the log.
LineReader = Callable[[Prefix, str, str, Memory], Read]


class Sample(NamedTuple):
    """A text that must be understood, and what it must be made into."""

    text: str
    #: The event's class.
    kind: type[Any]
    #: Some of its fields.
    fields: Mapping[str, object]
    #: Texts of the same process before it that it rests on.
    before: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def peer(text: str) -> Peer:
    """Take `relay=` apart."""
    text = text.removesuffix(" (may be forged)")
    name, bracket, ip = text.rpartition("[")
    if not bracket:
        name, bracket, ip = text.rpartition(" (")
        if not bracket:
            user, at, host = text.partition("@")
            return (
                Peer("", "", user) if at and host == "localhost" else Peer(text.rstrip("."), "", "")
            )
    ip = ip.rstrip("])").removeprefix("IPv6:")
    name = name.strip().rpartition("@")[2]
    if name.startswith("["):
        # A host that is known by its address alone stands there twice.
        name = ""
    return Peer(name.rstrip("."), ip, "")


def path(text: str) -> str:
    """Take an address out of its angle brackets."""
    return text[1:-1] if text[:1] == "<" and text[-1:] == ">" else text


def end_of_address(text: str, start: int) -> int:
    """Find where an address that begins at `start` ends: at a comma, or where the text does.

    Commas between quotes, parentheses or angle brackets belong to it.
    """
    depth = 0
    is_quoted = False
    position = start
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif char == '"':
            is_quoted = not is_quoted
        elif is_quoted:
            pass
        elif char in "<(":
            depth += 1
        elif char in ">)":
            depth -= 1
        elif char == "," and depth <= 0:
            return position
        position += 1
    return len(text)


@lru_cache(maxsize=4096)
def seconds(text: str) -> float | None:
    """Read `[days+]hh:mm:ss` (convtime.c, `pintvl`); None if it is none."""
    days, plus, clock = text.rpartition("+")
    parts = clock.split(":")
    if len(parts) != _CLOCK or not all(part.isdecimal() and len(part) <= _WIDEST for part in parts):
        return None
    if plus and not (days.isdecimal() and len(days) <= _WIDEST):
        return None
    hours, minutes, rest = map(int, parts)
    return float(((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + rest)


_CLOCK = 3
_WIDEST = 6
