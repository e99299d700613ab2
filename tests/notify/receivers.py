"""Receivers of webhooks: one that keeps what it is given and answers as told, and faulty ones."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from tests.notify import sinks


class Heard(NamedTuple):
    """One call as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers calls."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        #: Code, headers and body of the answer.
        self.code = 200
        self.headers: dict[str, str] = {}
        self.body = b"thank you"
        #: Seconds before the answer.
        self.delay = 0.0
        self.url = ""


@contextmanager
def receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    """A receiver on this machine, in TLS where it has a certificate."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        """Answers as it was told to."""

        def do_POST(self) -> None:
            """Keep what was sent, and answer."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.heard.append(Heard(self.path, dict(self.headers), body))
            time.sleep(made.delay)
            self.send_response(made.code)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        """Does not mind who goes away."""

        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Keep quiet about callers that hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    made.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/hook?of=us"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _heard(connection: socket.socket) -> None:
    """Read the head of a call."""
    stream = connection.makefile("rb")
    while stream.readline().strip():
        pass


def endless_body(connection: socket.socket) -> None:
    """Answer without an end."""
    _heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"more " * 1000)


def endless_head(connection: socket.socket) -> None:
    """Answer with header fields without an end."""
    _heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more\r\n" * 100)


def endless_hundred(connection: socket.socket) -> None:
    """Say again and again that the answer is still to come."""
    _heard(connection)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def dripping_head(connection: socket.socket) -> None:
    """Answer one octet after the other, never done."""
    _heard(connection)
    connection.sendall(b"HTTP/1.1 200 ")
    while True:
        connection.sendall(b"O")
        time.sleep(0.05)


def dripping_body(connection: socket.socket) -> None:
    """Answer well, and then one octet after the other, never done."""
    _heard(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def wordless(connection: socket.socket) -> None:
    """Listen, and hang up."""
    _heard(connection)


garbled = sinks.saying(b"220 mail.example.com ESMTP\r\n")
