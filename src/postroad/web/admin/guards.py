"""Who may come in."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from postroad.accounts import Kind
from postroad.errors import AccessError
from postroad.model.text import say
from postroad.web.signing import only_signed_in


def administrators(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Only administrators. Raises `NotSignedIn` or `AccessError`."""
    only_signed_in(connection, handler)
    if not connection.user.is_administrator:
        raise AccessError(say("Only administrators may do that."))


def those_with_accounts(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Only administrators and resellers. Raises `NotSignedIn` or `AccessError`."""
    only_signed_in(connection, handler)
    if not connection.user.is_administrator and connection.user.kind is not Kind.RESELLER:
        raise AccessError(say("Only administrators may do that."))
