"""Exim: from lines of its log, in whatever envelope, to events.

Comes in: the lines of one log (main, reject or panic log) in its order. Goes out, for each: an
event, `NOISE`, or None.

    YYYY-MM-DD HH:MM:SS[.mmm] [+ZZZZ ][[pid] ][message-id ]text

A line without a date goes on from the one before: panics, multi-line output and the headers that
a rejectlog shows (`entry`). In syslog a long line comes in pieces (`pieces`): the event comes with
the last one, the others are evidence for the same message. What belongs to lines that were not
read is noise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import msgspec

from postroad.model.event import (
    NOISE,
    Arrived,
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
from postroad.parsers import neighbours
from postroad.parsers.clock import HOUR, SECOND, Clock
from postroad.parsers.exim import arrival, attempt, noise, remark
from postroad.parsers.exim.entry import Entry, complete, is_left_over
from postroad.parsers.exim.fields import MESSAGE_ID, Head
from postroad.parsers.exim.pieces import PIECE, Part, Pieces
from postroad.parsers.prefix import Envelope, Prefix

_ZONE = re.compile(r"([+-]\d{4}) ", re.ASCII)
_PID = re.compile(r"\[(\d{1,10})\] ", re.ASCII)
_ID = re.compile(rf"({MESSAGE_ID})(?: |$)", re.ASCII)
#: Some keep Exim's own stamp and put host and program behind it, or the program before it.
_SENT_ON = re.compile(r"[\w.-]+ \w*exim\w*\[(\d{1,10})\]: ", re.ASCII)
_OWN_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{3}))? (?:([+-]\d{4}) )?", re.ASCII
)
_SIGNS = frozenset("+-")
#: Exim ends a line after 8,192 bytes (log.c, LOG_BUFFER_SIZE); what is longer is not its work.
_LONGEST = 16_384
#: An id says when the message began to come in, its arrival line when that was done.
_QUARTER = 900
_EARLY = 5
_TRANSFER = 300
_DAY = 86_400
_WITNESSES = 3
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = {digit: value for value, digit in enumerate(_BASE62)}


class _Carried(msgspec.Struct, array_like=True):
    """What a reading that goes on later must know of the lines before."""

    neighbours: bytes
    entry: Entry | None
    pieces: Pieces


class Reader:
    """Reads one Exim log. `host` is for lines that name none: Exim's own files, not syslog's."""

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line."""
        self.host = host
        self.clock = clock
        self._envelope = Envelope(clock)
        self._nobody = Head(0, host, "", 0)
        #: Of the last line with a stamp: the line, what it is about, and what it says; as soon as
        #: anything stands below it, the entry that it begins instead.
        self._line: str | None = None
        self._head = self._nobody
        self._before: Event | Noise | None = None
        self._entry: Entry | None = None
        self._pieces = Pieces()
        self._offsets: Counter[int] = Counter()
        self._memory = neighbours.Memory()

    @property
    def carried(self) -> bytes:
        """What the lines so far leave to be remembered when reading goes on later."""
        entry = self._current()
        if entry and entry.refused and len(entry.above[0]) > _LONGEST:
            entry = None
        if not entry and not self._pieces.begun:
            return self._memory.carried
        return msgspec.msgpack.encode(_Carried(self._memory.carried, entry, self._pieces))

    def carry(self, data: bytes) -> None:
        """Take up what `carried` gave."""
        try:
            carried = msgspec.msgpack.decode(data, type=_Carried) if data else None
        except (msgspec.DecodeError, RecursionError):
            carried = None
        if carried is None:
            self._memory.carry(data)
            return
        self._memory.carry(carried.neighbours)
        self._line, self._entry = None, carried.entry
        if carried.pieces.is_bounded():
            self._pieces = carried.pieces

    @property
    def zone_hint(self) -> int | None:
        """Seconds that the log's clock seems to be ahead of UTC as told by message ids, if any.

        Multiples of 900; None while most ids agree with the log's time.
        """
        if not self._offsets:
            return None
        quarters, count = self._offsets.most_common(1)[0]
        return quarters * _QUARTER if quarters and count >= _WITNESSES else None

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line says."""
        if line[10:11] == " " and (at := self.clock.local(line[:19])):
            self._line = line
            event = self._before = self._own(line, at)
            return event
        if prefix := self._envelope.split(line):
            self._line = line
            event = self._before = self._enveloped(prefix, line)
            return event
        if sent_on := _SENT_ON.match(line):
            self._line = line
            line = line[sent_on.end() :]
            at = self.clock.local(line[:19])
            event = self._before = self._own(line, at) if at else None
            return event
        entry = self._current()
        if entry:
            return entry.read(line)
        return NOISE if not line.strip(" \t\r\0") or is_left_over(line) else None

    def _current(self) -> Entry | None:
        """The entry that a line without a stamp goes on with, if there is any."""
        line, head, before = self._line, self._head, self._before
        if line is None:
            return self._entry
        self._line = None
        refused = before if isinstance(before, Rejected) and not before.queue_id else None
        self._entry = Entry(
            head.at,
            head.host,
            head.queue_id,
            refused,
            is_known=before is not None,
            above=(line,) if refused else (),
        )
        return self._entry

    def _own(self, line: str, at: int) -> Event | Noise | None:
        """Read a line of Exim's own form, whose stamp was read already."""
        start = 20
        if line[19:20] == ".":
            start = line.find(" ", 20) + 1
            fraction = line[20 : start - 1]
            if not fraction.isdecimal():
                self._head = self._nobody
                return None
            at += int(fraction[:6].ljust(6, "0"))
        elif line[19:20] != " ":
            self._head = self._nobody
            return None
        mark = line[start : start + 1]
        if mark in _SIGNS and (zone := _ZONE.match(line, start)):
            at = self.clock.absolute(line[:19], zone[1]) + at % SECOND
            start = zone.end()
            mark = line[start : start + 1]
        pid = 0
        if mark == "[" and (number := _PID.match(line, start)):
            pid = int(number[1])
            start = number.end()
        return self._text(Head(at, self.host, "", pid), line, start)

    def _text(self, head: Head, line: str, start: int) -> Event | Noise | None:
        """Read what follows stamp, zone and process id."""
        self._head = head
        if len(line) > _LONGEST:
            return None
        event = self._told(head, line, start)
        if event is None and (sent_on := _SENT_ON.match(line, start)):
            head.pid = int(sent_on[1])
            number = _PID.match(line, sent_on.end())
            return self._told(head, line, number.end() if number else sent_on.end())
        return event

    def _told(self, head: Head, line: str, start: int) -> Event | Noise | None:
        """Read what Exim has to say, with or without a message id."""
        if line[start + 6 : start + 7] == "-" and (found := _ID.match(line, start)):
            head.queue_id = found[1]
            start = found.end()
            if reader := _FLAGS.get(line[start : start + 3]):
                event = reader(head, line, start + 3)
                return self._witness(event) if type(event) is Arrived else event
            return remark.read(head, line[start:])
        return noise.read(head, line[start:])

    def _enveloped(self, prefix: Prefix, line: str) -> Event | Noise | None:
        """Read a line that came through syslog or the journal."""
        self._head = self._nobody
        if not prefix.tag:
            return NOISE if prefix.repeated else None
        if neighbours.known(prefix.tag):
            if not prefix.host:
                prefix = msgspec.structs.replace(prefix, host=self.host)
            return neighbours.read(prefix, "", self._memory)
        text = prefix.text
        if text[:1] == "[" and (piece := PIECE.match(text)):
            return self._piece(prefix, piece, line)
        if "\n" in text:
            return self._several_lines(prefix, line)
        at = prefix.at
        start = 0
        if own := _OWN_STAMP.match(text):
            start = own.end()
            if not _has_zone(line):
                at = self._inner(own) or at
        event = self._sent(prefix, at, text, start)
        if own and prefix.repeated and isinstance(event, Rejected):
            # One line, for it bears one time, that was sent for two logs.
            return NOISE
        if (
            type(event) is Attempted
            and event.outcome in _MAY_PANIC
            and self._pieces.is_second(prefix, text)
        ):
            return Noted(at=event.at, host=event.host, queue_id=event.queue_id)
        return event

    def _several_lines(self, prefix: Prefix, line: str) -> Event | Noise | None:
        """Read a line in which ends of lines were escaped."""
        text, _, below = prefix.text.partition("\n")
        own = _OWN_STAMP.match(text)
        at = self._own_time(own, line) or prefix.at
        return _with_headers(self._sent(prefix, at, text, own.end() if own else 0), (), below)

    def _sent(self, prefix: Prefix, at: int, text: str, start: int) -> Event | Noise | None:
        """Read a line that was sent to syslog; what it says begins at `start`."""
        pid = prefix.pid
        if number := _PID.match(text, start):
            pid = int(number[1])
            start = number.end()
        event = self._text(Head(at, prefix.host or self.host, "", pid), text, start)
        if event is None and "exim" not in prefix.tag:
            # Exim may log under any name (syslog_processname), and other programs log here, too.
            return NOISE
        return event

    def _piece(self, prefix: Prefix, piece: re.Match[str], line: str) -> Event | Noise | None:
        """Read a piece of a long line."""
        own = _OWN_STAMP.match(prefix.text, piece.end())
        joined = self._pieces.join(prefix, piece, line, self._own_time(own, line))
        host = prefix.host or self.host
        if isinstance(joined, Part):
            if not joined.queue_id:
                return NOISE
            return Noted(at=joined.at, host=host, queue_id=joined.queue_id)
        first, _, below = joined.text.partition("\n")
        own = _OWN_STAMP.match(first)
        event = self._sent(prefix, joined.at, first, own.end() if own else 0)
        queue_id = self._head.queue_id
        self._head = self._nobody
        if event is None and joined.is_cut:
            event = Noted(at=joined.at, host=host, queue_id=queue_id) if queue_id else NOISE
        return _with_headers(event, joined.above, below)

    def _own_time(self, own: re.Match[str] | None, line: str) -> int:
        """The time that Exim put on a text, 0 if the envelope's is to be believed."""
        return 0 if own is None or _has_zone(line) else self._inner(own)

    def _inner(self, own: re.Match[str]) -> int:
        """The time that Exim itself put on a line."""
        stamp, fraction, zone = own.groups()
        at = self.clock.absolute(stamp, zone) if zone else self.clock.local(stamp)
        return at and at + int(fraction or 0) * 1000

    def _witness(self, event: Arrived) -> Arrived:
        """Compare an arrival's time with the one in its id; it settles what the clock cannot."""
        seconds = 0
        for digit in event.queue_id[:6]:
            seconds = seconds * 62 + _DIGITS[digit]
        late = event.at // SECOND - seconds
        quarters, rest = divmod(late + _EARLY, _QUARTER)
        if rest > _TRANSFER or not -_DAY <= late <= _DAY:
            return event
        if self.clock.ambiguous and abs(quarters * _QUARTER * SECOND) == HOUR:
            at = event.at - quarters * _QUARTER * SECOND
            self.clock.witness(at)
            return msgspec.structs.replace(event, at=at)
        self._offsets[quarters] += 1
        return event


