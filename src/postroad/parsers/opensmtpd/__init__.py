"""OpenSMTPD: what each of its log lines says.

Comes in: the lines of a mail log, with any envelope that `prefix` knows, written by OpenSMTPD 5.3
to 7.x, and by the programs that share the log with it. Goes out: events.

A message's number (32 bits, eight hexadecimal digits) is its queue id; an envelope's, which is one
recipient's, has 64 bits, of which the upper half is the message's. Lines begin with the session
they belong to, a word for the side that speaks (`smtp`, `mta`, `mda`) and one for what happened;
older lines with `smtp-in: `, `smtp-out: `, `relay: `, `delivery: `. What a session's first lines
say is remembered until its messages come.

Limits: no line says that a message has left the queue, which bounce is about which message, or
what a Message-ID or a subject was.
"""

from __future__ import annotations

import msgspec

from postroad.model.event import NOISE, Event, Noise
from postroad.parsers import neighbours
from postroad.parsers.clock import Clock
from postroad.parsers.opensmtpd import delivery, smtp
from postroad.parsers.opensmtpd.line import LineReader, Read, Sessions
from postroad.parsers.opensmtpd.samples import SAMPLES
from postroad.parsers.prefix import Envelope, Prefix

__all__ = ["SAMPLES", "Reader", "recognises"]

_TAGS = frozenset({"smtpd", "opensmtpd"})

#: Who reads the lines of a session, by the side that speaks.
_SIDES: dict[str, tuple[dict[str, LineReader], frozenset[str]]] = {
    "smtp": (smtp.READERS, smtp.NOISES),
    "mta": (delivery.MTA_READERS, delivery.MTA_NOISES),
    "mda": (delivery.MDA_READERS, frozenset()),
}
#: Who reads the other lines, by their first word.
_TOPICS: dict[str, LineReader] = {
    "smtp-in:": smtp.of_old,
    "smtp-out:": delivery.of_old,
    "relay:": delivery.by_relay,
    "delivery:": delivery.by_delivery,
    "warn:": delivery.report,
}
#: What the daemon says of itself, by the first word: of no message.
_BACKGROUND = frozenset(
    {
        "OpenSMTPD",
        "Exiting",
        "SRS",
        "Starting",
        "asr:",
        "ca:",
        "commands",
        "config:",
        "control:",
        "crypto:",
        "debug:",
        "dispatcher",
        "envelope:",
        "fatal:",
        "filter",
        "filter:",
        "forward:",
        "getaddrinfo:",
        "getnameinfo:",
        "imsg_read",
        "info:",
        "klondike",
        "lka:",
        "lookup:",
        "mda:",
        "mproc:",
        "mta:",
        "parent:",
        "pony",
        "proxy",
        "purge:",
        "queue:",
        "queue-fs:",
        "queue-proc:",
        "scheduler:",
        "smtp:",
        "smtpd:",
        "stat:",
        "startup",
        "table",
        "trace:",
        "warning:",
    }
)
_SESSION_LENGTH = 16


class Reader:
    """Reads one log of OpenSMTPD.

    `host` stands in where the envelope names none, as lines of several hosts may share a log.
    """

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line; `clock` dates the lines."""
        self.clock = clock
        #: No number of OpenSMTPD's holds a time.
        self.zone_hint: int | None = None
        self._host = host
        self._envelope = Envelope(clock)
        self._sessions = Sessions()
        self._memory = neighbours.Memory()

    @property
    def carried(self) -> bytes:
        """What the lines to come may rest on, for `carry`."""
        return msgspec.msgpack.encode((self._sessions.carried, self._memory.carried))

    def carry(self, data: bytes) -> None:
        """Go on where another reader of this log stopped: `data` is what it `carried`."""
        try:
            sessions, beside = msgspec.msgpack.decode(data, type=tuple[bytes, bytes])
        except (msgspec.DecodeError, msgspec.ValidationError):
            return
        self._sessions.carry(sessions)
        self._memory.carry(beside)

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line (without its newline) says; None if it is not understood."""
        head = self._envelope.split(line)
        if head is None:
            # journalctl writes "-- Boot ... --" between entries.
            return NOISE if not line.strip() or line.startswith("-- ") else None
        if not head.host and self._host:
            head = msgspec.structs.replace(head, host=self._host)
        if head.tag in _TAGS:
            return _read(head, self._sessions)
        return neighbours.read(head, "", self._memory)


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix`, was written by OpenSMTPD."""
    del line
    if prefix is None or prefix.tag not in _TAGS:
        return False
    first, _, rest = prefix.text.partition(" ")
    if _is_session(first):
        return rest.partition(" ")[0] in _SIDES
    return first in _TOPICS or first in _BACKGROUND


def _read(head: Prefix, sessions: Sessions) -> Read:
    first, _, text = head.text.partition(" ")
    if len(first) == _SESSION_LENGTH and _is_session(first):
        side, _, text = text.partition(" ")
        known = _SIDES.get(side)
        if known is None:
            return None
        word, _, text = text.partition(" ")
        word = word.removeprefix("event=")
        reader = known[0].get(word)
        if reader is not None:
            return reader(head, first, text, sessions)
        return NOISE if word in known[1] else None
    topic = _TOPICS.get(first)
    if topic is not None:
        return topic(head, "", text, sessions)
    return NOISE if first in _BACKGROUND else None


def _is_session(word: str) -> bool:
    return len(word) == _SESSION_LENGTH and not word.strip("0123456789abcdef")
