"""What a file holds, unpacked: plain, gzip, bzip2, xz or Zstandard, told apart by first bytes.

A path or a stream comes in, a `Content` comes out that is read like a file. Several packed streams
one behind the other are one content. A packed file that ends too early or is damaged gives what
can be unpacked, and a note that says so.

Limits: what cannot be a log (other archives, the journal's own files, pictures) is refused with a
`SourceError`. xz files that want more than 256 MB of memory are not unpacked.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import re
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

from isal import igzip_lib

from postroad.errors import SourceError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: Packed bytes given to a decompressor at once: what is lost in front of a damaged place.
_PACKED = 1 << 14
#: Bytes looked at to tell what a file is.
_LOOK = 1 << 13
_XZ_MEMORY = 256 << 20


class _Decompressor(Protocol):
    """What the decompressors of the standard library, isal and zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Raw(Protocol):
    """A file or stream of bytes, buffered or not."""

    def read(self, size: int, /) -> bytes | None:
        """Up to `size` bytes; empty at the end."""

    def seek(self, offset: int, /) -> int:
        """Go to this offset."""

    def fileno(self) -> int:
        """The file descriptor, or `io.UnsupportedOperation`."""

    def close(self) -> None:
        """Close it."""


def _gzip() -> _Decompressor:
    made: _Decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return made


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


#: First bytes, name, and how to unpack what begins so.
_PACKINGS: tuple[tuple[bytes, str, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", "gzip", _gzip),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", "xz", _xz),
    (b"\x28\xb5\x2f\xfd", "Zstandard", zstd.ZstdDecompressor),
)
#: What decompressors raise (bz2 a bare OSError).
_UNPACK_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    MemoryError,
    lzma.LZMAError,
    zstd.ZstdError,
    cast("type[Exception]", igzip_lib.IsalError),
)

