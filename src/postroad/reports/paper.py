"""A paper: what is to be put on it, in words of one language, whether as PDF or as plain text.

Both are made of the same paper, so that they say the same.
"""

from __future__ import annotations

import msgspec


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a table."""

    title: str
    #: Set flush with the end of the column.
    is_number: bool = True


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under headings; the first column says what a row is about."""

    columns: list[Column]
    rows: list[list[str]]
    #: Whether the last row is the sum of the others.
    has_sum: bool = False


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One part of every bar."""

    #: Which, as in `delivered`: how it is drawn follows from it.
    status: str
    title: str
    counts: list[int]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Bars, each of parts above one another."""

    #: What it shows, for those who hear it read.
    title: str
    #: What stands below each bar; empty where nothing does.
    names: list[str]
    series: list[Series]
    #: Numbers at the lines behind the bars, from 0 up, and as they are written.
    scale: list[int]
    scale_names: list[str]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A matter of its own: what it is, how often, and what to do about it."""

    title: str
    #: How often, as in `12 failed, 3 deferred`.
    figures: str
    lines: list[str]
    #: Address of a page that helps; empty: none.
    link: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a paper under a heading, in the order of these fields."""

    title: str
    lines: list[str] = []
    chart: Chart | None = None
    table: Table | None = None
    items: list[Item] = []
    #: In smaller type.
    notes: list[str] = []


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    #: `en`, `de`.
    language: str
    title: str
    #: Whose, and of when: lines below the title.
    subject: str
    period: str
    zone: str
    #: Below that, in larger type.
    summary: list[str]
    sections: list[Section]
    #: At the foot of every page: when it was made, and `Page {page} of {pages}`.
    made: str
    pages: str
