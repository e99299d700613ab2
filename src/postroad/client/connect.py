"""Where to ask: a running `serve` on this machine, a remote one, or one in this process."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx

from postroad import __version__
from postroad.client.api import Client
from postroad.config import Settings
from postroad.errors import AccessError

#: Runs the application in this process and gives the path of its private Unix socket.
Mount = Callable[[Settings], AbstractContextManager[Path]]

#: Seconds: to be let in, and to wait for the next piece of an answer (an import is silent at most
#: while it sorts archives; a search over all of a large store takes seconds).
_TIMEOUT = httpx.Timeout(600.0, connect=10.0)


@contextmanager
def connect(settings: Settings, mount: Mount) -> Iterator[Client]:
    """Give a client of the postroad that `settings` mean.

    That is `server` if it is set, else whoever listens on the Unix socket, else the application
    itself, mounted here for as long as the context lasts. Raises what the store, the state or the
    configuration has to complain of, `ClientError` and `AccessError`.
    """
    if settings.server:
        with _remote(settings) as http:
            yield Client(http, settings.server)
    elif is_running(settings):
        with _local(settings.socket) as http:
            yield Client(http, str(settings.socket))
    else:
        with mount(settings) as path, _local(path) as http:
            yield Client(http, "the application in this process")


def is_running(settings: Settings) -> bool:
    """Whether a `serve` of this home answers on its Unix socket. Raises `AccessError`."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(settings.socket))
        except PermissionError as error:
            message = (
                f"{settings.socket} may not be opened by this user. Run this as the user who owns "
                "it, or ask over HTTPS: set POSTROAD_SERVER and POSTROAD_TOKEN."
            )
            raise AccessError(message) from error
        except OSError:
            return False
        return True


def _local(path: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(path))
    return _http(base_url="http://postroad", transport=transport, trust_env=False)


def _remote(settings: Settings) -> httpx.Client:
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    return _http(base_url=settings.server.rstrip("/"), headers=headers)


def _http(*, headers: dict[str, str] | None = None, **options: object) -> httpx.Client:
    agent = {"User-Agent": f"postroad/{__version__}", "Accept": "application/json"}
    return httpx.Client(headers=agent | (headers or {}), timeout=_TIMEOUT, **options)  # type: ignore[arg-type]
