"""Lines of JSON: one object a line, the names of the API, times in UTC."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from postroad import queries
from postroad.model import safe
from postroad.model.delivery import Delivery
from postroad.services.exports.layout import Layout


class Lines:
    """Writes one file of such lines."""

    def __init__(self, layout: Layout) -> None:
        """Nothing is written yet."""
        self._names = layout.fields

    def begin(self) -> bytes:
        """No line goes before the first."""
        return b""

    def rows(self, deliveries: Sequence[Delivery]) -> bytes:
        """A line for each of these."""
        rows = map(queries.public, deliveries)
        lines = msgspec.json.Encoder().encode_lines(
            {name: public[name] for name in self._names} for public in rows
        )
        return safe.json(lines)

    def end(self) -> bytes:
        """No line comes after the last."""
        return b""
