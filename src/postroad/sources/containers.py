r"""What container runtimes write around the lines of their containers, taken off again.

Docker's json-file driver writes `{"log":"text\n","stream":"stdout","time":"..."}`, one object a
line, and cuts a text into pieces of 16 KiB, of which the last one alone ends in a newline. The CRI
form (containerd, CRI-O, Podman's k8s-file) is `TIME stdout F text`, with `P` for a piece that is
not the last. Pieces of one stream are put together.

A text that has a time keeps it; one whose time names no zone (classic syslog; Exim's own) gets the
zone that the runtime's time, which is UTC, shows it to be in, and so the right year too. A text
without a time gets the runtime's, and the host name that the source has.

Limits: pieces are put together up to a million octets; what waits longer for its end is a line of
its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from postroad.sources import syslog

#: Octets that may wait for the end of a line.
MOST = 1 << 20

_CRI = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP]) ?"
)
#: `Mmm dd HH:MM:SS host `, and what Exim puts before its own lines.
_CLASSIC = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?!\d{4} )", re.ASCII)
_EXIM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? (?![+-]\d{4} )", re.ASCII)
#: How other texts begin that have a time or an envelope of their own: ISO, a year, seconds,
#: TAI64N, a priority, JSON.
_TIMED = re.compile(
    r"\d{4}-\d\d-\d\d[T ]|\d{4} [A-Z][a-z]{2} |[A-Z][a-z]{2} [ \d]\d \d\d:|\d{9,11}\.\d"
    r"|@[0-9a-f]{24} |<\d{1,3}>|\{",
    re.ASCII,
)
#: Zones are whole quarters of an hour off UTC, at most so many; and how late a line may be written.
_QUARTER, _MOST_QUARTERS, _LATE = 900, 56, 120


class _Docker(msgspec.Struct, gc=False):
    log: str
    stream: str = "stdout"
    time: str = ""


class _Piece(NamedTuple):
    """One entry: a text, or a piece of one."""

    time: str
    stream: str
    text: str
    is_last: bool


_decode = msgspec.json.Decoder(_Docker).decode


def is_wrapped(data: bytes) -> bool:
    """Whether a log that begins so was written by a container runtime."""
    return data.startswith(b'{"log":') or _CRI.match(data) is not None


def unwrap(data: bytes, host: str, *, final: bool = False) -> tuple[list[str], int]:
    """Lines out of whole entries, and the octets of the entries that they rest on.

    What waits for its end is left for the next time, unless it is `final`. `host` is for lines that
    name none.
    """
    found: list[str] = []
    #: The lines since the last moment at which no stream was in the middle of one.
    begun: list[str] = []
    waiting: dict[str, list[_Piece]] = {}
    done = start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        piece = _piece(data[start:end])
        start = end
        pieces = waiting.setdefault(piece.stream, [])
        pieces.append(piece)
        if piece.is_last:
            del waiting[piece.stream]
            begun.append(_line(pieces, host))
        if not waiting:
            found += begun
            begun = []
            done = start
    if final or (waiting and len(data) - done > MOST):
        found += begun + [_line(pieces, host) for pieces in waiting.values()]
        done = len(data)
    return found, done


def _piece(entry: bytes) -> _Piece:
    """One entry; what is none is a line of its own, as it stands."""
    if entry.startswith(b"{"):
        try:
            docker = _decode(entry)
        except (msgspec.MsgspecError, RecursionError):
            pass
        else:
            is_last = docker.log.endswith("\n")
            return _Piece(docker.time, docker.stream, docker.log.rstrip("\r\n"), is_last)
    elif cri := _CRI.match(entry):
        time, stream, kind = (part.decode() for part in cri.groups())
        text = entry[cri.end() :].decode("utf-8", "backslashreplace").rstrip("\r\n")
        return _Piece(time, stream, text, kind == "F")
    return _Piece("", "", entry.decode("utf-8", "backslashreplace").strip("\r\n\0"), is_last=True)


def _line(pieces: list[_Piece], host: str) -> str:
    first = pieces[0]
    text = first.text if len(pieces) == 1 else "".join(piece.text for piece in pieces)
    # A text of several lines that came as one entry stays one.
    if "\n" in text:
        text = syslog.escaped(text)
    return _timed(text, first.time, host) if first.time else text


def _timed(text: str, time: str, host: str) -> str:
    """The text with a time that names its zone."""
    if found := _EXIM.match(text):
        _, zone = _placed(text[:16], time[:16])
        return f"{found[0]}{zone} {text[found.end() :]}" if zone else text
    if _CLASSIC.match(text):
        minute, zone = _placed(text[:12], time[:16])
        return f"{minute}{text[12:15]}{zone[:3]}:{zone[3:]}{text[15:]}" if zone else text
    if not text or _TIMED.match(text):
        return text
    at = _moment(time)
    return syslog.line((at - _EPOCH) // _MICROSECOND, host, text) if at else text


@lru_cache(4096)
def _placed(stamp: str, minute: str) -> tuple[str, str]:
    """A stamp without a zone, to the minute, as `YYYY-MM-DDTHH:MM`, and its zone as `+0100`.

    `minute` is when it was written, in UTC. The zone is empty if none makes the two agree.
    """
    try:
        at = datetime.fromisoformat(minute)
    except ValueError:
        return "", ""
    if stamp[4:5] == "-":
        written = [f"{stamp[:10]}T{stamp[11:]}"]
    else:
        rest = f"{_MONTHS.get(stamp[:3])}-{stamp[4:6].strip():0>2}T{stamp[7:]}"
        written = [f"{year:04}-{rest}" for year in (at.year - 1, at.year, at.year + 1)]
    near = []
    for each in written:
        try:
            near.append((abs(datetime.fromisoformat(each) - at), each))
        except ValueError:
            continue
    if not near:
        return "", ""
    _, best = min(near)
    ahead = (datetime.fromisoformat(best) - at).total_seconds()
    quarters = round(ahead / _QUARTER)
    if abs(quarters) > _MOST_QUARTERS or abs(ahead - quarters * _QUARTER) > _LATE:
        return "", ""
    hours, parts = divmod(abs(quarters), 4)
    return best, f"{'-' if quarters < 0 else '+'}{hours:02}{parts * 15:02}"


def _moment(time: str) -> datetime | None:
    # Nanoseconds are more than a datetime holds, and than Python 3.11 reads.
    found = _STAMP.fullmatch(time)
    if not found:
        return None
    try:
        at = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    except ValueError:
        return None
    return at.astimezone(UTC) + int((found[2] or "")[:6].ljust(6, "0")) * _MICROSECOND


_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
