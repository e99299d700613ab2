"""What somebody named, turned into files: paths, patterns, directories and `-`.

Out come regular files and pipes, each once however often it was named, and a sentence for each
name that leads to nothing. Whether a file is a log is decided later, by what is in it; but of a
directory, Exim's panic log is left out: it repeats what the main log says. Its reject log is not:
it alone names the recipients of what was refused after DATA.

Limits: links to directories are not followed inside a directory, and nothing deeper than eight
levels is looked at.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

_DEEPEST = 8
#: What stands beside a main log and is not to be read with it.
_BESIDE = ("paniclog", "debuglog", "processlog")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be looked at."""

    path: Path
    #: The directory it was found in or below, as it was named; empty if the file itself was named.
    directory: str = ""
    #: An older part of a log, which rotation took away.
    is_older: bool = False
    #: Bytes as it lies on disk; 0 for a pipe.
    size: int = 0
    is_regular: bool = True


class Findings(msgspec.Struct, kw_only=True):
    """Files, and why some names lead to none."""

    files: list[Found] = []
    problems: list[str] = []


def find(names: Iterable[str]) -> Findings:
    """Find the files that these names mean."""
    findings = Findings()
    seen: set[tuple[int, int]] = set()
    for name in names:
        for path, directory in _paths(name, findings.problems):
            try:
                found = path.stat()
            except OSError as error:
                findings.problems.append(_problem(path, error))
                continue
            key = (found.st_dev, found.st_ino)
            if key in seen:
                continue
            seen.add(key)
            if stat.S_ISREG(found.st_mode):
                size = found.st_size
                findings.files.append(Found(path=path, directory=directory, size=size))
            elif _is_stream(found.st_mode) and not directory:
                findings.files.append(Found(path=path, is_regular=False))
            elif not directory:
                findings.problems.append(f"{path} is neither a file nor a pipe.")
    return findings


def matches(name: str) -> list[Path]:
    """The paths that a name or pattern means now, sorted; a directory is not looked into."""
    if os.path.lexists(name) or not glob.has_magic(name):
        return [Path(name)]
    return [Path(each) for each in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207


def below(directory: Path, problems: list[str]) -> Iterator[Path]:
    """Files below a directory, in the order of their names, without those that repeat others."""
    yield from _below(directory, problems, _DEEPEST)


def _paths(name: str, problems: list[str]) -> Iterator[tuple[Path, str]]:
    paths = matches(name)
    if not paths:
        problems.append(f"No file matches {name}.")
    for path in paths:
        if path.is_dir():
            yield from ((inner, str(path)) for inner in below(path, problems))
        else:
            yield path, ""


def _below(directory: Path, problems: list[str], depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        problems.append(_problem(directory, error))
        return
    for entry in entries:
        if entry.name.startswith((".", *_BESIDE)):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth:
                yield from _below(Path(entry.path), problems, depth - 1)
        elif not entry.is_dir():
            yield Path(entry.path)


def _is_stream(mode: int) -> bool:
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _problem(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{path} does not exist."
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"{path} may not be read by this user. Add the user to the group that the logs belong "
            "to (`adm` on Debian), or run postroad as root."
        )
    return f"{path} cannot be read: {error.strerror}."
