"""A file of `name: name` lines, as hosting panels keep them, read again when it changes.

Comes in: the path of a file that a panel writes while we read. Goes out: its pairs, and a sentence
where something is wrong with it. Lines that say nothing usable are counted and skipped; a name that
is given twice with different values is nobody's. A file that vanishes or cannot be used keeps the
last good reading.

Limits: of a file that is rewritten in place names may be missing for a moment; its last line is
not believed without an end until the file has been left alone, for half a name is another name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from postroad.errors import AccountError
from postroad.model.text import join, say, say_many
from postroad.model.when import SECOND

#: Octets of a file that are read: a million domains fit in.
_LARGEST = 1 << 26
#: Microseconds after which nobody is writing a line any more.
_SETTLED = 2 * SECOND

#: The two names of a line as they are kept, or None to pass over it. Raises `AccountError` or
#: `ValueError` for what cannot be such names.
Pair = Callable[[str, str], tuple[str, str] | None]


class PairFile:
    """One file, and what was last read of it."""

    def __init__(self, path: Path, pair: Pair) -> None:
        """Nothing is read yet."""
        self.path = path
        self._pair = pair
        self._mark: tuple[int, ...] = ()
        #: The last good reading.
        self.pairs: Mapping[str, str] = {}
        #: What is wrong with the file, in a sentence or two; empty where nothing is.
        self.problem: str = ""

    def look(self, now: int) -> bool:
        """Read the file again if it is another one than last time; whether it was read.

        `now` is microseconds UTC.
        """
        try:
            found = self.path.stat()
            if _mark(found) == self._mark:
                return False
            if self._refuse(found):
                return False
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                data = file.read(_LARGEST + 1)
        except OSError as error:
            self._mark = ()
            self.problem = say(
                "The file {path} cannot be read ({reason}). What it said last is kept.",
                path=str(self.path),
                reason=error.strerror or type(error).__name__,
            )
            return False
        is_whole = data.endswith(b"\n") or now - found.st_mtime_ns // 1000 >= _SETTLED
        self._mark = _mark(found) if is_whole else ()
        self._take(data if is_whole else data[: data.rfind(b"\n") + 1])
        return True

    def _refuse(self, found: os.stat_result) -> bool:
        """Whether this is no file to believe; then the problem says so."""
        if not stat.S_ISREG(found.st_mode):
            self.problem = say("{path} is not a file. It is not read.", path=str(self.path))
        elif found.st_mode & stat.S_IWOTH:
            self.problem = say(
                "Everybody may write to {path}, so that it proves nothing. It is not read.",
                path=str(self.path),
            )
        elif found.st_size > _LARGEST:
            self.problem = say(
                "The file {path} is larger than {most} octets. It is not read.",
                path=str(self.path),
                most=_LARGEST,
            )
        else:
            return False
        return True

    def _take(self, data: bytes) -> None:
        pairs: dict[str, str] = {}
        bad, unclear = 0, set()
        for line in data.splitlines():
            if not line.strip() or line.lstrip().startswith(b"#"):
                continue
            try:
                found = self._names(line)
            except (AccountError, ValueError):
                bad += 1
                continue
            if found and pairs.setdefault(*found) != found[1]:
                unclear.add(found[0])
        self.pairs = {name: value for name, value in pairs.items() if name not in unclear}
        self.problem = join([self._bad(bad), self._unclear(len(unclear))])

    def _names(self, line: bytes) -> tuple[str, str] | None:
        one, colon, other = line.decode().partition(":")
        if not colon:
            message = "no colon"
            raise ValueError(message)
        return self._pair(one.strip(), other.strip())

    def _bad(self, count: int) -> str:
        if not count:
            return ""
        return say_many(
            "{count} line of {path} was not understood and is left out.",
            "{count} lines of {path} were not understood and are left out.",
            count,
            path=str(self.path),
        )

    def _unclear(self, count: int) -> str:
        if not count:
            return ""
        return say_many(
            "{count} name in {path} is given to several and so to nobody.",
            "{count} names in {path} are given to several and so to nobody.",
            count,
            path=str(self.path),
        )


def _mark(found: os.stat_result) -> tuple[int, ...]:
    """What tells whether a file is another one than it was."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode)
