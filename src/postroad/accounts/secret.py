"""Random secrets that are handed out once and stored as digests only."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def make(prefix: str = "") -> str:
    """A new secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of it: BLAKE2b, 256 bits. A random secret needs no salt and no slow hash."""
    return hashlib.blake2b(secret.encode("utf-8", "replace"), digest_size=32).hexdigest()


def form_key(secret: str, whose: str = "") -> str:
    """What a page's forms carry, so that only a page shown to this cookie can send them.

    Where there is no cookie, the secret is the server's, and `whose` tells people apart.
    """
    message = f"form {whose}".strip().encode()
    return hmac.new(secret.encode("utf-8", "replace"), message, "sha256").hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in the same time for every difference."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
