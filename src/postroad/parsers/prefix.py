"""Envelopes of log lines: who wrote the line, and when, before what it says.

Comes in: one line as text. Goes out: a `Prefix`, or None if the line wears no envelope that is
known. Understood: classic syslog (RFC 3164) with the day padded by a space or a zero, with
fractions of a second, with a year before or behind it; ISO stamps (RFC 3339 and journald's
`short-iso`); RFC 5424; journald JSON and the JSON files of Docker; `short-unix`; the stamps of
multilog(8), as they are (TAI64N) or through tai64nlocal(8); each of these with a `<PRI>` or a
container's prefix before it.

multilog counts TAI as UTC and ten seconds (daemontools, tai_unix: 2^62 + 10), whatever leap seconds
there were since 1970, and so do qmail's tools; its labels are read back the same way. Loggers that
know leap seconds (s6-log) write labels that are as many seconds ahead.

rsyslog writes control characters as `#ooo` (its `$EscapeControlCharactersOnReceive`); they are
turned back, as what follows is a multi-line reply more often than not. Eight-bit characters are
not, since `#2xx` is text far more often than an escape.

Limits: a log is expected to wear one kind of envelope for long stretches; every change costs a
try of all kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from postroad.parsers.clock import Clock


class Prefix(msgspec.Struct, frozen=True, gc=False):
    """What the envelope of a line says, and the line's own text."""

    #: Microseconds UTC since 1970.
    at: int
    #: As logged; empty if the envelope names none.
    host: str
    #: The program's name as logged (`postfix/smtpd`, `exim`); empty if there is none.
    tag: str
    #: Process id, 0 if not logged.
    pid: int
    text: str
    #: How often the syslog daemon saw the text again. With an empty `tag` the text itself is not
    #: here, but was on the line before.
    repeated: int = 0


