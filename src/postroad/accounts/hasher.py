"""Passwords: hashed with argon2id, compared in the same time whether an account exists or not."""

from __future__ import annotations

import base64
import secrets
import threading
import unicodedata

from argon2 import Parameters, PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from postroad.errors import AccountError
from postroad.model.text import say

#: RFC 9106 section 4, second recommended option: 64 MiB of memory.
STRONG = profiles.RFC_9106_LOW_MEMORY
#: For tests only.
CHEAPEST = profiles.CHEAPEST

#: NIST SP 800-63B section 3.1.1.2: no fewer than 8 characters; more than this is not hashed.
SHORTEST, LONGEST = 8, 1024
#: Hashes at the same time: each takes a processor and the profile's memory.
_AT_ONCE = 2


class Hasher:
    """Makes and checks hashes with one profile."""

    def __init__(self, profile: Parameters = STRONG) -> None:
        self._argon2 = PasswordHasher.from_parameters(profile)
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = _nobodys(profile)

    def hash(self, password: str) -> str:
        """The hash to store. Raises `AccountError` for a password that is too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise AccountError(
                say("A password has {least} to {most} characters.", least=SHORTEST, most=LONGEST)
            )
        with self._room:
            return self._argon2.hash(_normal(password))

    def matches(self, stored: str, password: str) -> bool:
        """Whether the password is the one that was hashed.

        Works as long on an empty `stored`, which nothing matches.
        """
        try:
            with self._room:
                self._argon2.verify(stored or self._nobody, _normal(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with another profile and should be made anew."""
        return self._argon2.check_needs_rehash(stored)


def _nobodys(profile: Parameters) -> str:
    """A hash of this profile that no password is known for: to check one against it takes as long.

    In the form of the argon2 reference (PHC string format), with random octets for what a password
    would give, so that a program that asks nobody for a password does not hash one.
    """
    salt, digest = (
        base64.b64encode(secrets.token_bytes(octets)).rstrip(b"=").decode()
        for octets in (profile.salt_len, profile.hash_len)
    )
    return (
        f"$argon2{profile.type.name.lower()}$v={profile.version}$m={profile.memory_cost},"
        f"t={profile.time_cost},p={profile.parallelism}${salt}${digest}"
    )


def _normal(password: str) -> str:
    """One form for a password however a keyboard composes its accents (RFC 8265 section 4.2)."""
    return unicodedata.normalize("NFC", password)
