"""A letter as a call of a webhook: JSON by POST, signed, in bounds of time and size.

The receiver knows by `Postroad-Signature` that a call is ours, by `Postroad-Timestamp` that it is
not an old one sent again by somebody else, and by `Postroad-Id` whether it has had it.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

import postroad
from postroad.model import safe
from postroad.notify import sentences
from postroad.notify.address import Lookup, Place, Wrong, judged, read, system
from postroad.notify.dial import dial
from postroad.notify.outcome import End, Outcome
from postroad.trace.safety import Fence

#: Octets of an answer that are read, and characters that are kept.
_LONGEST, _KEPT = 1 << 14, 500
#: Codes: success (RFC 9110 section 15.3), elsewhere (15.4), and gone for good (15.5.11).
_OK, _ELSEWHERE, GONE = range(200, 300), range(300, 400), 410


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent."""

    url: str
    secret: str
    #: The same at every try, and when it is sent again by hand.
    id: str
    body: bytes
    #: Seconds UTC at which it is sent.
    timestamp: int

    @property
    def headers(self) -> dict[str, str]:
        """Its header fields."""
        return {
            "Content-Type": "application/json",
            "User-Agent": f"postroad/{postroad.__version__}",
            "Postroad-Id": self.id,
            "Postroad-Timestamp": str(self.timestamp),
            "Postroad-Signature": f"v1={sign(self.secret, self.timestamp, self.body)}",
            "Connection": "close",
        }


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature: HMAC-SHA256 (RFC 2104) of `<timestamp>.<body>`, in hexadecimal digits."""
    message = str(timestamp).encode() + b"." + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class Caller:
    """Makes calls, to addresses that were judged."""

    def __init__(
        self,
        fence: Fence,
        *,
        patience: float,
        lookup: Lookup = system,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`patience` is for a whole call, in seconds; `context` knows good certificates."""
        self._fence = fence
        self._patience = patience
        self._lookup = lookup
        self._context = context or ssl.create_default_context()
        self._open: set[_Connection] = set()
        self._guard = threading.Lock()
        self._is_over = False

    def close(self) -> None:
        """Break off every call, now and from now on: each is made again, under the same id."""
        with self._guard:
            self._is_over = True
            for connection in self._open:
                connection.cut()

    def make(self, call: Call) -> Outcome:
        """Call, and say what came of it. It may be tried again whatever came, but after `GONE`."""
        try:
            place = read(call.url)
            addresses = judged(place, self._fence, self._lookup)
        except Wrong as wrong:
            return Outcome(end=End.LATER, said=wrong.said)
        connection = _Connection(place, addresses, self._patience, self._context)
        with self._guard:
            self._open.add(connection)
            if self._is_over:
                return Outcome(end=End.CALLED_BACK)
        try:
            with connection.watched():
                connection.request("POST", place.path, body=call.body, headers=call.headers)
                answer = connection.getresponse()
                if connection.is_cut:
                    # What there was of its head is no answer.
                    raise TimeoutError
                text = _beginning(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = _trouble(error, is_late=connection.is_late)
            return Outcome(end=End.LATER, said=said)
        finally:
            with self._guard:
                self._open.discard(connection)
            connection.close()
        return _judge(answer.status, text)


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was judged, under the name that it was judged for."""

    def __init__(
        self, place: Place, addresses: Sequence[str], patience: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(place.host, place.port, timeout=patience)
        # The port of `https` is left out of `Host`, too.
        self.default_port = 443 if place.is_tls else 80
        self._addresses = addresses
        self._context = context if place.is_tls else None
        self._patience = patience
        self.is_late = self.is_cut = False
        #: The socket; `sock` is let go of as soon as the head of an answer is read.
        self._wire: Any = None

    def connect(self) -> None:
        """Connect to the first of the addresses that answers."""
        self.sock = dial(self._addresses, self.port, self._patience, self._hold)
        if self._context:
            # Shaken hands afterwards, so that it can be cut meanwhile.
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._hold(self.sock)
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def _hold(self, sock: socket.socket) -> None:
        """Keep a socket that is about to connect, so that it can be cut. Raises `OSError`."""
        self._wire = sock
        if self.is_cut:
            raise TimeoutError

    @contextmanager
    def watched(self) -> Iterator[None]:
        """End the connection if the block is not done in time: a slow drip never times out."""
        timer = threading.Timer(self._patience, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _too_late(self) -> None:
        self.is_late = True
        self.cut()

    def cut(self) -> None:
        """Break the connection off, from whichever thread."""
        self.is_cut = True
        if self._wire is not None:
            with suppress(OSError, ValueError):
                self._wire.shutdown(socket.SHUT_RDWR)


def _beginning(answer: http.client.HTTPResponse) -> str:
    """The beginning of an answer's body; the code counts, however the body ends."""
    octets = b""
    with suppress(OSError, http.client.HTTPException, ValueError):
        while len(octets) < _LONGEST and (more := answer.read1(_LONGEST - len(octets))):
            octets += more
    return safe.lines(octets.decode("utf-8", "replace"))[:_KEPT]


def _judge(code: int, text: str) -> Outcome:
    if code in _OK:
        return Outcome(end=End.TAKEN, code=code, said=text)
    if code == GONE:
        return Outcome(end=End.REFUSED, code=code, said=text)
    if code in _ELSEWHERE:
        return Outcome(end=End.LATER, code=code, said=sentences.REDIRECTED)
    return Outcome(end=End.LATER, code=code, said=text)


def _trouble(error: Exception, *, is_late: bool) -> str:
    if is_late or isinstance(error, TimeoutError):
        return sentences.NO_RESPONSE
    if isinstance(error, ssl.SSLError):
        return sentences.UNTRUSTED
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return sentences.CUT_SHORT
    if isinstance(error, OSError):
        return sentences.UNREACHABLE
    return sentences.NOT_HTTP
