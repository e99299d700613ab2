"""Runs the application: on a port and a Unix socket, in one process, until told to stop.

Limits: `serve` belongs into the main thread, where signals arrive.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

import uvicorn
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from postroad.accounts import Hasher
from postroad.app.compose import create, opened
from postroad.app.guard import heads, local, peered
from postroad.config import Settings
from postroad.errors import ConfigError, StoreInUse
from postroad.services import Services

#: Seconds that answers under way have to end when the server is told to stop.
_PATIENCE = 2
#: Octets that a Unix socket's path may have (unix(7): 108 with the closing NUL).
_LONGEST_PATH = 107
_BACKLOG = 512


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the web server's log tells something: ending answers is what is asked."""
    return "timeout graceful shutdown" not in str(record.msg)


logging.getLogger("uvicorn.error").addFilter(_is_news)


def serve(
    settings: Settings,
    *,
    pages: bool = True,
    ready: Callable[[], None] | None = None,
    hasher: Hasher | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then return. `ready` is called once it listens.

    On the port of `listen` unless `pages` is false, and on the Unix socket, whose users are
    administrators. Raises what keeps it from starting: a `PostroadError`.
    """
    with _unix_socket(settings.socket) as private:
        sockets = _Sockets(private, _port(settings) if pages else ())
        with opened(settings, follow=True, hasher=hasher) as services:
            asyncio.run(_run(services, sockets, ready or (lambda: None)))


@contextmanager
def mounted(settings: Settings, *, hasher: Hasher | None = None) -> Iterator[Path]:
    """Run the application in a thread, and give the path of a Unix socket to ask it on.

    The socket is in a directory of this user only; sources are not followed. Raises what keeps
    the application from starting.
    """
    with tempfile.TemporaryDirectory(prefix="postroad-") as directory:
        path = Path(directory) / "socket"
        with _unix_socket(path) as private, _thread(settings, private, hasher):
            yield path


@contextmanager
def _thread(settings: Settings, private: socket.socket, hasher: Hasher | None) -> Iterator[None]:
    is_up, stop, failures = threading.Event(), _Stop(), []

    def run() -> None:
        try:
            with opened(settings, follow=False, hasher=hasher) as services:
                asyncio.run(_run(services, _Sockets(private), is_up.set, stop))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failures.append(error)
        finally:
            is_up.set()

    thread = threading.Thread(target=run, name="postroad", daemon=True)
    thread.start()
    try:
        is_up.wait()
        if failures:
            raise failures[0]
        yield
    finally:
        stop.tell()
        thread.join()
    if failures:
        raise failures[0]


class _Stop:
    """Tells a running loop in another thread to stop."""

    def __init__(self) -> None:
        self._tell: Callable[[], object] | None = None
        self._guard = threading.Lock()
        self._is_told = False

    def bind(self, loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
        with self._guard:
            self._tell = lambda: loop.call_soon_threadsafe(event.set)
            if self._is_told:
                event.set()

    def tell(self) -> None:
        with self._guard:
            self._is_told = True
            if self._tell:
                with suppress(RuntimeError):  # the loop has ended by itself
                    self._tell()


class _Server(uvicorn.Server):
    """A server that leaves signals to `_run`, for there are two of them."""

    def __init__(self, app: object) -> None:
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.is_up.set()

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        """Leave signals alone."""
        return nullcontext()


class _Sockets(NamedTuple):
    """Sockets that listen: the Unix one, and those of the port."""

    private: socket.socket
    public: Sequence[socket.socket] = ()


async def _run(
    services: Services,
    sockets: _Sockets,
    ready: Callable[[], None],
    stop: _Stop | None = None,
) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    if stop is None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told.set)
    else:
        stop.bind(loop, told)
    settings = services.settings
    app = create(settings, pages=bool(sockets.public))
    app.state.services = services
    answering = heads(_ending(app, told))
    async with app.lifespan():
        servers = [(_Server(local(answering)), [sockets.private])]
        if sockets.public:
            public = _forwarded(answering) if settings.public_url else answering
            servers.append((_Server(peered(public)), list(sockets.public)))
        running = [asyncio.create_task(server.serve(on)) for server, on in servers]
        for server, _ in servers:
            await server.is_up.wait()
        ready()
        await asyncio.wait(
            [*running, waiting := asyncio.create_task(told.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        waiting.cancel()
        services.imports.stop()
        for server, _ in servers:
            server.should_exit = True
        await asyncio.gather(*running)


def _ending(app: ASGIApp, told: asyncio.Event) -> ASGIApp:
    """The application, whose answers still under way when the server must end are ended quietly.

    Those to whom nothing was said yet are told so (RFC 9110 section 15.6.4).
    """

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await app(scope, receive, noting)
        except asyncio.CancelledError:
            if not told.is_set():
                raise
            if not has_begun:
                await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return answering


def _forwarded(app: ASGIApp) -> ASGIApp:
    """The application behind a web server on this machine: clients are whom that names."""
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    return ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type,return-value]


def _port(settings: Settings) -> list[socket.socket]:
    """Listening sockets on every address that `listen` means. Raises `ConfigError`."""
    host, port = settings.address
    opened: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            opened.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(_BACKLOG)
    except OSError as error:
        for each in opened:
            each.close()
        raise ConfigError(_why_not(settings.listen, error)) from error
    return opened


def _why_not(listen: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Another program already listens on {listen}. End it, or change `listen`."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {listen}: ports below 1024 are root's."
    return f"It is not possible to listen on {listen}: {error.strerror}. Change `listen`."


@contextmanager
def _unix_socket(path: Path) -> Iterator[socket.socket]:
    """A listening Unix socket that only this user may open; its file is removed at the end.

    Raises `StoreInUse` where somebody listens there already, `ConfigError` where it cannot be.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        message = (
            f"The path of the Unix socket, {path}, is longer than the {_LONGEST_PATH} octets "
            "that the system allows. Set `socket` to a shorter one."
        )
        raise ConfigError(message)
    private = socket.socket(socket.AF_UNIX)
    try:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_stale(path)
            private.bind(str(path))
            # Nobody can connect before `listen`, so the mode is right from the first moment.
            path.chmod(0o600)
            private.listen(_BACKLOG)
        except OSError as error:
            message = f"The Unix socket {path} cannot be made: {error.strerror}."
            raise ConfigError(message) from error
        ours = path.stat().st_ino
        try:
            yield private
        finally:
            with suppress(FileNotFoundError):
                if path.stat().st_ino == ours:
                    path.unlink()
    finally:
        private.close()


def _remove_stale(path: Path) -> None:
    """Remove a socket that a killed process left. Raises `StoreInUse` if somebody answers."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    message = f"Another postroad already runs here: it answers on {path}."
    raise StoreInUse(message)
