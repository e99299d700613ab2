"""A connection to a server that takes mail: each step of it ends in time, and it can be cut."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from postroad.model import safe
from postroad.notify import sentences
from postroad.notify.dial import dial
from postroad.notify.outcome import End, Outcome

#: Seconds that a server has for its answer to the final dot (RFC 5321 section 4.5.3.2.6).
LAST = 600
#: Ports unless the setting names one: RFC 6409, and RFC 8314 for TLS from the first octet.
_PORTS = {"smtp": 587, "smtps": 465}
_HERE = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1", re.ASCII)
#: Reply codes (RFC 5321 section 4.2).
PERMANENT, OK, GO_ON = 500, (250, 251), 354
#: What is said of whoever sends and not of a letter: sign in, or encrypt (RFC 4954 section 6).
_OF_US = frozenset({530, 534, 535, 538})
#: Octets of a reply that are read (section 4.5.3.1.5 allows 512 a line), and characters kept.
_LONGEST_REPLY, _LONGEST_SAID = 1 << 16, 500
_LONGEST_LINE = 8192
#: Seconds that an answer to a final dot may still take once everything is to end.
_GRACE = 10


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A submission server, and how it is spoken to."""

    host: str
    port: int
    #: TLS from the first octet.
    is_wrapped: bool
    #: Both or neither are empty.
    login: str = ""
    password: str = ""
    #: Certificates to trust besides the system's.
    ca: Path | None = None
    #: What we call ourselves; the machine's name where it is empty.
    name: str = ""
    #: Seconds for each step, and for the answer to the end.
    patience: float = 60
    last: float = LAST

    @classmethod
    def of(cls, url: str, **more: Any) -> Self:
        """Of an address as the setting `mail_submission` has it."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            is_wrapped=parts.scheme == "smtps",
            **more,
        )


class Said(Exception):
    """The server said something else than was hoped for."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.said)
        self.outcome = outcome


class Calls:
    """Connections that are open, so that they can be broken off from another thread."""

    def __init__(self) -> None:
        self._open: set[Line] = set()
        self._changed = threading.Condition()
        #: Whether no connection may go on.
        self.is_over = False

    def enter(self, line: Line) -> None:
        """Take in a connection."""
        with self._changed:
            self._open.add(line)

    def leave(self, line: Line) -> None:
        """Forget a connection."""
        with self._changed:
            self._open.discard(line)
            self._changed.notify_all()

    def break_off(self) -> None:
        """Break off every connection, now and from now on; a letter that just left has a while."""
        with self._changed:
            self.is_over = True
            for line in self._open:
                if not line.is_final:
                    line.cut()
            self._changed.wait_for(lambda: not self._open, _GRACE)
            for line in self._open:
                line.cut()