def _has_zone(line: str) -> bool:
    """Whether an envelope's own stamp names its zone, which Exim's seldom does."""
    return line[:1] in {"{", "<"} or line[10:11] == "T"


def _with_headers(
    event: Event | Noise | None, above: tuple[str, ...], below: str
) -> Event | Noise | None:
    """Add what stands below a line, where it all came as one."""
    if isinstance(event, Noise) or event is None:
        return event
    entry = Entry(event.at, event.host, event.queue_id)
    for line in below.split("\n"):
        entry.read(line)
    told = entry.told
    if isinstance(event, Rejected):
        return complete(event, told, () if event.queue_id else above)
    if isinstance(event, Noted) and (told.message_id or told.subject):
        return Described(
            at=event.at,
            host=event.host,
            queue_id=event.queue_id,
            message_id=told.message_id,
            subject=told.subject,
        )
    return event


def _fake_rejected(head: Head, line: str, start: int) -> Event | None:
    return arrival.arrived(head, line, start, fake_reject=True)


def _not_delivered(head: Head, line: str, start: int) -> Event | None:
    return attempt.delivered(head, line, start, fake=True)


def _completed(head: Head, line: str, start: int) -> Event | None:
    if line.startswith("pleted", start):
        return Ended(at=head.at, host=head.host, queue_id=head.queue_id, kind=EndKind.COMPLETED)
    return remark.read(head, line[start - 3 :])