class Envelope:
    """Opens the envelopes of one log, whatever kind they are."""

    def __init__(self, clock: Clock) -> None:
        """Begin with no idea of the kind."""
        self._clock = clock
        self._tags: dict[str, tuple[str, int]] = {}
        self._kinds: tuple[Callable[[str], Prefix | None], ...] = (
            self._classic,
            self._iso,
            self._rfc5424,
            self._json,
            self._tai64n,
            self._year_first,
            self._unix,
            self._unpadded,
            self._wrapped,
        )
        self._kind: Callable[[str], Prefix | None] = self._classic

    def split(self, line: str) -> Prefix | None:
        """Open one line, or return None if it wears no envelope."""
        if prefix := self._kind(line):
            return prefix
        for kind in self._kinds:
            if prefix := kind(line):
                self._kind = kind
                return prefix
        return None

    def _classic(self, line: str) -> Prefix | None:
        """`Mmm dd HH:MM:SS[.fraction] host tag[pid]: text`."""
        at = self._clock.yearless(line[:15])
        if not at:
            return None
        start = 16
        if line[15:16] == ".":
            start = line.find(" ", 16) + 1
            at += _fraction(line[16 : start - 1])
        elif line[15:16] != " ":
            return None
        elif line[20:21] == " " and line[16:20].isdigit():
            return self._year_last(line)
        return self._sender(at, line, start)

    def _unpadded(self, line: str) -> Prefix | None:
        """`Mmm d HH:MM:SS host tag[pid]: text`, the day not padded."""
        is_single = line[3:4] == line[5:6] == " " and line[4:5].isdecimal()
        return self._classic(f"{line[:4]} {line[4:]}") if is_single else None

    def _year_last(self, line: str) -> Prefix | None:
        """`Mmm dd HH:MM:SS YYYY host tag[pid]: text`."""
        month = _MONTHS.get(line[:3], "")
        at = self._clock.local(f"{line[16:20]}-{month}-{_two(line[4:6])} {line[7:15]}")
        return self._sender(at, line, 21) if at else None

    def _year_first(self, line: str) -> Prefix | None:
        """`YYYY Mmm dd HH:MM:SS[.fraction] host tag[pid]: text`."""
        month = _MONTHS.get(line[5:8])
        if not month or line[4:5] != " ":
            return None
        at = self._clock.local(f"{line[:4]}-{month}-{_two(line[9:11])} {line[12:20]}")
        start = line.find(" ", 20) + 1
        if not at or not start:
            return None
        return self._sender(at + _fraction(line[21 : start - 1]), line, start)

    def _iso(self, line: str) -> Prefix | None:
        """`YYYY-MM-DDTHH:MM:SS[.fraction][zone] host tag[pid]: text`."""
        end = line.find(" ", 19)
        if end < 0 or line[16:17] != ":" or line.startswith(_STREAMS, end + 1):
            return None
        at = self._iso_time(line[:end])
        if end == _TAI64NLOCAL_STAMP and line[10] == " " and line[20:29].isdecimal():
            return Prefix(at, "", "", 0, line[30:]) if at else None
        return self._sender(at, line, end + 1) if at else None

    def _tai64n(self, line: str) -> Prefix | None:
        """`@SECONDS_AND_NANOSECONDS text`, 24 hexadecimal digits (multilog(8), action `t`)."""
        found = _TAI64N.match(line)
        if not found:
            return None
        at = (int(found[1], 16) - _TAI_1970) * 1_000_000 + int(found[2], 16) // 1000
        return Prefix(at, "", "", 0, line[26:]) if 0 < at < _YEAR_9999 else None

    def _iso_time(self, stamp: str) -> int:
        if len(stamp) == _RSYSLOG_STAMP and stamp[19] == "." and stamp[20:26].isdecimal():
            at = self._clock.absolute(stamp[:19], stamp[26:])
            return at and at + int(stamp[20:26])
        found = _ISO_TAIL.fullmatch(stamp, 19)
        if not found:
            return 0
        fraction, zone = found.groups()
        clock = self._clock
        at = clock.absolute(stamp[:19], zone) if zone else clock.local(stamp[:19])
        return at + _fraction(fraction) if at and fraction else at

    def _unix(self, line: str) -> Prefix | None:
        """`SECONDS.fraction host tag[pid]: text` (journalctl's `short-unix`)."""
        found = _UNIX.match(line)
        if not found:
            return None
        at = int(found[1]) * 1_000_000 + _fraction(found[2])
        return self._sender(at, line, found.end())

    def _rfc5424(self, line: str) -> Prefix | None:
        """`<PRI>1 stamp host app procid msgid [structured data] text` (RFC 5424, section 6)."""
        found = _RFC5424.match(line)
        if not found:
            return None
        stamp, host, tag, pid = ("" if part == "-" else part for part in found.groups())
        at = self._iso_time(stamp)
        # rsyslog puts a space before the text.
        text = line[found.end() :].removeprefix("\ufeff").removeprefix(" ")
        return self._text(at, host, tag, _number(pid), text)

    def _json(self, line: str) -> Prefix | None:
        """An object of `journalctl -o json`, or of Docker, whose text has its own envelope."""
        if not line.startswith("{"):
            return None
        try:
            entry = _decode_json(line)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return None
        if entry.log is not None:
            return self._inner(entry.log.rstrip("\r\n"))
        if entry.message is None:
            return None
        pid = _number(entry.syslog_pid or entry.pid)
        return self._text(_number(entry.at), entry.host, entry.tag, pid, _message(entry.message))

    def _wrapped(self, line: str) -> Prefix | None:
        """`<PRI>`, `container | ` or the stamp of a container runtime before another envelope."""
        found = _WRAPPING.match(line)
        return self._inner(line[found.end() :]) if found else None

    def _inner(self, line: str) -> Prefix | None:
        for kind in (self._classic, self._iso, self._year_first, self._rfc5424, self._tai64n):
            if prefix := kind(line):
                return prefix
        return None

    def _sender(self, at: int, line: str, start: int) -> Prefix | None:
        """Read `host tag[pid]: text` from `start` on."""
        if line.startswith("last message repeated ", start):
            return self._text(at, "", "", 0, line[start:])
        if line.startswith("<", start):
            # FreeBSD's `syslogd -v` puts facility and level before the host.
            start = line.find(" ", start) + 1
        space = line.find(" ", start)
        if space <= start:
            return None
        colon = line.find(": ", space)
        written = line[space + 1 : colon] if colon >= 0 else line[space + 1 :].removesuffix(":")
        known = self._tags.get(written)
        if known is None:
            if line.startswith("last message repeated ", space + 1):
                return self._text(at, line[start:space], "", 0, line[space + 1 :])
            known = self._tag(written)
            if known is None:
                return Prefix(at, line[start:space], "", 0, line[space + 1 :])
        text = line[colon + 2 :] if colon >= 0 else ""
        return self._text(at, line[start:space], known[0], known[1], text)

    def _tag(self, written: str) -> tuple[str, int] | None:
        """Take `tag[pid]` apart; None if that is no tag but text."""
        found = _TAG.fullmatch(written)
        if not found:
            return None
        if len(self._tags) >= _TAGS_REMEMBERED:
            self._tags.clear()
        known = self._tags[written] = (found[1], int(found[2] or 0))
        return known

    def _text(self, at: int, host: str, tag: str, pid: int, text: str) -> Prefix:
        if "#" in text:
            text = _ESCAPED.sub(_unescape, text).rstrip("\r\n")
        if "message repeated " in text[:22] and (found := _REPEATED.match(text)):
            return Prefix(at, host, tag, pid, found[2] or text, int(found[1]))
        if text.startswith("[ID ") and (found := _SOLARIS.match(text)):
            text = text[found.end() :]
        return Prefix(at, host, tag, pid, text)


