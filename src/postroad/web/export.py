"""The answer of a report as a file: all of its rows, at once.

As its reader sees the report, or with every public field (`columns=all`). Rows are read and sent on
some thousands at a time, so that an answer of any size needs little memory; which rows they are is
found out before the first is sent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from litestar import get
from litestar.response import Stream

from postroad.accounts import Viewer
from postroad.languages import catalogue
from postroad.services import Services
from postroad.services.exports import FORMATS, Layout, Piece
from postroad.services.exports.columns import USUAL
from postroad.services.sending import is_head, pieces_of
from postroad.web.form import Form
from postroad.web.pages import Asked, Asking, Served, choices_of, language_of, zone_of


@get("/export.csv", include_in_schema=False, sync_to_thread=True)
def export_csv(request: Asked, viewer: Asking, services: Served) -> Stream:
    """The rows as CSV (RFC 4180). Raises `SearchError`."""
    return _file(request, viewer, services, "csv")


@get("/export.json", include_in_schema=False, sync_to_thread=True)
def export_json(request: Asked, viewer: Asking, services: Served) -> Stream:
    """The rows as JSON lines. Raises `SearchError`."""
    return _file(request, viewer, services, "json")


@get("/export.parquet", include_in_schema=False, sync_to_thread=True)
def export_parquet(request: Asked, viewer: Asking, services: Served) -> Stream:
    """The rows as Parquet. Raises `SearchError`."""
    return _file(request, viewer, services, "parquet")


def columns_of(request: Asked, columns: str) -> tuple[str, ...]:
    """Keys of the columns that a file is to have: the reader's, or none for every field."""
    if columns == "all":
        return ()
    return choices_of(request).columns or USUAL


def _file(request: Asked, viewer: Viewer, services: Services, word: str) -> Stream:
    asked = Form.read(request.query_params)
    keys = columns_of(request, request.query_params.get("columns", ""))
    zone = zone_of(request)
    layout = Layout.of_fields()
    if keys:
        layout = Layout.of_page(keys, zone, catalogue(language_of(request)))
    values, clock = asked.values(), asked.clock(zone)
    made: Iterator[Piece] = iter(())
    if is_head(request.scope):
        services.exporting.check(values, zone=clock)
    else:
        made = services.exporting.open(viewer, values, zone=clock, word=word, layout=layout).pieces
    headers = {"Content-Disposition": f'attachment; filename="postroad.{word}"'}
    return Stream(pieces_of(_contents(made)), media_type=FORMATS[word].type, headers=headers)


def _contents(made: Iterator[Piece]) -> Generator[bytes, None, None]:
    for piece in made:
        yield piece.content
