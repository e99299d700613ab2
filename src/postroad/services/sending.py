"""Sending what is made piece by piece to somebody over HTTP, who may be slow or go away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping
from typing import Any

import anyio

#: Key of an ASGI scope: its answer is to have no body (RFC 9110 section 9.3.2). Only our own server
#: sets it, for routes know GET alone.
HEAD = "postroad.head"


def is_head(scope: Mapping[str, Any]) -> bool:
    """Whether only the fields of the answer are wanted, so that the body need not be made."""
    return bool(scope.get(HEAD))


async def pieces_of(made: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """The pieces, each made in a worker thread when the one before is on its way.

    Whoever stops listening ends the generator. What it raises breaks the answer off, so that nobody
    takes a part of it for the whole.
    """
    try:
        # A thread that makes a piece is waited for, whatever happens: it cannot be broken off.
        while (piece := await anyio.to_thread.run_sync(next, made, None)) is not None:
            if piece:
                yield piece
    finally:
        made.close()
