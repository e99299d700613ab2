"""When a letter is tried again, and when it is given up; when it is looked for in the log."""

from __future__ import annotations

from postroad.model.when import DAY, HOUR, MINUTE, SECOND

#: After the first try, the second, and so on; the last is repeated.
MAIL = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR)
CALL = (30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR)
#: After this long a letter that could not be sent is given up.
GIVEN_UP = 3 * DAY
#: How long after it was sent a letter is looked for in the log: it may come back days later.
_LOOKS = (MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 5 * DAY)


def retry(plan: tuple[int, ...], *, tries: int, since: int, now: int) -> int:
    """When to try again after so many tries; 0: never. `since` is when it was to be sent first.

    Microseconds UTC. The last try is made when the time is over, not before.
    """
    until = since + GIVEN_UP
    if now >= until:
        return 0
    return min(now + plan[min(tries, len(plan)) - 1], until)


def look(*, ended: int, now: int) -> int:
    """When to look for a letter next that was sent at `ended`; 0: not any more."""
    return next((ended + after for after in _LOOKS if ended + after > now), 0)
