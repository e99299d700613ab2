"""CSV (RFC 4180): for spreadsheets, so no cell is one that they would take for a formula.

With the columns of a page it has their headings and the reader's times, each with its offset; with
public fields it has their names, and times in UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from postroad import queries
from postroad.model import safe
from postroad.model.delivery import Delivery
from postroad.services.exports import columns
from postroad.services.exports.layout import Layout

#: Lets spreadsheets see that the text is UTF-8.
_MARK = "\ufeff"


class Sheet:
    """Writes one file of CSV."""

    def __init__(self, layout: Layout) -> None:
        """Nothing is written yet."""
        self._layout = layout
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer)

    def begin(self) -> bytes:
        """The line of headings."""
        said = self._layout.catalogue
        if self._layout.columns:
            self._buffer.write(_MARK)
            self._writer.writerow([said.text(each.label) for each in self._layout.columns])
        else:
            self._writer.writerow(self._layout.fields)
        return self._taken()

    def rows(self, deliveries: Sequence[Delivery]) -> bytes:
        """A line for each of these."""
        line = self._shown if self._layout.columns else self._public
        self._writer.writerows(map(line, deliveries))
        return self._taken()

    def end(self) -> bytes:
        """Nothing more is written."""
        return b""

    def _shown(self, row: Delivery) -> list[object]:
        layout = self._layout
        cells = (columns.text(each, row, layout.zone) for each in layout.columns)
        return [
            safe.cell(layout.catalogue.text(each) if isinstance(each, str) else each)
            for each in cells
        ]

    def _public(self, row: Delivery) -> list[object]:
        public = queries.public(row)
        return [safe.cell(public[name]) for name in self._layout.fields]

    def _taken(self) -> bytes:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode("utf-8", "replace")
