"""A message taken apart: its own fields and its leaves, with bounds.

Comes in: the octets of a message. Goes out: `Mail`. Python's email package reads the structure, and
is kept from what a stranger could make it do for long: of every `Content-Type` so many octets are
looked at (its reader of parameters takes time that grows with their square), so many parts may hold
others, and messages inside a message are leaves: nothing in them is ever taken apart.
"""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesParser
from typing import NamedTuple

from postroad.receipts import fields
from postroad.receipts.fields import Fields

#: Octets of a message that are looked at. What a report says stands before the returned message.
LARGEST = 1 << 20
#: Parts that hold others, and leaves, that are looked at.
_DEPTH, _LEAVES = 12, 60
_LONGEST_TYPE = 1_000
_TYPE = re.compile(
    rb"^content-type[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE
)
_HEAD = re.compile(rb"\r?\n[ \t]*\r?\n")
#: What stands for `message/` while the structure is read.
_WRAPPED = "x-message/"
#: Charsets of text whose decoders are harmless.
_CHARSET = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-\d+|iso-2022-(?:jp|kr)|windows-\d+|cp\d+|koi8-[ru]"
    r"|shift[_-]?jis|euc-(?:jp|kr|cn)|gb\d+|gbk|big5",
    re.ASCII,
)


class Part(NamedTuple):
    """A leaf of a message."""

    #: `text/plain`, `message/delivery-status`, ...; lower case.
    kind: str
    text: str


class Mail(NamedTuple):
    """A message."""

    fields: Fields
    #: Its own kind: `multipart/report`, ...
    kind: str
    #: The `report-type` of a report (RFC 6522): `delivery-status`, `disposition-notification`.
    report: str
    parts: tuple[Part, ...]

    def part(self, *kinds: str) -> str:
        """The text of the first leaf of one of these kinds; "" if there is none."""
        return next((each.text for each in self.parts if each.kind in kinds), "")


def take_apart(data: bytes) -> Mail:
    """Read a message. Never raises; what cannot be read is left out."""
    data = _without_envelope(data[:LARGEST])
    head = _HEAD.split(data, maxsplit=1)[0]
    own = fields.read(head.decode("utf-8", "replace"))
    try:
        message = BytesParser().parsebytes(_TYPE.sub(_Rewriting(), data))
        kind = message.get_content_type().lower()
        report = str(message.get_param("report-type") or "").lower()
        leaves = [each for each in message.walk() if not each.is_multipart()]
    except (ValueError, LookupError, TypeError, RecursionError):
        return Mail(own, "text/plain", "", ())
    parts = [part for each in leaves[:_LEAVES] if (part := _part(each))]
    return Mail(own, kind, report, tuple(parts))


class _Rewriting:
    """Makes each `Content-Type` harmless, in the order in which they stand."""

    def __init__(self) -> None:
        self._holding = 0

    def __call__(self, found: re.Match[bytes]) -> bytes:
        text = found[0][:_LONGEST_TYPE]
        name, _, value = text.partition(b":")
        kind = value.strip().lower()
        if kind.startswith(b"message/"):
            return name + b": " + _WRAPPED.encode() + value.strip()[len(b"message/") :]
        if kind.startswith(b"multipart/"):
            self._holding += 1
            if self._holding > _DEPTH:
                return name + b": application/octet-stream"
        return text


def _part(leaf: Message) -> Part | None:
    try:
        kind = leaf.get_content_type().lower()
        data = leaf.get_payload(decode=True)
        charset = str(leaf.get_content_charset() or "")
    except (ValueError, LookupError, TypeError):
        return None
    if kind.startswith("multipart/"):
        # Its boundary never came: what stands there is all it has.
        kind = "text/plain"
    if kind.startswith(_WRAPPED):
        kind = "message/" + kind.removeprefix(_WRAPPED)
    if not kind.startswith(("text/", "message/")) or not isinstance(data, bytes):
        return None
    return Part(kind, _decoded(data, charset).replace("\r\n", "\n"))


def _decoded(data: bytes, charset: str) -> str:
    if _CHARSET.fullmatch(charset.lower()):
        try:
            return data.decode(charset, "replace")
        except LookupError:
            pass
    return data.decode("utf-8", "replace")


def _without_envelope(data: bytes) -> bytes:
    """Without the line that a pipe or a mailbox file puts before a message."""
    data = data.lstrip(b"\r\n")
    if data.startswith((b"From ", b">From ")):
        return data.partition(b"\n")[2]
    return data
