"""Session lines: said once by a process, true of the messages it handles after that.

Postfix's smtp(8) logs "TLS connection established to HOST[IP]:PORT" without a queue id; the
process id on the line, and the peer, join it to the deliveries of the same session. sendmail names
the peer by its host alone. What sendmail and OpenSMTPD say of a session before its messages
(client, login) is true of each of them.
"""

from __future__ import annotations

import msgspec

from postroad.correlate.message import Message
from postroad.model.event import Arrived, Attempted, Described, SessionTls

_Key = tuple[str, str, int, str]

#: A session is not longer than this; after it the process id may be another's. Microseconds.
_LONGEST = 3_600 * 1_000_000

#: Lines about one session that are worth keeping: who connected, who logged in.
_MOST_FACTS = 4


class KeptSession(msgspec.Struct):
    """A session line that may be true of deliveries to come."""

    event: SessionTls
    line: str


class KeptHold(msgspec.Struct):
    """A line about a session: that its next message is to be held, or what is true of them all."""

    event: Described
    line: str


class Sessions:
    """The last TLS line of each process and peer, and the deliveries that may still get one."""

    def __init__(self, kept: list[KeptSession], holds: list[KeptHold], limit: int = 4096) -> None:
        """Start from what `kept()` and `holds()` gave; keep at most `limit` of each."""
        self._limit = limit
        self._tls = {_key(each.event, each.event.peer_ip): each for each in kept}
        self._held: dict[_Key, KeptHold] = {}
        #: Lines that are true of all messages of a session.
        self._facts: dict[_Key, list[KeptHold]] = {}
        for each in holds:
            self.hold(each.event, each.line)
        #: Deliveries logged within the same second as a TLS line that comes behind them.
        self._early: dict[_Key, tuple[int, Message]] = {}

    def kept(self) -> list[KeptSession]:
        """The encrypted sessions, to go on with after a restart."""
        return list(self._tls.values())

    def holds(self) -> list[KeptHold]:
        """The holds that no message has come for yet, to go on with after a restart."""
        facts = [each for found in self._facts.values() for each in found]
        return [*self._held.values(), *facts]

    def hold(self, event: Described, line: str) -> None:
        """Remember that the next message of a session is to be held, or a fact about them all."""
        if not event.waiting:
            if not event.pid or not (event.user or event.client_ip):
                return
            facts = self._facts.setdefault(_key(event, event.client_ip), [])
            if all(each.line != line for each in facts) and len(facts) < _MOST_FACTS:
                facts.append(KeptHold(event, line))
            if len(self._facts) > self._limit:
                del self._facts[next(iter(self._facts))]
            return
        self._held[_key(event, event.client_ip)] = KeptHold(event, line)
        if len(self._held) > self._limit:
            del self._held[next(iter(self._held))]

    def take_hold(self, event: Arrived, message: Message) -> None:
        """Give a message that arrives what its session said of it before."""
        key = _key(event, event.client_ip)
        held = self._held.pop(key, None)
        for each in (*([held] if held else ()), *self._facts.get(key, ())):
            if 0 <= event.at - each.event.at <= _LONGEST:
                message.take_session(each.event, each.line)

    def learn(self, event: SessionTls, line: str) -> Message | None:
        """Remember a session line; returns a message that it completes, if there is one."""
        if not event.outgoing:
            return None
        key = _key(event, event.peer_ip or event.peer_host)
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
        kept = self._tls.get(key) or self._tls.get(_key(event, event.remote_host))
        if kept is not None and 0 <= event.at - kept.event.at + 999_999 <= _LONGEST:
            message.take_session(kept.event, kept.line)
        else:
            self._early.pop(key, None)
            self._early[key] = (event.at, message)
            if len(self._early) > self._limit:
                del self._early[next(iter(self._early))]


def _key(event: Arrived | Attempted | Described | SessionTls, peer_ip: str) -> _Key:
    return (event.host, event.instance, event.pid, peer_ip)
