r"""Exim through syslog: long lines that come in pieces, and lines that come twice.

Comes in: the envelopes of lines, in the order of the log. Goes out: the whole text with the last
piece, and until then to which message the pieces belong.

    [1\3] first line        [2/3] 870 characters of the second line       [3/3] the rest of it

log.c, write_syslog: behind a backslash a new line begins, behind a slash the same one goes on; all
pieces of one text are written one after the other by one process. Pieces of other processes stand
between them, and any piece may be missing, as syslog over a network loses lines. What stands in
front of a gap is then the whole, without its last word, which may be cut; what stands behind it is
nothing.

What goes to the main log and also to the panic log is sent twice (`syslog_duplication`).
"""

from __future__ import annotations

import re

import msgspec

from postroad.parsers.clock import SECOND
from postroad.parsers.exim.fields import MESSAGE_ID
from postroad.parsers.prefix import Prefix

PIECE = re.compile(r"\[(\d{1,4})([/\\])(\d{1,4})\] ", re.ASCII)
_OWN_ID = re.compile(
    r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})? (?:[+-]\d{4} )?)?(?:\[\d{1,10}\] )?"
    rf"({MESSAGE_ID})(?: |$)",
    re.ASCII,
)
#: Texts under way at one time, characters of one and of all, and how long one may take.
_MOST = 64
_LONGEST = 16_384
_MOST_CHARACTERS = 262_144
_AT_ONCE = 60 * SECOND
#: The same text is sent twice within this, by this many processes at a time.
_TOGETHER = SECOND
_REMEMBERED = 16


class _Begun(msgspec.Struct):
    """A text of which the last piece is still to come."""

    total: int
    count: int
    text: str
    queue_id: str
    #: Time of the last piece; and Exim's own on the first, if that is what counts.
    at: int
    own_at: int
    #: The lines that the pieces came on, where no message takes them.
    lines: tuple[str, ...]


class Whole(msgspec.Struct):
    """A text put together: its time, and the lines before the last that it came on."""

    at: int
    text: str
    above: tuple[str, ...] = ()
    #: Whether pieces of it are missing.
    is_cut: bool = False


class Part(msgspec.Struct):
    """A piece in the middle: its time, and the message that it speaks of, if it is known."""

    at: int
    queue_id: str


class Pieces(msgspec.Struct):
    """The texts under way, by process; and those that may come once more."""

    begun: dict[str, _Begun] = {}
    said: dict[str, tuple[int, str]] = {}

    def join(self, prefix: Prefix, piece: re.Match[str], line: str, own_at: int) -> Whole | Part:
        """Take one more piece. `own_at`: the time that Exim put on it, 0 for syslog's own."""
        number, total = int(piece[1]), int(piece[3])
        ends_line = piece[2] == "\\"
        text = prefix.text[piece.end() :] + ("\n" if ends_line else "")
        key = f"{prefix.host} {prefix.tag} {prefix.pid or -total}"
        before = self.begun.pop(key, None)
        if number == 1:
            found = _OWN_ID.match(text)
            before = _Begun(total, 0, "", found[1] if found else "", prefix.at - 1, own_at, ())
        elif before is None or before.total != total or prefix.at - before.at > _AT_ONCE:
            return Part(prefix.at, "")
        at = before.own_at + number - 1 if before.own_at else max(prefix.at, before.at + 1)
        if before.count != number - 1:
            return Whole(at, _without_last_word(before.text), before.lines, is_cut=True)
        if number >= total:
            return Whole(at, before.text + text, before.lines)
        before.text = (before.text + text)[:_LONGEST]
        before.count = number
        before.at = max(prefix.at, before.at + 1)
        if not before.queue_id:
            before.lines = (*before.lines, line)
        self._keep(key, before)
        return Part(at, before.queue_id)

    def is_second(self, prefix: Prefix, text: str) -> bool:
        """Whether a process said this very text just before."""
        key = f"{prefix.host} {prefix.pid}"
        before = self.said.pop(key, None)
        if len(self.said) >= _REMEMBERED:
            del self.said[next(iter(self.said))]
        self.said[key] = (prefix.at, text[:_LONGEST])
        return before is not None and before[1] == text and 0 < prefix.at - before[0] <= _TOGETHER

    def is_bounded(self) -> bool:
        """Whether this can have come out of lines that were read."""
        return len(self.begun) <= _MOST and len(self.said) <= _REMEMBERED

    def _keep(self, key: str, begun: _Begun) -> None:
        kept = self.begun
        kept[key] = begun
        characters = sum(len(each.text) for each in kept.values()) if len(kept) > 1 else 0
        while len(kept) > _MOST or characters > _MOST_CHARACTERS:
            characters -= len(kept.pop(next(iter(kept))).text)


def _without_last_word(text: str) -> str:
    """A text that was cut at any place; behind the end of a line it is whole."""
    if text.endswith("\n"):
        return text
    return text.rpartition(" ")[0] or text
