"""Subjects as people wrote them: encoded words (RFC 2047) decoded.

Servers log a header as it stands in the message, Postfix with `?` for the line breaks between its
parts and cut after 200 characters, so an encoded word at the end may be incomplete; what there is
of it is decoded. What cannot be decoded stays as it was.
"""

from __future__ import annotations

import base64
import codecs
import re


def decode(text: str) -> str:
    """Decode the encoded words of a header's text; control characters become spaces."""
    if "=?" in text:
        text = _WORDS.sub(_decode_words, text)
        # A charset may say anything, lone surrogates included.
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.translate(_CONTROLS)


def _decode_words(found: re.Match[str]) -> str:
    """Decode a run of encoded words; a character may be split between two of one charset."""
    parts: list[tuple[str, bytes]] = []
    for charset, encoding, written in _WORD.findall(found[0]):
        octets = _octets(encoding, written)
        if octets is None:
            return found[0]
        if parts and parts[-1][0] == charset.lower():
            parts[-1] = (parts[-1][0], parts[-1][1] + octets)
        else:
            parts.append((charset.lower(), octets))
    try:
        return "".join(_text(octets, charset) for charset, octets in parts)
    except (LookupError, ValueError):
        return found[0]


def _octets(encoding: str, written: str) -> bytes | None:
    if encoding in "qQ":
        return _HEX.sub(
            lambda found: bytes([int(found[1], 16)]),
            written.replace("_", " ").encode("utf-8"),
        )
    digits = re.sub(r"[^A-Za-z0-9+/]", "", written)
    try:
        return base64.b64decode(digits[: len(digits) // 4 * 4 or None] + _padding(digits))
    except ValueError:
        return None


def _padding(digits: str) -> str:
    """What a whole or cut base64 text needs behind its last full group."""
    rest = digits[len(digits) // 4 * 4 :]
    return rest.ljust(4, "=") if len(rest) > 1 else ""


def _text(octets: bytes, charset: str) -> str:
    """Decode; raises LookupError or ValueError for a charset that is none of text."""
    name = codecs.lookup(charset.partition("*")[0]).name
    if name.replace("-", "_") in _NO_CHARSETS:
        raise LookupError(charset)
    return octets.decode(name, "replace")


_CONTROLS = dict.fromkeys((*range(32), 127), " ")
#: Codecs of Python's that are no charsets of mail.
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
_ONE = r"=\?[^?\s]{1,40}\?[bBqQ]\?[^?]*(?:\?=|\??$)"
#: Encoded words with nothing but white space, or the `?` for a line break, between them.
_WORDS = re.compile(rf"{_ONE}(?:\??\s+{_ONE})*")
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
