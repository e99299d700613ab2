"""A golden story: `<server>/<trouble>.log` and, beside it, `<trouble>.expected.json`.

The expected file holds

* `story`: what the log is about, in a sentence or two;
* `settings`: `zone` of stamps that name none, `newest` time a line may bear, `host` where lines
  name none; `shuffle` false where a line was logged in pieces;
* `events`: for every line its number, the name of its event (`noise` where it says nothing about
  a message, `unknown`, several with `|` between them where more than one is right, `?` where the
  deliveries alone matter), and fields of that event;
* `deliveries`: for every delivery that is shown, fields that must hold; no others may come out.

A value may be `{"any": [...]}` or `{"has": "part of the text"}`; `targets+` must hold all of these,
`targets-` none; times are RFC 3339; `optional` is a row that may or may not come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.correlate.book import Book

from postroad import parsers
from postroad.correlate import Correlator
from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.event import NOISE, Event, Noise

HERE = Path(__file__).parent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = {"at", "sent_at", "last_attempt_at"}
_ADDRESSES = {"recipient", "sender", "delivered_to", "address", "original"}


class Story:
    """One log with what is expected of it."""

    def __init__(self, path: Path) -> None:
        """Read both files."""
        self.path = path
        self.name = f"{path.parent.name}/{path.stem}"
        self.server = path.parent.name
        self.data = path.read_bytes()
        told = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
        self.sentence: str = told["story"]
        self.events: list[list[Any]] = told["events"]
        self.deliveries: list[dict[str, Any]] = told["deliveries"]
        self._settings: dict[str, Any] = told["settings"]

    @property
    def lines(self) -> list[str]:
        """The lines as sources hand them out."""
        return lines_of(self.data)

    @property
    def may_be_shuffled(self) -> bool:
        """Whether each line was logged in one piece."""
        return bool(self._settings.get("shuffle", True))

    def reader(self) -> parsers.Reader:
        """Make a fresh parser with the story's settings."""
        return parsers.reader(
            self.server,
            host=self._settings["host"],
            zone=ZoneInfo(self._settings["zone"]),
            newest=micros(self._settings["newest"]),
        )

    def read(self, lines: Iterable[str], memory: bytes = b"") -> list[Event | Noise | None]:
        """What a fresh parser, with the memory of another, says about each line."""
        reader = self.reader()
        if memory and isinstance(reader, parsers.Remembering):
            reader.carry(memory)
        return [reader.read(line) for line in lines]

    def memory(self, count: int) -> bytes:
        """What a parser that goes on behind so many lines must be given; empty for most."""
        reader = self.reader()
        if not isinstance(reader, parsers.Remembering):
            return b""
        for line in self.lines[:count]:
            reader.read(line)
        return reader.carried

    def fold(
        self,
        lines: Sequence[str],
        book: Book | None = None,
        *,
        singly: bool = False,
        memory: bytes = b"",
    ) -> Book:
        """Put lines through a fresh parser and correlator into a book, a new one or this."""
        book = book or Book()
        correlator = Correlator(horizon=book.newest(), asides=book.asides())
        said: dict[str, Event] = {}
        for line, event in zip(lines, self.read(lines, memory), strict=True):
            if event is None or isinstance(event, Noise):
                continue
            said[line] = event
            correlator.feed(event, line)
            if singly:
                book.answer(correlator)
                book.write(correlator.drain(), said)
        book.answer(correlator)
        book.write(correlator.drain(), said)
        return book


def load() -> list[Story]:
    """All stories, in the order of their names."""
    return [Story(path) for path in sorted(HERE.glob("*/*.log"))]


def lines_of(data: bytes) -> list[str]:
    """Decode lines as sources do."""
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def micros(text: str) -> int:
    """Turn RFC 3339 into microseconds UTC."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def kind_of(event: Event | Noise | None) -> str:
    """Name what a parser said, as the expected files do."""
    if event is None:
        return "unknown"
    return "noise" if event is NOISE else type(event).__name__


def differences(expected: dict[str, Any], got: object) -> list[str]:
    """What about an event or a delivery is not as expected."""
    found = []
    for name, want in expected.items():
        if name == "optional":
            continue
        if name[-1] in "+-":
            held = getattr(got, name[:-1])
            wrong = [each for each in want if (each in held) is (name[-1] == "-")]
            if wrong:
                found.append(f"{name}: {wrong} against {held}")
            continue
        value = getattr(got, name)
        if not _fits(name, want, value):
            shown = value.word if hasattr(value, "word") else value
            found.append(f"{name}: expected {want!r}, got {shown!r}")
    return found


def _fits(name: str, want: Any, value: Any) -> bool:
    if isinstance(want, dict):
        if "any" in want:
            return any(_fits(name, each, value) for each in want["any"])
        return str(want["has"]).lower() in str(value).lower()
    if isinstance(value, IntEnum):
        return bool(value.name.lower() == want)
    if isinstance(value, tuple | list):
        return list(value) == want
    if name in _TIMES and isinstance(want, str):
        return bool(value == micros(want))
    if name in _ADDRESSES:
        return address.key(value) == address.key(want)
    return bool(value == want)


def mismatch(expected: list[dict[str, Any]], rows: list[Delivery]) -> str:
    """Pair each expected delivery with a row of its own; say what does not pair, or nothing."""
    partner: dict[int, int] = {}

    def find(which: int, tried: set[int]) -> bool:
        for number, row in enumerate(rows):
            if number in tried or differences(expected[which], row):
                continue
            tried.add(number)
            if number not in partner or find(partner[number], tried):
                partner[number] = which
                return True
        return False

    order = sorted(range(len(expected)), key=lambda each: "optional" in expected[each])
    lost = [each for each in order if not find(each, set()) and "optional" not in expected[each]]
    left = [row for number, row in enumerate(rows) if number not in partner]
    text = []
    for which in lost:
        nearest = min(left, key=lambda row: len(differences(expected[which], row)), default=None)
        text.append(f"expected but missing: {expected[which]}")
        if nearest is not None:
            text.append(
                f"  the nearest differs: {'; '.join(differences(expected[which], nearest))}"
            )
    text.extend(
        f"not expected: {row.queue_id} {row.recipient!r} -> {row.delivered_to!r} {row.status.word} "
        f"attempts={row.attempts} sender={row.sender!r} result={row.result!r}"
        for row in left
    )
    return "\n".join(text)
