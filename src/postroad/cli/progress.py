"""How far an import is: a bar in a terminal, a plain line now and then elsewhere. On stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from postroad.cli import safe, talk
from postroad.model import when

#: Seconds between plain lines.
_PAUSE = 10.0
_KILO = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """Takes the steps that an import reports and shows them."""

    def __init__(self) -> None:
        """Begin the clock; nothing is shown before the first step."""
        self.problems = 0
        self._begun = time.monotonic()
        self._told = self._begun
        self._last: dict[str, Any] = {}
        self._bar: Bar | None = None
        self._task = TaskID(0)

    def show(self, step: Mapping[str, Any]) -> None:
        """Take one step."""
        if problem := step.get("problem"):
            self.problems += 1
            self._interrupt(str(problem))
            return
        self._last = {**self._last, **step}
        if sys.stderr.isatty():
            self._draw()
        elif time.monotonic() - self._told >= _PAUSE:
            self._told = time.monotonic()
            talk.say(self._line())

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def totals(self) -> dict[str, Any]:
        """What the import came to, for programs."""
        hidden = ("done", "path", "phase", "total_bytes")
        kept = {name: value for name, value in self._last.items() if name not in hidden}
        seconds = round(time.monotonic() - self._begun, 3)
        return {**kept, "problems": self.problems, "seconds": seconds}

    def sentence(self) -> str:
        """What the import came to, for people."""
        seconds = time.monotonic() - self._begun
        parts = [
            f"Read {size(self._number('bytes'))} in {when.length(round(seconds * when.SECOND))}",
            f"{self._number('lines'):,} lines",
            f"{self._messages():,} messages",
        ]
        unknown = self._number("unknown")
        parts.append(f"{unknown:,} lines not understood" if unknown else "every line understood")
        if self.problems:
            parts.append(f"{self.problems} problems, told above")
        return ", ".join(parts) + "."

    def _draw(self) -> None:
        if self._bar is None:
            columns = (BarColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        total = self._number("total_bytes") or None
        self._bar.update(
            self._task, total=total, completed=self._number("bytes"), description=self._line()
        )

    def _line(self) -> str:
        done, total = self._number("bytes"), self._number("total_bytes")
        seconds = max(time.monotonic() - self._begun, 0.001)
        rate = done / seconds
        parts = [
            f"{size(done)} of {size(total)}" if total else size(done),
            f"{size(rate)}/s",
            f"{self._messages():,} messages",
        ]
        if total > done and rate and seconds > 1:
            parts.append(f"{when.length(round((total - done) / rate * when.SECOND))} left")
        if path := self._last.get("path"):
            parts.append(safe.line(str(path)))
        return ", ".join(parts)

    def _interrupt(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(safe.lines(text), markup=False, highlight=False)
        else:
            talk.say(text)

    def _number(self, name: str) -> int:
        return int(self._last.get(name) or 0)

    def _messages(self) -> int:
        return self._number("messages") or self._number("deliveries")


def size(octets: float) -> str:
    """Octets in the unit that reads best: `31.4 MB` (powers of ten, as disks are sold)."""
    unit = 0
    while octets >= _KILO and unit < len(_UNITS) - 1:
        octets /= _KILO
        unit += 1
    return f"{octets:.1f} {_UNITS[unit]}" if unit else f"{int(octets)} B"
