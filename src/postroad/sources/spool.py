"""Spools: lines that were received, on disk until they are stored.

What comes over a network or out of another program cannot be read a second time. So it is first
written to files, `<home>/spool/NAME/0000000001.log` and so on, which are read as any log that is
followed is: what was read is marked, and a kill loses nothing that was written and doubles nothing.
A file that is complete and whose lines are all committed is removed by whoever follows it.

Files are append-only and begin anew at every start and after `SEGMENT` octets. They are on the disk
(fsync) after `sync()`; what the machine loses in a power cut are the lines since the last one.

Limits: all spools together hold no more octets than they were given room; what comes beyond is
refused.
"""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from postroad.sources import identity

#: Octets after which a file is complete.
SEGMENT = 8 << 20
#: Octets looked at from the end of a file for its last newline: no line is longer.
_LONGEST = 4 << 20
_POSITION = "position.json"
#: More than any file has octets.
_ALL = 1 << 62


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where a spool was on the disk, and which place of its origin that was."""

    #: Name of the file and octets of it; empty for none.
    segment: str = ""
    length: int = 0
    #: Where the origin stood, in its own words: the cursor of a journal.
    cursor: str = ""
    #: What was asked of the origin.
    asked: str = ""
    #: Time of the last line, microseconds UTC.
    at: int = 0


class Room:
    """Octets that all spools below one directory may take together. Thread-safe."""

    def __init__(self, directory: Path, most: int) -> None:
        """Count what is there."""
        self._directory = directory
        self.most = most
        self._guard = threading.Lock()
        self._taken = self._counted()

    def take(self, octets: int) -> bool:
        """Whether there is room for so many octets, which are taken then."""
        with self._guard:
            if self._taken + octets > self.most:
                # Files are removed by whoever reads them.
                self._taken = self._counted()
            if self._taken + octets > self.most:
                return False
            self._taken += octets
            return True

    def _counted(self) -> int:
        total = 0
        for path in self._directory.glob("*/*.log"):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total


class Spool:
    """The files of one source. One thread writes; any may ask for `sealed()`."""

    def __init__(self, directory: Path, room: Room) -> None:
        """Go on behind what is there. Raises `OSError`."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory = directory
        #: Whether its origin is gone on with at its position, so that what is behind it here is
        #: what tells the lines that come a second time.
        self.is_resumed = False
        #: Why nothing can be written, as a sentence; empty if all is well.
        self.problem = ""
        self._room = room
        self._segment = min(SEGMENT, room.most // 8)
        self._descriptor = -1
        self._length = 0
        self._is_dirty = False
        files = self.files()
        before = self.position().segment.partition(".")[0]
        self._number = max(
            int(files[-1].stem) if files else 0, int(before) if before.isdecimal() else 0
        )
        self._path = directory / "none"
        for path in files[-1:]:
            _trim(path)

    @property
    def pattern(self) -> str:
        """A pattern that its files match."""
        return f"{_literal(str(self.directory))}/[0-9]*.log"

    def files(self) -> list[Path]:
        """Its files in the order in which they were written."""
        return sorted(path for path in self.directory.glob("*.log") if path.stem.isdecimal())

    def sealed(self) -> list[Path]:
        """The files that nothing more will be written to."""
        return [path for path in self.files() if path != self._path]

    def append(self, data: bytes) -> bool:
        """Write whole lines; False, and nothing is written, where there is no room."""
        if not self._room.take(len(data)):
            # What is written to cannot be removed.
            self._seal()
            self.problem = (
                f"{self.directory} is full: no more is taken until what waits there is stored. "
                "Look at what hinders storing it, or set `spool_megabytes` higher."
            )
            return False
        try:
            if self._descriptor < 0 or self._length + len(data) > self._segment:
                self._roll()
            self._write(data)
        except OSError as error:
            self.problem = f"{self.directory} cannot be written to: {error.strerror}."
            return False
        self.problem = ""
        return True

    def sync(self) -> None:
        """Put what was written on the disk. Raises `OSError`."""
        if self._is_dirty:
            os.fsync(self._descriptor)
            self._is_dirty = False

    def settle(self, cursor: str, *, asked: str, at: int) -> Position:
        """The same, and write down where the origin stood at what was written last."""
        self.sync()
        position = Position(
            segment=_name(self._number),
            length=self._length if self._descriptor >= 0 else _ALL,
            cursor=cursor,
            asked=asked,
            at=at,
        )
        replace(self.directory / _POSITION, msgspec.json.encode(position))
        return position

    def forget(self) -> None:
        """Forget where the origin stood."""
        (self.directory / _POSITION).unlink(missing_ok=True)

    def position(self) -> Position:
        """What `settle()` wrote down last; an empty one if it never did."""
        try:
            return msgspec.json.decode((self.directory / _POSITION).read_bytes(), type=Position)
        except (OSError, msgspec.MsgspecError):
            return Position()

    def is_done_with(self, path: Path, size: int) -> bool:
        """Whether a file of so many octets may go once its lines are stored."""
        position = self.position() if self.is_resumed else None
        if position is None or path.name < position.segment:
            return True
        return path.name == position.segment and size <= position.length

    def after(self, position: Position) -> bytes:
        """The lines that were written behind this position, and that are still here."""
        found = []
        for path in self.files():
            with suppress(FileNotFoundError):
                if path.name > position.segment:
                    found.append(path.read_bytes())
                elif path.name == position.segment:
                    found.append(path.read_bytes()[position.length :])
        return b"".join(found)

    def close(self) -> None:
        """Put everything on the disk and end."""
        self._seal()

    def _seal(self) -> None:
        """Write nothing more to the file that is open, if there is one."""
        if self._descriptor >= 0:
            with suppress(OSError):
                self.sync()
            os.close(self._descriptor)
            self._descriptor = -1
            self._path = self.directory / "none"

    def _roll(self) -> None:
        """Begin the next file."""
        self._seal()
        self._number += 1
        path = self.directory / _name(self._number)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._path, self._length = path, 0
        _sync_directory(self.directory)

    def _write(self, data: bytes) -> None:
        view, start = memoryview(data), self._length
        try:
            while view:
                written = os.write(self._descriptor, view)
                view = view[written:]
                self._length += written
        except OSError:
            # Half a line is worse than none: the disk is full.
            os.ftruncate(self._descriptor, start)
            self._length = start
            raise
        self._is_dirty = True


class Spools:
    """All spools below one directory, by the names of their sources. Thread-safe."""

    def __init__(self, directory: Path, most: int) -> None:
        """`most` octets may wait in all of them together."""
        self._directory = directory
        self._room = Room(directory, most)
        self._guard = threading.Lock()
        self._spools: dict[Path, Spool] = {}

    def of(self, name: str) -> Spool:
        """The spool of the source with this name. Raises `OSError`."""
        return self.at(self.place(name))

    def at(self, directory: Path) -> Spool:
        """The spool in this directory; made where there is none. Raises `OSError`."""
        with self._guard:
            spool = self._spools.get(directory)
            if spool is None:
                spool = self._spools[directory] = Spool(directory, self._room)
            return spool

    def place(self, name: str) -> Path:
        """The directory for a source with this name."""
        written = quote(name, safe=" ,=@")
        if len(written) > _NAME or not name.strip("."):
            written = f"{written[:_NAME]} {identity.head(name.encode())}"
        return self._directory / written

    def places(self) -> list[tuple[str, Path]]:
        """Names and directories of the spools that there are, also of earlier runs."""
        with suppress(FileNotFoundError):
            found = sorted(each for each in self._directory.iterdir() if each.is_dir())
            return [(unquote(each.name), each) for each in found]
        return []

    def close(self) -> None:
        """Close all of them."""
        with self._guard:
            for spool in self._spools.values():
                spool.close()
            self._spools.clear()


#: Octets of a source's name that its directory bears.
_NAME = 200


def replace(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or as it was, also after a power cut.

    Raises `OSError`.
    """
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(new))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    new.replace(path)
    _sync_directory(path.parent)


def _name(number: int) -> str:
    return f"{number:010d}.log"


def _trim(path: Path) -> None:
    """Cut a line off that has no end: what a power cut left of the last one."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _LONGEST)
        file.seek(start)
        end = start + file.read().rfind(b"\n") + 1
        if end < size:
            file.truncate(end)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _literal(text: str) -> str:
    """Text as a pattern that matches nothing else."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in text)
