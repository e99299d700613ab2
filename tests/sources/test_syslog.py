"""Syslog messages: where each ends, and the line that it becomes."""

from __future__ import annotations

import random
from zoneinfo import ZoneInfo

import pytest

from postroad.errors import SourceError
from postroad.parsers.clock import Clock
from postroad.parsers.prefix import Envelope
from postroad.sources.frames import Frames
from postroad.sources.syslog import Scribe, stamp

BERLIN = ZoneInfo("Europe/Berlin")
#: 2026-03-02 08:00:05.5 UTC.
NOW = 1_772_438_405_500_000


def written(message, **settings):
    """The line of one message that came now."""
    scribe = Scribe(settings.pop("zone", ZoneInfo("UTC")), **settings)
    return scribe.line(message, peer="192.0.2.9", at=NOW)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            b"<22>Mar  2 08:00:01 mx1 postfix/qmgr[12]: 4C1: removed",
            "2026-03-02T08:00:01.000000+00:00 mx1 postfix/qmgr[12]: 4C1: removed",
        ),
        (
            b"<22>2026-03-02T09:00:01.123456+01:00 mx1 postfix/qmgr[12]: 4C1: removed\n",
            "2026-03-02T08:00:01.123456+00:00 mx1 postfix/qmgr[12]: 4C1: removed",
        ),
        (
            b'<22>1 2026-03-02T08:00:01.5Z mx1 postfix/qmgr 12 - [a@1 b="c\\"]"][d] 4C1: removed',
            "2026-03-02T08:00:01.500000+00:00 mx1 postfix/qmgr[12]: 4C1: removed",
        ),
        (
            b"<22>1 - - exim - - - \xef\xbb\xbfgr\xc3\xbc\xc3\x9fe",
            "2026-03-02T08:00:05.500000+00:00 192.0.2.9 exim: grüße",
        ),
        # Without a host, as logger(1) and some small systems write them.
        (
            b"<22>Mar  2 08:00:01 postfix/qmgr[12]: 4C1: removed",
            "2026-03-02T08:00:01.000000+00:00 192.0.2.9 postfix/qmgr[12]: 4C1: removed",
        ),
        (b"<22>exim[7]: x => y", "2026-03-02T08:00:05.500000+00:00 192.0.2.9 exim[7]: x => y"),
        (b"no header", "2026-03-02T08:00:05.500000+00:00 192.0.2.9 no header"),
        # The year is the sender's last one, and the month is not that of tomorrow's messages.
        (
            b"<22>Dec 31 23:59:59 mx1 exim[7]: x",
            "2025-12-31T23:59:59.000000+00:00 mx1 exim[7]: x",
        ),
        # One line, whatever a stranger puts into it.
        (
            b"<22>Mar  2 08:00:01 mx1 a: 550 no\r\n<22>Mar  2 08:00:01 mx1 b: \x1b[2Jfake\0\xff",
            (
                "2026-03-02T08:00:01.000000+00:00 mx1 a: 550 no#015#012<22>Mar  2 08:00:01 mx1 b: "
                "#033[2Jfake#000\\xff"
            ),
        ),
    ],
)
def test_lines(message, line):
    """Every form of header becomes one form, and the text stays."""
    assert written(message) == line


def test_a_zone_and_a_host_that_are_set():
    """A stamp without a zone is in the source's; a host that is set is every line's."""
    line = written(b"<22>Mar  2 09:00:01 liar exim[7]: x", zone=BERLIN, host="mx7")
    assert line == "2026-03-02T08:00:01.000000+00:00 mx7 exim[7]: x"


def test_the_parsers_read_what_is_written():
    """Time, host, tag and text come out of the line as they went in."""
    line = written(b"<22>1 2026-03-02T08:00:01.000009Z mx1 postfix/smtp 9 - - 4C1: a: b")
    prefix = Envelope(Clock(BERLIN, NOW)).split(line)
    assert (prefix.at, prefix.host, prefix.tag, prefix.pid, prefix.text) == (
        NOW - 4_499_991,
        "mx1",
        "postfix/smtp",
        9,
        "4C1: a: b",
    )


def test_any_octets_become_one_line():
    """Whatever is sent, nothing is raised and no line has an end inside."""
    rng = random.Random(3)
    for _ in range(3000):
        start = rng.choice([b"", b"<13>", b"<13>1 ", b"<13>1 - - - - - ", b"<13>Mar  2 08:00:01"])
        message = start + rng.randbytes(rng.randrange(40))

        assert "\n" not in written(message)
    assert stamp(0) == "1970-01-01T00:00:00.000000+00:00"


MESSAGES = [b"<22>one", b"<22>two: \xc3\xbc", b"<22>" + b"x" * 90, b"<22>last"]


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1000])
@pytest.mark.parametrize("counted", [True, False])
def test_frames_in_any_pieces(size, counted):
    """Both framings give the same messages, however the octets come."""
    data = b"".join(b"%d %s" % (len(each), each) if counted else each + b"\n" for each in MESSAGES)
    frames = Frames(100)
    found = []
    for start in range(0, len(data), size):
        found += frames.take(data[start : start + size])
    assert found == MESSAGES
    assert (frames.cut, frames.end()) == (0, b"")


@pytest.mark.parametrize("size", [1, 13, 1000])
@pytest.mark.parametrize("counted", [True, False])
def test_a_message_that_is_too_long(size, counted):
    """Its beginning is kept and counted as cut, and the next one is whole."""
    long = b"<22>" + b"y" * 500
    ends = [b"%d %s" % (len(each), each) if counted else each + b"\n" for each in (long, b"<2>z")]
    data = b"".join(ends)
    frames = Frames(100)
    found = []
    for start in range(0, len(data), size):
        found += frames.take(data[start : start + size])
    assert found == [long[:100], b"<2>z"]
    assert frames.cut == 1


def test_what_is_no_frame():
    """A connection that counts and then does not is refused; one in lines takes anything."""
    frames = Frames(100)
    assert frames.take(b"3 abc") == [b"abc"]
    with pytest.raises(SourceError, match="something else"):
        frames.take(b"GET / HTTP/1.1\r\n")
    with pytest.raises(SourceError, match="announces"):
        Frames(100).take(b"99999999999999")
    assert Frames(100).take(b"GET / HTTP/1.1\r\n\r\n") == [b"GET / HTTP/1.1"]
    rest = Frames(100)
    assert rest.take(b"<2>half") == []
    assert rest.end() == b"<2>half"