class Line(smtplib.SMTP):
    """A connection each of whose steps ends in time, however slowly the other side speaks."""

    def __init__(self, server: Server, calls: Calls) -> None:
        self._server = server
        self._calls = calls
        #: Whether a step took too long.
        self.is_late = False
        #: How far it came: the letter was begun, all but its end was sent, and that too.
        self.is_open = self.is_final = self.is_ended = False
        self._limit = server.patience
        self.sock: Any = None
        calls.enter(self)
        # Names are looked up where there is none given, which may take long where DNS is away.
        super().__init__(local_hostname=server.name or None, timeout=server.patience)

    def begin(self) -> None:
        """Connect, greet, and be let in."""
        server = self._server
        code, said = self.connect(server.host, server.port)
        expect(code, said, 220, is_general=True)
        self._greet()
        if not server.is_wrapped:
            self._secure()
        if server.login:
            self._sign_in()

    def ask(self, command: str, *wanted: int) -> str:
        """Say a command and get one of these codes; what was said with it. Raises `Said`."""
        code, said = self.docmd(command)
        return expect(code, said, *wanted, is_general=False)

    def end(self) -> tuple[int, str]:
        """Send the final dot, and wait for what the server says to it."""
        self._limit = self._server.last
        self.sock.settimeout(self._limit)
        # What cannot be sent as a whole is no end: nothing is taken by it.
        self.send(b".\r\n")
        self.is_ended = True
        code, said = self.getreply()
        return code, _text(said)

    def _greet(self) -> None:
        code, said = self.ehlo()
        if code not in OK:
            code, said = self.helo()
        expect(code, said, *OK, is_general=True)

    def _secure(self) -> None:
        server = self._server
        if _HERE.fullmatch(server.host) and not (server.login or server.ca):
            return
        if not self.has_extn("starttls"):
            if server.login:
                raise Said(Outcome(end=End.LATER, said=sentences.NO_TLS, is_general=True))
            return
        code, said = self.docmd("STARTTLS")
        expect(code, said, 220, is_general=True)
        self._shake_hands(server.host)
        # RFC 3207 section 4.2: what was known before is forgotten.
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self._greet()

    def _sign_in(self) -> None:
        try:
            self.login(self._server.login, self._server.password)
        except smtplib.SMTPAuthenticationError as error:
            expect(error.smtp_code, error.smtp_error, is_general=True)
        except smtplib.SMTPNotSupportedError as error:
            outcome = Outcome(end=End.LATER, said=sentences.NO_LOGIN, is_general=True)
            raise Said(outcome) from error

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        dial([host], port, timeout, self._hold)
        if self._server.is_wrapped:
            self._shake_hands(host)
        return self.sock

    def _hold(self, sock: socket.socket) -> None:
        """Keep a socket that is about to connect, so that it can be cut. Raises `OSError`."""
        self.sock = sock
        if self._calls.is_over:
            raise BrokenPipeError

    def _shake_hands(self, host: str) -> None:
        """Go on in TLS. The socket is put in its place first, so that it can be cut meanwhile."""
        context = _context(self._server.ca)
        self.sock = context.wrap_socket(
            self.sock, server_hostname=host, do_handshake_on_connect=False
        )
        with self._watched():
            self.sock.do_handshake()

    def getreply(self) -> tuple[int, bytes]:
        """The code and the words of the next reply; -1 for what is none.

        Raises `SMTPServerDisconnected`, also for a reply that does not end.
        """
        if self.file is None:
            self.file = self.sock.makefile("rb")
        words: list[bytes] = []
        octets = 0
        with self._watched():
            while octets < _LONGEST_REPLY and (self.is_final or not self._calls.is_over):
                line = self.file.readline(_LONGEST_LINE)
                if not line.endswith(b"\n"):
                    break
                octets += len(line)
                words.append(line[4:].strip())
                if not line[:3].isdigit():
                    return -1, line.strip()
                if line[3:4] != b"-":
                    return int(line[:3]), b"\n".join(words)
        raise smtplib.SMTPServerDisconnected

    def send(self, s: Any) -> None:
        """Send all of this, within the time for a step."""
        with self._watched():
            super().send(s)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """End the connection if the block is not done in time: a slow drip never times out."""
        timer = threading.Timer(self._limit, self._too_late)
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
        if self.sock is not None:
            with suppress(OSError, ValueError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, as it is."""
        self._calls.leave(self)
        super().close()


def _context(ca: Path | None) -> ssl.SSLContext:
    made = ssl.create_default_context()
    if ca is not None:
        try:
            made.load_verify_locations(ca)
        except OSError as error:
            outcome = Outcome(end=End.LATER, said=sentences.NO_CA, is_general=True)
            raise Said(outcome) from error
    return made


def expect(code: int, said: bytes | str, *wanted: int, is_general: bool) -> str:
    """What was said, if the code is one of these. Raises `Said`."""
    text = _text(said)
    if code in wanted:
        return text
    raise Said(refusal(code, text, is_general=is_general))


def refusal(code: int, said: str, *, is_general: bool) -> Outcome:
    """A refusal: for good if it was about this letter and says so; a server's mood may change."""
    if code <= 0:
        return Outcome(end=End.LATER, said=sentences.NOT_UNDERSTOOD, is_general=True)
    is_general = is_general or code in _OF_US
    for_good = code >= PERMANENT and not is_general
    end = End.REFUSED if for_good else End.LATER
    return Outcome(end=end, code=code, said=said, is_general=is_general)


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return safe.lines(text)[:_LONGEST_SAID]
