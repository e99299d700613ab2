"""Logs of any size whose truth is known.

    python -m bench.logs exim --lines 1000000 FOLDER        one Exim server
    python -m bench.logs exim-old ...                       ids as before Exim 4.97
    python -m bench.logs postfix --lines 1000000 FOLDER     one Postfix, long ids, RFC 3339 stamps
    python -m bench.logs postfix-short ...                  short ids that come round, RFC 3164
    python -m bench.logs postfix-dovecot ...                Postfix, Dovecot, spamd and rspamd
    python -m bench.logs sendmail ...                       RFC 3164
    python -m bench.logs opensmtpd ...                      RFC 3339
    python -m bench.logs qmail ...                          multilog, TAI64N

In the folder: the log, in one file or (`--rotate`) one a day, older ones packed, as logrotate
leaves them; and `truth.jsonl`: for every recipient the queue id, the time, the recipient as
addressed, the final address if it differs, the status, the sender, the subject where it is logged,
the attempts, the folder where a mailbox server names it.

About a third of the lines say nothing about a message. The log ends when the last message does,
so that the truth is whole; some messages stay deferred, or on hold, for ever.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TextIO
from zoneinfo import ZoneInfo

from bench.book import Book
from bench.dovecotlog import PostfixDovecot
from bench.eximlog import Exim
from bench.opensmtpdlog import OpenSmtpd
from bench.postfixlog import Postfix
from bench.qmaillog import Numbered, Qmail
from bench.sendmaillog import Sendmail
from bench.world import DAY, Truth, World

#: New Year lies in the middle, which is where stamps without a year go wrong.
START = datetime(2025, 12, 21, tzinfo=UTC).timestamp()
ZONE = "Europe/Berlin"


class Server(Protocol):
    """A made-up mail server."""

    def play(self, at: float) -> None:
        """Let one thing happen at this time."""


class Kind(NamedTuple):
    """How one kind of log comes about."""

    server: Callable[[World, Book], Server]
    #: So many lines come of one thing that happens, on average.
    lines_each: float
    #: What a line begins with.
    stamp: str
    name: str = "mail.log"
    book: type[Book] = Book


_KINDS = {
    "exim": Kind(lambda world, book: Exim(world, book, old_ids=False), 4.6, "exim", "mainlog"),
    "exim-old": Kind(lambda world, book: Exim(world, book, old_ids=True), 4.6, "exim", "mainlog"),
    "postfix": Kind(lambda world, book: Postfix(world, book, long_ids=True), 7.4, "rfc3339"),
    "postfix-short": Kind(lambda world, book: Postfix(world, book, long_ids=False), 7.4, "rfc3164"),
    "postfix-dovecot": Kind(PostfixDovecot, 8.6, "rfc3339"),
    "sendmail": Kind(Sendmail, 3.7, "rfc3164"),
    "opensmtpd": Kind(OpenSmtpd, 7.9, "rfc3339"),
    "qmail": Kind(Qmail, 13.2, "tai64n", "current", Numbered),
}
KINDS = tuple(_KINDS)
_DAYS = 14.0
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Stamps:
    """Turns times into the stamps of one kind of log, in local time."""

    def __init__(self, kind: str) -> None:
        """`kind` is one of `KINDS`."""
        self._stamp = _KINDS[kind].stamp
        self._zone = ZoneInfo(ZONE)
        self._second = -1
        self._text = ""

    def line(self, at: float, text: str) -> str:
        """The line as it stands in the log."""
        if self._stamp == "tai64n":
            return f"{tai64n(at)} {text}\n"
        second = int(at)
        if second != self._second:
            self._second = second
            self._text = self._format(datetime.fromtimestamp(second, self._zone))
        if self._stamp == "rfc3339":
            return f"{self._text}.{int(at % 1 * 1_000_000):06d}+01:00 mx1 {text}\n"
        if self._stamp == "rfc3164":
            return f"{self._text} mx1 {text}\n"
        return f"{self._text} {text}\n"

    def _format(self, when: datetime) -> str:
        if self._stamp == "rfc3339":
            return f"{when:%Y-%m-%dT%H:%M:%S}"
        if self._stamp == "rfc3164":
            return f"{_MONTHS[when.month - 1]} {when.day:2d} {when:%H:%M:%S}"
        return f"{when:%Y-%m-%d %H:%M:%S}"


def tai64n(at: float) -> str:
    """The stamp that multilog writes (tai64nlocal(8)): TAI, ten seconds ahead of UTC here."""
    return f"@{(1 << 62) + 10 + int(at):016x}{int(at % 1 * 1_000_000_000):08x}"


def events(kind: str, lines: int, seed: int, truth: TextIO) -> Iterator[tuple[float, str]]:
    """At least so many lines with their times, in order; writes the truth as it comes out."""
    made = _KINDS[kind]
    world, book = World(seed), made.book()
    server = made.server(world, book)
    pause = _DAYS * DAY * made.lines_each / lines
    at, written = START, 0
    while written + book.waiting < lines:
        at += world.chance.expovariate(1 / pause)
        server.play(at)
        truth.writelines(_json(told) for told in book.take_truths())
        for line in book.until(at - 30):
            written += 1
            yield line
    yield from book.until(float("inf"))


def _json(told: Truth) -> str:
    return json.dumps(told._asdict(), ensure_ascii=False) + "\n"


def write(
    kind: str, lines: int, folder: Path, *, seed: int = 1, rotate: bool = False
) -> list[Path]:
    """Write the log and its truth into a folder; returns the log's files, oldest first."""
    folder.mkdir(parents=True, exist_ok=True)
    stamps = Stamps(kind)
    name = _KINDS[kind].name
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as truth:
        source = events(kind, lines, seed, truth)
        if not rotate:
            with (folder / name).open("w", encoding="utf-8") as log:
                log.writelines(stamps.line(at, text) for at, text in source)
            return [folder / name]
        days: list[list[str]] = []
        end = START
        for at, text in source:
            while at >= end:
                days.append([])
                end += DAY
            days[-1].append(stamps.line(at, text))
    return _rotated(folder / name, days)


def _rotated(path: Path, days: list[list[str]]) -> list[Path]:
    """A file a day: the newest plain, then `.1`, then packed ones, as logrotate's delaycompress.

    multilog names a file that is full after the time of its end, and packs none.
    """
    paths = []
    for age, lines in reversed(list(enumerate(reversed(days)))):
        target = path if not age else path.with_name(f"{path.name}.{age}")
        data = "".join(lines).encode()
        if path.name == "current":
            if age:
                target = path.with_name(f"{tai64n(START + (len(days) - age) * DAY)}.s")
        elif age > 1:
            target = target.with_name(target.name + ".gz")
            data = gzip.compress(data, 1)
        target.write_bytes(data)
        written = START + (len(days) - age) * DAY
        os.utime(target, (written, written))
        paths.append(target)
    return paths


def truths(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the truth back."""
    with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main() -> None:
    """Write one log."""
    parser = argparse.ArgumentParser(description="Write a log whose truth is known.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rotate", action="store_true", help="a file a day, older ones packed")
    asked = parser.parse_args()
    begun = time.monotonic()
    paths = write(asked.kind, asked.lines, asked.folder, seed=asked.seed, rotate=asked.rotate)
    print(f"{len(paths)} files in {time.monotonic() - begun:.0f} s, the last is {paths[-1]}")


if __name__ == "__main__":
    main()
