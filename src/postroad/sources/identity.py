"""What is in a log tells which log it is: digests over content, made while it is read.

`head` is the digest of the first line: contents that begin alike are found by it. A `Chain`
digests everything from the start, block by block, each block together with the value of the one
before. So the digest at any length can be checked with no more than the last block at hand.
"""

from __future__ import annotations

import hashlib
from typing import Self

#: Bytes per link of a chain. What it is decides every digest: never change it.
BLOCK = 1 << 20
#: Bytes of a first line that `head` looks at.
HEAD = 1 << 12
_SIZE = 16


def head(first_line: bytes) -> str:
    """Name contents that begin with this line (or with its first 4 KiB)."""
    return hashlib.sha256(first_line[:HEAD]).hexdigest()[: 2 * _SIZE]


class Chain:
    """A digest over `length` bytes, continued from `base`, the value at the last whole block."""

    __slots__ = ("_hash", "base", "length")

    def __init__(self, base: str = "", length: int = 0) -> None:
        """Begin at the start, or at the end of a whole block whose chain value was `base`."""
        self.base = base
        self.length = length
        self._hash = hashlib.sha256(base.encode())

    def update(self, data: bytes | memoryview) -> None:
        """Take in the bytes that follow."""
        view = memoryview(data)
        while view:
            part = view[: BLOCK - self.length % BLOCK]
            self._hash.update(part)
            self.length += len(part)
            view = view[len(part) :]
            if self.length % BLOCK == 0:
                self.base = self._hash.hexdigest()[: 2 * _SIZE]
                self._hash = hashlib.sha256(self.base.encode())

    def digest(self) -> str:
        """The digest over everything so far."""
        return self._hash.hexdigest()[: 2 * _SIZE]

    def copy(self) -> Self:
        """A second chain that goes its own way from here."""
        twin = type(self)(self.base, self.length)
        twin._hash = self._hash.copy()  # noqa: SLF001 - of the same class
        return twin
