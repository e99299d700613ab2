"""Exports that are made in the background: ordered from the report, listed, fetched, removed."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import BinaryIO
from urllib.parse import parse_qsl

from litestar import Response, get, post
from litestar.datastructures import MultiDict
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from postroad.errors import AccountError
from postroad.model.amount import size
from postroad.model.text import Text, say
from postroad.services.exporting import Listed
from postroad.services.exports import FORMATS, Order
from postroad.services.sending import is_head, pieces_of
from postroad.state.exports import DONE, FAILED, FETCHED, RUNNING, STOPPED, WAITING
from postroad.web.export import columns_of
from postroad.web.failures import NotFound
from postroad.web.form import Form
from postroad.web.pages import Asked, Asking, Served, language_of, page, zone_of
from postroad.web.signing import Sent, check_form

#: Seconds after which the page asks again while something is under way.
_REFRESH = 5
#: Octets that are sent in one piece.
_PIECE = 1 << 18
#: One range of octets (RFC 9110 section 14.1.2), which is all that is understood of ranges.
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
#: What each status is called, and its icon.
_STATUSES: dict[str, tuple[Text, str]] = {
    WAITING: (say("Waiting for its turn"), "clock"),
    RUNNING: (say("Being written"), "in_progress"),
    DONE: (say("Ready"), "delivered"),
    FETCHED: (say("Ready, fetched before"), "delivered"),
    FAILED: (say("Could not be made"), "failed"),
    STOPPED: (say("Stopped"), "blocked"),
}


@get("/exports", include_in_schema=False, sync_to_thread=True)
def exports_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The viewer's exports, the newest first."""
    listed = services.exporting.mine(viewer)
    values = {
        "listed": listed,
        "statuses": _STATUSES,
        "is_open": is_open,
        "is_ready": is_ready,
        "size": size,
        "refresh": _REFRESH if any(map(is_open, listed)) else 0,
        "ordered": request.query_params.get("done", "") == "ordered",
    }
    return page(request, "exports.html", values)


@post("/exports", include_in_schema=False, sync_to_thread=True)
def order_export(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Have the answer to a question made into a file. Raises `SearchError`, `AccountError`."""
    if viewer.account_id:
        check_form(request, data)
    # As the report's own addresses are read, whatever the form holds.
    form = Form.read(MultiDict(parse_qsl(data.get("query", ""))))
    zone = zone_of(request)
    order = Order(
        values=form.values(),
        clock=form.clock(zone).key,
        query=form.query,
        columns=columns_of(request, data.get("columns", "")),
        zone=zone.key,
        language=language_of(request),
    )
    mail_to = data.get("mail", "")
    services.exporting.order(viewer, order, word=data.get("format", ""), mail_to=mail_to)
    return Redirect("/exports?done=ordered", status_code=303)


@post("/exports/{export_id:str}/stop", include_in_schema=False, sync_to_thread=True)
def stop_export(
    request: Asked, viewer: Asking, services: Served, data: Sent, export_id: FromPath[str]
) -> Redirect:
    """Have it not made. Raises `NotFound`."""
    check_form(request, data)
    try:
        services.exporting.stop(viewer, export_id)
    except AccountError as error:
        raise NotFound(*error.args) from error
    return Redirect("/exports", status_code=303)


@post("/exports/{export_id:str}/remove", include_in_schema=False, sync_to_thread=True)
def remove_export(
    request: Asked, viewer: Asking, services: Served, data: Sent, export_id: FromPath[str]
) -> Redirect:
    """Remove it, with its file. Raises `NotFound`."""
    check_form(request, data)
    try:
        services.exporting.remove(viewer, export_id)
    except AccountError as error:
        raise NotFound(*error.args) from error
    return Redirect("/exports", status_code=303)


@get("/exports/{export_id:str}/file", include_in_schema=False, sync_to_thread=True)
def export_file(
    request: Asked, viewer: Asking, services: Served, export_id: FromPath[str]
) -> Stream:
    """The file, or the range of it that is asked for. Raises `NotFound`, `AccessError`."""
    noted = not is_head(request.scope)
    try:
        export, file = services.exporting.fetch(viewer, export_id, noted=noted)
    except AccountError as error:
        raise NotFound(*error.args) from error
    octets, tag = export.octets, f'"{export.id}"'
    headers = {
        "Content-Disposition": f'attachment; filename="postroad-{export.id[:8]}.{export.format}"',
        "Accept-Ranges": "bytes",
        "ETag": tag,
    }
    asked = request.headers.get("range", "") if noted else ""
    if request.headers.get("if-range", tag) != tag:
        asked = ""
    first, end, status = _range(asked, octets)
    if status != _WHOLE:
        headers["Content-Range"] = (
            f"bytes {first}-{end - 1}/{octets}" if end else f"bytes */{octets}"
        )
    headers["Content-Length"] = str(end - first)
    made = _octets(file, first, end if noted else first)
    return Stream(
        pieces_of(made), media_type=FORMATS[export.format].type, headers=headers, status_code=status
    )


def is_open(listed: Listed) -> bool:
    """Whether it is not made yet."""
    return listed.export.status in (WAITING, RUNNING)


def is_ready(listed: Listed) -> bool:
    """Whether it can be fetched."""
    return listed.export.status in (DONE, FETCHED)


#: RFC 9110 sections 15.3.1, 15.3.7 and 15.5.17.
_WHOLE, _PART, _NONE = 200, 206, 416


def _range(asked: str, size: int) -> tuple[int, int, int]:
    """First octet, the one behind the last, and the status; all of it unless one range is asked."""
    found = _RANGE.fullmatch(asked.strip())
    if not found or found[0] == "bytes=-":
        return 0, size, _WHOLE
    if not found[1]:
        first, end = max(0, size - int(found[2])), size
    else:
        first, end = int(found[1]), size
        if found[2]:
            if int(found[2]) < first:
                return 0, size, _WHOLE
            end = min(size, int(found[2]) + 1)
    return (first, end, _PART) if first < end else (0, 0, _NONE)


def _octets(file: BinaryIO, first: int, end: int) -> Generator[bytes, None, None]:
    with file:
        file.seek(first)
        while first < end and (piece := file.read(min(_PIECE, end - first))):
            first += len(piece)
            yield piece


HANDLERS = (exports_page, order_export, stop_export, remove_export, export_file)
