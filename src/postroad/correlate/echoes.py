"""Echoes: Exim says the same refusal twice in syslog, once for each of two logs.

With `syslog_duplication`, which is on unless it is turned off, what goes to the main log and to
the reject log is sent to syslog twice (log.c), each with a stamp of its own by the microsecond.
"""

from __future__ import annotations

import msgspec

from postroad.model.event import Rejected

#: Both come within this, microseconds.
_TOGETHER = 1_000_000


class Echoes:
    """The refusals of the last second."""

    def __init__(self, kept: dict[str, int]) -> None:
        """Start from what `kept()` gave."""
        self._told = dict(kept)
        self._newest = max(kept.values(), default=0)

    def kept(self) -> dict[str, int]:
        """What was refused in the last second, to go on with after a restart."""
        oldest = self._newest - _TOGETHER
        return {said: at for said, at in self._told.items() if at >= oldest}

    def is_first(self, event: Rejected) -> bool:
        """Whether nothing but the time tells this refusal from one just before."""
        said = repr(msgspec.structs.replace(event, at=0))
        before = self._told.get(said)
        if before is not None and 0 <= event.at - before <= _TOGETHER and event.at % _TOGETHER:
            return False
        self._told[said] = event.at
        if event.at > self._newest + _TOGETHER:
            self._newest = event.at
            self._told = self.kept()
        return True
