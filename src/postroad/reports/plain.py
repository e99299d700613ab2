"""Plain text: a paper for whoever reads their mail, or a terminal, without pictures.

Charts are left out: the tables behind them hold the same figures.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from postroad.reports.paper import Paper, Section, Table
from postroad.reports.speech import without_marks

#: Columns of a line (RFC 5322 section 2.1.1 asks for no more than 78).
_WIDTH = 76
#: Columns that a name has beside numbers; a longer one stands above them.
_NAME = 40


def text(paper: Paper) -> str:
    """The paper as lines, each ended."""
    lines = [
        paper.title,
        "=" * _columns(paper.title),
        "",
        *_wrapped(paper.subject),
        paper.period,
        paper.zone,
        "",
    ]
    for each in paper.summary:
        lines += _wrapped(each)
    for section in paper.sections:
        lines += _section(section)
    return without_marks("\n".join([*lines, "", paper.made, ""]))


def _section(section: Section) -> Iterator[str]:
    if section.chart and not (section.table or section.lines or section.items or section.notes):
        return
    yield from ("", "", section.title, "-" * _columns(section.title), "")
    for each in section.lines:
        yield from _wrapped(each)
    if section.table:
        yield from _table(section.table)
    for item in section.items:
        yield ""
        yield from _wrapped(f"{item.title}: {item.figures}")
        for line in item.lines:
            yield from _wrapped(line, "  ")
        if item.link:
            yield f"  {item.link}"
    if section.notes:
        yield ""
    for each in section.notes:
        yield from _wrapped(each)


def _table(table: Table) -> Iterator[str]:
    rows = [[each.title for each in table.columns], *table.rows]
    first = min(_NAME, max(_columns(row[0]) for row in rows))
    widths = [max(_columns(row[place]) for row in rows) for place in range(1, len(rows[0]))]
    for row in rows:
        numbers = "".join(
            "  " + " " * (width - _columns(cell)) + cell
            for width, cell in zip(widths, row[1:], strict=True)
        )
        name = row[0]
        if _columns(name) > first:
            yield name
            name = ""
        yield f"{name}{' ' * (first - _columns(name))}{numbers}"


def _wrapped(line: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        line,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _columns(text: str) -> int:
    """How many columns of a terminal or mail program a text takes (Unicode TR 11)."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
