"""Moves recorded logs in time by whole days, so that the demo ends yesterday and not long ago.

Comes in: text of an Exim or Postfix log, and a number of days. Goes out: the same text as the
servers would have written it then: stamps, the ids that encode a time (Exim's, Postfix's long
ones) and dates in message ids and headers, all moved alike. Times of day stay what they were, and
so do durations, order and everything else. Short-lived and self-contained: not part of postroad.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

_DAY = 86_400
#: A recording is a few weeks long at most; what decodes to a time outside is no id.
_SPAN = 60 * _DAY

#: Digits of Exim's ids (its utils/msgid.frag) and of Postfix's (safe_ultostr.c).
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d)(?=[ T]\d\d:\d\d:\d\d)", re.MULTILINE)
_EXIM_ID = re.compile(
    r"(?<![0-9A-Za-z])(E?)([0-9A-Za-z]{6})(?=-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}"
    r"|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})(?![0-9A-Za-z-]))"
)
_POSTFIX_ID = re.compile(
    rf"(?<![0-9A-Za-z])([{_BASE52}]{{6}})(?=[{_BASE52}]{{4}}z[{_BASE52}]+(?![0-9A-Za-z]))"
)
_COMPACT = re.compile(r"\b(20\d{6})(?=\d{6}\.)")
_MAIL_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [ \d]\d [A-Z][a-z]{2} \d{4} [\d:]{8} [+-]\d{4}"
)
_SYSLOG_DATE = re.compile(r"\b((?:interval|at) )([A-Z][a-z]{2} [ \d]\d)(?= \d\d:\d\d:\d\d)")
_TEMPORARY = re.compile(r"(?<=\btmp/)(\d{10})(?=\.)")


def last_day(texts: list[str]) -> date:
    """The latest day that any of these logs has a line of."""
    return max(date.fromisoformat(found[1]) for text in texts for found in _STAMP.finditer(text))


def shifted(text: str, days: int) -> str:
    """The log moved by so many days, back if negative."""
    first = _STAMP.search(text)
    if first is None:
        return text
    around = int(datetime.fromisoformat(f"{first[1]}T00:00:00+00:00").timestamp())
    mover = _Mover(days, around)
    for pattern, move in mover.moves():
        text = pattern.sub(move, text)
    return text


class _Mover:
    """The replacements for one log."""

    def __init__(self, days: int, around: int) -> None:
        self._days = timedelta(days=days)
        self._seconds = days * _DAY
        self._around = around
        self._year = datetime.fromtimestamp(around, UTC).year

    def moves(self) -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]:
        return [
            (_STAMP, lambda found: str(date.fromisoformat(found[1]) + self._days)),
            (_EXIM_ID, lambda found: found[1] + self._digits(found[2], _BASE62)),
            (_POSTFIX_ID, lambda found: self._digits(found[1], _BASE52)),
            (_COMPACT, self._compact),
            (
                _MAIL_DATE,
                lambda found: format_datetime(parsedate_to_datetime(found[0]) + self._days),
            ),
            (_SYSLOG_DATE, self._syslog_date),
            (_TEMPORARY, lambda found: str(int(found[1]) + self._seconds)),
        ]

    def _digits(self, text: str, alphabet: str) -> str:
        """The seconds since 1970 in these digits, moved; untouched if they are no such thing."""
        base = len(alphabet)
        number = 0
        for digit in text:
            number = number * base + alphabet.index(digit)
        if abs(number - self._around) > _SPAN:
            return text
        number += self._seconds
        digits = ""
        for _ in text:
            number, digit = divmod(number, base)
            digits = alphabet[digit] + digits
        return digits

    def _compact(self, found: re.Match[str]) -> str:
        try:
            day = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            return found[1]
        return f"{day + self._days:%Y%m%d}"

    def _syslog_date(self, found: re.Match[str]) -> str:
        day = datetime.strptime(f"{self._year} {found[2]}", "%Y %b %d").replace(tzinfo=UTC)
        return f"{found[1]}{day + self._days:%b %e}"
