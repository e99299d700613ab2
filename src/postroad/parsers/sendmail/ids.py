"""sendmail's queue ids.

Since 8.10 an id begins with the time that it was given at, in UTC: year since 1900 modulo 60, month
from 0, day, hour, minute and second, one digit each to the base 60; then (8.12) two of a sequence,
and the process's number in six digits or more (queue.c, `assign_queueid`; op.me, "Queue file
names"). Before it was the hour as a letter, a sequence, and the process's number (`HAA12345`).
"""

from __future__ import annotations

from datetime import UTC, datetime

#: What an id consists of, and its least length.
SHORTEST = 8
LONGEST = 24
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
#: Digits of the process's number at the end: more in all versions.
_PROCESS = 5
_WITH_TIME = 14
_TIME = 6
_FIRST_YEAR = 1900
_CYCLE = 60
_MICRO = 1_000_000


def is_id(word: str) -> bool:
    """Whether a word has the shape of a queue id."""
    return (
        SHORTEST <= len(word) <= LONGEST
        and word[-_PROCESS:].isdecimal()
        and word.isalnum()
        and word.isascii()
        # One id in some thousands has no letter; shorter numbers are other things.
        and (len(word) >= _WITH_TIME or not word.isdecimal())
    )


def created_at(queue_id: str, latest: int) -> int:
    """Tell when an id was given, microseconds UTC and not after `latest`; 0 if it does not say."""
    if len(queue_id) < _WITH_TIME:
        return 0
    try:
        year, month, day, hour, minute, second = (_VALUES[digit] for digit in queue_id[:_TIME])
        newest = datetime.fromtimestamp(latest / _MICRO, UTC)
        year += _FIRST_YEAR + (newest.year - _FIRST_YEAR - year) // _CYCLE * _CYCLE
        given = datetime(year, month + 1, day, hour, minute, second, tzinfo=UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return 0
    return int(given.timestamp()) * _MICRO
