"""The shape of a reply: what stays of it when names, numbers and addresses are taken out.

Replies differ in whom they speak of and are alike in what they say. The shape is what phrases are
matched against, so that an address such as `<mailbox.full@example.com>` says nothing, and what
classified replies are remembered by.
"""

from __future__ import annotations

import re

#: A reply says what it has to say within so many characters; what follows is not looked at.
LOOKED_AT = 2000


def shape(reply: str) -> str:
    """Give the shape of a reply.

    Lower case; single spaces; `<>` for what stands in angle brackets, `@` for addresses, `0` for
    numbers, codes and IPv4 addresses; no codes where a reply goes on in another line
    (`550-5.7.1 `).
    """
    text = reply[:LOOKED_AT]
    if "<" in text:
        text = _BRACKETS.sub("<>", text)
    if "@" in text:
        text = _ADDRESS.sub("@", text)
    text = " ".join(_NUMBER.sub("0", text).lower().split())
    if " 0" in text:
        text = text.replace(" 0-0 ", " ").replace(" 0-", " ").replace(" 0 0 ", " ")
    return text


_BRACKETS = re.compile(r"<[^<>]*>")
_ADDRESS = re.compile(r"(?<![^\s<>\"'()\[\]])[^\s@<>\"'()\[\]]+@[^\s@<>\"'()\[\]:;,]+")
_NUMBER = re.compile(r"\d[\d.]*", re.ASCII)
