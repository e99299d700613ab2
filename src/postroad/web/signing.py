"""Signing in and out, the forms' keys, and who a page is for."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import URLEncodedBody
from litestar.response import Redirect

from postroad.accounts import Viewer, secret
from postroad.errors import AccessError, TooManyTries
from postroad.web.cookies import FORM, SESSION, ended, session_cookie
from postroad.web.failures import Forged, NotSignedIn
from postroad.web.pages import Asked, Served, page

Sent = URLEncodedBody[dict[str, str]]


@get("/sign-in", include_in_schema=False, sync_to_thread=False)
def sign_in_page(request: Asked) -> Response[str]:
    """The form; whoever is signed in already goes on."""
    there = own_address(request.query_params.get("next", ""))
    if request.user:
        return Redirect(there, status_code=303)
    return page(request, "sign_in.html", {"next": there, "name": "", "problem": ""})


@post("/sign-in", include_in_schema=False)
async def sign_in(request: Asked, services: Served, data: Sent) -> Response[str]:
    """Open a session, or say that it cannot be."""
    check_form(request, data)
    there = own_address(data.get("next", ""))
    name, password = data.get("name", ""), data.get("password", "")
    client = request.client.host if request.client else ""
    try:
        made = await asyncio.get_running_loop().run_in_executor(
            services.signing, services.accounts.sign_in, name, password, client
        )
    except TooManyTries as error:
        said, status, headers = str(error), 429, {"Retry-After": str(error.wait)}
    except AccessError as error:
        said, status, headers = str(error), 401, {}
    else:
        settings = services.settings
        cookies = [session_cookie(settings, made), ended(settings, FORM)]
        return Redirect(there, status_code=303, cookies=cookies)
    values = {"next": there, "name": name[:320], "problem": said}
    return page(request, "sign_in.html", values, status=status, headers=headers)


@post("/sign-out", include_in_schema=False, sync_to_thread=True)
def sign_out(request: Asked, services: Served, data: Sent) -> Redirect:
    """End the session."""
    check_form(request, data)
    if held := request.cookies.get(SESSION):
        services.accounts.sessions.end(held)
    cookies = [ended(services.settings, SESSION)]
    return Redirect("/sign-in", status_code=303, cookies=cookies)


def signed_in(request: Asked) -> Viewer:
    """Who asks. Raises `NotSignedIn`."""
    if request.user is None:
        message = "Sign in first."
        raise NotSignedIn(message)
    return request.user


def only_signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: only those who are signed in. Raises `NotSignedIn`."""
    if connection.user is None:
        message = "Sign in first."
        raise NotSignedIn(message)


def check_form(request: Asked, data: dict[str, str]) -> None:
    """Raise `Forged` unless the form was sent by a page that this browser was shown."""
    held = request.cookies.get(SESSION if request.user else FORM, "")
    if not held or not secret.same(data.get("form_key", ""), secret.form_key(held)):
        message = "The page it stood on is out of date. Go back, load it again and repeat."
        raise Forged(message)


def own_address(there: str) -> str:
    """An address of this site, for going on after signing in; `/` for anything else."""
    is_plain = there.isascii() and there.isprintable() and "\\" not in there
    if not (is_plain and there.startswith("/")) or there.startswith(("//", "/sign-")):
        return "/"
    parts = urlsplit(there)
    return "/" if parts.scheme or parts.netloc else there
