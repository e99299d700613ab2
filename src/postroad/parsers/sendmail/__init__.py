"""sendmail: what each of its log lines says.

Comes in: the lines of a mail log, with any envelope that `prefix` knows, written by sendmail 8.9 to
8.18, and by the programs that share the log with it. Goes out: events.

A line that speaks of a message begins with its queue id. What stands behind is a row of fields, and
the first field's name tells who reads it. Lines that are longer than sendmail's buffer are written
in pieces, `ID[1]: ...`, `ID[2]: ...` (conf.c, `sm_syslog`), and are read with the last.

Mail that is submitted on a host passes through two queues: that of the submission program
(`sm-msp-queue`, `sendmail`), and that of the daemon; the first names the queue id in the second.

Limits: below `LogLevel` 10 no line says that a message has left the queue. A list that is split
into several envelopes names only the first.
"""

from __future__ import annotations

import msgspec

from postroad.model.event import NOISE, Arrived, Event, Noise, Noted
from postroad.parsers import neighbours
from postroad.parsers.clock import AHEAD, DAY, MINUTE, SECOND, Clock
from postroad.parsers.prefix import Envelope, Prefix
from postroad.parsers.sendmail import arrival, attempt, refusal, remark
from postroad.parsers.sendmail.ids import created_at, is_id
from postroad.parsers.sendmail.line import LineReader, Memory, Read
from postroad.parsers.sendmail.samples import SAMPLES

__all__ = ["SAMPLES", "Reader", "recognises"]

#: Who reads what stands behind a queue id, by the name of its first field.
_READERS: dict[str, LineReader] = {
    "from": arrival.sender,
    **attempt.READERS,
    **refusal.READERS,
}
_NO_QUEUE = "NOQUEUE"
_QUARTER = 15 * MINUTE
#: How long after its id was given a message's first line may be written.
_SOON = MINUTE
#: A stamp that is further from its id than a message stays in a queue is of another year.
_ANOTHER_YEAR = 180 * DAY


class Reader:
    """Reads one log of sendmail.

    `host` stands in where the envelope names none, as lines of several hosts may share a log.
    """

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line; `clock` dates the lines."""
        self.clock = clock
        #: Seconds by which the log's stamps are off what queue ids say, if that is the difference
        #: of two zones. None if they agree or nothing tells.
        self.zone_hint: int | None = None
        self._host = host
        self._envelope = Envelope(clock)
        self._memory = Memory()
        self._neighbours = neighbours.Memory()

    @property
    def carried(self) -> bytes:
        """What the lines to come may rest on, for `carry`."""
        return msgspec.msgpack.encode((self._memory.carried, self._neighbours.carried))

    def carry(self, data: bytes) -> None:
        """Go on where another reader of this log stopped: `data` is what it `carried`."""
        try:
            memory, beside = msgspec.msgpack.decode(data, type=tuple[bytes, bytes])
        except (msgspec.DecodeError, msgspec.ValidationError):
            return
        self._memory.carry(memory)
        self._neighbours.carry(beside)

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line (without its newline) says; None if it is not understood."""
        head = self._split(line)
        if head is None:
            # journalctl writes "-- Boot ... --" between entries.
            return NOISE if not line.strip() or line.startswith("-- ") else None
        if not _is_ours(head.tag):
            return neighbours.read(head, "", self._neighbours)
        queue_id, separator, text = head.text.partition(": ")
        if not separator or not is_id(queue_id):
            if separator and queue_id[-1:] == "]" and is_id(queue_id.partition("[")[0]):
                return self._piece(head, queue_id, text)
            if queue_id == _NO_QUEUE:
                return remark.nameless(head, text, self._memory)
            return remark.nameless(head, head.text, self._memory)
        event = _read(head, queue_id, text, self._memory)
        if event.__class__ is Arrived:
            created = created_at(queue_id, self.clock.newest + AHEAD)
            if created and abs(head.at - created) > _ANOTHER_YEAR:
                self.clock.witness(created)
                head = self._split(line) or head
                event = _read(head, queue_id, text, self._memory)
            self._compare(head.at, created)
        return event

    def _split(self, line: str) -> Prefix | None:
        head = self._envelope.split(line)
        if head is not None and not head.host and self._host:
            return msgspec.structs.replace(head, host=self._host)
        return head

    def _piece(self, head: Prefix, name: str, text: str) -> Event | Noise | None:
        """Keep one piece of a long line, or read them all where it is the last."""
        queue_id = name.partition("[")[0]
        key = f"piece {head.host} {head.pid} {queue_id}"
        if name.endswith("[1]"):
            self._memory.end(key)
        before = self._memory.begun(key)
        if text.endswith(" ..."):
            self._memory.begin(key, before + text[:-4])
            return Noted(at=head.at, host=head.host, queue_id=queue_id)
        self._memory.end(key)
        if not before:
            # The beginning is in another log.
            return Noted(at=head.at, host=head.host, queue_id=queue_id)
        return _read(head, queue_id, before + text, self._memory)

    def _compare(self, at: int, created: int) -> None:
        """Compare a stamp with the time in an id."""
        if not created:
            return
        quarters, rest = divmod(at - created + _SOON, _QUARTER)
        if rest <= 2 * _SOON:
            self.zone_hint = quarters * _QUARTER // SECOND or None


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix`, was written by sendmail."""
    del line
    return prefix is not None and _is_ours(prefix.tag)


def _is_ours(tag: str) -> bool:
    """Whether sendmail writes under this tag: `sendmail`, or what `-L` says, mostly `sm-mta`."""
    return tag == "sendmail" or tag.startswith("sm-")


def _read(head: Prefix, queue_id: str, text: str, memory: Memory) -> Read:
    reader = _READERS.get(text.partition("=")[0])
    if reader is not None:
        return reader(head, queue_id, text, memory)
    return remark.of_message(head, queue_id, text, memory)
