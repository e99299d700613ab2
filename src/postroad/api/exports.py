"""Exports: everything that answers a question, as a file."""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from typing import Annotated, Any, Literal

from litestar import Request, get
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import Parameter, QueryParameter
from litestar.response import Stream

from postroad.api.asking import Asking, Served, Values, Zone
from postroad.api.errors import documented
from postroad.errors import PostroadError
from postroad.services.exports import FORMATS, Layout, Piece
from postroad.services.sending import is_head, pieces_of

TAGS = ["Mail"]
#: Header with how many deliveries there are to be.
TOTAL = "Postroad-Total"
#: What stands before each piece: rows so far, and octets of the piece.
FRAME = struct.Struct(">QI")
#: Instead of rows: the piece is a sentence that says why no more comes.
FAILED = 2**64 - 1
_FRAMES = "application/octet-stream"


class _Filed(Operation):
    """Describes the kinds of file that the route answers with."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        text = Schema(type=OpenAPIType.STRING)
        types = [*(each.type for each in FORMATS.values()), _FRAMES]
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            answer.content = {each: OpenAPIMediaType(schema=text) for each in types}


@get("/export", tags=TAGS, operation_class=_Filed, responses=documented(), sync_to_thread=True)
def export(
    *,
    request: Request[Any, Any, Any],
    viewer: Asking,
    services: Served,
    values: Values,
    zone: Zone,
    form: Annotated[
        Literal["csv", "json", "parquet"],
        QueryParameter(
            name="format",
            description="`csv` (RFC 4180, no cell that a spreadsheet would run), `json` (one "
            "object a line) or `parquet` (columns with types).",
        ),
    ] = "json",
    fields: Annotated[
        str,
        Parameter(
            description="Fields of a delivery, separated by commas; all of them unless given.",
            max_length=1000,
        ),
    ] = "",
    sort: Annotated[
        str,
        Parameter(
            description="A field of a delivery, `-` before it for the greatest first; `-sent_at`, "
            "the newest first, unless given.",
            max_length=100,
        ),
    ] = "",
    frames: Annotated[
        bool,
        Parameter(
            description="Put before each piece of the file the rows written so far (8 octets) and "
            "the length of the piece (4 octets), most significant octet first. A piece of length 0 "
            "ends a whole file; rows of 2^64-1 say that the piece is a sentence, and why the file "
            "ends there."
        ),
    ] = False,
) -> Stream:
    """Everything that matches, as a file of any size.

    Which deliveries they are is fixed before the first octet is sent, whatever comes in meanwhile;
    `Postroad-Total` says how many. A file that breaks off ends without the mark of HTTP's end.
    """
    layout = Layout.of_fields(each.strip() for each in fields.split(","))
    asked = {**values, "sort": sort}
    headers = {"Content-Disposition": f'attachment; filename="postroad.{form}"'}
    made: Generator[bytes, None, None]
    if is_head(request.scope):
        services.exporting.check(asked, zone=zone)
        made = _contents(iter(()))
    else:
        opened = services.exporting.open(viewer, asked, zone=zone, word=form, layout=layout)
        headers[TOTAL] = str(opened.total)
        made = _framed(opened.pieces) if frames else _contents(opened.pieces)
    kind = _FRAMES if frames else FORMATS[form].type
    return Stream(pieces_of(made), media_type=kind, headers=headers)


def _contents(made: Iterator[Piece]) -> Generator[bytes, None, None]:
    for piece in made:
        yield piece.content


def _framed(made: Iterator[Piece]) -> Generator[bytes, None, None]:
    rows = 0
    try:
        for piece in made:
            rows = piece.rows
            if piece.content:
                yield FRAME.pack(rows, len(piece.content)) + piece.content
    except PostroadError as error:
        said = str(error).encode()
        yield FRAME.pack(FAILED, len(said)) + said
    else:
        yield FRAME.pack(rows, 0)
