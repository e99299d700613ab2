"""Notices that people are to read: bounces from before RFC 3464, and of servers that keep to them.

Comes in: the text of a notice. Goes out: what of it is the writer's own, what is the returned
message, and what servers are quoted with. Two kinds are read as receipts: those of qmail-send
(QSBMF, https://cr.yp.to/proto/qsbmf.txt) and of Exim (moan.c), which name recipients plainly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from postroad.model.receipt import Receipt, Says
from postroad.receipts.fields import Fields, moment

#: Lines that the returned message, or its header, begins below.
_BELOW = re.compile(
    r"""
    ^[ \t>]{0,8}(?: --+\ .{0,200}(?:copy|original|header|message|undelivered|returned)
      | Message\ headers?\ follow | Original\ message\ follows? | Received\ message\ follows
      | -----\ ?Unsent\ message | Below\ this\ line\ is\ a\ copy | The\ header\ of\ the\ original
      | (?:Received|Return-Path|DKIM-Signature|X-[\w-]+|MIME-Version|Delivered-To):\ \S
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
#: What servers said, where a notice quotes it: `<<< 550 ...`, `said: 550 ...`, `550 5.1.1 ...`.
_QUOTED = re.compile(
    r"""
    (?: ^\s*(?:<<<|\#\s*<)\s* | \bsaid:\s+ | \bresponse:\s+ | \breturned\ was:\s+
      | \bresponded\s+with:?\s+ | ^\s*(?:\(reason:\ )? | [>:]:?\s+ )
    ([45]\d\d) (?:[\ -]+[45]\d\d)? [\ -] (?:\#?([45]\.\d{1,3}\.\d{1,3}))? [^\n]*
    """,
    re.VERBOSE | re.MULTILINE | re.ASCII | re.IGNORECASE,
)
_QSBMF = re.compile(r"^Hi\. This is (?:the |an? )?\S+", re.MULTILINE)
_QSBMF_RECIPIENT = re.compile(r"<([^<>\s]+@[^<>\s]+)>:\s")
_QSBMF_END = "--- Below this line is a copy of the message."
_EXIM = "This message was created automatically by mail delivery software."
#: Where Exim's notice names an address without a field that does.
_EXIM_RECIPIENT = re.compile(r"^ {2}(\S{1,256}@\S{1,256})$", re.MULTILINE)
_SPACED = re.compile(r"\n[ \t]*\n")
_CODE = re.compile(
    r"(?:^|said: |[:\s]\s*)([45]\d\d)[ -](?:\#?([245]\.\d{1,3}\.\d{1,3}))?", re.ASCII
)
#: qmail's own status code at the end of what it says.
_HASH = re.compile(r"\(#([245]\.\d{1,3}\.\d{1,3})\)\s*$", re.ASCII)
_WARNINGS = ("has not yet been delivered", "has not been delivered", "has been delayed")
#: Characters of a notice, and recipients in it, that are looked at.
_LOOKED_AT, _MOST = 20_000, 100


def cut(text: str) -> tuple[str, str]:
    """What the writer wrote, and the returned message below it."""
    found = _BELOW.search(text, 0, _LOOKED_AT * 5)
    if not found:
        return text[:_LOOKED_AT], ""
    below = text[found.start() :]
    first = below.partition("\n")[0]
    is_field = re.match(r"[\w-]+: ", first)
    return text[: found.start()][:_LOOKED_AT], below if is_field else below[len(first) :].lstrip()


def quoted(text: str) -> Iterator[tuple[str, int, str]]:
    """The replies of servers that a notice quotes: the reply, its code, its status code."""
    for found in _QUOTED.finditer(text[:_LOOKED_AT]):
        said = found[0]
        yield said[said.find(found[1]) :].strip(), int(found[1]), found[2] or ""


def receipts(own: Fields, text: str, *, at: int) -> Iterator[Receipt]:
    """What a notice of a kind that is read says of each recipient."""
    if _QSBMF.match(text.lstrip()) or _QSBMF_END in text:
        yield from _qsbmf(text, at=at)
    elif "X-Failed-Recipients" in own or _EXIM in text[:_LOOKED_AT]:
        yield from _exim(own, text, at=at)


def _qsbmf(text: str, *, at: int) -> Iterator[Receipt]:
    """A paragraph each: the address in brackets, a colon, what is the matter with it."""
    own, _ = cut(text)
    reporter = own.strip().partition(" at ")[2].partition("\n")[0].strip().rstrip(".")
    for paragraph in _SPACED.split(own)[: _MOST + 1]:
        found = _QSBMF_RECIPIENT.match(paragraph.strip())
        if not found:
            continue
        said = " ".join(paragraph.strip()[found.end() :].split())
        yield _told(found[1], said, reporter, says=Says.FAILED, at=at)


def _exim(own: Fields, text: str, *, at: int) -> Iterator[Receipt]:
    """The addresses stand in a field; in the text each is followed by what is the matter.

    Gmail has that field too; what it quotes of the other server stands by itself. Exim's warnings
    have none.
    """
    mine, _ = cut(text)
    words = " ".join(mine.split())
    is_warning = any(each in words for each in _WARNINGS)
    says = Says.DELAYED if is_warning else Says.FAILED
    reply = next((reply for reply, _, _ in quoted(mine)), "")
    named = own.get("X-Failed-Recipients").split(",")
    if "X-Failed-Recipients" not in own:
        named = _EXIM_RECIPIENT.findall(mine)
    for each in named[:_MOST]:
        if address := each.strip().strip("<>"):
            said = said_of(mine, address) or reply
            yield _told(address, said, "", says=says, at=at)


def said_of(text: str, address: str) -> str:
    """What a notice says of an address: the indented lines behind the line that it stands on."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip().strip("<>") == address), None)
    if start is None:
        return ""
    said: list[str] = []
    for line in lines[start + 1 :]:
        if not line.startswith((" ", "\t")):
            break
        said.append(line.strip())
    return " ".join(said)


def _told(address: str, said: str, reporter: str, *, says: Says, at: int) -> Receipt:
    code, ending = _CODE.search(said), _HASH.search(said)
    return Receipt(
        says=says,
        recipient=address,
        at=at,
        reporter=reporter,
        enhanced_code=(code and code[2]) or (ending and ending[1]) or "",
        smtp_code=int(code[1]) if code else 0,
        diagnostic=said,
    )


def dated(own: Fields) -> int:
    """When the notice was written, microseconds UTC; 0 if it does not say."""
    return moment(own.get("Date"))
