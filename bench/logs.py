"""Logs of any size whose truth is known.

    python -m bench.logs exim --lines 1000000 FOLDER        one Exim server
    python -m bench.logs exim-old ...                       ids as before Exim 4.97
    python -m bench.logs postfix --lines 1000000 FOLDER     one Postfix, long ids, RFC 3339 stamps
    python -m bench.logs postfix-short ...                  short ids that come round, RFC 3164

In the folder: the log, in one file or (`--rotate`) one a day, older ones packed, as logrotate
leaves them; and `truth.jsonl`: for every recipient the queue id, the time, the recipient as
addressed, the final address if it differs, the status, the sender, the subject where it is logged,
the attempts.

About a third of the lines say nothing about a message. The log ends when the last message does,
so that the truth is whole; some messages stay deferred, or on hold, for ever.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bench.book import Book
from bench.eximlog import Exim
from bench.postfixlog import Postfix
from bench.world import DAY, Truth, World

#: New Year lies in the middle, which is where stamps without a year go wrong.
START = datetime(2025, 12, 21, tzinfo=UTC).timestamp()
ZONE = "Europe/Berlin"
#: So many lines come of one thing that happens, on average.
_LINES_EACH = {"exim": 4.6, "exim-old": 4.6, "postfix": 7.4, "postfix-short": 7.4}
_DAYS = 14.0
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
KINDS = tuple(_LINES_EACH)


class Stamps:
    """Turns times into the stamps of one kind of log, in local time."""

    def __init__(self, kind: str) -> None:
        """`kind` is one of `KINDS`."""
        self._kind = kind
        self._zone = ZoneInfo(ZONE)
        self._second = -1
        self._text = ""

    def line(self, at: float, text: str) -> str:
        """The line as it stands in the log."""
        second = int(at)
        if second != self._second:
            self._second = second
            self._text = self._format(datetime.fromtimestamp(second, self._zone))
        if self._kind == "postfix":
            return f"{self._text}.{int(at % 1 * 1_000_000):06d}+01:00 mx1 {text}\n"
        if self._kind == "postfix-short":
            return f"{self._text} mx1 {text}\n"
        return f"{self._text} {text}\n"

    def _format(self, when: datetime) -> str:
        if self._kind == "postfix":
            return f"{when:%Y-%m-%dT%H:%M:%S}"
        if self._kind == "postfix-short":
            return f"{_MONTHS[when.month - 1]} {when.day:2d} {when:%H:%M:%S}"
        return f"{when:%Y-%m-%d %H:%M:%S}"


def events(kind: str, lines: int, seed: int, truth: TextIO) -> Iterator[tuple[float, str]]:
    """At least so many lines with their times, in order; writes the truth as it comes out."""
    world, book = World(seed), Book()
    server: Exim | Postfix
    if kind.startswith("exim"):
        server = Exim(world, book, old_ids=kind == "exim-old")
    else:
        server = Postfix(world, book, long_ids=kind == "postfix")
    pause = _DAYS * DAY * _LINES_EACH[kind] / lines
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
    name = "mainlog" if kind.startswith("exim") else "mail.log"
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
    """A file a day: the newest plain, then `.1`, then packed ones, as logrotate's delaycompress."""
    import os

    paths = []
    for age, lines in reversed(list(enumerate(reversed(days)))):
        target = path if not age else path.with_name(f"{path.name}.{age}")
        data = "".join(lines).encode()
        if age > 1:
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
