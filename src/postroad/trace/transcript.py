"""What was said over a connection, line by line with its time, and the replies in it."""

from __future__ import annotations

import re
import time

import msgspec

from postroad.model.check import Turn, Who
from postroad.model.text import say
from postroad.trace.wire import Broken, Unending, Wire

#: Lines of one reply, and characters of a whole transcript that are kept.
_MOST_LINES, _MOST_KEPT = 100, 100_000
#: RFC 5321 section 4.2: three digits, and whether another line follows.
_LINE = re.compile(r"([2-5]\d\d)([ -]?)(.*)", re.DOTALL)


class Reply(msgspec.Struct, frozen=True):
    """A server's answer: its code, and its lines without the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether what was asked for is done."""
        return self.code // 100 == 2  # noqa: PLR2004 - RFC 5321 section 4.2.1

    @property
    def is_later(self) -> bool:
        """Whether it says "not now"."""
        return self.code // 100 == 4  # noqa: PLR2004

    @property
    def words(self) -> str:
        """Code and words on one line."""
        return " ".join(filter(None, [str(self.code), *(each.strip() for each in self.lines)]))


class Misspoken(Broken):
    """The server does not speak SMTP."""


class Transcript:
    """Writes down what happens, with its time, up to a bound."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._kept = 0

    def note(self, text: str) -> None:
        """Something that happened without a word."""
        self.write(Who.NOTE, text)

    def write(self, who: Who, text: str) -> None:
        """A line that was said."""
        self._kept += len(text)
        if self._kept <= _MOST_KEPT:
            self.turns.append(Turn(at=time.time_ns() // 1000, who=who, text=text))


class Talk:
    """Speaks over a wire, command by command, into a transcript."""

    def __init__(self, wire: Wire, transcript: Transcript) -> None:
        self.wire = wire
        self._transcript = transcript

    def ask(self, command: str) -> Reply:
        """Say it and hear the answer. Raises `Broken`."""
        self._transcript.write(Who.CLIENT, command)
        self.wire.send(command.encode() + b"\r\n")
        return self.hear()

    def hear(self) -> Reply:
        """Hear one answer of one line or more. Raises `Broken`."""
        lines: list[str] = []
        while True:
            text = self.wire.line().decode("utf-8", "backslashreplace")
            self._transcript.write(Who.SERVER, text)
            found = _LINE.fullmatch(text)
            if not found:
                raise Misspoken(say("The server does not answer as a mail server does."))
            lines.append(found[3])
            if found[2] != "-":
                return Reply(int(found[1]), tuple(lines))
            if len(lines) >= _MOST_LINES:
                raise Unending(say("The server does not come to an end with one reply."))
