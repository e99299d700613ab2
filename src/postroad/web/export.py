"""The answer of a report as a file: all of its rows, with the columns that the reader chose.

CSV is for spreadsheets: it has the headings and times of the page, and no cell that a program
takes for a formula. JSON is for programs: one object per line, public names, times in UTC. Rows
are read and sent on one after the other, so that an answer of any size needs no memory.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

import msgspec
from litestar import get
from litestar.response import Stream

from postroad import queries
from postroad.accounts import Viewer
from postroad.languages import Catalogue, catalogue
from postroad.model import safe
from postroad.model.delivery import Delivery
from postroad.services import Services
from postroad.web import columns
from postroad.web.columns import Column
from postroad.web.form import Form
from postroad.web.pages import Asked, Asking, Served, choices_of, language_of, zone_of

#: Lets spreadsheets see that the text is UTF-8.
_MARK = "\ufeff"
#: Rows that are sent in one piece.
_PIECE = 200


@get("/export.csv", include_in_schema=False, sync_to_thread=True)
def export_csv(request: Asked, viewer: Asking, services: Served) -> Stream:
    """The rows as CSV (RFC 4180). Raises `SearchError`."""
    rows = _rows(request, viewer, services)
    shown, said = _columns(request), catalogue(language_of(request))
    pieces = _csv(rows, shown, zone_of(request), said)
    return _file(pieces, "postroad.csv", "text/csv")


@get("/export.json", include_in_schema=False, sync_to_thread=True)
def export_json(request: Asked, viewer: Asking, services: Served) -> Stream:
    """The rows as JSON lines. Raises `SearchError`."""
    rows = _rows(request, viewer, services)
    return _file(_json(rows, _columns(request)), "postroad.json", "application/x-ndjson")


def _rows(request: Asked, viewer: Viewer, services: Services) -> Iterator[Delivery]:
    """All rows of the question; whatever is wrong with it is found out before anything is sent."""
    form = Form.read(request.query_params)
    found = services.export(viewer, form.values(), zone=form.clock(zone_of(request)))
    first = list(itertools.islice(found, 1))
    return itertools.chain(first, found)


def _columns(request: Asked) -> list[Column]:
    return [each for each in columns.chosen(choices_of(request).columns) if each.key != "actions"]


def _csv(
    rows: Iterable[Delivery], shown: list[Column], zone: ZoneInfo, said: Catalogue
) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_MARK)
    writer.writerow([said.text(each.label) for each in shown])
    for number, row in enumerate(rows, start=1):
        cells = (columns.text(each, row, zone) for each in shown)
        writer.writerow(
            [safe.cell(said.text(each) if isinstance(each, str) else each) for each in cells]
        )
        if number % _PIECE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _json(rows: Iterable[Delivery], shown: list[Column]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    names = ["id", *(name for each in shown for name in each.fields if name != "id")]
    for number, row in enumerate(rows, start=1):
        public = queries.public(row)
        line = msgspec.json.encode({name: public[name] for name in names})
        buffer.write(safe.json(line) + b"\n")
        if number % _PIECE == 0:
            yield buffer.getvalue()
            buffer = io.BytesIO()
    yield buffer.getvalue()


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")


def _file(pieces: Iterator[bytes], name: str, kind: str) -> Stream:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(pieces, media_type=kind, headers=headers)
