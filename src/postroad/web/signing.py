"""Signing in and out, one's password, the forms' keys, and who a page is for."""

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
from postroad.errors import AccessError, AccountError, TooManyTries
from postroad.model.text import say
from postroad.services import Services
from postroad.web.cookies import FORM, SESSION, ended, form_key, session_cookie
from postroad.web.failures import Forged, NotSignedIn
from postroad.web.pages import Asked, Served, page, shown_error

Sent = URLEncodedBody[dict[str, str]]


@get("/sign-in", include_in_schema=False, sync_to_thread=False)
def sign_in_page(request: Asked) -> Response[str]:
    """The form; whoever is signed in already goes on."""
    there = own_address(request.query_params.get("next", ""))
    if request.user:
        return Redirect(there, status_code=303)
    return sign_in_form(request, there)


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
        said, status, headers = shown_error(error), 429, {"Retry-After": str(error.wait)}
    except AccessError as error:
        said, status, headers = shown_error(error), 401, {}
    else:
        settings = services.settings
        cookies = [session_cookie(settings, made), ended(settings, FORM)]
        return Redirect(there, status_code=303, cookies=cookies)
    return sign_in_form(
        request, there, name=name[:320], problem=said, status=status, headers=headers
    )


@post("/sign-out/everywhere", include_in_schema=False, sync_to_thread=True)
def sign_out_everywhere(request: Asked, services: Served, data: Sent) -> Redirect:
    """End every session of the account. Tokens stay: they are revoked one by one."""
    viewer = signed_in(request)
    check_form(request, data)
    services.accounts.sessions.end_all(viewer.account_id)
    services.accounts.audit.write(viewer, "sign_out_everywhere", viewer.name)
    return Redirect("/sign-in", status_code=303, cookies=[ended(services.settings, SESSION)])


@post("/preferences/password", include_in_schema=False)
async def change_password(request: Asked, services: Served, data: Sent) -> Response[str]:
    """Give one's account another password, or say why not."""
    viewer = signed_in(request)
    check_form(request, data)
    new = data.get("new", "")
    try:
        if new != data.get("again", ""):
            raise AccountError(say("The two new passwords are not the same."))
        await asyncio.get_running_loop().run_in_executor(
            services.signing,
            services.accounts.change_password,
            viewer,
            data.get("current", ""),
            new,
            request.cookies.get(SESSION, ""),
        )
    except TooManyTries as error:
        said, status, headers = shown_error(error), 429, {"Retry-After": str(error.wait)}
    except AccessError as error:
        said, status, headers = shown_error(error), 403, {}
    except AccountError as error:
        said, status, headers = shown_error(error), 422, {}
    else:
        return Redirect("/preferences?done=password", status_code=303)
    values = {**own_account(request, services), "password_problem": said}
    return page(request, "password.html", values, status=status, headers=headers)


def own_account(request: Asked, services: Services) -> dict[str, Any]:
    """What `_password.html` and `_sessions.html` show: how one signs in, and where one is."""
    viewer = signed_in(request)
    accounts = services.accounts
    return {
        "own_sessions": accounts.sessions.of(viewer.account_id, request.cookies.get(SESSION, "")),
        "has_password": accounts.directory.has_password(viewer.account_id),
        "password_problem": "",
        "password_changed": request.query_params.get("done", "") == "password",
    }


@post("/sign-out", include_in_schema=False, sync_to_thread=True)
def sign_out(request: Asked, services: Served, data: Sent) -> Redirect:
    """End the session."""
    check_form(request, data)
    if held := request.cookies.get(SESSION):
        services.accounts.sessions.end(held)
    cookies = [ended(services.settings, SESSION)]
    return Redirect("/sign-in", status_code=303, cookies=cookies)


def sign_in_form(
    request: Asked, there: str, *, name: str = "", problem: str = "", **more: Any
) -> Response[str]:
    """The form, and the way to the provider where there is one; `more` is as `page` takes it."""
    services: Services = request.app.state.services
    label = services.settings.oidc_label if services.accounts.oidc else ""
    values = {"next": there, "name": name, "problem": problem, "oidc_label": label}
    return page(request, "sign_in.html", values, **more)


def signed_in(request: Asked) -> Viewer:
    """Who asks. Raises `NotSignedIn`."""
    if request.user is None:
        raise NotSignedIn(say("Sign in first."))
    return request.user


def only_signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: only those who are signed in. Raises `NotSignedIn`."""
    if connection.user is None:
        raise NotSignedIn(say("Sign in first."))


def check_form(request: Asked, data: dict[str, str]) -> None:
    """Raise `Forged` unless the form was sent by a page that this browser was shown."""
    key = form_key(request)
    if not key or not secret.same(data.get("form_key", ""), key):
        raise Forged(say("The page it stood on is out of date. Go back, load it again and repeat."))


def own_address(there: str) -> str:
    """An address of this site, for going on after signing in; `/` for anything else."""
    is_plain = there.isascii() and there.isprintable() and "\\" not in there
    if not (is_plain and there.startswith("/")) or there.startswith(("//", "/sign-")):
        return "/"
    parts = urlsplit(there)
    return "/" if parts.scheme or parts.netloc else there
