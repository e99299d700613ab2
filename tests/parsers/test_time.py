"""Lines made to take long: whoever sends mail chooses part of what a line says."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from postroad import parsers

NEWEST = 1_780_000_000_000_000
GOLDEN = Path(__file__).parent.parent / "golden"
#: As long as Exim's longest line.
LONG = 8192

_EXIM = "2026-03-02 12:34:02 1vx2TJ-000008Yt9qF-F7YJ"
_QMAIL = "@4000000069a42a4a000001f4"
#: What comes before and behind the run, and what is repeated.
_MADE = {
    "exim, brackets": ("exim", f"{_EXIM} => bob", " <", " <bob@example.com> R=local_user T=home"),
    "exim, quotes": ("exim", f'{_EXIM} => "a b"', ' <"', '"@example.com> R=local_user T=home'),
    "exim, failed": ("exim", f"{_EXIM} ** no", " <", "@remote.example R=dnslookup T=remote_smtp x"),
    "exim, command": (
        "exim",
        f"{_EXIM} ** a@b.example R=r T=t H=h [192.0.2.1]: SMTP error after RCPT TO:",
        '<"',
        "> 550 no",
    ),
    "exim, arrival": ("exim", f"{_EXIM} <=", " H=(a", ' S=1500 id=t9@sender.example T="x'),
    "dovecot": (
        "dovecot",
        (
            "deliver(bob@example.com): Mar 02 09:40:02 Info: msgid=<a@b.example>: save failed to INBOX:"
            " Internal error"
        ),
        ":",
        " Refer to server log",
    ),
    "amavis": (
        "amavis",
        (
            "Mar  2 09:40:01 mx1 amavis[778]: (00778-01) Passed CLEAN {RelayedInbound}, "
            "[192.0.2.25]:40000 [192.0.2.25] <c@sender.example> -> <ann@example.com>, Queue-ID: 4AA09"
        ),
        ", mail_id: ",
        ": 6aLEkMwQa8H2, Hits: 7.125",
    ),
    "postfix": (
        "postfix",
        "Mar  2 10:00:03 mx1 postfix/smtp[2305]: 5B02B2C3D5: to=<bob@backup.example>, relay=x",
        ", orig_to=<bob@exa",
        ", delay=0.4",
    ),
    "spamdyke": (
        "qmail",
        f"{_QMAIL} spamdyke[99]: DENIED_GRAYLISTED from: a@sender.example",
        " to: origin_ip: ",
        "origin_rdns: h8.example auth: (unknown) encryption: (none) x",
    ),
    "chkuser": (
        "qmail",
        f"{_QMAIL} CHKUSER rejected relaying: from <a@b.example::",
        "> remote <h> rcpt <",
        "bob@other.example> client not allowed",
    ),
    "simscan": ("qmail", f"{_QMAIL} simscan:[1]:SPAM REJECT (9.0/5.0):0.1s:", ":", ""),
}


def _reader(server: str) -> parsers.Reader:
    return parsers.reader(server, host="mx1", zone=ZoneInfo("UTC"), newest=NEWEST)


def _seconds(server: str, line: str) -> float:
    """The processor's time for a line, the shortest of three."""
    found = []
    for _ in range(3):
        reader, began = _reader(server), time.process_time()
        reader.read(line)
        found.append(time.process_time() - began)
        if found[0] > 1:
            break
    return min(found)


@pytest.mark.parametrize("name", _MADE)
def test_a_line_made_to_take_long(name: str):
    """What once took long, or for ever, takes milliseconds."""
    server, before, unit, behind = _MADE[name]
    assert _seconds(server, before + unit * (LONG // len(unit)) + behind) < 0.06


_SEPARATORS = [*" ,;:<>[](){}=\"'\\|/@-.a0\0\udc80\u2028", ", ", ": ", " <", '<"', " a=b", "&A-"]


def _lines(server: str) -> list[str]:
    """Lines of a server's golden logs, one of each shape."""
    shapes: dict[str, str] = {}
    for path in sorted((GOLDEN / server).glob("*.log")):
        for line in path.read_text(encoding="utf-8", errors="backslashreplace").splitlines():
            shapes.setdefault(re.sub(r"\d+|<[^>]*>", "0", line)[:90], line)
    return [line for line in shapes.values() if len(line) > 20]


@pytest.mark.parametrize("server", parsers.SERVERS)
def test_runs_of_separators(server: str):
    """A long run of anything at any place of a line is read, or left, without delay."""
    chance = random.Random(server)
    lines = _lines(server)
    for line in chance.sample(lines, min(40, len(lines))):
        for unit in chance.sample(_SEPARATORS, 5):
            at = chance.choice([each.start() for each in re.finditer(r"\W|$", line)])
            made = line[:at] + unit * (LONG // len(unit)) + line[at:]
            assert _seconds(server, made) < 0.06, made[:at] + repr(unit)


@pytest.mark.parametrize("server", parsers.SERVERS)
@pytest.mark.parametrize(
    "text",
    ["\0" * LONG, "\ud800" * 9, "\udcff{", '{"x":' + "[" * 60_000, '{"MESSAGE":"\ud800"}', ""],
)
def test_what_is_no_text(server: str, text: str):
    """NULs and halves of characters are no reason to stop reading a log."""
    reader = _reader(server)
    for line in (text, *(line + text for line in _lines(server)[:20])):
        reader.read(line)
    assert parsers.detect([text, text]) is None
