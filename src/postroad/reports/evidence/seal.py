"""The seal: a signature that every change is found by.

Ed25519 (RFC 8032) over the canonical JSON of a document (RFC 8785, of whose numbers only whole ones
occur), and over all bytes of a PDF. What is signed begins with a line that says what it is, so that
a signature of one kind is none of the other.

There is one way to write what is sealed: base64 has no spare bits set, JSON no spare blanks. So no
byte can be changed without being noticed, not even one that means nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: What the signed bytes of a document and of a PDF begin with.
JSON_LINE, PDF_LINE = b"postroad evidence 1 json\n", b"postroad evidence 1 pdf\n"
#: Octets of a public key and of a signature (RFC 8032 section 5.1).
KEY_OCTETS, SIGNATURE_OCTETS = 32, 64
#: Hexadecimal digits of a fingerprint that stand together.
_GROUP = 4


class Seal:
    """A private key at work."""

    def __init__(self, secret: bytes) -> None:
        """Take 32 random octets (RFC 8032 section 5.1.5)."""
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """What people compare."""
        return fingerprint(self.public)

    def sign(self, line: bytes, data: bytes) -> bytes:
        """The signature of bytes of the kind that `line` says."""
        return self._key.sign(line + data)

    def sealed(self, document: dict[str, Any]) -> bytes:
        """A document with its signature, as a file's content."""
        signed = canonical(document)
        return enveloped(signed, self.public, self.sign(JSON_LINE, signed))


def is_signed(public: bytes, signature: bytes, line: bytes, data: bytes) -> bool:
    """Whether the holder of this key signed these bytes as being of this kind."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, line + data)
    except (InvalidSignature, ValueError):
        return False
    return True


def canonical(value: Any) -> bytes:
    """JSON of RFC 8785: keys in order, no blanks, UTF-8. Keys are ASCII, numbers are whole."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def enveloped(document: bytes, public: bytes, signature: bytes) -> bytes:
    """A document with its key and signature, in the one form that there is (`canonical`)."""
    tail = f',"key":"{encoded(public)}","signature":"{encoded(signature)}"}}'
    return b'{"document":' + document + tail.encode()


def encoded(data: bytes) -> str:
    """Base64 (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def decoded(text: str, octets: int) -> bytes:
    """So many octets from base64 in its one form. Raises `ValueError`."""
    try:
        data = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if len(data) != octets or encoded(data) != text:
        raise ValueError("not base64 of so many octets in its one form")
    return data


def fingerprint(public: bytes) -> str:
    """SHA-256 of the 32 octets of a public key, in hexadecimal digits."""
    return hashlib.sha256(public).hexdigest()


def grouped(digits: str) -> str:
    """A fingerprint in groups, to be compared by people."""
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def public_key(text: str) -> bytes | str:
    """The key that somebody names: its 32 octets, or its fingerprint in hexadecimal digits.

    Takes base64, a fingerprint with or without blanks and colons, and the JSON of
    `GET /api/v1/evidence-key`. Raises `ValueError` for anything else.
    """
    text = text.strip()
    if text.startswith("{"):
        found = json.loads(text)
        text = str(found.get("key", ""))
    digits = "".join(text.split()).replace(":", "").lower()
    if len(digits) == len(fingerprint(b"")) and set(digits) <= set("0123456789abcdef"):
        return digits
    return decoded(text, KEY_OCTETS)
