"""A sentence as a row keeps it, so that it can still be said in another language later.

Comes in: a `str`, or a `Text` with what it was made of. Goes out: JSON, and from it the same again.
"""

from __future__ import annotations

import json
from typing import Any

from postroad.model.text import Text, say, say_many

#: Texts within texts: no sentence of ours is nested so deep.
_DEEPEST = 8


def packed(text: str) -> str:
    """The text as JSON. A value that is neither text nor number is kept as its text."""
    return json.dumps(_packed(text, _DEEPEST), ensure_ascii=False, separators=(",", ":"))


def unpacked(kept: str) -> str:
    """The text again, a `Text` where it was one; what is no JSON of ours is taken as plain."""
    try:
        return str_or_text(json.loads(kept))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return kept


def str_or_text(value: Any) -> str:
    """What `packed` made of a text, read again. Raises what reading anything else raises."""
    if isinstance(value, str):
        return value
    given = value["values"]
    values = {
        str(name): str_or_text(each) if isinstance(each, str | dict) else each
        for name, each in given.items()
    }
    count = values.pop("count", 0) if value["plural"] else None
    if count is None:
        return say(value["message"], **values)
    return say_many(value["message"], value["plural"], int(str(count)), **values)


def _packed(value: object, depth: int) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if not isinstance(value, Text) or not depth:
        return str(value)
    values = {name: _packed(each, depth - 1) for name, each in value.values.items()}
    return {"message": value.message, "plural": value.plural, "values": values}
