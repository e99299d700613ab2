"""Text from logs made harmless for where it is shown: a terminal, a spreadsheet.

Whoever sends mail chooses what a log says of it. Escape sequences could repaint the terminal, text
that runs right to left could swap two addresses, and a cell that begins with `=` could be run.
"""

from __future__ import annotations

import unicodedata

#: Cells that spreadsheets take for formulas (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Unicode categories that move the cursor, reorder text or are nothing at all: controls, formats
#: (bidirectional marks among them), surrogates, private use, line and paragraph separators.
_HOSTILE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
#: Joiners that Persian, Indic scripts and emoji need.
_HARMLESS = frozenset("\u200c\u200d")


def line(text: str) -> str:
    r"""The text on one line, with everything that is not to be seen written as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(each) for each in text)


def lines(text: str) -> str:
    """As `line`, but line breaks stay: a reply of several lines is shown as such."""
    return "\n".join(line(each) for each in text.split("\n"))


def cell(value: object) -> object:
    """A value for a CSV file: text visible, and no formula in any spreadsheet."""
    if not isinstance(value, str):
        return value
    # Nearly every cell is such, and a file has millions of them.
    shown = value if value.isascii() and value.isprintable() else lines(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def json(encoded: bytes) -> bytes:
    r"""A JSON text whose C1 controls and DEL, which JSON allows, are escaped as `\u009b`."""
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    text = encoded.decode()
    return "".join(
        f"\\u{ord(each):04x}" if "\x7f" <= each <= "\x9f" else each for each in text
    ).encode()


def _visible(each: str) -> str:
    if each in _HARMLESS or unicodedata.category(each) not in _HOSTILE:
        return each
    return each.encode("unicode_escape").decode()