class _Entry(msgspec.Struct, gc=False):
    """The keys of systemd.journal-fields(7), and of Docker's json-file driver, that matter."""

    message: str | list[int | str] | None = msgspec.field(default=None, name="MESSAGE")
    at: str = msgspec.field(default="", name="__REALTIME_TIMESTAMP")
    host: str = msgspec.field(default="", name="_HOSTNAME")
    tag: str = msgspec.field(default="", name="SYSLOG_IDENTIFIER")
    syslog_pid: str = msgspec.field(default="", name="SYSLOG_PID")
    pid: str = msgspec.field(default="", name="_PID")
    log: str | None = None


def _message(message: str | list[int | str]) -> str:
    """Put a journal entry's text together: a string, or the bytes of what is not UTF-8."""
    if isinstance(message, str):
        return message
    octets = bytes(part for part in message if isinstance(part, int) and 0 <= part <= _OCTET)
    text = octets.decode("utf-8", "backslashreplace")
    return text or next((part for part in message if isinstance(part, str)), "")


def _number(digits: str) -> int:
    """Read microseconds or a process id; what is neither counts nothing."""
    return int(digits) if digits.isdecimal() and len(digits) <= _LONGEST_NUMBER else 0


def _fraction(digits: str) -> int:
    """Microseconds of the digits behind a decimal point; what is not digits counts nothing."""
    return int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else 0


def _two(day: str) -> str:
    return day.strip().zfill(2)


def _unescape(found: re.Match[str]) -> str:
    return chr(int(found[1], 8))


_decode_json = msgspec.json.Decoder(_Entry).decode
_OCTET = 255
_LONGEST_NUMBER = 18
#: `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM`, by far the most frequent of all.
_RSYSLOG_STAMP = 32
#: `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`, in local time.
_TAI64NLOCAL_STAMP = 29
_TAI64N = re.compile(r"@(4[0-9a-f]{15})([0-9a-f]{8})(?: |$)", re.ASCII)
#: The label of 1970-01-01 00:00:00 UTC.
_TAI_1970 = 0x400000000000000A
_YEAR_9999 = 253_370_764_800_000_000
_TAGS_REMEMBERED = 4096
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_ISO_TAIL = re.compile(r"(?:[.,](\d{1,9}))?(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
#: What a container runtime writes behind its own stamp.
_STREAMS = ("stdout ", "stderr ")
_UNIX = re.compile(r"(\d{9,11})\.(\d{3,6}) ", re.ASCII)
#: A busybox or FreeBSD syslogd may put facility and level before the tag.
_TAG = re.compile(
    r"(?:<?[a-z0-9]+\.[a-z]+>? )?"
    r"([^\s\[\]]+(?:\[[^\s\[\]]*[^\d\s\[\]][^\s\[\]]*\])?)"
    r"(?:\[(\d{1,10})\])?",
    re.ASCII,
)
_RFC5424 = re.compile(
    r"<\d{1,3}>1 (\S+) (\S+) (\S+) (\S+) \S+ "
    r'(?:-|(?:\[[^\s\]="]+(?: [^\s\]="]+="(?:[^"\\]|\\.)*")*\])+)(?: |$)',
    re.ASCII,
)
_WRAPPING = re.compile(
    r"<\d{1,3}>(?!1 )"
    r"|[\w.-]+ +\| "
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] ",
    re.ASCII,
)
_ESCAPED = re.compile(r"#(0[0-3][0-7]|177)", re.ASCII)
_REPEATED = re.compile(
    r"(?:last )?message repeated (\d{1,9}) times?(?:: \[ ?(.*)\]|\.?$)", re.DOTALL | re.ASCII
)
_SOLARIS = re.compile(r"\[ID \d+ [a-z0-9]+\.[a-z]+\] ", re.ASCII)
