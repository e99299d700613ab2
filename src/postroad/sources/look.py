"""A first look at each file: whether it is a log, of which server, and when it begins.

Rotated logs have to be read in the order they were written in. Names tell too many different
stories (`mainlog.1`, `mail.log-20260101.gz`, `2026-01-01/mainlog`), so the order is that of the
first time that stands in each. Stamps without a year get theirs from the file's own age, from a
date in its name, and from the New Years that pass inside it.

Limits: a file that was packed and copied, so that it is young and its name says nothing, seems as
young as its stamps allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from postroad import parsers
from postroad.errors import SourceError
from postroad.model.event import Noise
from postroad.model.when import DAY
from postroad.parsers.clock import first_year
from postroad.sources import containers
from postroad.sources.archives import Content, open_content, why_no_log
from postroad.sources.find import Found

#: Bytes in which a line that some parser knows must come first, and how many to begin with.
_FIRST, _MORE = 1 << 16, 1 << 20
#: Lines taken out of a log to count the New Years in it, and bytes looked at for each.
_SAMPLES, _SAMPLE = 256, 1 << 13
#: Stands for the host that lines out of containers do not name.
_NO_HOST = "localhost"
_DATE = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
#: Classic syslog, but for the form that has the year behind the time.
_YEARLESS = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?! \d{4} )", re.ASCII)


class Look(msgspec.Struct, kw_only=True):
    """What a first look at a file showed."""

    found: Found
    #: The server that wrote it; empty if no line at its beginning told.
    server: str = ""
    #: The first time in it, microseconds UTC; that of the file where no line told.
    first_at: int = 0
    #: For the clock that reads it: the latest time that a year-less stamp may bear, and the year
    #: of the first such stamp.
    newest: int = 0
    first_year: int | None = None
    #: Why it cannot be read, as a sentence; empty if it can.
    problem: str = ""
    #: An open stream, which cannot be opened a second time.
    content: Content | None = None


def look(
    found: Found,
    *,
    server: str,
    host: str,
    zone: ZoneInfo,
    now: int,
    content: Content | None = None,
) -> Look:
    """Look at one file. `server` is empty if it is to be told from the lines. Never raises."""
    seen = Look(found=found, server=server)
    try:
        opened = content or open_content(found.path, is_regular=found.is_regular)
    except SourceError as error:
        seen.problem = str(error)
        return seen
    try:
        _look_inside(seen, opened, host, zone, now)
    except SourceError as error:
        seen.problem = str(error)
    if found.is_regular or seen.problem:
        opened.close()
    else:
        seen.content = opened
    return seen


def in_order(looks: Iterable[Look]) -> list[Look]:
    """Readable files in the order in which they were written."""
    return sorted(looks, key=lambda seen: (seen.first_at, str(seen.found.path)))


def newest_in(path: Path, modified: int, now: int) -> int:
    """The latest time that lines of this file may bear, in microseconds UTC.

    That is when it was written last, or two days behind a date in its name, as logrotate names
    files by the day that it takes them away (logrotate(8): dateext).
    """
    latest = modified or now
    if named := _DATE.search(path.name):
        try:
            day = datetime(int(named[1]), int(named[3]), int(named[4]), tzinfo=UTC)
        except ValueError:
            return latest
        latest = min(latest, int(day.timestamp()) * 1_000_000 + 2 * DAY)
    return latest


def _look_inside(seen: Look, content: Content, host: str, zone: ZoneInfo, now: int) -> None:
    first = content.peek(_FIRST)
    if why := why_no_log(first):
        seen.problem = f"{content.path} {why}."
        return
    is_wrapped = containers.is_wrapped(first)
    lines = _lines(first, is_wrapped=is_wrapped)
    seen.server = seen.server or parsers.detect(lines) or ""
    if not seen.server:
        lines = _lines(content.peek(_MORE), is_wrapped=is_wrapped)
        seen.server = parsers.detect(lines) or ""
    seen.newest = newest_in(seen.found.path, content.modified, now)
    seen.first_at = content.modified or now
    if not seen.server:
        return
    if any(map(_YEARLESS.match, lines[:10])) and seen.found.is_regular:
        seen.first_year = first_year(_sample(seen.found, content), zone, seen.newest)
    reader = parsers.reader(
        seen.server, host=host, zone=zone, newest=seen.newest, first_year=seen.first_year
    )
    for line in lines:
        event = reader.read(line)
        if event is not None and not isinstance(event, Noise):
            seen.first_at = event.at
            break


def _lines(data: bytes, *, is_wrapped: bool = False) -> Sequence[str]:
    if is_wrapped:
        found, _ = containers.unwrap(data[: data.rfind(b"\n") + 1], _NO_HOST, final=True)
        return [line for line in found if line]
    lines = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    return [line.lstrip("\0") for line in (lines[:-1] or lines) if line]


def _sample(found: Found, content: Content) -> Iterator[str]:
    """Lines from all over a file, the first and the last among them."""
    with open_content(found.path, is_regular=found.is_regular) as again:
        if content.is_plain and content.size > _SAMPLES * _SAMPLE:
            step = (content.size - _SAMPLE) // (_SAMPLES - 1)
            for number in range(_SAMPLES):
                again.seek(number * step)
                yield from _lines(again.read(_SAMPLE))[1 if number else 0 :]
        else:
            while data := again.read(_SAMPLE):
                yield from _lines(data)[1:2]
                ended = data
            yield from _lines(ended)[-1:]
