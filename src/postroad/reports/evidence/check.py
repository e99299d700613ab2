"""Checking: whether bytes are a sealed document, unchanged, and by whose key.

Whatever comes in, an answer goes out: it is for files that anybody hands in.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from postroad.model.text import Text, say
from postroad.reports.evidence import paper, seal
from postroad.reports.evidence.document import FORMAT, Document

_T = TypeVar("_T")
#: Octets of a file that is looked at.
LARGEST = 5 << 20
#: What a PDF or JSON may have before it and yet be taken for one, so that the answer is the right
#: one; it is not right for that.
_BEGINNING = 1024


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a file."""

    #: Whether it is what was sealed, every octet, by the key that it names.
    is_right: bool
    #: Why not; empty where it is.
    problem: str = ""
    #: The key that it names, whoever's it is, and its fingerprint.
    key: bytes = b""
    fingerprint: str = ""
    #: What it says, where it is right.
    document: Document | None = None


class _Wrong(Exception):
    """The sentence that says why it is not right."""


def check(data: bytes) -> Checked:
    """Look at a file, JSON or PDF."""
    try:
        if len(data) > LARGEST:
            raise _Wrong(_too_large())
        is_pdf = b"%PDF-" in data[:_BEGINNING] or paper.MARK in data
        return _pdf(data) if is_pdf else _json(data)
    except _Wrong as error:
        return Checked(is_right=False, problem=error.args[0])


def _pdf(data: bytes) -> Checked:
    found = paper.signature(data)
    if found is None:
        if paper.MARK in data:
            raise _Wrong(say("The PDF was changed after it was sealed: {why}.", why=_REWRITTEN))
        raise _Wrong(
            say(
                "The PDF has no seal: it is not evidence that a postroad made, or it was changed "
                "by a program that left the seal out."
            )
        )
    if not seal.is_signed(found.key, found.signature, seal.PDF_LINE, found.signed):
        raise _Wrong(say("The PDF was changed after it was sealed, or it was not sealed so."))
    inner = paper.attached(found.signed)
    if inner is None:
        raise _Wrong(say("The PDF is sealed, but holds no evidence."))
    checked = _json(inner)
    if checked.key != found.key:
        raise _Wrong(say("The PDF and the document in it are sealed with different keys."))
    return checked


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed file, its document as it stands there."""

    document: msgspec.Raw
    key: str
    signature: str


class _Kind(msgspec.Struct, frozen=True):
    """What a document says that it is."""

    format: str = ""


def _json(data: bytes) -> Checked:
    sealed = _read(data, _Sealed)
    if sealed is None:
        raise _Wrong(_no_document())
    try:
        key = seal.decoded(sealed.key, seal.KEY_OCTETS)
        signature = seal.decoded(sealed.signature, seal.SIGNATURE_OCTETS)
    except ValueError as error:
        raise _Wrong(say("The seal of the document is damaged.")) from error
    signed = bytes(sealed.document)
    if seal.enveloped(signed, key, signature) != data:
        raise _Wrong(_no_document())
    if not seal.is_signed(key, signature, seal.JSON_LINE, signed):
        raise _Wrong(say("The document was changed after it was sealed, or it was not sealed so."))
    document = _document(signed)
    if document.made_by.key != seal.fingerprint(key):
        raise _Wrong(say("The document names another key than the one that it is sealed with."))
    return Checked(is_right=True, key=key, fingerprint=seal.fingerprint(key), document=document)


def _document(signed: bytes) -> Document:
    kind = _read(signed, _Kind)
    if kind is None or kind.format != FORMAT:
        message = say(
            "The seal is right, but what is sealed is not evidence that this version of postroad "
            "knows. Check it with a newer one."
        )
        raise _Wrong(message)
    found = _read(signed, Document)
    # There is one way to write a document: what is doubled or added has no meaning here.
    if found is None or seal.canonical(msgspec.to_builtins(found)) != signed:
        raise _Wrong(say("What is sealed is not evidence of a delivery."))
    return found


def _read(data: bytes, kind: type[_T]) -> _T | None:
    """JSON as a value of this kind; None for any other octets, however deep or long."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _too_large() -> Text:
    return say("The file is larger than any evidence: {most} MB at most.", most=LARGEST >> 20)


def _no_document() -> Text:
    return say(
        "This is not evidence that a postroad made, or it was changed: a sealed document is one "
        "line of JSON, or a PDF, exactly as it was made."
    )


_REWRITTEN = say("something stands behind the seal, or the seal was touched")
