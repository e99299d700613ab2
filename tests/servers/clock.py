"""The clock of the yard: runs with the real one, but ahead of it, and can be set forward.

libfaketime reads its offset from `/etc/faketimerc`; every process of the yard is preloaded with
it. So a retry after four hours or a bounce after five days is written by the real server, with
the times, ids and delays it would really write, and takes a second. The offset only ever grows
and is never negative: file times are left real, and a mail server does not mind files from the
past, but leaves files from the future alone.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

RC = Path("/etc/faketimerc")

#: What the yard's processes must have in their environment for libfaketime to do as we say.
#: Timers run by the monotonic clock are left alone.
ENVIRONMENT = {
    "FAKETIME_NO_CACHE": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "NO_FAKE_STAT": "1",
    "FAKE_UTIME": "0",
}

#: What Exim must not have: it counts real time by the monotonic clock from its start on
#: (exim.c, `exim_gettime`), and gives its ids by that.
NOT_FOR_EXIM = "FAKETIME_DONT_FAKE_MONOTONIC"


class Clock:
    """Apparent time. Only one is made, inside the yard, by a process that is not preloaded."""

    def __init__(self, start: datetime) -> None:
        """Begin at `start`, which must lie ahead of the real time."""
        self._offset = start.timestamp() - time.time()
        if self._offset < 0:
            raise ValueError("the yard's clock cannot be behind the real one")
        self._write()

    def now(self) -> int:
        """The apparent time in microseconds UTC."""
        return int((time.time() + self._offset) * 1e6)

    def moment(self) -> datetime:
        """The apparent time as a datetime in UTC."""
        return datetime.fromtimestamp(time.time() + self._offset, UTC)

    def advance_to(self, moment: datetime) -> None:
        """Set the clock forward; a moment that has passed already changes nothing."""
        ahead = moment.timestamp() - (time.time() + self._offset)
        if ahead > 0:
            self._offset += ahead
            self._write()

    def _write(self) -> None:
        fresh = RC.with_suffix(".new")
        fresh.write_text(f"+{self._offset:.6f}\n")
        fresh.replace(RC)
