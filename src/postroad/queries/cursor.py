"""Cursors: where a page ended, as text that is passed back to go on behind it.

A cursor holds a place in the order of deliveries and nothing else, so that a made-up one opens
nothing: scope and question are applied to every page anew.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from postroad.errors import SearchError

_PLAIN = re.compile(r"(-?\d{1,19})\.([0-9a-f]{24})", re.ASCII)
_LARGEST = 2**63 - 1


class Place(NamedTuple):
    """A place in the order of deliveries, the newest first."""

    #: Minus `first_at`.
    ago: int
    id: str


def write(place: Place) -> str:
    """The cursor of this place."""
    return base64.urlsafe_b64encode(f"{place.ago}.{place.id}".encode()).decode().rstrip("=")


def read(cursor: str) -> Place:
    """The place that a cursor means. Raises `SearchError` for anything but a cursor."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        plain = ""
    found = _PLAIN.fullmatch(plain)
    if not found or abs(int(found[1])) > _LARGEST:
        raise SearchError(
            "This is not a cursor that postroad gave out. Start again from the first page.",
            field="cursor",
        )
    return Place(int(found[1]), found[2])
