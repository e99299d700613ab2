"""One shape for all that goes wrong: a status, a word for programs, a sentence for people."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    ValidationException,
)
from litestar.openapi.datastructures import ResponseSpec
from litestar.routes import HTTPRoute

from postroad.errors import (
    AccessError,
    AccountError,
    ConfigError,
    PostroadError,
    SearchError,
    SourceError,
    StateError,
    StoreError,
    TooManyTries,
)

_log = logging.getLogger(__name__)

_WORDS = {
    400: "invalid",
    401: "access",
    403: "access",
    404: "not_found",
    405: "method",
    409: "conflict",
    413: "limit",
    415: "invalid",
    422: "invalid",
    429: "limit",
}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered instead of what was asked for."""

    #: The HTTP status, again.
    status: int
    #: `search invalid access not_found conflict method limit source config store state server`.
    error: str
    #: A sentence: what happened, and what to do.
    detail: str
    #: Which value was wrong, where it was one: its name and what is wrong with it.
    fields: dict[str, str] = {}


class NotSignedIn(AccessError):
    """Nobody, or somebody whose session or token is not valid (any more)."""


class NotFound(PostroadError):
    """There is no such thing, or none that this viewer may see: the answer is the same."""


def failure(error: Exception) -> Failure:
    """The failure that an exception stands for. What was not raised on purpose stays inside."""
    if isinstance(error, ValidationException):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _http(error)
    for kind, status, word in _KINDS:
        if isinstance(error, kind):
            return Failure(status=status, error=word, detail=str(error), fields=_fields(error))
    if isinstance(error, AccountError):
        status = _ACCOUNT_STATUS[error.kind]
        return Failure(status=status, error=_WORDS[status], detail=str(error))
    _log.exception("A request could not be answered", exc_info=error)
    detail = "postroad failed to answer this. The reason is in the log of the server."
    return Failure(status=HTTPStatus.INTERNAL_SERVER_ERROR, error="server", detail=detail)


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Failure]:
    """The response for an exception: an exception handler for API routes."""
    failed = failure(error)
    headers = {}
    if failed.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="postroad"'
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(error.wait)
    if isinstance(error, MethodNotAllowedException):
        headers["Allow"] = ", ".join(_methods(request))
    return Response(failed, status_code=failed.status, headers=headers, media_type=MediaType.JSON)


def _methods(request: Request[Any, Any, Any]) -> list[str]:
    """The methods that the path of a request does answer to (RFC 9110 section 15.5.6)."""
    asked = request.scope["path"].strip("/").split("/")
    found: set[str] = set()
    for route in request.app.routes:
        steps = route.path_components
        if isinstance(route, HTTPRoute) and len(steps) == len(asked):
            pairs = zip(steps, asked, strict=True)
            if all(not isinstance(step, str) or step == part for step, part in pairs):
                found |= set(route.methods)
    return sorted(found)


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """The failures that a route may answer with, for its description."""
    said = {
        401: "Not signed in",
        403: "Not allowed",
        404: "Not found, or not in the viewer's scope",
        409: "It exists already",
        413: "The body is too large",
        415: "The body is of the wrong kind",
        422: "Something asked for cannot be",
        429: "Too many tries",
        503: "The store or the state cannot be used now",
    }
    every = {401, 422, 503, *statuses}
    return {
        status: ResponseSpec(Failure, description=said[status], generate_examples=False)
        for status in sorted(every)
    }


#: The nearest kind counts: the first that an exception is.
_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (SearchError, 422, "search"),
    (TooManyTries, 429, "limit"),
    (NotSignedIn, 401, "access"),
    (AccessError, 403, "access"),
    (NotFound, 404, "not_found"),
    (SourceError, 422, "source"),
    (ConfigError, 422, "config"),
    (StoreError, 503, "store"),
    (StateError, 503, "state"),
)
_ACCOUNT_STATUS = {"invalid": 422, "not_found": 404, "conflict": 409}


def _fields(error: Exception) -> dict[str, str]:
    if isinstance(error, SearchError) and error.field:
        return {error.field: str(error)}
    return {}


def _invalid(error: ValidationException) -> Failure:
    fields = {}
    for each in error.extra if isinstance(error.extra, list) else ():
        fields[str(each.get("key", ""))] = str(each.get("message", ""))
    named = "; ".join(f"{name}: {said}" if name else said for name, said in fields.items())
    detail = f"This cannot be asked. {named or error.detail}"
    return Failure(status=422, error="invalid", detail=detail, fields=fields)


def _http(error: HTTPException) -> Failure:
    is_bad = error.status_code == HTTPStatus.BAD_REQUEST
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else error.status_code
    detail = {
        404: "There is nothing at this address.",
        405: "This address does not answer to that method.",
        413: "The body of the request is too large.",
    }.get(status, error.detail)
    return Failure(status=status, error=_WORDS.get(status, "server"), detail=detail)
