"""Where a webhook may lead: judged once, and connected to as it was judged."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import idna

from postroad.model.text import Text
from postroad.notify import sentences
from postroad.trace.safety import Fence

#: Ports unless the address names one.
_PORTS = {"http": 80, "https": 443}
#: Below this only these: whoever answers there else speaks something else than HTTP.
_FIRST_FREE_PORT = 1024
LONGEST = 2000

#: The addresses of a name, or `OSError`.
Lookup = Callable[[str], Sequence[str]]


class Place(NamedTuple):
    """What an address of a webhook says."""

    is_tls: bool
    #: As DNS has it.
    host: str
    port: int
    #: With what follows it.
    path: str


class Wrong(Exception):
    """There is no calling this; the message says why."""

    def __init__(self, said: Text) -> None:
        """Keep the sentence."""
        super().__init__(said)
        self.said = said


def read(url: str) -> Place:
    """The parts of an address. Raises `Wrong`."""
    if len(url) > LONGEST or not url.isprintable() or " " in url or "\\" in url:
        raise Wrong(sentences.BAD_URL)
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        host = _ascii(parts.hostname or "")
        (parts.path + parts.query).encode("ascii")
    except (ValueError, KeyError) as error:
        raise Wrong(sentences.BAD_URL) from error
    if not host or parts.fragment or "@" in parts.netloc:
        raise Wrong(sentences.BAD_URL)
    if port < _FIRST_FREE_PORT and port not in _PORTS.values():
        raise Wrong(sentences.BAD_PORT)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme == "https", host, port, path)


def judged(place: Place, fence: Fence, lookup: Lookup) -> list[str]:
    """The addresses to connect to, in the order to try. Raises `Wrong` if one is inside.

    One bad address spoils a name: who is asked which of them to take is not to be a matter of luck.
    """
    try:
        found = list(dict.fromkeys(lookup(place.host)))
    except (OSError, UnicodeError) as error:
        raise Wrong(sentences.NO_SUCH_HOST) from error
    if not found:
        raise Wrong(sentences.NO_SUCH_HOST)
    if any(fence.why_not(each) for each in found):
        raise Wrong(sentences.INSIDE)
    return found


def system(host: str) -> list[str]:
    """What the system knows of a name. Raises `OSError`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def _ascii(host: str) -> str:
    """The name as DNS has it (RFC 5891). Raises `ValueError`."""
    if host.isascii():
        return host
    return idna.encode(host, uts46=True).decode()
