"""What stands before every request: who it is, and what browsers are told to refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from postroad.accounts import Viewer, local_administrator, secret
from postroad.errors import AccessError
from postroad.services import Services
from postroad.services.sending import HEAD

#: Key of an ASGI scope that only our own Unix socket sets. No header can.
LOCAL = "postroad.local"
#: Key of an ASGI scope with the address of the other end of the connection, whatever a proxy says
#: about whom it speaks for; only our own server sets it.
PEER = "postroad.peer"
SESSION_COOKIE = "postroad_session"
#: Methods that change nothing.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: The same for every answer; OWASP's recommendations for pages that embed nothing.
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def local(app: ASGIApp) -> ASGIApp:
    """The application as whoever may open the Unix socket sees it: as an administrator."""

    async def trusted(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, LOCAL: True}, receive, send)  # type: ignore[arg-type]

    return trusted


def peered(app: ASGIApp) -> ASGIApp:
    """The application, told who is really connected before anybody believes `X-Forwarded-For`."""

    async def knowing(scope: Scope, receive: Receive, send: Send) -> None:
        """Note the other end."""
        connected = scope.get("client")
        peer = connected[0] if connected else ""
        await app({**scope, PEER: peer}, receive, send)  # type: ignore[arg-type]

    return knowing


def heads(app: ASGIApp) -> ASGIApp:
    """The application, to which HEAD is GET: the server leaves the body out (RFC 9110, 9.3.2)."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        """Ask in the words that routes know."""
        is_head = scope.get("method") == "HEAD"
        asked: Any = {**scope, "method": "GET", HEAD: True} if is_head else scope
        await app(asked, receive, send)

    return answering


class Identify(ASGIMiddleware):
    """Finds out who asks.

    By the Unix socket, a bearer token, the trusted proxy's header or a session cookie, in this
    order. A header of the proxy's that comes from somebody else is refused whoever asks.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Set `scope["user"]` to the viewer, or None."""
        scope["user"] = await _viewer(scope)
        scope["auth"] = None
        await next_app(scope, receive, send)


def headers(*, is_https: bool, frames: Sequence[str] = ()) -> dict[str, str]:
    """What every answer tells browsers; with `is_https` also to insist on it (RFC 6797).

    `frames` are the sites that may show our pages in a frame.
    """
    told = dict(_HEADERS)
    if is_https:
        told["Strict-Transport-Security"] = "max-age=31536000"
    if frames:
        # Of the two, X-Frame-Options cannot name sites.
        del told["X-Frame-Options"]
        told["Content-Security-Policy"] = _CONTENT_POLICY.replace(
            "frame-ancestors 'none'", f"frame-ancestors {' '.join(frames)}"
        )
    return told


async def _viewer(scope: Scope) -> Viewer | None:
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
    services: Services = connection.app.state.services
    proxied = _proxied(connection, services)
    if scope.get(LOCAL):
        return local_administrator()
    client = connection.client.host if connection.client else ""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return await asyncio.to_thread(services.accounts.by_token, token.strip(), client)
    viewer: Viewer | None
    if proxied:
        viewer = await asyncio.to_thread(services.accounts.by_proxy, proxied, client)
    elif cookie := connection.cookies.get(SESSION_COOKIE, ""):
        viewer = await asyncio.to_thread(services.accounts.by_session, cookie, client)
    else:
        return None
    if viewer and connection.url.path.startswith("/api/"):
        _refuse_forged(connection, viewer)
    return viewer


def _proxied(connection: ASGIConnection[Any, Any, Any, Any], services: Services) -> str:
    """The name that the trusted proxy gives; empty where it gives none. Raises `AccessError`."""
    proxy = services.accounts.proxy
    if proxy is None or not (given := connection.headers.getall(proxy.header, [])):
        return ""
    return proxy.named(given, str(connection.scope.get(PEER, "")))


def _refuse_forged(connection: ASGIConnection[Any, Any, Any, Any], viewer: Viewer) -> None:
    """Browsers, and proxies, say who asks whoever made the page: ask for what only ours know."""
    if connection.scope.get("method") in _SAFE:
        return
    if not secret.same(connection.headers.get("x-form-key", ""), viewer.form_key):
        message = "A request from a browser needs its form key: send X-Form-Key, or use a token."
        raise AccessError(message)
