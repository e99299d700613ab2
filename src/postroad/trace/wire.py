"""A connection to a stranger: it ends at its moment and after so many octets, whatever comes.

Blocking, on one address that was judged before; TLS is laid over it on demand. smtplib is not
used because it waits per read and not in all, keeps what came before TLS, and hides the replies.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from postroad.model.text import Text, say

#: Octets that one server may send, encryption included.
MOST = 1 << 20
#: Octets of one line; RFC 5321 section 4.5.3.1.5 allows 512.
LONGEST_LINE = 4096
_PIECE = 16384
_T = TypeVar("_T")


class Broken(Exception):
    """The conversation cannot go on; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


class Silence(Broken):
    """Nothing more came before the time was over."""


class HungUp(Broken):
    """The other side ended the connection, or the network did."""


class Unending(Broken):
    """More came than anybody needs to answer."""


class Wire:
    """One connection. Every method ends by the moment that was given, in `time.monotonic`."""

    def __init__(self, address: str, port: int, *, until: float, connect_seconds: float) -> None:
        """Connect. Raises `OSError` as the system says it."""
        self._until = until
        self._received = 0
        self._plain = bytearray()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        seconds = max(0.001, min(connect_seconds, self.left))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(seconds)
            self._socket.connect((address, port))
        except BaseException:
            self._socket.close()
            raise

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self._until - time.monotonic()

    @property
    def local_address(self) -> str:
        """The address on our side."""
        return str(self._socket.getsockname()[0])

    @property
    def has_more(self) -> bool:
        """Whether something came that was not asked for yet."""
        if not self._plain and self._tls is None:
            self._socket.setblocking(False)
            with suppress(OSError):
                return bool(self._socket.recv(1, socket.MSG_PEEK))
        return bool(self._plain)

    def hurry(self, seconds: float) -> None:
        """End in so many seconds at the latest."""
        self._until = min(self._until, time.monotonic() + seconds)

    def send(self, octets: bytes) -> None:
        """Send all of it. Raises `Silence`, `HungUp`."""
        if self._tls is None:
            self._send(octets)
        else:
            self._through(self._tls, lambda tls: tls.write(octets))

    def line(self) -> bytes:
        """The next line without its end. Raises `Silence`, `HungUp`, `Unending`."""
        while b"\n" not in self._plain:
            if len(self._plain) > LONGEST_LINE:
                raise _too_long()
            self._plain += self.receive()
        found, _, rest = self._plain.partition(b"\n")
        if len(found) > LONGEST_LINE:
            raise _too_long()
        self._plain = rest
        return bytes(found.removesuffix(b"\r"))

    def receive(self) -> bytes:
        """What comes next, at least an octet. Raises `Silence`, `HungUp`, `Unending`."""
        if self._tls is None:
            return self._receive()
        piece = self._through(self._tls, lambda tls: tls.read(_PIECE))
        if not piece:
            raise HungUp(say("The server hung up."))
        return piece

    def start_tls(self, context: ssl.SSLContext, name: str) -> ssl.SSLObject:
        """Encrypt. Raises `ssl.SSLError`, `Silence`, `HungUp`, `Unending`."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._run(tls.do_handshake)
        self._tls = tls
        return tls

    def close(self) -> None:
        """End it now, without a word."""
        self._socket.close()

    def _through(self, tls: ssl.SSLObject, work: Callable[[ssl.SSLObject], _T]) -> _T:
        try:
            return self._run(lambda: work(tls))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as error:
            raise HungUp(say("The server hung up.")) from error
        except ssl.SSLError as error:
            raise HungUp(
                say("The encryption broke: {reason}.", reason=tls_reason(error))
            ) from error

    def _run(self, work: Callable[[], _T]) -> _T:
        """Do it, passing octets between TLS and the network as it needs them."""
        while True:
            try:
                done = work()
            except ssl.SSLWantReadError:
                self._flush()
                self._incoming.write(self._receive())
            except ssl.SSLError:
                # The other side is told why; if it is gone, our reason counts.
                with suppress(Silence, HungUp):
                    self._flush()
                raise
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._send(self._outgoing.read())

    def _send(self, octets: bytes) -> None:
        try:
            self._wait()
            self._socket.sendall(octets)
        except TimeoutError as error:
            raise Silence(say("The server took nothing more.")) from error
        except OSError as error:
            raise HungUp(
                say("The connection broke: {reason}.", reason=system_reason(error))
            ) from error

    def _receive(self) -> bytes:
        try:
            self._wait()
            piece = self._socket.recv(_PIECE)
        except TimeoutError as error:
            raise Silence(say("The server said nothing more.")) from error
        except OSError as error:
            raise HungUp(
                say("The connection broke: {reason}.", reason=system_reason(error))
            ) from error
        if not piece:
            raise HungUp(say("The server hung up."))
        self._received += len(piece)
        if self._received > MOST:
            raise Unending(say("The server sent more than {octets} octets.", octets=MOST))
        return piece

    def _wait(self) -> None:
        if self.left <= 0:
            raise TimeoutError
        self._socket.settimeout(self.left)


def system_reason(error: OSError) -> str:
    """What the system says of a failure, as in `Connection refused`."""
    return error.strerror or str(error)


def tls_reason(error: Exception) -> str:
    """What OpenSSL says of a failure, as in `wrong version number`."""
    reason = getattr(error, "reason", None)
    return str(reason or error).replace("_", " ").lower()


def _too_long() -> Unending:
    return Unending(
        say("The server sent a line of more than {octets} octets.", octets=LONGEST_LINE)
    )
