"""One source whose lines wait in a spool: read as a log is, and removed once they are stored.

The files of a spool are read in their order. A file that nothing more is written to, and whose last
line is committed, is removed together with its mark.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from postroad.ingest.followed import Followed
from postroad.ingest.pipeline import Pipeline
from postroad.ingest.presence import Key, Past, Present
from postroad.ingest.status import Status
from postroad.model.coverage import Gap, GapKind
from postroad.sources.supply import Supplied
from postroad.state import State, marks

#: Seconds between two times at which what was dropped is written down.
_TELL = 5.0


class Spooled(Followed):
    """Reads one spool. Used by one thread, but for `status()`."""

    def __init__(
        self,
        supplied: Supplied,
        *,
        state: State,
        host: str,
        zone: ZoneInfo,
        told: Callable[[Gap], None],
    ) -> None:
        """`supplied` tells where the lines are and what was counted on their way."""
        source = msgspec.structs.replace(
            supplied.source,
            path=supplied.spool.pattern,
            name=supplied.source.label,
        )
        super().__init__(source, state=state, host=host, zone=zone, told=told)
        self._from = supplied
        self._dropped = 0
        self._unresumed = 0
        self._told_at = 0.0

    def supply(self, supplied: Supplied) -> None:
        """Go on with other counts for the same spool: what filled it was started."""
        if supplied is not self._from and supplied.counts is not self._from.counts:
            self._from = supplied
            self._dropped = self._unresumed = 0

    def status(self) -> Status:
        """How it goes, and what was received."""
        status = super().status()
        source, counts = self._from.source, self._from.counts
        problem = self._from.spool.problem
        read = {Path(log.path): log.read for log in status.logs}
        behind = 0
        for path in self._from.spool.files():
            with suppress(OSError):
                each = Present(path)
                if path in read or each.key not in self._settled:
                    behind += max(0, each.state[0] - read.get(path, 0))
        return msgspec.structs.replace(
            status,
            behind=behind,
            path=" ".join((*source.journal, *source.peers)) or status.path,
            received=counts.received,
            dropped=counts.dropped,
            cut=counts.cut,
            problems=[*status.problems, *([problem] if problem else [])],
        )

    def look(self, pipeline: Pipeline) -> None:
        """Find files that are new, remove those that are done with, and tell what was lost."""
        super().look(pipeline)
        self._tidy()
        if time.monotonic() - self._told_at >= _TELL:
            self._told_at = time.monotonic()
            self.tell_lost()

    def tell_lost(self) -> None:
        """Write down what had to be dropped, and where reading could not go on, since then."""
        counts = self._from.counts
        if counts.dropped != self._dropped:
            self._dropped = counts.dropped
            self._tell(GapKind.DROPPED, counts.dropped_since, counts.dropped_until, self._dropped)
        if lapses := counts.unresumed[self._unresumed :]:
            self._unresumed += len(lapses)
            for lapse in lapses:
                self._tell(GapKind.UNRESUMED, lapse.since, lapse.until, lapse.lost)

    def _present(self, _past: Past) -> dict[Key, Present]:
        files = self._from.spool.files()
        sealed = set(self._from.spool.sealed())
        present = {}
        for path in files:
            with suppress(FileNotFoundError):
                # A file that is done with is read to its end before the next one is begun.
                each = Present(path, is_older=path in sealed)
                present[each.key] = each
        return present

    def _tell_lost(self, _past: Past) -> None:
        """Nothing is rotated here: files go when they were read."""

    def _tidy(self) -> None:
        """Remove the files that were read to their end, and whose lines are all stored."""
        sealed = self._from.spool.sealed()
        if not sealed:
            return
        found = marks.of_source(self._state, self.name)
        known = {(mark.device, mark.inode): mark for mark in found}
        for path in sealed:
            try:
                each = Present(path)
            except FileNotFoundError:
                continue
            mark, size = known.get(each.key), each.state[0]
            log = next((log for log in self._logs if log.key == each.key), None)
            if log and log.feed.reading.offset < size:
                continue
            if not self._from.spool.is_done_with(path, size):
                continue
            is_stored = mark is not None and mark.length >= size
            # Lines among which no line of a mail server is are nobody's: they are not marked.
            is_nothing = log is not None and not log.feed.server
            if is_stored or is_nothing or not size:
                self._remove(path, each.key)
                if mark:
                    marks.drop(self._state, [mark.reading])

    def _remove(self, path: Path, key: Key) -> None:
        for log in [log for log in self._logs if log.key == key]:
            self._drop(log)
        self._settled.pop(key, None)
        path.unlink(missing_ok=True)
