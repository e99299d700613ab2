"""Receipts: a message that came back, handed in as it is."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import RawBody

from postroad import receipts
from postroad.api import shapes
from postroad.api.asking import Served, administrators
from postroad.api.errors import documented
from postroad.errors import ConfigError

TAGS = ["Server"]
_MESSAGE = "message/rfc822"


class _Handed(Operation):
    """Describes the body: a message."""

    def __post_init__(self) -> None:
        message = Schema(type=OpenAPIType.STRING, content_media_type=_MESSAGE)
        self.request_body = RequestBody(
            content={_MESSAGE: OpenAPIMediaType(schema=message)},
            description="The message, as it came.",
            required=True,
        )


@post(
    "/receipts",
    tags=TAGS,
    status_code=200,
    operation_class=_Handed,
    responses=documented(403, 413, 415),
    request_max_body_size=receipts.LARGEST,
    guards=[administrators],
    sync_to_thread=True,
)
def keep(services: Served, request: Request[Any, Any, Any], body: RawBody) -> shapes.Handed:
    """Keep what a delivery status or disposition notification says. For administrators.

    It is shown with the delivery that it is about, whenever that is known. `receipts` is how many
    recipients it tells of; 0 if it is no receipt, or names no message. Handed in again, it changes
    nothing.
    """
    if request.content_type[0] != _MESSAGE:
        message = f"Send the message as {_MESSAGE}."
        raise ConfigError(message)
    kept = receipts.rows(receipts.read(body), now=services.now())
    if kept:
        services.store.write_receipts(kept)
    return shapes.Handed(receipts=len({each.id for each in kept}))
