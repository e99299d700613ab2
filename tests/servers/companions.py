"""What a Postfix has around it: a login server, a policy server, a content filter, a milter.

All speak just enough of their protocols for the yard: Dovecot's authentication protocol 1.2,
Postfix's policy delegation protocol (SMTPD_POLICY_README), SMTP with XFORWARD, and Sendmail's
milter protocol version 6. Each Postfix has its own four ports, counted from a base.
"""

from __future__ import annotations

import asyncio
import base64
import smtplib
import struct
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter

#: Ports relative to the base of an instance.
AUTH, POLICY, FILTER, REENTRY, MILTER = range(5)


class Companions:
    """The servers beside one Postfix, on one event loop in one thread."""

    def __init__(self, base: int, passwords: dict[str, str]) -> None:
        """`base` is the first of five ports on 127.0.0.1."""
        self.base = base
        #: What the content filter gave back: queue id before, queue id after.
        self.filtered: list[str] = []
        self._passwords = passwords
        self._patient: set[bytes] = set()
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Listen on all ports but the one that Postfix itself listens on."""
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        servers: dict[int, Callable[[Reader, Writer], Awaitable[None]]] = {
            AUTH: self._authenticate,
            POLICY: self._decide,
            FILTER: self._filter,
            MILTER: self._milter,
        }
        for offset, serve in servers.items():
            opening = asyncio.start_server(_quietly(serve), "127.0.0.1", self.base + offset)
            asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)

    async def _authenticate(self, reader: Reader, writer: Writer) -> None:
        """Dovecot's protocol: greet, then check one PLAIN response after the other."""
        writer.write(
            b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n"
            b"COOKIE\t00112233445566778899aabbccddeeff\nDONE\n"
        )
        while line := await reader.readline():
            fields = line.decode().rstrip("\n").split("\t")
            if fields[0] != "AUTH":
                continue
            number, response = fields[1], line.decode().rstrip("\n").partition("resp=")[2]
            _, user, password = base64.b64decode(response).decode().split("\0")
            if self._passwords.get(user) == password:
                writer.write(f"OK\t{number}\tuser={user}\n".encode())
            else:
                writer.write(f"FAIL\t{number}\tuser={user}\n".encode())

    async def _decide(self, reader: Reader, writer: Writer) -> None:
        """Policy: whoever calls themselves patient is put off once."""
        request: dict[bytes, bytes] = {}
        while line := await reader.readline():
            name, _, value = line.rstrip(b"\n").partition(b"=")
            if name:
                request[name] = value
                continue
            sender = request.get(b"sender", b"")
            action = b"DUNNO"
            if sender.startswith(b"patient-") and sender not in self._patient:
                self._patient.add(sender)
                action = b"DEFER_IF_PERMIT Greylisted, try again in a few minutes"
            writer.write(b"action=" + action + b"\n\n")
            request = {}

    async def _filter(self, reader: Reader, writer: Writer) -> None:
        """Content filter: takes a message and gives it back on the re-entry port, as amavis does."""
        writer.write(b"220 filter.local ESMTP\r\n")
        sender, recipients = "", []
        while line := await reader.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb in {b"EHLO", b"HELO"}:
                writer.write(b"250-filter.local\r\n250 8BITMIME\r\n")
            elif verb == b"MAIL":
                sender, recipients = _path(line), []
                writer.write(b"250 2.1.0 Ok\r\n")
            elif verb == b"RCPT":
                recipients.append(_path(line))
                writer.write(b"250 2.1.5 Ok\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                message = await _message(reader)
                reply = await asyncio.to_thread(self._give_back, sender, recipients, message)
                writer.write(reply.encode() + b"\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 Bye\r\n")
                return
            else:
                writer.write(b"250 2.0.0 Ok\r\n")

    def _give_back(self, sender: str, recipients: list[str], message: bytes) -> str:
        if b"refuse in the filter" in message:
            return "554 5.7.0 Reject, id=00017-01 - INFECTED: Eicar-Test"
        with smtplib.SMTP("127.0.0.1", self.base + REENTRY, "filter.local", timeout=20) as back:
            back.ehlo()
            back.mail(sender)
            for recipient in recipients:
                back.rcpt(recipient)
            _, told = back.data(message)
        self.filtered.append(told.decode())
        port = self.base + REENTRY
        return f"250 2.0.0 from MTA(smtp:[127.0.0.1]:{port}): 250 {told.decode()}"

    async def _milter(self, reader: Reader, writer: Writer) -> None:
        """Milter: decides at the end of the message, by the subject."""
        subject = b""
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            packet = await reader.readexactly(length)
            command, data = packet[:1], packet[1:]
            if command == b"O":
                # Version 6, no changes to messages, no steps left out.
                writer.write(_packet(b"O" + struct.pack("!III", 6, 0, 0)))
            elif command == b"L":
                name, value = data.split(b"\0")[:2]
                subject = value if name.lower() == b"subject" else subject
                writer.write(_packet(b"c"))
            elif command == b"E":
                writer.write(_packet(_verdict(subject)))
                subject = b""
            elif command in {b"D", b"A"}:
                # Macros, and "abort": neither wants an answer.
                continue
            elif command == b"Q":
                return
            else:
                writer.write(_packet(b"c"))


def _quietly(
    serve: Callable[[Reader, Writer], Awaitable[None]],
) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def guarded(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    return guarded


def _packet(content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + content


def _verdict(subject: bytes) -> bytes:
    """What the milter thinks of a message with this subject."""
    if b"milter says no" in subject:
        return b"y550 5.7.1 Refused by the milter\0"
    if b"milter says later" in subject:
        return b"y451 4.7.1 Try again later\0"
    if b"milter swallows" in subject:
        return b"d"
    return b"a"


def _path(line: bytes) -> str:
    return line.partition(b"<")[2].rpartition(b">")[0].decode()


async def _message(reader: Reader) -> bytes:
    lines = []
    while (line := await reader.readline()) not in {b".\r\n", b""}:
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(lines)
