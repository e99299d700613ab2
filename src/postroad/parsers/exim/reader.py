"""Exim: from lines of its log, in whatever envelope, to events.

Comes in: the lines of one log (main, reject or panic log) in its order. Goes out, for each: an
event, `NOISE`, or None.

    YYYY-MM-DD HH:MM:SS[.mmm] [+ZZZZ ][[pid] ][message-id ]text

A line without a date goes on from the one before: panics, multi-line output and the headers that
a rejectlog shows. In syslog a long line comes in pieces, `[1/2] ...`, `[2/2] ...`, which are put
together: the event comes with the last piece, the others are evidence for the same message.

Limits: pieces and continuations are understood behind the lines they belong to, not by themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import msgspec

from postroad.model.event import NOISE, Arrived, Ended, EndKind, Event, Noise, Noted, Rejected
from postroad.parsers import neighbours
from postroad.parsers.clock import HOUR, SECOND, Clock
from postroad.parsers.exim import arrival, attempt, noise, remark
from postroad.parsers.exim.fields import MESSAGE_ID, Head
from postroad.parsers.prefix import Envelope, Prefix

_ZONE = re.compile(r"([+-]\d{4}) ", re.ASCII)
_PID = re.compile(r"\[(\d{1,10})\] ", re.ASCII)
_ID = re.compile(rf"({MESSAGE_ID})(?: |$)", re.ASCII)
_PIECE = re.compile(r"\[(\d{1,4})([/\\])(\d{1,4})\] ", re.ASCII)
#: Some keep Exim's own stamp and put host and program behind it, or the program before it.
_SENT_ON = re.compile(r"[\w.-]+ \w*exim\w*\[(\d{1,10})\]: ", re.ASCII)
_OWN_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{3}))? (?:([+-]\d{4}) )?", re.ASCII
)
_OWN_ID = re.compile(
    rf"(?:{_OWN_STAMP.pattern})?(?:{_PID.pattern})?({MESSAGE_ID})(?: |$)", re.ASCII
)
_SIGNS = frozenset("+-")
#: Exim ends a line after 8,192 bytes (log.c, LOG_BUFFER_SIZE); what is longer is not its work.
_LONGEST = 16_384
#: Pieces of so many lines are kept at a time.
_UNFINISHED = 64
#: An id says when the message began to come in, its arrival line when that was done.
_QUARTER = 900
_EARLY = 5
_TRANSFER = 300
_DAY = 86_400
_WITNESSES = 3
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = {digit: value for value, digit in enumerate(_BASE62)}


class _Pieces(msgspec.Struct):
    """The pieces of one long line that came so far."""

    total: int
    count: int
    text: str
    queue_id: str


class Reader:
    """Reads one Exim log. `host` is for lines that name none: Exim's own files, not syslog's."""

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line."""
        self.host = host
        self.clock = clock
        self._envelope = Envelope(clock)
        self._before: Event | Noise | None = None
        self._head = Head(0, host, "", 0)
        self._pieces: dict[tuple[str, int], _Pieces] = {}
        self._offsets: Counter[int] = Counter()
        self._memory = neighbours.Memory()

    @property
    def carried(self) -> bytes:
        """What the lines so far leave to be remembered when reading goes on later."""
        return self._memory.carried

    def carry(self, data: bytes) -> None:
        """Take up what `carried` gave."""
        self._memory.carry(data)

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
            event = self._before = self._own(line, at)
            return event
        if prefix := self._envelope.split(line):
            event = self._before = self._enveloped(prefix, line)
            return event
        if sent_on := _SENT_ON.match(line):
            line = line[sent_on.end() :]
            at = self.clock.local(line[:19])
            event = self._before = self._own(line, at) if at else None
            return event
        return self._continued(line)

    def _own(self, line: str, at: int) -> Event | Noise | None:
        """Read a line of Exim's own form, whose stamp was read already."""
        start = 20
        if line[19:20] == ".":
            start = line.find(" ", 20) + 1
            fraction = line[20 : start - 1]
            if not fraction.isdecimal():
                return None
            at += int(fraction[:6].ljust(6, "0"))
        elif line[19:20] != " ":
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
        if not prefix.tag:
            return NOISE if prefix.repeated else None
        if neighbours.known(prefix.tag):
            if not prefix.host:
                prefix = msgspec.structs.replace(prefix, host=self.host)
            return neighbours.read(prefix, "", self._memory)
        text = prefix.text
        if text[:1] == "[" and (piece := _PIECE.match(text)):
            joined = self._join(prefix, piece)
            if not isinstance(joined, str):
                return joined
            text = joined
        at = prefix.at
        start = 0
        if own := _OWN_STAMP.match(text):
            start = own.end()
            if not _has_zone(line):
                at = self._inner(own) or at
        pid = prefix.pid
        if number := _PID.match(text, start):
            pid = int(number[1])
            start = number.end()
        text, _, below = text.partition("\n")
        event = self._text(Head(at, prefix.host or self.host, "", pid), text, start)
        if event is None and "exim" not in prefix.tag:
            # Exim may log under any name (syslog_processname), and other programs log here, too.
            return NOISE
        return _with_headers(event, below) if below else event

    def _inner(self, own: re.Match[str]) -> int:
        """The time that Exim itself put on a line."""
        stamp, fraction, zone = own.groups()
        at = self.clock.absolute(stamp, zone) if zone else self.clock.local(stamp)
        return at and at + int(fraction or 0) * 1000

    def _join(self, prefix: Prefix, piece: re.Match[str]) -> str | Event | Noise | None:
        """Put a long line together: its whole text with the last piece (log.c, write_syslog)."""
        number, total = int(piece[1]), int(piece[3])
        text = prefix.text[piece.end() :] + ("\n" if piece[2] == "\\" else "")
        key = prefix.host, prefix.pid
        before = self._pieces.pop(key, None)
        if number == 1:
            found = _OWN_ID.match(text)
            before = _Pieces(total, 0, "", found[5] if found else "")
        if before is None or before.total != total or before.count != number - 1:
            return None
        before.text += text
        before.count = number
        if number == total:
            return before.text
        if len(self._pieces) >= _UNFINISHED:
            self._pieces.clear()
        self._pieces[key] = before
        if not before.queue_id:
            return NOISE
        return Noted(at=prefix.at, host=prefix.host or self.host, queue_id=before.queue_id)

    def _continued(self, line: str) -> Event | Noise | None:
        """Read a line without a stamp: it belongs to the line before it."""
        if not line.strip(" \t\r\0"):
            return NOISE
        if self._before is None:
            return None
        if described := remark.rejected_header(self._before, line):
            return described
        head = self._head
        if not head.queue_id:
            return NOISE
        return Noted(at=head.at, host=head.host, queue_id=head.queue_id)

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


def _with_headers(event: Event | Noise | None, below: str) -> Event | Noise | None:
    """Add what a rejectlog entry shows below a refusal, where it all came as one."""
    if not isinstance(event, Rejected):
        return event
    shown = [remark.rejected_header(event, line) for line in below.split("\n")]
    headers = [header for header in shown if header]
    return msgspec.structs.replace(
        event,
        recipients=tuple(header.recipient for header in headers if header.recipient),
        message_id="".join(header.message_id for header in headers),
    )


def _fake_rejected(head: Head, line: str, start: int) -> Event | None:
    return arrival.arrived(head, line, start, fake_reject=True)


def _not_delivered(head: Head, line: str, start: int) -> Event | None:
    return attempt.delivered(head, line, start, fake=True)


def _completed(head: Head, line: str, start: int) -> Event | None:
    if line.startswith("pleted", start):
        return Ended(at=head.at, host=head.host, queue_id=head.queue_id, kind=EndKind.COMPLETED)
    return remark.read(head, line[start - 3 :])


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
    return prefix is not None and "exim" in prefix.tag and "/" not in prefix.tag
