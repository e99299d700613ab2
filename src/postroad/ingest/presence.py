"""What stands where a source points now, and which older parts of it are worth a look."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from postroad.model.when import DAY
from postroad.sources import rotation
from postroad.sources.find import Found
from postroad.state import State, marks
from postroad.state.marks import Mark

#: Device and inode; size and time of the last change.
Key = tuple[int, int]
Change = tuple[int, int]

#: Seconds after which older parts of a log are looked for again, should none have been noticed.
_LOOK_BACK = 10.0


class Present:
    """A file as it is now."""

    def __init__(self, path: Path, directory: str = "", *, is_older: bool = False) -> None:
        found = path.stat()
        self.key: Key = (found.st_dev, found.st_ino)
        self.state: Change = (found.st_size, found.st_mtime_ns)
        self.is_older = is_older
        self.found = Found(path=path, directory=directory, size=found.st_size, is_older=is_older)


class Past:
    """What is known of a source from before: since when it is followed, and what was read."""

    def __init__(self, state: State, source: str) -> None:
        before = marks.of_source(state, source)
        begun = marks.followed_since(state, source, now=time.time_ns() // 1000)
        #: First lines (their digests) of the contents that were found again.
        self.resumed: set[str] = set()
        #: What was read last at each path, while it is not settled whether it was found again.
        self._latest = {mark.path: mark for mark in reversed(before) if mark.newest}
        #: When older parts were looked for; seconds of a clock that only goes forward.
        self.looked = 0.0
        self._since = max(begun, before[0].read_at - 2 * DAY) if self._latest else begun
        self._known = {(mark.device, mark.inode) for mark in before}
        self._live: set[Key] = set()
        self._older: list[Present] = []

    def older(self, logs: Collection[Path], live: Collection[Key]) -> list[Present]:
        """Parts of logs that rotation took away, as far as they may hold what was not read.

        Those are the ones that were written to since following began, or lately.
        """
        now = time.monotonic()
        if set(live) != self._live or now - self.looked >= _LOOK_BACK:
            self._live, self.looked, self._older = set(live), now, []
            for path in (part for log in logs for part in rotation.older(log)):
                with suppress(OSError):
                    part = Present(path, is_older=True)
                    if part.state[1] // 1000 >= self._since or part.key in self._known:
                        self._older.append(part)
        return self._older

    def lost(self, paths: Iterable[str]) -> list[Mark]:
        """What was read at these paths before, where another log stands now, and was not found.

        Each is told once.
        """
        marks = [self._latest.pop(path) for path in paths if path in self._latest]
        return [mark for mark in marks if mark.head not in self.resumed]
