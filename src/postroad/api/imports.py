"""Imports: ordered with a list of paths, or with the log itself as the body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import Parameter
from litestar.response import Stream

from postroad.api import shapes
from postroad.api.asking import Asking, Served, administrators
from postroad.api.errors import documented
from postroad.errors import AccessError, ConfigError
from postroad.model import when
from postroad.services import Body, Import, Order

TAGS = ["Server"]
_JSON, _BYTES = "application/json", "application/octet-stream"
#: One JSON object a line (https://github.com/ndjson/ndjson-spec).
_LINES = "application/x-ndjson"
#: Octets that an order may have.
_LARGEST_ORDER = 1 << 20
_Text = Annotated[str, Parameter(max_length=255)]


class _Ordered(Operation):
    """Describes the two kinds of body that the route itself tells apart."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        paths = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING), min_items=1)
        text = Schema(type=OpenAPIType.STRING, max_length=255)
        order = Schema(
            type=OpenAPIType.OBJECT,
            properties={"paths": paths, "mta": text, "host": text, "timezone": text},
            required=["paths"],
            additional_properties=False,
        )
        log = Schema(type=OpenAPIType.STRING, content_media_type=_BYTES)
        self.request_body = RequestBody(
            content={
                _JSON: OpenAPIMediaType(schema=order),
                _BYTES: OpenAPIMediaType(schema=log),
            },
            description="The paths to read on the server, or the log itself.",
            required=True,
        )


@post(
    "/imports",
    tags=TAGS,
    status_code=200,
    media_type=_LINES,
    operation_class=_Ordered,
    responses=documented(403, 409, 413, 415),
    request_max_body_size=None,
    guards=[administrators],
)
async def start(
    *,
    viewer: Asking,
    services: Served,
    request: Request[Any, Any, Any],
    mta: _Text = "auto",
    host: _Text = "",
    timezone: _Text = "",
    name: Annotated[str, Parameter(max_length=255, description="What to call the log.")] = "",
) -> Stream:
    """Import logs, telling step by step how far it is, one JSON object a line.

    Each has one key: `progress` now and then; at the end `result`, or `error` and `exit_status`.
    Who hangs up stops the import; what was read is kept. Paths are read on the server, and only
    for who asks over its Unix socket; anyone else who is an administrator sends the log itself.
    """
    kind = request.content_type[0]
    if kind == _JSON:
        order = _order(await _limited(request))
        if viewer.via != "socket":
            message = (
                "Paths on the server are read only for who asks over its Unix socket. "
                "Send the log itself instead (application/octet-stream)."
            )
            raise AccessError(message)
        job = services.imports.start(order)
    elif kind == _BYTES:
        order = Order(paths=("-",), mta=mta or "auto", host=host, timezone=timezone)
        body = Body()
        job = services.imports.start(order, body)
        await body.fill(request.stream(), job)
    else:
        message = f"Send the order as {_JSON}, or a log as {_BYTES}."
        raise ConfigError(message)
    services.accounts.audit.write(viewer, "import", name or ", ".join(order.paths))
    return Stream(_lines(job), media_type=_LINES)


@get("/imports", tags=TAGS, responses=documented(403), sync_to_thread=True, guards=[administrators])
def latest(services: Served) -> shapes.Imports:
    """The imports begun last and how they went, newest first. For administrators."""
    return shapes.Imports(
        imports=[
            shapes.Import(
                id=each.id,
                what=each.what,
                status=each.status,
                started_at=when.rfc3339(each.started_at),
                ended_at=when.rfc3339(each.ended_at),
                result=msgspec.json.decode(each.result, type=dict[str, Any]),
            )
            for each in services.imports.latest()
        ]
    )


async def _lines(job: Import) -> AsyncIterator[bytes]:
    async for step in job.steps():
        yield msgspec.json.encode(step) + b"\n"


async def _limited(request: Request[Any, Any, Any]) -> bytes:
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > _LARGEST_ORDER:
            message = f"An order has at most {_LARGEST_ORDER} octets."
            raise ConfigError(message)
    return bytes(read)


def _order(text: bytes) -> Order:
    try:
        order = msgspec.json.decode(text, type=shapes.NewImport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"This is not an order for an import: {error}."
        raise ConfigError(message) from error
    return Order(paths=tuple(order.paths), mta=order.mta, host=order.host, timezone=order.timezone)
