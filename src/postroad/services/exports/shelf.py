"""Shelf: the folder that finished exports stand on until they are fetched, and its limits.

Files are closed to other users, and named by random ids alone. One that is being written ends in
`.part`; it gets its own name when it is whole and on the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from postroad.errors import PostroadError
from postroad.model.text import say

#: Octets that are left free on the disk: logs must still be read, and the store written.
_SPARE = 100_000_000
_PART = ".part"
#: How systems say that nothing more can be written: no space, a quota, a limit of file sizes.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Shelf:
    """The files below one folder, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        """Touch nothing yet."""
        self._folder = folder

    def folder(self) -> Path:
        """The folder, closed to others. Raises `PostroadError` where it cannot be made."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self.sentence(error) from error
        return self._folder

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A new file to write, which gets this name when the block ends well.

        Otherwise nothing is left of it. Raises `PostroadError` for what goes wrong on the disk.
        """
        path = self.folder() / f"{name}{_PART}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            path.unlink(missing_ok=True)
            file = os.fdopen(os.open(path, flags, 0o600), "wb")
        except OSError as error:
            raise self.sentence(error) from error
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            path.rename(self._folder / name)
        except OSError as error:
            raise self.sentence(error) from error
        finally:
            for end in (file.close, path.unlink):
                with suppress(OSError):
                    end()

    def open(self, name: str) -> BinaryIO | None:
        """A finished file to read; None where there is none."""
        with suppress(FileNotFoundError):
            return (self._folder / name).open("rb")
        return None

    def drop(self, name: str) -> None:
        """Remove a file, finished or not, if it is there."""
        for each in (name, f"{name}{_PART}"):
            with suppress(OSError):
                (self._folder / each).unlink(missing_ok=True)

    def sweep(self, kept: Collection[str]) -> None:
        """Remove every file but the finished ones of these names."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.name not in kept and path.is_file():
                path.unlink(missing_ok=True)

    def is_nearly_full(self) -> bool:
        """Whether the disk has so little space that no more may be written."""
        return shutil.disk_usage(self._folder).free < _SPARE

    def sentence(self, error: OSError) -> PostroadError:
        """What went wrong on the disk, for people."""
        if error.errno in _FULL:
            return full()
        return PostroadError(
            say(
                "The export cannot be written below {folder}: {reason}.",
                folder=str(self._folder),
                reason=error.strerror or str(error),
            )
        )


def full() -> PostroadError:
    """The refusal where the disk has no space."""
    return PostroadError(
        say(
            "There is not enough space on the disk of the server for this export. Narrow the "
            "question, or fetch the rows at once, which needs hardly any."
        )
    )
