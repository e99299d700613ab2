"""Header fields of a report or of a returned message: names and values, unfolded.

Comes in: text whose lines are `Name: value`, continued on lines that begin with a space (RFC 5322
section 2.2). Goes out: `Fields`, which never raise. Whoever wrote them is a stranger: their number
and length are bounded, and what is no field is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

#: Most fields of one block, and characters of one value: longer ones are cut.
MOST, LONGEST = 400, 4_000

_NAME = re.compile(r"[!-9;-~]{1,76}", re.ASCII)
_XTEXT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_LAST_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
#: What times can be: from 1970 to 2200, microseconds UTC.
_LATEST = 7_258_118_400_000_000


class Fields:
    """The fields of one block, in their order."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(pairs)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def __contains__(self, name: str) -> bool:
        return any(each == name.lower() for each, _ in self._pairs)

    def get(self, name: str) -> str:
        """The first field of this name; "" if there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Every field of this name, the topmost first."""
        return [value for each, value in self._pairs if each == name.lower()]


def read(text: str) -> Fields:
    """The fields up to the first empty line."""
    return next(blocks(text), Fields())


def blocks(text: str) -> Iterator[Fields]:
    """Blocks of fields that empty lines stand between; blocks without a field are passed over."""
    pairs: list[tuple[str, str]] = []
    for line in text.splitlines():
        if not line.strip():
            if pairs:
                yield Fields(pairs)
            pairs = []
        elif line[0] in " \t":
            if pairs:
                name, value = pairs[-1]
                if len(value) < LONGEST:
                    pairs[-1] = name, f"{value} {line.strip()}"[:LONGEST]
        elif len(pairs) < MOST:
            name, colon, value = line.partition(":")
            name = name.rstrip()
            if colon and _NAME.fullmatch(name):
                pairs.append((name.lower(), value.strip()[:LONGEST]))
    if pairs:
        yield Fields(pairs)


def typed(value: str) -> str:
    """What stands behind the type of a value, as in `rfc822; anna@example.com`."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and _NAME.fullmatch(kind.strip()) else value.strip()


def address(value: str) -> str:
    r"""The address of a `Final-Recipient` and its kin, without brackets.

    Letters that are written as `\x{5DE5}` are these letters (RFC 6533 section 3).
    """
    found = typed(value).strip().strip("<>")
    if "\\x{" in found:
        found = _XTEXT.sub(_letter, found)
    return "" if any(each.isspace() for each in found) else found


def moment(value: str) -> int:
    """A date of RFC 5322 as microseconds UTC; 0 for what is none."""
    try:
        found = parsedate_to_datetime(value.strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        at = int(found.timestamp()) * 1_000_000
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    return at if 0 < at < _LATEST else 0


def plain(value: str) -> str:
    """A value with its encoded words (RFC 2047) in letters; as it is if they are broken."""
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))[:LONGEST] or value
    except (HeaderParseError, LookupError, ValueError):
        return value


def without_comments(value: str) -> str:
    """A value without what stands in parentheses (RFC 5322 section 3.2.2)."""
    kept: list[str] = []
    depth = 0
    for each in value:
        if each == "(":
            depth += 1
        elif each == ")":
            depth = max(0, depth - 1)
            kept.append(" ")
        elif not depth:
            kept.append(each)
    return "".join(kept).strip()


def _letter(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    is_letter = number <= _LAST_POINT and number not in _SURROGATES
    return chr(number) if is_letter else found[0]
