"""Opens a file where reading it had stopped, under whatever name it stands now.

The content's first line finds the marks of all contents that begin so; which of them it is, and
how much of it is known, is proven by the digest over everything that was read. A file that is
still the same inode, and not packed, is believed when the block before the position is the same.
"""

from __future__ import annotations

import secrets

from postroad.sources import identity
from postroad.sources.archives import Content, open_content
from postroad.sources.find import Found
from postroad.sources.identity import BLOCK, Chain
from postroad.sources.reading import CHUNK, Reading, recognise, skip
from postroad.state import State, marks
from postroad.state.marks import Mark


class Opened:
    """A reading at its place, and the mark it goes on from, if there was one."""

    def __init__(self, reading: Reading, mark: Mark | None) -> None:
        """Name the reading: the mark's name if it is the same file, a new one if a copy."""
        self.reading = reading
        self.mark = mark
        content = reading.content
        is_same = mark and (mark.device, mark.inode) == (content.device, content.inode)
        self.name = mark.reading if mark and is_same else secrets.token_hex(8)


def open_at(found: Found, state: State, host: str, content: Content | None = None) -> Opened:
    """Open a file where reading it for this host stopped. Raises `SourceError`.

    `content` is a stream that is open already: it is read from its start.
    """
    if content is not None:
        opened = Opened(Reading(content), None)
    else:
        content = open_content(found.path, is_regular=found.is_regular)
        try:
            opened = _placed(content, found, state, host)
        except BaseException:
            content.close()
            raise
    opened.reading.host = host
    return opened


def _placed(content: Content, found: Found, state: State, host: str) -> Opened:
    first = content.peek(identity.HEAD)
    line = first[: first.find(b"\n") + 1] or first
    head = identity.head(line) if line.endswith(b"\n") or len(line) == identity.HEAD else ""
    known = marks.of_content(state, host, head) if found.is_regular and head else []
    if not known:
        return Opened(Reading(content, head=head), None)
    for mark in known:
        if (mark.device, mark.inode) == (content.device, content.inode) and content.is_plain:
            if chain := _proven(content, mark):
                return _going_on(content, chain, [mark])
            content.seek(0)
    chain = recognise(content, [(mark.length, mark.digest) for mark in known])
    if chain is not None and chain.length == known[0].length:
        return _going_on(content, chain, known)
    # The content was read beyond the place to begin at.
    content.close()
    content = open_content(found.path, is_regular=found.is_regular)
    if chain is None:
        return Opened(Reading(content), None)
    skip(content, chain.length)
    return _going_on(content, chain, known)


def _proven(content: Content, mark: Mark) -> Chain | None:
    """The chain at the mark, if the block before it is the same; the content stands there."""
    whole = mark.length - mark.length % BLOCK
    content.seek(whole)
    chain = Chain(mark.chain, whole)
    while chain.length < mark.length and (
        data := content.read(min(CHUNK, mark.length - chain.length))
    ):
        chain.update(data)
    return chain if chain.length == mark.length and chain.digest() == mark.digest else None


def _going_on(content: Content, chain: Chain, known: list[Mark]) -> Opened:
    digest = chain.digest()
    mark = next(each for each in known if (each.length, each.digest) == (chain.length, digest))
    return Opened(Reading(content, chain=chain, head=mark.head, lines=mark.lines), mark)
