"""What stands before every request: who it is, and what browsers are told to refuse."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from postroad.accounts import Viewer, local_administrator, secret
from postroad.errors import AccessError
from postroad.services import Services

#: Key of an ASGI scope that only our own Unix socket sets. No header can.
LOCAL = "postroad.local"
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


def heads(app: ASGIApp) -> ASGIApp:
    """The application, to which HEAD is GET: the server leaves the body out (RFC 9110, 9.3.2)."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        """Ask in the words that routes know."""
        is_head = scope.get("method") == "HEAD"
        asked: Any = {**scope, "method": "GET"} if is_head else scope
        await app(asked, receive, send)

    return answering


class Identify(ASGIMiddleware):
    """Finds out who asks: the Unix socket, a bearer token, or a session cookie, in this order."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Set `scope["user"]` to the viewer, or None."""
        scope["user"] = await _viewer(scope)
        scope["auth"] = None
        await next_app(scope, receive, send)


def headers(*, is_https: bool) -> dict[str, str]:
    """What every answer tells browsers; with `is_https` also to insist on it (RFC 6797)."""
    insist = {"Strict-Transport-Security": "max-age=31536000"} if is_https else {}
    return {**_HEADERS, **insist}


async def _viewer(scope: Scope) -> Viewer | None:
    if scope.get(LOCAL):
        return local_administrator()
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
    services: Services = connection.app.state.services
    client = connection.client.host if connection.client else ""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return await asyncio.to_thread(services.accounts.by_token, token.strip(), client)
    if not (cookie := connection.cookies.get(SESSION_COOKIE, "")):
        return None
    viewer = await asyncio.to_thread(services.accounts.by_session, cookie, client)
    if viewer and connection.url.path.startswith("/api/"):
        _refuse_forged(connection, viewer)
    return viewer


def _refuse_forged(connection: ASGIConnection[Any, Any, Any, Any], viewer: Viewer) -> None:
    """A browser sends the cookie along whoever made the page: ask for what only ours know."""
    if connection.scope.get("method") in _SAFE:
        return
    if not secret.same(connection.headers.get("x-form-key", ""), viewer.form_key):
        message = "A request with a session cookie needs its form key: send X-Form-Key, or a token."
        raise AccessError(message)
