"""The syslog receiver: messages over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425) to spools.

It listens where the settings say and nowhere else, and takes messages from the peers that they
name. Everything is bounded: octets of a message, connections, seconds that one may be silent,
octets that wait. A connection is not read from while too much waits, so that its sender waits too;
what comes by UDP then is dropped. What was dropped is counted for its source; what the kernel
dropped of a UDP socket, before anybody knew whose it was, is counted for the source of the next
datagram.

It never holds up a sender because the spool is full: a mail server that waits for its log stands
still. What finds no room there is dropped and counted.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from postroad.config import Settings, Source, zone
from postroad.errors import SourceError
from postroad.sources.frames import Frames
from postroad.sources.inbox import ROOM, Box, Inbox
from postroad.sources.listening import Listening, listening
from postroad.sources.peers import MOST, Peers, plain
from postroad.sources.spool import Spools
from postroad.sources.supply import Supplied
from postroad.sources.syslog import Scribe

#: Most octets of a datagram (RFC 768), and datagrams taken before others have their turn.
_DATAGRAM, _TURN = 65535, 256
#: Option of a UDP socket that tells how many datagrams the kernel dropped (socket(7)).
_RXQ_OVFL = 40
#: Seconds that a sender has to agree on TLS, and between two looks at silent connections.
_HANDSHAKE, _LOOK = 10.0, 2.0


class _Line:
    """What a source needs to have its messages written down."""

    def __init__(self, source: Source, box: Box, scribe: Scribe) -> None:
        self.source = source
        self.box = box
        self.scribe = scribe


class Receiver:
    """Receives in a thread of its own."""

    def __init__(self, settings: Settings, spools: Spools, *, room: int = ROOM) -> None:
        """Listen, and receive nothing yet. `room`: octets that may wait in memory.

        Raises `ConfigError` where it cannot listen, `OSError` where there can be no spool.
        """
        self._settings = settings
        self._spools = spools
        self._peers = Peers(settings.sources, settings.syslog_peers)
        self._lines: dict[str, _Line] = {}
        self._inbox = Inbox(room=room, relieved=self._relieved)
        for source in settings.sources:
            if source.peers:
                self._add(source)
        self._listening = listening(settings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="postroad-syslog", daemon=True)
        self._stop: asyncio.Event | None = None
        self._is_up = threading.Event()
        self._connections: set[_Connection] = set()
        self._problems: dict[str, str] = {}
        #: Datagrams that the kernel dropped of each socket, as it counts them.
        self._overflown: dict[socket.socket, int] = {}

    @property
    def addresses(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Where it listens: `udp`, `tcp` or `tls`, and the socket's address."""
        return [(each.kind, each.socket.getsockname()) for each in self._listening]

    def start(self) -> None:
        """Begin to receive."""
        self._inbox.start()
        self._thread.start()
        self._is_up.wait()

    def close(self) -> None:
        """Stop receiving; what was received is in the spools then."""
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        for each in self._listening:
            each.socket.close()
        self._inbox.close()

    def supplied(self) -> list[Supplied]:
        """The sources that are configured, and those that something was received for."""
        return [
            Supplied(line.source, line.box.spool, line.box.counts)
            for line in list(self._lines.values())
        ]

    def problems(self) -> list[str]:
        """What hinders receiving, or is not received, as sentences."""
        return list(self._problems.values())

    def _run(self) -> None:
        asyncio.run(self._receive())

    async def _receive(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        for each in self._listening:
            ready = self._datagrams if each.kind == "udp" else self._accept
            loop.add_reader(each.socket, ready, each)
        self._is_up.set()
        while not self._stop.is_set():
            try:
                await asyncio.wait_for(self._stop.wait(), _LOOK)
            except TimeoutError:
                self._close_silent()
        for each in self._listening:
            loop.remove_reader(each.socket)
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)

    def _datagrams(self, on: Listening) -> None:
        largest = self._settings.syslog_largest
        for _ in range(_TURN):
            try:
                data, told, _, address = on.socket.recvmsg(_DATAGRAM, 64)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._problems[on.name] = f"Receiving on {on.name} failed: {error.strerror}."
                return
            line = self.line(plain(address[0]), on.name)
            if line is None:
                continue
            for level, kind, value in told:
                if (level, kind) == (socket.SOL_SOCKET, _RXQ_OVFL):
                    self._overflow(on, line, struct.unpack("=I", value[:4])[0])
            if len(data) > largest:
                line.box.counts.cut += 1
                data = data[:largest]
            self.take(line, plain(address[0]), [data] if data.strip() else [])

    def _overflow(self, on: Listening, line: _Line, count: int) -> None:
        """Note how many datagrams the kernel has dropped of this socket."""
        # The kernel's counter has 32 bits.
        new = (count - self._overflown.get(on.socket, 0)) % (1 << 32)
        self._overflown[on.socket] = count
        if new:
            line.box.counts.received += new
            line.box.counts.drop(new, time.time_ns() // 1000)

    def _accept(self, on: Listening) -> None:
        assert self._loop is not None  # noqa: S101 - it is called by the loop
        try:
            accepted, address = on.socket.accept()
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                self._problems[on.name] = (
                    f"A connection to {on.name} was not taken: {error.strerror}."
                )
            return
        peer = plain(address[0])
        if self.line(peer, on.name) is None:
            accepted.close()
            return
        if len(self._connections) >= self._settings.syslog_connections:
            accepted.close()
            self._problems["connections"] = (
                f"There are {len(self._connections)} syslog connections, and {peer} was refused "
                "another. Set `syslog_connections` higher if they are wanted."
            )
            return
        accepted.setblocking(False)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection = _Connection(self, peer, on.name, self._settings.syslog_largest)
        self._connections.add(connection)
        connection.task = self._loop.create_task(self._attend(connection, accepted, on.context))

    async def _attend(
        self, connection: _Connection, accepted: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        """Take up a connection; over TLS once both sides agree."""
        assert self._loop is not None  # noqa: S101 - it is called by the loop
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=context,
                ssl_handshake_timeout=_HANDSHAKE if context else None,
            )
        except (OSError, ssl.SSLError) as error:
            accepted.close()
            self.end(connection)
            why = getattr(error, "reason", None) or str(error) or "the connection was closed"
            self._problems[f"tls {connection.peer}"] = (
                f"{connection.peer} could not connect to {connection.name}: {why}."
            )
            self._bound_problems()
        except BaseException:
            accepted.close()
            self.end(connection)
            raise

    def line(self, peer: str, name: str) -> _Line | None:
        """Where this sender's messages go; None if nothing is received from it."""
        source = self._peers.of(peer)
        if source is None:
            self._problems["stranger"] = (
                f"{peer} sends to {name} and is not among the peers: what it sends is not read. "
                f"Name it in `syslog_peers` if it should be (at most {MOST} get a source each)."
            )
            return None
        found = self._lines.get(source.label)
        if found is None:
            try:
                found = self._add(source)
            except OSError as error:
                self._problems["spool"] = f"A spool cannot be made: {error.strerror}."
        return found

    def _add(self, source: Source) -> _Line:
        """Make ready for the messages of this source. Raises `OSError`."""
        box = Box(self._spools.of(source.label))
        named = f"the source {source.label}"
        where = zone(source.timezone, named) if source.timezone else self._settings.zone
        line = _Line(source, box, Scribe(where, host=source.host))
        self._lines = {**self._lines, source.label: line}
        self._inbox.add(box)
        return line

    def take(self, line: _Line, peer: str, messages: list[bytes]) -> None:
        """Have messages of a sender written down."""
        now = time.time_ns() // 1000
        for message in messages:
            self._inbox.put(line.box, line.scribe.line(message, peer=peer, at=now), now)

    def must_wait(self) -> bool:
        """Whether connections should not be read from."""
        return self._inbox.is_full()

    def end(self, connection: _Connection, why: str = "") -> None:
        """Forget a connection that was closed; `why` if it was for a reason to be told."""
        self._connections.discard(connection)
        if why:
            self._problems[f"peer {connection.peer}"] = (
                f"{connection.peer} was disconnected from {connection.name}: {why}"
            )
            self._bound_problems()

    def _relieved(self) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        for connection in self._connections:
            connection.go_on()

    def _close_silent(self) -> None:
        limit = time.monotonic() - self._settings.syslog_idle
        for connection in list(self._connections):
            if connection.heard_at < limit:
                connection.close()
        # What relieved it may have come between a look and a pause.
        if not self.must_wait():
            self._go_on()

    def _bound_problems(self) -> None:
        while len(self._problems) > _PROBLEMS:
            self._problems.pop(next(iter(self._problems)))


#: Sentences that are kept.
_PROBLEMS = 20


class _Connection(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, receiver: Receiver, peer: str, name: str, largest: int) -> None:
        self.peer = peer
        self.name = name
        self.heard_at = time.monotonic()
        self.task: asyncio.Task[None] | None = None
        self._receiver = receiver
        self._frames = Frames(largest)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        try:
            if self._take(lambda: self._frames.take(data)):
                # An octet now and then, and never a message, is silence.
                self.heard_at = time.monotonic()
        except SourceError as error:
            self.close()
            self._receiver.end(self, str(error))
            return
        if self._transport and self._receiver.must_wait():
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """It was closed: what has no end is a message if that was in good order."""
        rest = self._frames.end()
        if rest and error is None:
            self._take(lambda: [rest])
        self._receiver.end(self)

    def go_on(self) -> None:
        """Read again, if it was paused."""
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Close it; what was sent before is taken."""
        if self._transport:
            self._transport.close()
        elif self.task:
            self.task.cancel()

    def _take(self, messages: Callable[[], list[bytes]]) -> int:
        """Take messages; how many."""
        line = self._receiver.line(self.peer, self.name)
        if line is None:
            return 0
        before = self._frames.cut
        found = messages()
        line.box.counts.cut += self._frames.cut - before
        self._receiver.take(line, self.peer, found)
        return len(found)
