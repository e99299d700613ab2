"""What the reader of one log remembers of its neighbours' lines from one line to the next.

Some programs say who a message is on one line, and what they think of it on another; a process id
or an id of the program's own joins them. The memory is bounded, can be written down and taken up
again, and a message's own lines, read alone and in order, fill it as the whole log does.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Memory:
    """Short texts by program and key (host and process, say); the oldest are forgotten first."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held: dict[str, str] = {}

    def put(self, key: str, text: str) -> None:
        """Remember a text; long ones are not worth it."""
        self._held.pop(key, None)
        if len(key) + len(text) > _LONGEST:
            return
        if len(self._held) >= _MOST:
            del self._held[next(iter(self._held))]
        self._held[key] = text

    def get(self, key: str) -> str:
        """What was put there last, or nothing."""
        return self._held.get(key, "")

    def forget(self, key: str) -> str:
        """What was put there last, for the last time."""
        return self._held.pop(key, "")

    @property
    def carried(self) -> bytes:
        """All of it, for a reading that goes on later."""
        return msgspec.msgpack.encode(self._held) if self._held else b""

    def carry(self, data: bytes) -> None:
        """Take up what `carried` gave; what is nothing of the kind is left."""
        try:
            held: Any = msgspec.msgpack.decode(data, type=dict[str, str]) if data else {}
        except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
            return
        for key, text in held.items():
            self.put(key, text)


_MOST = 4096
_LONGEST = 2048
