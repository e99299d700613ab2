"""How far an import is: a bar in a terminal, a plain line now and then elsewhere. On stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from postroad.cli import talk
from postroad.model import safe, when
from postroad.model.amount import size

#: Seconds between plain lines.
_PAUSE = 10.0


class Progress:
    """Takes the steps that an import reports, and shows them."""

    def __init__(self) -> None:
        """Show nothing before the first step."""
        #: What the import came to, in the API's words; empty before its end.
        self.result: dict[str, Any] = {}
        self.problems: list[str] = []
        self._told = time.monotonic()
        self._bar: Bar | None = None
        self._task = TaskID(0)

    def show(self, step: Mapping[str, Any]) -> None:
        """Take one step: an object with one key of `progress`, `problem`, `result`."""
        if "result" in step:
            self.result = step["result"]
            for problem in self.result.get("problems", ()):
                self._tell(problem)
        elif "problem" in step:
            self._tell(step["problem"])
        elif sys.stderr.isatty():
            self._draw(step["progress"])
        elif time.monotonic() - self._told >= _PAUSE:
            self._told = time.monotonic()
            talk.say(line(step["progress"]))

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _tell(self, problem: str) -> None:
        """Tell a problem, once."""
        if problem in self.problems:
            return
        self.problems.append(problem)
        if self._bar is not None:
            self._bar.console.print(safe.lines(problem), markup=False, highlight=False)
        else:
            talk.say(problem)

    def _draw(self, progress: Mapping[str, Any]) -> None:
        if self._bar is None:
            columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        self._bar.update(
            self._task,
            total=progress["total"] or None,
            completed=progress["done"],
            description=line(progress),
        )


def line(progress: Mapping[str, Any]) -> str:
    """How far it is, on one line: bytes, rate, messages, time left, and the file."""
    done, total, seconds = progress["done"], progress["total"], progress["seconds"]
    parts = [f"{size(done)} of {size(total)}" if total else size(progress["bytes"])]
    if seconds:
        parts.append(f"{size(progress['bytes'] / seconds)}/s")
    parts.append(f"{progress['messages']:,} messages")
    if left := round(progress.get("left") or 0):
        parts.append(f"{when.length(left * when.SECOND)} left")
    parts.append(safe.line(progress["path"]))
    return ", ".join(filter(None, parts))


def sentences(result: Mapping[str, Any]) -> str:
    """What an import came to, for people."""
    seconds = round(result["seconds"] * when.SECOND)
    unknown = result["unknown"]
    parts = [
        f"Read {size(result['bytes'])} of {_files(result['files'])} in {when.length(seconds)}",
        f"{result['lines']:,} lines",
        f"{result['messages']:,} messages, new or changed",
        f"{unknown:,} lines not understood" if unknown else "every line understood",
    ]
    said = [", ".join(parts) + "."] if result["lines"] else ["Nothing new was read."]
    if result["known"] or result["skipped"]:
        skipped = size(result["skipped"])
        said.append(f"{skipped} were known already, and passed over.")
    if unknown:
        said.append("`postroad source unknown` shows a sample of what was not understood.")
    return "\n".join([*said, *result["notes"]])


def _files(count: int) -> str:
    return f"{count:,} files" if count != 1 else "1 file"
