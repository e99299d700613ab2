r"""One content gone through from front to back, in chunks of whole decoded lines.

A `Content` comes in, `Chunk`s come out. Bytes are decoded as UTF-8, what is not as `\xNN`. A line
loses its newline, one carriage return before it, and NULs at its beginning (a crash or a log that
was truncated under its writer leaves those). The position is always the start of a line.

What a container runtime wrote is taken out of its entries (`containers`); a line that it cut into
pieces is one line, and the position is the start of its first piece.

Limits: of a line longer than 64 KiB the rest is dropped and the cut marked and counted. A last
line without a newline is handed out only when the caller says that nothing more will come; the
position stays before it, so it is read again once it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from postroad.sources import containers, identity
from postroad.sources.archives import Content
from postroad.sources.identity import Chain

#: Bytes read at once. Larger buffers are slower: malloc maps and unmaps each of them anew.
CHUNK = 1 << 16
#: Bytes of a line that are kept.
LONGEST = 1 << 16


class Chunk(msgspec.Struct, gc=False, kw_only=True):
    """Lines that stand together in one content."""

    lines: list[str]
    #: Where the first of them begins, and the position behind the last, in unpacked bytes.
    offset: int
    end: int
    #: Line number of the first, counted from 1.
    number: int


class Reading:
    """A way through one content. `offset` and `lines` tell how far it has come."""

    def __init__(
        self, content: Content, *, chain: Chain | None = None, head: str = "", lines: int = 0
    ) -> None:
        """Begin where `content` stands: at its start, or where `chain` has come after `lines`."""
        self.content = content
        self.chain = chain or Chain()
        self.lines = lines
        #: Digest of the first line; empty until there is one.
        self.head = head
        #: Lines that were too long.
        self.cut = 0
        #: Host for lines out of containers that name none.
        self.host = ""
        self._rest = b""
        self._long: _Long | None = None
        #: Whether a container runtime wrote it; not known before the first octet.
        self._is_wrapped: bool | None = None

    @property
    def offset(self) -> int:
        """Unpacked bytes read, to the end of a line."""
        return self.chain.length

    @property
    def has_begun_line(self) -> bool:
        """Whether what was read ends in a line that has no newline (yet)."""
        return bool(self._rest) or self._long is not None

    def chunk(self, *, final: bool = False) -> Chunk | None:
        """The next lines, or None if there are no whole ones (yet).

        `final`: at the end, hand out also a line that has no newline. Raises `SourceError`.
        """
        while data := self.content.read(CHUNK):
            if chunk := self._whole(data):
                return chunk
        return self._last() if final else None

    def _whole(self, data: bytes) -> Chunk | None:
        """Take in some bytes; the lines they complete, if any."""
        if self._is_wrapped is None:
            self._is_wrapped = containers.is_wrapped(data)
        if self._is_wrapped and self._long is None:
            return self._unwrapped(data)
        begun: list[str] = []
        number, offset = self.lines + 1, self.offset
        if self._long is not None:
            end = data.find(b"\n") + 1
            self._long.take(data[: end or None])
            if not end:
                return None
            begun.append(self._end_long())
            data = data[end:]
        if self._rest:
            data = self._rest + data
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        if len(self._rest) > LONGEST:
            rest, self._rest = self._rest, b""
        else:
            rest = b""
        if end:
            begun += self._take(data if end == len(data) else data[:end])
        if rest:
            self._long = _Long(self.chain.copy())
            self._long.take(rest)
        if not begun:
            return None
        return Chunk(lines=begun, offset=offset, end=self.offset, number=number)

    def _unwrapped(self, data: bytes) -> Chunk | None:
        """Likewise, of what a container runtime wrote."""
        number, offset = self.lines + 1, self.offset
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        lines, end = containers.unwrap(data[:end], self.host)
        lines = [self._bounded(line) for line in lines]
        self._rest = data[end:]
        if lines:
            self._take(data[:end], lines)
        elif len(self._rest) > 2 * containers.MOST:
            # That is no entry of any runtime.
            self._long = _Long(self.chain.copy())
            self._long.take(self._rest)
            self._rest = b""
        if not lines:
            return None
        return Chunk(lines=lines, offset=offset, end=self.offset, number=number)

    def _take(self, data: bytes, lines: list[str] | None = None) -> list[str]:
        """Move the position behind these whole lines, and decode them, unless they are given."""
        is_first = not self.chain.length
        self.chain.update(data)
        if lines is None:
            lines = self._decode(data)
        if is_first:
            self.head = identity.head(data[: data.find(b"\n") + 1])
            lines[0] = lines[0].removeprefix("\ufeff")
        self.lines += len(lines)
        return lines

    def _decode(self, data: bytes) -> list[str]:
        if b"\r\n" in data:
            data = data.replace(b"\r\n", b"\n")
        text = data.decode("utf-8", "backslashreplace")
        lines = text.split("\n")
        if data.endswith(b"\n"):
            lines.pop()
        if "\0" in text or max(map(len, lines)) > LONGEST:
            return [self._mend(line) for line in data.removesuffix(b"\n").split(b"\n")]
        return lines

    def _mend(self, line: bytes) -> str:
        line = line.lstrip(b"\0")
        if len(line) > LONGEST:
            self.cut += 1
        return _shortened(line[:LONGEST], len(line))

    def _bounded(self, line: str) -> str:
        if len(line) <= LONGEST:
            return line
        self.cut += 1
        octets = line.encode()
        return _shortened(octets[:LONGEST], len(octets))

    def _end_long(self) -> str:
        assert self._long is not None  # noqa: S101 - the caller has looked
        ended, self._long = self._long, None
        if not self.chain.length:
            self.head = identity.head(ended.first)
        self.chain = ended.chain
        self.lines += 1
        self.cut += ended.is_cut
        return ended.text()

    def _last(self) -> Chunk | None:
        """The line at the end that has no newline, without moving behind it."""
        if self._long is not None:
            text = self._long.text()
            self.cut += self._long.is_cut
        elif self._rest and self._is_wrapped:
            lines, _ = containers.unwrap(self._rest, self.host, final=True)
            lines = [self._bounded(line) for line in lines]
            self._rest = b""
            return Chunk(lines=lines, offset=self.offset, end=self.offset, number=self.lines + 1)
        elif self._rest:
            [text] = self._decode(self._rest.removesuffix(b"\r"))
        else:
            return None
        self._rest, self._long = b"", None
        return Chunk(lines=[text], offset=self.offset, end=self.offset, number=self.lines + 1)


class _Long:
    """A line in the making of which only the beginning is kept."""

    def __init__(self, chain: Chain) -> None:
        #: Where the chain stands behind what was taken.
        self.chain = chain
        #: The bytes by which the content is known, should this be its first line.
        self.first = b""
        self._kept = b""
        self._length = 0

    @property
    def is_cut(self) -> bool:
        """Whether more came than is kept."""
        return self._length > LONGEST

    def take(self, data: bytes) -> None:
        """Some more bytes of the line, at its end with the newline."""
        self.chain.update(data)
        if len(self.first) < identity.HEAD:
            self.first += data[: identity.HEAD]
        if data.endswith(b"\n"):
            data = data[:-1].removesuffix(b"\r")
        if not self._length:
            data = data.lstrip(b"\0")
        self._length += len(data)
        if len(self._kept) < LONGEST:
            self._kept = (self._kept + data)[:LONGEST]

    def text(self) -> str:
        """What is kept, and how much is not."""
        return _shortened(self._kept, self._length)


def _shortened(kept: bytes, length: int) -> str:
    text = kept.decode("utf-8", "backslashreplace")
    return f"{text} [{length - len(kept)} bytes cut by postroad]" if length > len(kept) else text


def recognise(content: Content, known: Sequence[tuple[int, str]]) -> Chain | None:
    """How much of a content not yet read is known already.

    `known` are lengths and digests of contents that were read. Returns the chain at the greatest
    length at which the content agrees with one of them. The content is left somewhere behind it:
    where the chain ends if that was the greatest length of all. Raises `SourceError`.
    """
    chain, best = Chain(), None
    for length, digest in sorted(known):
        while chain.length < length and (data := content.read(min(CHUNK, length - chain.length))):
            chain.update(data)
        if chain.length == length and chain.digest() == digest:
            best = chain.copy()
    return best


def skip(content: Content, length: int) -> None:
    """Go behind the first `length` unpacked bytes of a content not yet read."""
    if content.is_plain:
        content.seek(length)
        return
    while length and (data := content.read(min(length, CHUNK))):
        length -= len(data)
