"""SMTP servers with every kind of answer and fault; each writes down what it was told.

A manner is a coroutine that is given one connection. None of them ever takes a message: DATA
would be seen in the book.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path


class Line:
    """One connection of a sink."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        book: list[str],
        certificate: Path | None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.book = book
        self.certificate = certificate

    async def say(self, *lines: str) -> None:
        """Send lines."""
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def hear(self) -> str:
        """The next line, without its end; empty at the end."""
        line = (await self.reader.readline()).decode("utf-8", "replace").rstrip("\r\n")
        if line:
            self.book.append(line)
        return line

    async def start_tls(self) -> None:
        """Encrypt, as the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        await self.writer.start_tls(context)


Manner = Callable[[Line], Awaitable[None]]


def speaker(**answers: str) -> Manner:
    """A server that answers as named here, and well to all else; lines are parted by `|`.

    `connect`, `ehlo`, `mail`, `rcpt`, `starttls`: the answer to it; `hangs_up` after which verb;
    `is_silent` after which verb.
    """

    async def speak(line: Line) -> None:
        """Answer each command in turn."""
        offers = ["250-sink.example", "250-PIPELINING"]
        await line.say(*answers.get("connect", "220 sink.example ESMTP ready").split("|"))
        is_encrypted = False
        while told := await line.hear():
            verb = told.split(" ")[0].upper()
            if answers.get("hangs_up") == verb:
                return
            if answers.get("is_silent") == verb:
                await asyncio.sleep(60)
            match verb:
                case "EHLO":
                    may = line.certificate and not is_encrypted
                    usual = [*offers, *(["250-STARTTLS"] if may else []), "250 8BITMIME"]
                    await line.say(*(answers["ehlo"].split("|") if "ehlo" in answers else usual))
                case "HELO":
                    await line.say("250 sink.example")
                case "STARTTLS":
                    await line.say(answers.get("starttls", "220 2.0.0 go ahead"))
                    if "starttls" not in answers:
                        await line.start_tls()
                        is_encrypted = True
                case "MAIL" | "RCPT":
                    await line.say(*answers.get(verb.lower(), "250 2.1.0 Ok").split("|"))
                case "RSET":
                    await line.say("250 2.0.0 Ok")
                case "QUIT":
                    await line.say("221 2.0.0 Bye")
                    return
                case _:
                    await line.say("502 5.5.1 no")

    return speak


async def silent(line: Line) -> None:
    """Never says a word."""
    await asyncio.sleep(60)


async def endless_banner(line: Line) -> None:
    """Never comes to the last line of its greeting."""
    while True:
        await line.say("220-welcome to a server that has much to say")


async def drip(line: Line) -> None:
    """Says one letter at a time, so that every single wait is short."""
    while True:
        line.writer.write(b"2")
        await line.writer.drain()
        await asyncio.sleep(0.05)


async def huge_line(line: Line) -> None:
    """Greets with a line without an end."""
    while True:
        line.writer.write(b"x" * 65536)
        await line.writer.drain()


async def web_server(line: Line) -> None:
    """Is not a mail server at all."""
    await line.say("HTTP/1.1 400 Bad Request", "", "<html>")


async def hangs_up(line: Line) -> None:
    """Closes the connection at once."""


async def resets(line: Line) -> None:
    """Breaks the connection."""
    sock = line.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def tls_fault(injected: bytes = b"", *, answer: bytes = b"", stays: bool = False) -> Manner:
    """Offers STARTTLS and fails at it: with words behind "go ahead", or another handshake."""

    async def speak(line: Line) -> None:
        """Offer STARTTLS, and let it fail."""
        await line.say("220 sink.example ESMTP")
        while told := await line.hear():
            match told.split(" ")[0].upper():
                case "EHLO":
                    await line.say("250-sink.example", "250 STARTTLS")
                case "STARTTLS":
                    line.writer.write(b"220 go ahead\r\n" + injected)
                    if answer:
                        await line.reader.read(100)
                        line.writer.write(answer)
                    await line.writer.drain()
                    if stays:
                        await asyncio.sleep(60)
                    return
                case "QUIT":
                    await line.say("221 Bye")
                    return
                case _:
                    await line.say("250 Ok")

    return speak


class Sink:
    """One listening server."""

    def __init__(self, address: str, port: int, manner: Manner, certificate: Path | None) -> None:
        self.address = address
        self.port = port
        self.manner = manner
        self.certificate = certificate
        #: What clients said, all connections after one another.
        self.book: list[str] = []
        self.connections = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection in the sink's manner."""
        self.connections += 1
        try:
            with suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError, ValueError):
                await self.manner(Line(reader, writer, self.book, self.certificate))
                await writer.drain()
        finally:
            if not writer.transport.is_closing():
                writer.close()


class Sinks:
    """All of them, on one loop in one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)
        self._open: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(
        self,
        address: str,
        manner: Manner,
        *,
        port: int = 25,
        certificate: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Sink:
        """Listen, with TLS from the first octet where `tls` is given."""
        sink = Sink(address, port, manner, certificate)
        opening = asyncio.start_server(sink.handle, address, port, ssl=tls)
        self._open.append(asyncio.run_coroutine_threadsafe(opening, self._loop).result(10))
        return sink

    def close(self) -> None:
        """End all, connections included."""

        async def end() -> None:
            """Close whatever listens."""
            for server in self._open:
                server.close()
            others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.1)  # connections are closed in the next rounds of the loop

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
