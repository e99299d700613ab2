"""Deliveries and other rows on stdout: a table for people, JSON lines for programs, or CSV."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postroad.model import safe, when
from postroad.model.status import Status

#: Wide enough that no line is folded where a program reads the table.
_ENDLESS = 100_000


class Format(StrEnum):
    """How rows are written."""

    #: For people: aligned, coloured, times in the reader's zone.
    TABLE = "table"
    #: One JSON object per line, times in UTC.
    JSON = "json"
    #: Comma-separated with a heading line, times in UTC.
    CSV = "csv"


def chosen(wanted: Format | None) -> Format:
    """The format asked for; without one a table in a terminal and JSON lines in a pipe."""
    if wanted is not None:
        return wanted
    return Format.TABLE if sys.stdout.isatty() else Format.JSON


def json_line(row: Mapping[str, Any]) -> None:
    """Write one object as one line."""
    sys.stdout.write(safe.json(msgspec.json.encode(row)).decode() + "\n")


class Csv:
    """Writes rows as CSV; the first one gives the columns unless they are given."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        """Fix the columns, or leave them to the first row."""
        self._columns = list(columns)
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._is_begun = False

    def heading(self) -> None:
        """Write the heading line if there is one and it is not yet written."""
        if not self._is_begun and self._columns:
            self._is_begun = True
            self._writer.writerow(self._columns)

    def row(self, row: Mapping[str, Any]) -> None:
        """Write one row."""
        self._columns = self._columns or list(row)
        self.heading()
        self._writer.writerow([safe.cell(_flat(row.get(name))) for name in self._columns])


def console() -> Console:
    """The terminal, or a pipe on which no line is folded."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    wide = int(os.environ.get("COLUMNS") or _ENDLESS)
    return Console(highlight=False, width=wide, no_color=True)


def table(
    columns: Mapping[str, int | None] | Sequence[str], rows: Iterable[Sequence[Text | str]]
) -> None:
    """Write rows under headings, of these widths where given; what does not fit is folded."""
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        width = columns[column] if isinstance(columns, Mapping) else None
        grid.add_column(column, overflow="fold", width=width)
    for row in rows:
        grid.add_row(*(each if isinstance(each, Text) else Text(safe.lines(each)) for each in row))
    console().print(grid)


def rows_in(form: Format, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write plain rows, such as accounts; as a table, those of these columns that say something."""
    match form:
        case Format.JSON:
            for row in rows:
                json_line(row)
        case Format.CSV:
            writer = Csv(() if rows else columns)
            writer.heading()
            for row in rows:
                writer.row(row)
        case Format.TABLE if rows:
            shown = [name for name in columns if any(written(row.get(name)) for row in rows)]
            headings = [each.replace("_", " ").capitalize() for each in shown]
            table(headings, ([written(row.get(name)) for name in shown] for row in rows))
        case Format.TABLE:
            pass


def written(value: object) -> str:
    """A value of JSON as a person reads it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(_flat(value))


def status(word: str) -> Text:
    """A status in words, coloured; a word that this version does not know is shown as it is."""
    try:
        known = Status.from_word(word)
    except KeyError:
        return Text(safe.line(word))
    return Text(word.replace("_", " "), style=_style(known))


def moment(text: str | None, zone: ZoneInfo) -> str:
    """A time of the API on the reader's clock: `2026-01-31 14:05:09`; empty if there is none."""
    at = microseconds(text)
    return when.local(at, zone)


def microseconds(text: str | None) -> int:
    """A time of the API as a number; 0 if there is none."""
    if not text:
        return 0
    return round(datetime.fromisoformat(text).timestamp() * when.SECOND)


def _style(known: Status) -> str:
    match known:
        case Status.DELIVERED:
            return "green"
        case Status.IN_PROGRESS:
            return "cyan"
        case Status.DEFERRED:
            return "yellow"
        case Status.FAILED | Status.REJECTED | Status.BLOCKED:
            return "red"
        case Status.FILTERED:
            return "magenta"


def _flat(value: object) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return value