#: What may go to the panic log as well: a recipient's expansions and transports that fail.
_MAY_PANIC = frozenset({Outcome.DEFERRED, Outcome.FAILED})

#: The flags behind the message id (spec.txt, "Log file lines"); `Completed` is next in number.
_FLAGS: dict[str, Callable[[Head, str, int], Event | None]] = {
    "<= ": arrival.arrived,
    "(= ": _fake_rejected,
    "=> ": attempt.delivered,
    "-> ": attempt.delivered,
    ">> ": attempt.delivered,
    "*> ": _not_delivered,
    "** ": attempt.failed,
    "== ": attempt.deferred,
    "Com": _completed,
}

_WRITTEN_BY_EXIM = re.compile(
    rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{{3}})? (?:[+-]\d{{4}} )?(?:\[\d+\] )?"
    rf"(?:{MESSAGE_ID} |[A-Z]=|SMTP |no MAIL |Start queue|End queue|exim |cwd=|\w+ authenticator )",
    re.ASCII,
)


def recognises(line: str, prefix: Prefix | None) -> bool:
    """Whether a line, whose envelope is `prefix` if it has any, was written by Exim."""
    if _WRITTEN_BY_EXIM.match(line):
        return True
    if prefix is None or "/" in prefix.tag:
        return False
    if "exim" in prefix.tag:
        return True
    # It may log under any name (syslog_processname).
    piece = PIECE.match(prefix.text)
    start = piece.end() if piece else 0
    if _WRITTEN_BY_EXIM.match(prefix.text, start):
        return True
    found = _ID.match(prefix.text, start)
    return found is not None and prefix.text[found.end() :].startswith(tuple(_FLAGS))
