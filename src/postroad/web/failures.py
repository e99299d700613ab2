"""What a page says when it cannot be shown."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from postroad.errors import AccessError, PostroadError, StateError, StoreError
from postroad.model.text import say
from postroad.web.cookies import SESSION
from postroad.web.pages import page, shown_error

_log = logging.getLogger(__name__)


class NotSignedIn(AccessError):
    """The page needs somebody to be signed in."""


class NotFound(PostroadError):
    """There is no such page or message, or none for this viewer: the answer is the same."""


class Forged(AccessError):
    """A form came without the key that its page was given."""


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A page for an exception; the way to sign in where that is what is missing."""
    if "user" not in request.scope:
        request.scope["user"] = None
    match error:
        case NotSignedIn():
            return _to_sign_in(request)
        case Forged():
            return _page(request, 403, say("This form is too old"), shown_error(error))
        case AccessError():
            return _page(request, 403, say("Not allowed"), shown_error(error))
        case NotFound():
            return _page(request, 404, say("Not found"), shown_error(error))
        case StoreError() | StateError():
            return _page(request, 503, say("Not possible right now"), shown_error(error))
        case PostroadError():
            return _page(request, 422, say("This cannot be asked"), shown_error(error))
        case HTTPException():
            return _http(request, error)
    _log.exception("A page could not be shown", exc_info=error)
    detail = say("postroad failed to answer this. The reason is in the log of the server.")
    return _page(request, 500, say("Something went wrong"), detail)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    match error.status_code:
        case 404:
            return _page(request, 404, say("Not found"), say("There is no page at this address."))
        case 405:
            detail = say("This address is for a form. Go back and send it from there.")
            return _page(request, 405, say("Not this way"), detail)
        case status:
            return _page(request, status, say("This cannot be asked"), error.detail)


def _page(request: Request[Any, Any, Any], status: int, title: str, detail: str) -> Response[Any]:
    return page(request, "failed.html", {"title": title, "detail": detail}, status=status)


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    there = "/sign-in"
    if request.method == "GET" and asked != "/":
        there += f"?next={quote(asked, safe='')}"
    response: Redirect = Redirect(there, status_code=303)
    if SESSION in request.cookies:
        response.delete_cookie(SESSION)
    return response
