"""Postfix's queue ids.

Short ids are hexadecimal: five digits of microseconds and the inode; they come round again. Long
ids (`enable_long_queue_ids`, postconf(5)) are never used again and tell when the queue file was
made: six or more digits of seconds and four of microseconds to the base 52, the letter `z`, and the
inode to the base 51 (global/mail_queue.h, util/safe_ultostr.c).
"""

from __future__ import annotations

import re

#: The digits of base 52: no vowels, so that ids spell no words.
DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_SHORT = "[0-9A-F]{6,}"
_LONG = "[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+"

#: An id at the beginning of a line's text, with the colon behind it.
LEADING = re.compile(f"({_SHORT}|{_LONG}|NOQUEUE): ", re.ASCII)
#: A queue id, wherever it stands.
QUEUE_ID = re.compile(f"{_SHORT}|{_LONG}", re.ASCII)

_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_MICROSECONDS_DIGITS = 4
_SECOND = 1_000_000
#: An id of a time after the year 3000 is none.
_LATEST = 32_503_680_000


def is_long(queue_id: str) -> bool:
    """Whether the id is of the kind that is never used again."""
    return "z" in queue_id


def created_at(queue_id: str) -> int:
    """Tell when a long id's queue file was made, microseconds UTC; 0 if the id does not say."""
    stamp, separator, _ = queue_id.rpartition("z")
    if not separator:
        return 0
    seconds = _number(stamp[:-_MICROSECONDS_DIGITS])
    micro = _number(stamp[-_MICROSECONDS_DIGITS:])
    if not 0 < seconds < _LATEST or not 0 <= micro < _SECOND:
        return 0
    return seconds * _SECOND + micro


def _number(digits: str) -> int:
    """Read a number to the base 52; -1 if it is none."""
    total = 0
    for digit in digits:
        value = _VALUES.get(digit)
        if value is None or total > _LATEST:
            return -1
        total = total * len(DIGITS) + value
    return total
