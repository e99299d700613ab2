"""Cursors: where a page ended, as text that is passed back to go on behind it.

A cursor holds a place in an order of deliveries and nothing else, so that a made-up one opens
nothing: scope and question are applied to every page anew. What it is the place of has been shown.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

import msgspec

from postroad.errors import SearchError
from postroad.model.text import say

_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_LARGEST = 2**63 - 1


class Place(NamedTuple):
    """A place in an order of deliveries; among equal ones the newest come first."""

    #: Minus `first_at`.
    ago: int
    id: str
    #: The order, as a question names it.
    sort: str
    #: What the order compares; 0 in the order of time.
    value: int | str = 0


def write(place: Place) -> str:
    """The cursor of this place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read(cursor: str, sort: str) -> Place:
    """The place that a cursor means in this order.

    Raises `SearchError` for anything but a cursor, and for one of another order.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        place = msgspec.json.decode(plain, type=Place)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        place = None
    numbers = [each for each in place or () if isinstance(each, int)]
    if (
        place is None
        or place.sort != sort
        or not _ID.fullmatch(place.id)
        or any(abs(each) > _LARGEST for each in numbers)
    ):
        raise foreign()
    return place


def foreign() -> SearchError:
    """The refusal of what is no cursor of the order asked for."""
    return SearchError(
        say(
            "This is not a cursor that postroad gave out for this question. "
            "Start again from the first page."
        ),
        field="cursor",
    )
