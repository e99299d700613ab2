"""SMTP servers that receive mail, each with manners of its own, and record what they answered.

Every answer that decides over a recipient is kept word for word, with its time, the client's
address and the envelope: that is the truth the logs are measured by. RFC 5321 as far as Exim
and Postfix speak it, with PIPELINING left out so that each command gets its own answer.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .manners import MANNERS, Manner
from .names import Sink

#: Longest wait for a client's next line, seconds.
PATIENCE = 60


class Dropped(Exception):
    """The sink hangs up without a word."""


@dataclass
class Answer:
    """What one sink said about one recipient (or, with no recipient, to the connection)."""

    at: int
    sink: str
    client: str
    sender: str
    recipient: str
    stage: str
    #: Lines joined by newline as sent, codes included; "" where it hung up instead.
    reply: str
    message_id: str = ""
    tls: bool = False


@dataclass
class Session:
    """What a sink knows about one connection."""

    sink: Sink
    client: str
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    tls: bool = False


class Sinks:
    """All sinks, on one event loop in one thread."""

    def __init__(self, sinks: tuple[Sink, ...], now: Callable[[], int], certificate: Path) -> None:
        """`now` gives the apparent time; the certificate file holds the key as well."""
        self.answers: list[Answer] = []
        self._now = now
        self._manners: dict[str, Manner] = {sink.domain: MANNERS[sink.manner]() for sink in sinks}
        self._sinks = sinks
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen on port 25 of every sink's address."""
        self._thread.start()
        for sink in self._sinks:
            opening = asyncio.start_server(self._handler(sink), sink.address, 25)
            asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)

    def _handler(self, sink: Sink) -> Callable[..., object]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            client = writer.get_extra_info("peername")[0]
            conversation = _Conversation(self, Session(sink, client), reader, writer)
            with suppress(Dropped, ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                await conversation.run()
            writer.close()

        return handle

    def manner(self, sink: Sink) -> Manner:
        """How this sink behaves."""
        return self._manners[sink.domain]

    def tls(self) -> ssl.SSLContext:
        """For STARTTLS."""
        return self._tls

    def record(
        self, session: Session, recipient: str, stage: str, reply: str, mid: str = ""
    ) -> None:
        """Keep one answer."""
        self.answers.append(
            Answer(
                at=self._now(),
                sink=session.sink.domain,
                client=session.client,
                sender=session.sender,
                recipient=recipient,
                stage=stage,
                reply=reply,
                message_id=mid,
                tls=session.tls,
            )
        )


class _Conversation:
    """One SMTP session."""

    def __init__(
        self,
        sinks: Sinks,
        session: Session,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.sinks = sinks
        self.session = session
        self.reader = reader
        self.writer = writer
        self.manner = sinks.manner(session.sink)

    async def run(self) -> None:
        greeting = self.manner.greeting(self.session)
        if not greeting.startswith("2"):
            self.sinks.record(self.session, "", "CONNECT", greeting)
        await self.say(greeting)
        while line := await self.hear():
            verb, _, argument = line.partition(" ")
            await self.obey(verb.upper(), argument)
            if verb.upper() == "QUIT":
                return

    async def obey(self, verb: str, argument: str) -> None:
        match verb:
            case "EHLO" | "HELO":
                await self.say(self.manner.hello(self.session))
            case "STARTTLS":
                await self.say("220 2.0.0 Ready to start TLS")
                await self.writer.start_tls(self.sinks.tls())
                self.session.tls = True
            case "MAIL":
                await self.mail(_address(argument))
            case "RCPT":
                await self.rcpt(_address(argument))
            case "DATA":
                await self.data()
            case "RSET":
                self.session.sender, self.session.recipients = "", []
                await self.say("250 2.0.0 Ok")
            case "QUIT":
                await self.say("221 2.0.0 Bye")
            case _:
                await self.say("502 5.5.1 Not here")

    async def mail(self, sender: str) -> None:
        self.session.sender, self.session.recipients = sender, []
        reply = self.manner.mail(self.session)
        if not reply.startswith("2"):
            self.sinks.record(self.session, "", "MAIL", reply)
        await self.say(reply)

    async def rcpt(self, recipient: str) -> None:
        await asyncio.sleep(self.manner.pause)
        reply = self.manner.rcpt(self.session, recipient)
        if reply.startswith("2"):
            self.session.recipients.append(recipient)
        else:
            self.sinks.record(self.session, recipient, "RCPT", reply)
        await self.say(reply)

    async def data(self) -> None:
        if not self.session.recipients:
            await self.say("554 5.5.1 No valid recipients")
            return
        await self.say("354 End data with <CR><LF>.<CR><LF>")
        if self.manner.drops_in_data(self.session):
            await self.reader.readline()
            self.decide("DATA", "", "")
            raise Dropped
        lines = []
        while (line := await self.reader.readline()) not in (b".\r\n", b""):
            lines.append(line)
        message_id = _message_id(lines)
        await asyncio.sleep(self.manner.pause)
        reply = self.manner.dot(self.session, message_id)
        self.decide("DOT", reply, message_id)
        if not reply:
            raise Dropped
        await self.say(reply)

    def decide(self, stage: str, reply: str, message_id: str) -> None:
        for recipient in self.session.recipients:
            self.sinks.record(self.session, recipient, stage, reply, message_id)

    async def say(self, reply: str) -> None:
        self.writer.write(reply.replace("\n", "\r\n").encode() + b"\r\n")
        await self.writer.drain()

    async def hear(self) -> str:
        line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
        return line.decode("utf-8", "replace").rstrip("\r\n")


def _address(argument: str) -> str:
    """The path in `FROM:<a@b> SIZE=1`, brackets off; a quoted local part may hold `>`."""
    inner = argument.partition("<")[2]
    quoted = False
    for index, char in enumerate(inner):
        if char == '"':
            quoted = not quoted
        elif char == ">" and not quoted:
            return inner[:index]
    return inner


def _message_id(lines: list[bytes]) -> str:
    for line in lines:
        if line in (b"\r\n", b"\n"):
            break
        name, _, value = line.partition(b":")
        if name.lower() == b"message-id":
            return value.strip().decode("ascii", "replace")
    return ""
