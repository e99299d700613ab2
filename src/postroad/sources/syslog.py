r"""Syslog messages, as they come from a network, to lines of one form.

In: the octets of one message of RFC 5424 or RFC 3164, or what their many relatives make of it, with
the peer that sent it and the time it came. Out: one line `2026-03-02T08:00:00.123456+00:00 host
tag[pid]: text`, as rsyslog writes it (its template RSYSLOG_FileFormat), which needs no guess about
year and zone when it is read.

The text is what the sender wrote. Control characters in it are written as `#ooo`, as rsyslog does,
so that a message is one line whatever is in it; what is not UTF-8 as `\xNN`. A message without a
time gets that at which it came, one without a host name that of its peer (RFC 3164 section 4.3).

Limits: a stamp of RFC 3164 has no year and no zone: it is read in the zone that the source is in,
and is no more than a day younger than the moment it came.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from postroad.model.when import SECOND
from postroad.parsers.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRI = re.compile(r"<\d{1,3}>", re.ASCII)
#: RFC 5424 section 6: version, time, host, application, process id, message id, structured data.
_RFC5424 = re.compile(
    r"1 (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) \S{1,64} "
    r'(?:-|(?:\[[^\s\]="]+(?: [^\s\]="]+="(?:[^"\\]|\\.)*")*\])+)(?: |$)',
    re.ASCII,
)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|z|[+-]\d\d:?\d\d)?(?: |$)", re.ASCII
)
_CLASSIC = 15
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: A first word that is no host name but the program's tag: `postfix/qmgr[12]:`, `kernel:`.
_TAG = re.compile(r"\S*[\w\])/]:$|\S*\[\d+\]:?$", re.ASCII)


class Scribe:
    """Writes the messages of one source as lines."""

    def __init__(self, zone: ZoneInfo, *, host: str = "") -> None:
        """`zone` is that of stamps that name none; `host`, if set, is every message's."""
        self._clock = Clock(zone, 0)
        self._host = host

    def line(self, message: bytes, *, peer: str, at: int) -> str:
        """One message as a line without its newline; `at` is when it came, microseconds UTC."""
        text = message.decode("utf-8", "backslashreplace").removeprefix("\ufeff").strip("\r\n\0")
        if found := _PRI.match(text):
            text = text[found.end() :]
        if found := _RFC5424.match(text):
            return self._of_5424(found, text[found.end() :], peer, at)
        time, start = self._time(text, at)
        text = text[start:]
        first, _, rest = text.partition(" ")
        if start and rest and not _TAG.match(first):
            return self._written(time or at, first, rest)
        return self._written(time or at, peer, text.lstrip(" "))

    def _of_5424(self, found: re.Match[str], text: str, peer: str, at: int) -> str:
        stamp, host, tag, pid = ("" if part == "-" else part for part in found.groups())
        time, _ = self._time(stamp, at)
        # rsyslog puts a space before the text, and others a byte order mark.
        text = text.removeprefix("\ufeff").removeprefix(" ")
        if tag:
            text = f"{tag}[{pid}]: {text}" if pid else f"{tag}: {text}"
        return self._written(time or at, host or peer, text)

    def _time(self, text: str, at: int) -> tuple[int, int]:
        """The time that a text begins with, 0 if it does not; and where it goes on."""
        self._clock.newest = at
        if found := _ISO.match(text):
            stamp, fraction, zone = found.groups()
            clock = self._clock
            time = clock.absolute(stamp, zone) if zone else clock.local(stamp)
            if time and fraction:
                time += int(fraction[:6].ljust(6, "0"))
            return time, found.end() if time else 0
        # A sender's clock that jumps decides about no other message's year.
        self._clock.witness(at)
        time = self._clock.yearless(text[:_CLASSIC])
        if not time:
            return 0, 0
        behind = text[_CLASSIC : _CLASSIC + 8].partition(" ")[0]
        end = _CLASSIC + len(behind)
        if behind[:1] == "." and behind[1:].isdecimal():
            time += int(behind[1:7].ljust(6, "0"))
        elif behind:
            return 0, 0
        return time, end + 1

    def _written(self, at: int, host: str, text: str) -> str:
        return line(at, self._host or host, text)


def line(at: int, host: str, text: str) -> str:
    """A line of the form that all of them get; `at` in microseconds UTC."""
    return f"{stamp(at)} {escaped(f'{host} {text}')}"


def stamp(at: int) -> str:
    """Microseconds UTC as `2026-03-02T08:00:00.123456+00:00`."""
    second, fraction = divmod(at, SECOND)
    try:
        moment = _EPOCH + timedelta(seconds=second)
    except OverflowError:
        moment = _EPOCH
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:06d}+00:00"


def escaped(text: str) -> str:
    """The text with control characters written as `#ooo`; a tab stays."""
    return _CONTROL.sub(_escape, text) if not text.isprintable() else text


def _escape(found: re.Match[str]) -> str:
    return "\t" if found[0] == "\t" else f"#{ord(found[0]):03o}"