#: First bytes (and where they stand) of what people mistake for a log, and what to do instead.
_NO_LOGS: tuple[tuple[int, bytes, str], ...] = (
    (
        0,
        b"LPKSHHRH",
        "is a file of the systemd journal. Export it: `journalctl -o json | postroad import -`",
    ),
    (
        0,
        b"__CURSOR=",
        "is an export of the systemd journal. Write it as `journalctl -o json` does",
    ),
    (0, b"PK\x03\x04", "is a zip archive. Unpack it and import what was in it"),
    (257, b"ustar", "is a tar archive. Unpack it and import what was in it"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive. Unpack it and import what was in it"),
    (0, b"\x1f\x9d", "was packed with compress(1). Unpack it with `gzip -d` first"),
    (0, b"\x04\x22\x4d\x18", "was packed with lz4. Unpack it with `lz4 -d` first"),
    (0, b"\xff\xfe", "is UTF-16 text. Convert it to UTF-8 first"),
    (0, b"\xfe\xff", "is UTF-16 text. Convert it to UTF-8 first"),
)
#: What a crash leaves in a log: blocks that were never written.
_NUL_BLOCK = re.compile(rb"\0{32,}")
#: Control characters that are at home in a log: tab, newline, carriage return, escape.
_NOT_TEXT = bytes(sorted(set(range(32)) - {0, 9, 10, 13, 27}))


class Content:
    """The unpacked bytes of one file or stream, read from front to back.

    `path` names it in messages, `packing` says how it was packed, `notes` what was wrong with it.
    `device` and `inode` are 0 for a stream; `size` is that of the packed file, 0 if unknown.
    """

    def __init__(self, raw: Raw, path: str) -> None:
        """Look at the first bytes of `raw`, which is owned from now on. Raises `SourceError`."""
        self.path = path
        self.packing = ""
        self.notes: list[str] = []
        self.device = self.inode = self.size = self.modified = 0
        self._raw = raw
        #: Packed bytes taken from the file so far, for showing progress.
        self.taken = 0
        #: Packed bytes that were looked at, unpacked bytes that were: both still to be read.
        self._ahead = b""
        self._pushed = b""
        self._make: Callable[[], _Decompressor] | None = None
        self._unpack: _Decompressor | None = None
        self._ended = False
        self._describe()
        self._choose()

    @property
    def is_plain(self) -> bool:
        """Whether the content is what stands in the file, byte by byte."""
        return self._make is None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end, and again if a plain file has grown after that."""
        if self._pushed:
            data, self._pushed = self._pushed[:size], self._pushed[size:]
            return data
        if self._make is None:
            return self._take(size)
        while not self._ended:
            try:
                if data := self._unpacked(size):
                    return data
            except _UNPACK_ERRORS as error:
                self._damaged(str(error))
        return b""

    def peek(self, size: int = _LOOK) -> bytes:
        """The next bytes, to be given again by `read`."""
        parts, length = [], 0
        while length < size and (data := self.read(size - length)):
            parts.append(data)
            length += len(data)
        self._pushed = b"".join(parts)
        return self._pushed

    def seek(self, offset: int) -> None:
        """Go to this offset of a plain file that was not read yet beyond it."""
        self._ahead = self._pushed = b""
        self._raw.seek(offset)
        self.taken = offset

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing was written to the file for so long; a stream that ended is quiet."""
        if not self.inode:
            return True
        return not 0 <= time.time() - os.fstat(self.fileno()).st_mtime < seconds

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """The file descriptor of the packed file."""
        return self._raw.fileno()

    def _describe(self) -> None:
        try:
            found = os.fstat(self._raw.fileno())
        except (OSError, io.UnsupportedOperation):
            return
        if stat.S_ISREG(found.st_mode):
            self.device, self.inode, self.size = found.st_dev, found.st_ino, found.st_size
            self.modified = found.st_mtime_ns // 1000
        elif stat.S_ISDIR(found.st_mode):
            raise SourceError(f"{self.path} is a directory.", self.path)

    def _choose(self) -> None:
        first = self._take(_LOOK, whole=True)
        self._ahead = first
        self.taken -= len(first)
        for magic, name, make in _PACKINGS:
            if first.startswith(magic):
                self.packing, self._make = name, make
                break

    def _take(self, size: int, *, whole: bool = False) -> bytes:
        """Packed bytes: those put back, then the file's. `whole`: as many as there are."""
        data = self._ahead
        if data:
            self._ahead = data[size:]
            data = data[:size]
        else:
            try:
                data = self._raw.read(size) or b""
                while whole and 0 < len(data) < size and (more := self._raw.read(size - len(data))):
                    data += more
            except OSError as error:
                raise _unreadable(self.path, error) from error
        self.taken += len(data)
        return data

    def _unpacked(self, size: int) -> bytes:
        """Some unpacked bytes; empty if more packed ones are wanted, or there are no more."""
        assert self._make is not None  # noqa: S101 - read() has looked
        if self._unpack is None:
            self._unpack = self._make()
        if self._unpack.eof:
            return self._next_stream()
        if not self._unpack.needs_input:
            return self._unpack.decompress(b"", size)
        packed = self._take(_PACKED)
        if not packed:
            self._ended = True
            self.notes.append(
                f"{self.path} ends in the middle of its {self.packing} data: it was cut off, or "
                "is still being written. What could be unpacked was read."
            )
            return b""
        return self._unpack.decompress(packed, size)

    def _next_stream(self) -> bytes:
        """Go on with a stream packed behind the one that ended; zeros between them are padding."""
        assert self._make is not None  # noqa: S101 - read() has looked
        assert self._unpack is not None  # noqa: S101 - likewise
        rest = self._unpack.unused_data.lstrip(b"\0")
        while not rest:
            rest = self._take(_PACKED)
            if not rest:
                self._ended = True
                return b""
            rest = rest.lstrip(b"\0")
        magic = next(magic for magic, name, _ in _PACKINGS if name == self.packing)
        while len(rest) < len(magic) and (more := self._take(_PACKED)):
            rest += more
        if not rest.startswith(magic):
            self._damaged("something else stands behind the packed data")
            return b""
        self._unpack = self._make()
        return self._unpack.decompress(rest, _LOOK)

    def _damaged(self, why: str) -> None:
        self._ended = True
        self.notes.append(
            f"{self.path} is damaged at about byte {self.taken} of its {self.packing} data "
            f"({why}). What stands before that was read."
        )


def open_content(path: Path, *, is_regular: bool = False) -> Content:
    """Open a file or a named pipe. Raises `SourceError` with the reason.

    `is_regular`: it was a file when it was found. If somebody has put a pipe in its place, that is
    not waited for.
    """
    try:
        raw = io.FileIO(path, "r", opener=_at_once if is_regular else None)
    except OSError as error:
        raise _unreadable(str(path), error) from error
    try:
        if is_regular and not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
            raise SourceError(f"{path} is no file any more.", str(path))
        return Content(raw, str(path))
    except BaseException:
        raw.close()
        raise


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def why_no_log(first: bytes) -> str:
    """Why content that begins with these bytes cannot be a log; empty if it can."""
    for offset, magic, why in _NO_LOGS:
        if first.startswith(magic, offset):
            return why
    text = _NUL_BLOCK.sub(b"", first)
    strange = len(text) - len(text.translate(None, _NOT_TEXT + b"\0"))
    if strange * 10 > len(text):
        return "holds binary data, not lines of text"
    return ""


def _unreadable(path: str, error: OSError) -> SourceError:
    match error:
        case FileNotFoundError():
            message = f"{path} does not exist."
        case PermissionError():
            message = (
                f"{path} may not be read by this user. Add the user to the group that the log "
                "belongs to (`adm` on Debian), or run postroad as root."
            )
        case IsADirectoryError():
            message = f"{path} is a directory."
        case _:
            message = f"{path} cannot be read: {error.strerror or error}."
    return SourceError(message, path)
