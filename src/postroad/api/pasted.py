"""Whatever somebody has of a message, to the question that finds it."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import RawBody

from postroad import receipts
from postroad.api import shapes
from postroad.api.asking import Asking, Served
from postroad.api.errors import documented
from postroad.errors import ConfigError
from postroad.services.pasting import pasted

TAGS = ["Mail"]
_KINDS = ("text/plain", "message/rfc822")


class _Pasted(Operation):
    """Describes the body: a text."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        self.request_body = RequestBody(
            content={kind: OpenAPIMediaType(schema=text) for kind in _KINDS},
            description="A bounce message, a message, its header, or lines of a log.",
            required=True,
        )


@post(
    "/pasted",
    tags=TAGS,
    status_code=200,
    operation_class=_Pasted,
    responses=documented(413, 415),
    request_max_body_size=receipts.LARGEST,
    sync_to_thread=True,
)
def ask(
    viewer: Asking, services: Served, request: Request[Any, Any, Any], body: RawBody
) -> shapes.Pasted:
    """Tell the question that finds the mail that a text is about.

    It is found by the Message-ID of the message that was returned, by queue ids that this server
    gave, else by addresses. `values` are parameters for `GET /deliveries`. The text is not kept.
    """
    if request.content_type[0] not in _KINDS:
        message = f"Send the text as {' or '.join(_KINDS)}."
        raise ConfigError(message)
    return shapes.Pasted(values=pasted(services, viewer, body))
