"""What one trace may cost: seconds in all, and how much of a route is followed."""

from __future__ import annotations

import time

#: Points of a route that are shown; what lies behind is said to be left out.
MOST_NODES = 500
#: Aliases of aliases that are followed.
DEEPEST = 50
#: Servers of one destination that are shown.
MOST_HOSTS = 50


class Deadline:
    """A moment by which all must be over, by a clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(0.0, self._end - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return self.left() <= 0
