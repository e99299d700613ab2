"""Echoes: Exim says the same refusal twice in syslog, once for each of two logs.

With `syslog_duplication`, which is on unless it is turned off, what goes to the main log and to
the reject log is sent to syslog twice (log.c), each with a stamp of its own by the microsecond;
the second time it may tell more, as the reject log shows envelope and headers.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from postroad.model.event import Rejected

#: Both come within this, microseconds.
_TOGETHER = 1_000_000
#: So many are remembered at most: older logs, in which time does not go on from the newest line
#: so far, are all of one second as far as is known here.
_MOST = 20_000


class Echoes:
    """The refusals of the last second."""

    def __init__(self, kept: dict[str, int]) -> None:
        """Start from what `kept()` gave."""
        self._told = {said: (at, "") for said, at in kept.items()}
        self._newest = max(kept.values(), default=0)

    def kept(self) -> dict[str, int]:
        """What was refused in the last second, to go on with after a restart."""
        return {said: at for said, (at, _) in self._recent().items()}

    def first(self, event: Rejected, line: str) -> tuple[int, str]:
        """Time and line of the first of the refusals that nothing but the time tells apart.

        That is this one itself, unless there was one just before. The line is empty where that was
        before a restart.
        """
        alone = msgspec.structs.replace(
            event, at=0, recipients=(), message_id="", subject="", above=()
        )
        said = blake2b(repr(alone).encode(errors="surrogatepass"), digest_size=16).hexdigest()
        at = event.at
        if (before := self._told.get(said)) and (
            before[0] == at or (0 < at - before[0] <= _TOGETHER and at % _TOGETHER)
        ):
            return before
        self._told.pop(said, None)
        told = self._told[said] = (at, line)
        if len(self._told) > _MOST:
            self._told = dict(list(self._told.items())[_MOST // 2 :])
        if at > self._newest + _TOGETHER:
            self._newest = at
            self._told = self._recent()
        return told

    def _recent(self) -> dict[str, tuple[int, str]]:
        oldest = self._newest - _TOGETHER
        return {said: told for said, told in self._told.items() if told[0] >= oldest}
