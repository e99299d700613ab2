"""Connecting in a way that can be broken off from another thread, and that ends in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable

#: Least time that an address is given, in seconds.
_LEAST = 0.01


def dial(
    hosts: Iterable[str], port: int, seconds: float, hold: Callable[[socket.socket], None]
) -> socket.socket:
    """A connection to the first of these hosts and their addresses that answers.

    All of them together have so many seconds. `hold` is given each socket before it connects, and
    raises `OSError` where no more is to be tried. Raises `OSError`.
    """
    until = time.monotonic() + seconds
    trouble: OSError = TimeoutError()
    for host in hosts:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            made = socket.socket(family, kind, protocol)
            hold(made)
            try:
                made.settimeout(max(until - time.monotonic(), _LEAST))
                made.connect(address)
            except OSError as error:
                trouble = error
                made.close()
                continue
            made.settimeout(seconds)
            return made
    raise trouble
