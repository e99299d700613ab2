"""Small pieces of text on pages."""

from __future__ import annotations

import unicodedata
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.model.delivery import Delivery
from postroad.model.status import Status
from postroad.services.exports import columns
from postroad.web import texts


@given(st.text(max_size=30))
def test_nothing_invisible_reaches_a_page(text: str):
    """Control characters and marks of direction are written out; other text stays as it is."""
    shown = texts.visible(text)

    assert not any(
        unicodedata.bidirectional(each) in ("RLO", "LRO", "RLE", "RLI") for each in shown
    )
    assert not any(unicodedata.category(each) == "Cc" and each not in "\t\n" for each in shown)
    if text.isascii() and text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("anna@example.com", "anna<wbr>@example.com"),
        ("anna@a.very.long.example.com", "anna<wbr>@a<wbr>.very<wbr>.long<wbr>.example<wbr>.com"),
        ("mx1.example.com", "mx1<wbr>.example<wbr>.com"),
        ("<b>@example.com", "&lt;b&gt;@example.com"),
        ("\u202ea@example.com", "\\u202ea<wbr>@example.com"),
        ("", ""),
    ],
)
def test_addresses_break_where_they_read_well(address: str, expected: str):
    """An address may break before its @, a long one before dots too; it is escaped first."""
    assert str(texts.breakable(address)) == expected


@pytest.mark.parametrize(
    ("days", "expected"), [(1, "one day"), (30, "30 days"), (400, "400 days"), (36500, "100 years")]
)
def test_how_long_mail_is_kept(days: int, expected: str):
    """Days are days; many of them are years."""
    assert texts.kept_for(days) == expected


def test_times_in_a_sentence_are_on_the_readers_clock():
    """RFC 3339 inside a sentence becomes local time; anything else stays."""
    said = "Read up to 2026-07-01T10:00:00.000000Z, and not 2026-07-01."

    expected = "Read up to 2026-07-01 12:00:00, and not 2026-07-01."
    assert texts.in_zone(said, ZoneInfo("Europe/Berlin")) == expected


@pytest.mark.parametrize(
    ("code", "enhanced", "reply", "expected"),
    [
        (250, "2.0.0", "250 2.0.0 OK", "250 2.0.0 OK"),
        (250, "", "OK", "250 OK"),
        (0, "2.0.0", "delivered to mailbox", "2.0.0 delivered to mailbox"),
        (
            452,
            "4.2.2",
            "error after RCPT TO: 452 4.2.2 full",
            "452 4.2.2 error after RCPT TO: 452 4.2.2 full",
        ),
        (0, "", "Saved", "Saved"),
        (0, "", "", ""),
        (550, "", "", "550"),
    ],
)
def test_result_begins_with_the_codes(code: int, enhanced: str, reply: str, expected: str):
    """The status code stands first, and is not said twice at the beginning."""
    delivery = Delivery(
        id="",
        message_key="",
        host="",
        instance="",
        queue_id="",
        version=1,
        status=Status.DELIVERED,
        smtp_code=code,
        enhanced_code=enhanced,
        result=reply,
    )

    assert columns.result(delivery) == expected
