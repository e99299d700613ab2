"""The PDF of a sealed document: typeset, with the document attached, and signed as a whole.

The signature stands in a comment line before the last three lines of the file, which tell where a
PDF begins to be read (ISO 32000-1 section 7.5.5); it is over all other bytes of the file. So the
file stays a proper PDF, and nothing can be put behind, before or into it.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import NamedTuple

from postroad.reports.evidence import seal, words
from postroad.reports.evidence.document import Document
from postroad.reports.typeset import typeset

#: What the line begins with.
MARK = b"%postroad-signature-1 "
_TEMPLATE = Path(__file__).parent.parent / "evidence.typ"
_LINE = re.compile(
    rb"%postroad-signature-1 ([A-Za-z0-9+/]{43}=) ([A-Za-z0-9+/]{86}==)\n"
    rb"(startxref\n[0-9]{1,10}\n%%EOF\n?)\Z"
)
_END = re.compile(rb"startxref\n[0-9]{1,10}\n%%EOF\n?\Z")
#: How far from its end the line of a file begins at most.
_REACH = 400
#: The head of an attached file in what we make; its octets follow. No branch is tried twice on the
#: same octets, for anybody can seal a file that is all beginnings.
_ATTACHED = re.compile(
    rb"\n\d{1,9} 0 obj\n<</Length (\d{1,8})/Type/EmbeddedFile/Filter/FlateDecode"
    rb"[^<>]{0,200}+(?:<<[^<>]{0,400}+>>)?+[^<>]{0,200}+>>\nstream\n"
)
#: Octets of an attached document.
_LARGEST = 5 << 20


class Found(NamedTuple):
    """The signature of a PDF, and what it is over."""

    key: bytes
    signature: bytes
    signed: bytes


def make(document: Document, sealed: bytes, signer: seal.Seal, *, at: int) -> bytes:
    """The PDF of a document and its sealed form; `at` is its own date, microseconds UTC.

    Raises `PostroadError` where it cannot be made.
    """
    data = words.page(document, signer.public)
    made = typeset(_TEMPLATE, {**data, "sealed": sealed.decode()}, made_at=at)
    return signed(made, signer)


def signed(pdf: bytes, signer: seal.Seal) -> bytes:
    """A PDF with its signature in it. Raises `ValueError` where it does not end as a PDF does."""
    end = _END.search(pdf, max(0, len(pdf) - _REACH))
    if not end or attached(pdf) is None:
        raise ValueError("this is not a PDF with one file attached")
    key = seal.encoded(signer.public)
    signature = seal.encoded(signer.sign(seal.PDF_LINE, pdf))
    line = MARK + f"{key} {signature}\n".encode()
    return pdf[: end.start()] + line + pdf[end.start() :]


def signature(data: bytes) -> Found | None:
    """The signature of a PDF that was not touched where it stands; None where there is none."""
    found = _LINE.search(data, max(0, len(data) - _REACH))
    if found is None:
        return None
    try:
        key = seal.decoded(found[1].decode(), seal.KEY_OCTETS)
        made = seal.decoded(found[2].decode(), seal.SIGNATURE_OCTETS)
    except ValueError:
        return None
    return Found(key, made, data[: found.start()] + found[3])


def attached(pdf: bytes) -> bytes | None:
    """The one file that is attached to a PDF of ours; None where there is not exactly one."""
    heads = list(_ATTACHED.finditer(pdf))
    if len(heads) != 1:
        return None
    start = heads[0].end()
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(pdf[start : start + int(heads[0][1])], _LARGEST)
    except zlib.error:
        return None
    return data if reader.eof else None
