"""One process owns an embedded store: a lock on a file beside its directory says which.

The engine has a lock of its own, but says so in words that help nobody. The file holds the id of
the process that has the lock; the lock itself ends with the process, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from pathlib import Path

from postroad.errors import StoreError, StoreInUse

_guard = threading.Lock()
#: Locks that this process holds: file descriptor, and by how many open stores.
_held: dict[str, tuple[int, int]] = {}


def acquire(directory: str) -> None:
    """Own this directory; again is fine within one process. Raises `StoreInUse`, `StoreError`."""
    with _guard:
        if directory in _held:
            descriptor, count = _held[directory]
            _held[directory] = (descriptor, count + 1)
            return
        _held[directory] = (_lock(directory), 1)


def release(directory: str) -> None:
    """Give the directory up, once for each time it was acquired."""
    with _guard:
        descriptor, count = _held.pop(directory)
        if count > 1:
            _held[directory] = (descriptor, count - 1)
        else:
            os.close(descriptor)


def _lock(directory: str) -> int:
    path = Path(f"{directory}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"The store cannot be opened: {path}: {error.strerror}. "
            "Give the user that postroad runs as the right to write there, "
            "or set another place for the store."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise StoreInUse(
            f"The store {directory} is in use by another postroad"
            f"{f' (process {owner})' if owner else ''}. Stop that one, or ask it: the commands "
            "that search do so by themselves while `postroad serve` runs."
        ) from error
    with contextlib.suppress(OSError):
        # For people; on a full disk the lock holds all the same.
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
