"""Messages of a mailbox: a Maildir, an mbox file, or one message in a file.

Comes in: a path. Goes out: the beginning of each message, once, in an order that does not change.
Nothing is marked, moved or deleted, so that a mail program sees the mailbox as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from postroad.errors import SourceError

#: Folders of a Maildir with messages in them; `tmp` holds what is being written.
_MAILDIR = ("cur", "new")


def messages(path: Path, most: int) -> Iterator[bytes]:
    """The messages of a mailbox, at most `most` octets of each. Raises `SourceError`."""
    try:
        if not path.is_dir():
            yield from _of_file(path, most)
            return
        folders = [path / each for each in _MAILDIR if (path / each).is_dir()]
        if not folders:
            raise SourceError(
                f"{path} is no Maildir: it has neither cur nor new in it. Name a Maildir, an mbox "
                "file, or a file with one message.",
                str(path),
            )
        for file in sorted(each for folder in folders for each in folder.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                with file.open("rb") as opened:
                    yield opened.read(most)
    except OSError as error:
        raise SourceError(
            f"{error.filename or path} cannot be read: {error.strerror}.", str(path)
        ) from error


def _of_file(path: Path, most: int) -> Iterator[bytes]:
    """The messages of an mbox (RFC 4155), or the one message that the file is."""
    with path.open("rb") as file:
        if file.read(5) != b"From ":
            file.seek(0)
            yield file.read(most)
            return
        file.readline(most)
        yield from _of_mbox(file, most)


def _of_mbox(file: BinaryIO, most: int) -> Iterator[bytes]:
    """A line `From ` behind an empty one begins the next message."""
    kept: list[bytes] = []
    size, is_behind_empty = 0, False
    while line := file.readline(most):
        if is_behind_empty and line.startswith(b"From "):
            yield b"".join(kept)
            kept, size = [], 0
        elif size < most:
            kept.append(line[: most - size])
            size += len(line)
        is_behind_empty = line in (b"\n", b"\r\n")
    yield b"".join(kept)
