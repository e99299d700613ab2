"""Anybody can send a receipt: nothing in one makes reading it fail or take long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.receipts import LARGEST, notice, read, rows
from postroad.receipts.fields import Fields, blocks, moment, plain, without_comments

#: Seconds that any message may take; reading an ordinary one takes a thousandth.
PATIENCE = 5

HEAD = b'Content-Type: multipart/report; boundary="b"\r\n\r\n'
PART = b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
HOSTILE = {
    "semicolons": b"Content-Type: text/plain;" + b'"' + b";" * LARGEST,
    "folded": b"Content-Type: text/plain;" + b'\r\n x="' * 100_000,
    "nested": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(10_000)
    ),
    "messages": b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
    "parts": HEAD + b"--b\r\n\r\nx\r\n" * 80_000,
    "recipients": HEAD + PART + b"Action: failed\r\nFinal-Recipient: x;y@z\r\n\r\n" * 20_000,
    "fields": HEAD + PART + b"A: b\r\n" * 150_000,
    "continued": HEAD + PART + b"Action: failed" + b"\r\n x" * 200_000,
    "parentheses": b"X-Failed-Recipients: a@b\r\n\r\n" + b"(" * LARGEST,
    "lines": b"\n" * LARGEST,
    "spaces": b"From: x\n\n" + b" " * LARGEST,
    "quotes": b"From: x\n\n" + b"> " * (LARGEST // 2),
    "dashes": b"From: x\n\n" + b"--- " * (LARGEST // 4),
    "brackets": b"From: x\n\nHi. This is the x\n\n" + b"<" * LARGEST,
    "codes": b"From: x\n\n" + b"550 " * (LARGEST // 4),
    "indented": b"From: x\n\n" + b"\n  550 5.1.1" * (LARGEST // 16),
    "encoded": b"Content-Transfer-Encoding: base64\n\n" + b"=" * LARGEST,
    "words": HEAD + PART + b"Action: failed\r\nDiagnostic-Code: smtp; " + b"=?utf-8?q?a?= " * 9_000,
    "charset": b"Content-Type: text/plain; charset=unicode_escape\n\n\\x41",
    "no charset": b"Content-Type: text/plain; charset=\xff\xfe\n\nx",
    "continuations": b"Content-Type: text/plain; charset*99999999999999=x\n\nx",
    "received": b"From: x\n\n--- Below this line is a copy of the message.\n\n"
    + b"Received: by x id y; z\n" * 40_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_takes_long(name):
    """Whatever is made to be slow is read in a bounded time, and kept in bounded rows."""
    begun = time.monotonic()
    report = read(HOSTILE[name])
    kept = rows(report, now=1)

    assert time.monotonic() - begun < PATIENCE
    assert len(report.receipts) <= 101
    assert len(kept) <= 1_000


@given(st.binary(max_size=2_000))
def test_any_octets_are_read(data):
    """Octets of any kind are a report, mostly an empty one."""
    assert read(data) == read(data)


@given(
    st.lists(
        st.sampled_from(
            [
                b'Content-Type: multipart/report; boundary="b"\r\n',
                b"Content-Type: message/delivery-status\r\n",
                b"Content-Type: message/disposition-notification\r\n",
                b"Content-Type: text/plain; charset*=x'y'%FF\r\n",
                b"Content-Transfer-Encoding: base64\r\n",
                b"\r\n",
                b"--b\r\n",
                b"--b--\r\n",
                b"Action: failed\r\n",
                b"Final-Recipient: rfc822; a@b\r\n",
                b"Disposition: a; displayed\r\n",
                b"Diagnostic-Code: smtp; =?x?q?\xff?=\r\n",
                b"X-Failed-Recipients: a@b\r\n",
                b"Message-ID: <a@b>\r\n",
                b"Received: by x id abcd\r\n",
                b"Last-Attempt-Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n",
                b"\x00\xff ;=\"'\r\n",
            ]
        ),
        max_size=30,
    )
)
def test_any_order_of_parts_is_read(lines):
    """Pieces of reports in any order never upset it."""
    rows(read(b"".join(lines)), now=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "31 Feb 2026 99:99:99",
        "1 Jan 9999 00:00:00 +0000",
    ],
)
def test_dates_that_are_none(text):
    """What is no date of mail's time is no date."""
    assert moment(text) == 0


def test_a_date_without_a_zone_is_utc():
    """`-0000` says that the zone is not known (RFC 5322, section 3.3)."""
    assert moment("1 Jan 2026 00:00:00 -0000") == moment("1 Jan 2026 00:00:00 +0000") > 0


def test_fields_are_bounded():
    """Of a block so many fields are kept, of a value so many characters."""
    [found] = blocks("A: b\n" * 1_000 + "Long: " + "x" * 10_000 + "\n")

    assert len(found.all("a")) == 400
    assert found.get("long") == ""
    assert not Fields()
    assert len(next(blocks("Long: " + "x" * 10_000)).get("long")) == 4_000


def test_what_is_no_field_is_passed_over():
    """A line without a name is left out, and one that continues nothing."""
    assert list(blocks("  continued\n: x\nno field\n")) == []


@pytest.mark.parametrize("text", ["=?x?q?a?=", "=?utf-8?b?!?=", "=?", "plain"])
def test_encoded_words_that_are_broken_stay(text):
    """Words that cannot be decoded are shown as they are."""
    assert plain(text)


def test_encoded_words():
    """Words of RFC 2047 are decoded."""
    assert plain("=?utf-8?q?bj=C3=B6rn?=") == "björn"


def test_comments_are_taken_out_also_nested_ones():
    """Whatever stands in parentheses says nothing; one too many does no harm."""
    assert without_comments("a (b (c) d) e") == "a    e"
    assert without_comments("a) b") == "a  b"


def test_a_notice_is_cut_where_the_message_begins():
    """What the writer wrote, and the message below it."""
    written, below = notice.cut("Sorry.\n\nReceived: by x\nMessage-ID: <a@b>\n")

    assert (written, below.startswith("Received")) == ("Sorry.\n\n", True)
    assert notice.cut("Sorry.") == ("Sorry.", "")
