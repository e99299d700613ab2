"""Logs of programs beside the mail server: files of their own, and syslog without a mail server.

Comes in: the lines of one log. Goes out: events, as `neighbours` reads them. A log may wear any
envelope that `prefix` knows, or the program's own, which the program's module takes off: an
`Opener` gives the line's time and who wrote it, or None.

Where a mail server's lines turn up behind those of its neighbours, the log is its own, and its
reader reads on.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from postroad.model.event import NOISE, Event, Noise
from postroad.parsers import neighbours
from postroad.parsers.clock import Clock
from postroad.parsers.prefix import Envelope, Prefix

if TYPE_CHECKING:
    from postroad.parsers import Reader as AnyReader

#: Takes a program's own envelope off: the log's clock, the line.
Opener = Callable[[Clock, str], Prefix | None]


class Reader:
    """Reads one log of a program beside the mail server; `host` is for lines that name none."""

    #: The program's own envelope, if it has one.
    open: Opener | None = None
    #: Reads who wrote a line off its text, where the envelope does not say (multilog).
    bare: Callable[[Prefix], Prefix | None] | None = None

    def __init__(self, host: str, clock: Clock) -> None:
        """Begin before the first line; `clock` dates the lines."""
        self.clock = clock
        self._host = host
        self._envelope = Envelope(clock)
        self._memory = neighbours.Memory()
        self._tags: set[str] = set()
        self._server: AnyReader | None = None

    @property
    def zone_hint(self) -> int | None:
        """None: nothing in such a log tells its zone."""
        return self._server.zone_hint if self._server else None

    @property
    def carried(self) -> bytes:
        """What the lines so far leave to be remembered when reading goes on later."""
        return getattr(self._server or self._memory, "carried", b"")

    def carry(self, data: bytes) -> None:
        """Take up what `carried` gave."""
        self._memory.carry(data)

    def read(self, line: str) -> Event | Noise | None:
        """Say what one line (without its newline) says; None if it is not understood."""
        if self._server:
            return self._server.read(line)
        cls = type(self)
        head = cls.open(self.clock, line) if cls.open else None
        if head is None:
            head = self._envelope.split(line)
        if head is None:
            return NOISE if not line.strip(" \t\0\r") or line.startswith("-- ") else None
        if not head.tag and cls.bare:
            head = cls.bare(head) or head
        if not head.host and self._host:
            head = msgspec.structs.replace(head, host=self._host)
        if head.tag not in self._tags and self._is_met(line, head):
            return self.read(line)
        return neighbours.read(head, neighbours.ANY, self._memory)

    def _is_met(self, line: str, head: Prefix) -> bool:
        """Take note of a tag; whether a mail server's reader takes over from here."""
        if len(self._tags) < _TAGS_REMEMBERED:
            self._tags.add(head.tag)
        if not head.tag or neighbours.known(head.tag):
            return False
        parsers = importlib.import_module("postroad.parsers")
        for name in parsers.MAIL_SERVERS:
            module = importlib.import_module(f"postroad.parsers.{name}")
            if module.recognises(line, head):
                self._server = server = module.Reader(self._host, self.clock)
                server.carry(self._memory.carried)
                return True
        return False


_TAGS_REMEMBERED = 4096
