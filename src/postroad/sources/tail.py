"""Keeps reading a log that grows, and notices when it was cut short under its writer.

A reading comes in, chunks come out whenever whole lines were added. A log that is taken away
(renamed, removed) can still be read to its end, since it stays open.

Limits: a log that was cut short and has since grown beyond the old position is known by its first
bytes; if it begins with the very same kilobyte, that goes unnoticed.
"""

from __future__ import annotations

import os

from postroad.sources.reading import Chunk, Reading

#: Bytes at the start of a log that must stay as they are.
_HEAD = 1024


class Tail:
    """A growing log. Of a packed one, which does not grow, it gives what there is."""

    def __init__(self, reading: Reading) -> None:
        """Go on with this reading, and own its content."""
        self.reading = reading
        content = reading.content
        self.grows = content.is_plain and bool(content.inode)
        self._descriptor = content.fileno() if self.grows else -1
        self._state = (-1, -1)
        self._head = b""

    def was_cut(self) -> bool:
        """Whether what was read is no longer what stands in the file."""
        if not self.grows:
            return False
        state = self.state()
        if state == self._state:
            return False
        taken = self.reading.content.taken
        head = os.pread(self._descriptor, min(_HEAD, taken), 0)
        if state[0] < taken or not head.startswith(self._head):
            return True
        self._head = head
        self._state = state
        return False

    def state(self) -> tuple[int, int]:
        """Size and time of the last change of the file as it is now."""
        found = os.fstat(self.reading.content.fileno())
        return found.st_size, found.st_mtime_ns

    def chunk(self, *, final: bool = False) -> Chunk | None:
        """Lines that were added, or None. `final`: nothing more will be. Raises `SourceError`."""
        return self.reading.chunk(final=final)

    def close(self) -> None:
        """Close the file."""
        self.reading.content.close()
