"""SMTP servers: a well-behaved one that keeps what it takes, and faulty ones."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

LOGIN, PASSWORD = "postroad", "a long password"


class Sink:
    """Takes mail, and answers as it is told to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        #: Answers to give instead of taking it, by verb.
        self.answers: dict[str, str] = {}
        #: Whether the sessions were encrypted, and who they were of.
        self.sessions: list[tuple[bool, bytes | None]] = []
        self.port = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name for it
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender."""
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        login = getattr(session.auth_data, "login", None)
        is_encrypted = server.transport.get_extra_info("ssl_object") is not None
        self.sessions.append((is_encrypted, login))
        self.envelopes.append(envelope)
        return "250 2.0.0 taken"

    @property
    def contents(self) -> list[bytes]:
        """The messages."""
        return [bytes(each.content or b"") for each in self.envelopes]


def _check(server: Any, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (
        LOGIN.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=good, handled=False, auth_data=data)


@contextmanager
def sink(
    *, certificate: Path | None = None, wrapped: bool = False, login: bool = False
) -> Iterator[Sink]:
    """A server on this machine. With a certificate it offers STARTTLS, or is wrapped in TLS."""
    made = Sink()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    controller = Controller(
        made,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if wrapped else None,
        tls_context=None if wrapped else context,
        require_starttls=False,
        authenticator=_check if login else None,
        auth_required=login,
        auth_require_tls=not wrapped,
        enable_SMTPUTF8=True,
        decode_data=False,
    )
    made.port = controller.port
    controller.start()
    try:
        yield made
    finally:
        controller.stop()


#: What a faulty server does with a connection; it is closed afterwards.
Manner = Callable[[socket.socket], None]


@contextmanager
def faulty(manner: Manner) -> Iterator[int]:
    """A server that treats every connection like this; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            opened.append(connection)
            threading.Thread(target=treat, args=(connection,), daemon=True).start()

    def treat(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            manner(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        thread.join()


def silent(connection: socket.socket) -> None:
    """Say nothing, ever."""
    while connection.recv(1 << 16):
        pass


def dripping(connection: socket.socket) -> None:
    """Greet one octet after the other, never done."""
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def endless(connection: socket.socket) -> None:
    """Greet without an end, as fast as it goes."""
    while True:
        connection.sendall(b"220-go on\r\n" * 1000)


def after(verb: bytes, then: Manner) -> Manner:
    """Behave until this verb was said (`.` is the end of a message), then like that."""

    def manner(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        is_data = False
        for line in stream:
            said = line.strip().upper()
            if (is_data and said == b"." and verb == b".") or (
                not is_data and said.startswith(verb)
            ):
                then(connection)
                return
            if is_data:
                if said == b".":
                    is_data = False
                    connection.sendall(b"250 taken\r\n")
            elif said == b"DATA":
                is_data = True
                connection.sendall(b"354 go on\r\n")
            else:
                connection.sendall(b"250 here\r\n")

    return manner


def hanging_up(connection: socket.socket) -> None:
    """End the connection."""


def saying(text: bytes) -> Manner:
    """Say this, and end the connection when the other side does."""

    def manner(connection: socket.socket) -> None:
        connection.sendall(text)
        silent(connection)

    return manner


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
