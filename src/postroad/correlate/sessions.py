"""Session lines: said once by a process, true of the messages it handles after that.

Postfix's smtp(8) logs "TLS connection established to HOST[IP]:PORT" without a queue id; the
process id on the line, and the peer, join it to the deliveries of the same session.
"""

from __future__ import annotations

import msgspec

from postroad.correlate.message import Message
from postroad.model.event import Arrived, Attempted, Described, SessionTls

_Key = tuple[str, str, int, str]

#: A session is not longer than this; after it the process id may be another's. Microseconds.
_LONGEST = 3_600 * 1_000_000


class KeptSession(msgspec.Struct):
    """A session line that may be true of deliveries to come."""

    event: SessionTls
    line: str


class KeptHold(msgspec.Struct):
    """A line that says of the next message of a session that it is to be held."""

    event: Described
    line: str


class Sessions:
    """The last TLS line of each process and peer, and the deliveries that may still get one."""

    def __init__(self, kept: list[KeptSession], holds: list[KeptHold], limit: int = 4096) -> None:
        """Start from what `kept()` and `holds()` gave; keep at most `limit` of each."""
        self._limit = limit
        self._tls = {_key(each.event, each.event.peer_ip): each for each in kept}
        self._held = {_key(each.event, each.event.client_ip): each for each in holds}
        #: Deliveries logged within the same second as a TLS line that comes behind them.
        self._early: dict[_Key, tuple[int, Message]] = {}

    def kept(self) -> list[KeptSession]:
        """The encrypted sessions, to go on with after a restart."""
        return list(self._tls.values())

    def holds(self) -> list[KeptHold]:
        """The holds that no message has come for yet, to go on with after a restart."""
        return list(self._held.values())

    def hold(self, event: Described, line: str) -> None:
        """Remember that the next message of a session is to be held."""
        self._held[_key(event, event.client_ip)] = KeptHold(event, line)
        if len(self._held) > self._limit:
            del self._held[next(iter(self._held))]

    def take_hold(self, event: Arrived, message: Message) -> None:
        """Give a message that arrives what its session said of it before."""
        held = self._held.pop(_key(event, event.client_ip), None)
        if held is not None and 0 <= event.at - held.event.at <= _LONGEST:
            message.take_session(held.event, held.line)

    def learn(self, event: SessionTls, line: str) -> Message | None:
        """Remember a session line; returns a message that it completes, if there is one."""
        if not event.outgoing:
            return None
        key = _key(event, event.peer_ip)
        self._tls.pop(key, None)
        self._tls[key] = KeptSession(event, line)
        if len(self._tls) > self._limit:
            del self._tls[next(iter(self._tls))]
        early = self._early.pop(key, None)
        if early and early[0] // 1_000_000 == event.at // 1_000_000:
            early[1].take_session(event, line)
            return early[1]
        return None

    def join(self, event: Attempted, message: Message) -> None:
        """Give the message the TLS line of the session that this attempt was made in."""
        key = _key(event, event.remote_ip)
        kept = self._tls.get(key)
        if kept is not None and 0 <= event.at - kept.event.at + 999_999 <= _LONGEST:
            message.take_session(kept.event, kept.line)
        else:
            self._early.pop(key, None)
            self._early[key] = (event.at, message)
            if len(self._early) > self._limit:
                del self._early[next(iter(self._early))]


def _key(event: Arrived | Attempted | Described | SessionTls, peer_ip: str) -> _Key:
    return (event.host, event.instance, event.pid, peer_ip)
