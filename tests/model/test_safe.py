"""Hostile text from logs is harmless on a terminal, in a spreadsheet and in JSON."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("Grüße, שלום, 日本 👩\u200d👧", "Grüße, שלום, 日本 👩\u200d👧"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("moc.live\u202egood.com", "moc.live\\u202egood.com"),
        ("nul\x00", "nul\\x00"),
    ],
)
def test_line(text: str, shown: str):
    """What could move the cursor, hide or reorder text is written out; all scripts stay."""
    assert safe.line(text) == shown


@given(st.text())
def test_no_text_controls_the_terminal(text: str):
    """Whatever the text, one printable line comes out, and `lines` adds nothing but line breaks."""
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in safe.line(text))
    assert not any(
        ord(each) < 32 or 127 <= ord(each) < 160 for each in safe.lines(text).replace("\n", "")
    )


@pytest.mark.parametrize(
    "formula", ["=1+2", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example","x")', "\t=1"]
)
def test_formula_in_a_cell(formula: str):
    """Text that a spreadsheet would run does not begin with what makes it a formula."""
    assert str(safe.cell(formula))[0] not in "=+-@\t\r"


def test_numbers_in_cells_stay_numbers():
    """A number is no formula, not even a negative one, and an address stays as it is."""
    assert safe.cell(-1.5) == -1.5
    assert safe.cell("anna@example.com") == "anna@example.com"


@given(st.text())
def test_json_means_the_same(text: str):
    """Escaping changes no value, and leaves no 8-bit control character in the JSON text."""
    encoded = safe.json(msgspec.json.encode({"text": text}))

    assert msgspec.json.decode(encoded) == {"text": text}
    assert not any("\x7f" <= each <= "\x9f" for each in encoded.decode())
