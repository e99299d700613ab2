"""Evidence: made from a message's page, read by whoever has its link, and checked by anybody."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect

from postroad.errors import TooManyTries
from postroad.model.text import say, say_many
from postroad.queries.handed import Wish
from postroad.reports.evidence import LARGEST, Checked, grouped, seal, words
from postroad.services.evidencing import DAYS, Ended, Order
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, language_of, page, shown_error, zone_of
from postroad.web.signing import Sent, check_form

#: What else the form of a file may hold: names, a key, the borders of its parts.
_FRAME = 16 * 1024
#: The address of these pages is a secret: it is told to no other site and to no search engine.
_SECRET = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
#: How long a link opens, in words.
_LASTS = {
    30: say_many("one day", "{count} days", 30),
    365: say("one year"),
    0: say("until it is withdrawn"),
}


@get("/message/{delivery_id:str}/evidence", include_in_schema=False, sync_to_thread=True)
def order_page(
    request: Asked, viewer: Asking, services: Served, delivery_id: FromPath[str]
) -> Response[str]:
    """What is to be seen of a message that is handed on, and for how long."""
    found = services.detail(viewer, delivery_id)
    if found is None:
        raise NotFound(say("There is no such message, or none that you may see."))
    values = {
        "delivery": found.delivery,
        "lasts": _LASTS,
        "is_kept": bool(viewer.account_id),
    }
    return page(request, "evidence/order.html", values)


@post("/message/{delivery_id:str}/evidence", include_in_schema=False, sync_to_thread=True)
def make(
    request: Asked, viewer: Asking, services: Served, delivery_id: FromPath[str], data: Sent
) -> Response[Any]:
    """Make evidence, and go to it."""
    check_form(request, data)
    days = {str(each): each for each in DAYS}.get(data.get("days", ""), DAYS[0])
    order = Order(
        wish=Wish(
            shows_subject=data.get("subject") == "1",
            shows_local_parts=data.get("local_parts") == "1",
        ),
        days=days,
        zone=zone_of(request),
        language=language_of(request),
    )
    try:
        made = services.evidence.make(viewer, delivery_id, order)
    except TooManyTries as error:
        return _wait(request, error)
    if made is None:
        raise NotFound(say("There is no such message, or none that you may see."))
    if not made.secret:
        return _file(made.sealed, f"evidence-{made.document.delivery_id}.json")
    return Redirect(f"/evidence/{made.secret}", status_code=303)


@get("/evidence", include_in_schema=False, sync_to_thread=True)
def mine(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """What the reader handed out."""
    done = request.query_params.get("done", "") == "withdrawn"
    values = {"mine": services.evidence.mine(viewer), "is_withdrawn": done, "words": words}
    return page(request, "evidence/mine.html", values)


@post("/evidence/withdraw", include_in_schema=False, sync_to_thread=True)
def withdraw(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Close the link of something that the reader handed out."""
    check_form(request, data)
    if not services.evidence.withdraw(viewer, data.get("id", "")):
        raise NotFound(say("There is no such evidence of yours whose link is open."))
    return Redirect("/evidence?done=withdrawn", status_code=303)


@get("/evidence/{name:str}", include_in_schema=False, sync_to_thread=True)
def opened(request: Asked, services: Served, name: FromPath[str]) -> Response[Any]:
    """The document behind a link; needs no account."""
    try:
        found = services.evidence.opened(name)
    except Ended as error:
        return _ended(request, error)
    if found is None:
        raise NotFound(say("There is no evidence at this address."))
    kept, document = found
    checked = services.evidence.examine(kept.body.sealed.encode())
    values = {
        "document": document,
        "checked": checked,
        "is_ours": services.evidence.is_ours(checked),
        "words": words,
        "fingerprint": grouped(services.evidence.seal.fingerprint),
        "server": services.evidence.server,
        "name": name,
        "kept": kept,
        "is_mine": request.user is not None and request.user.account_id == kept.account_id,
        "link": f"{services.settings.public_url.rstrip('/') or _origin(request)}/evidence/{name}",
    }
    return _bare(page(request, "evidence/document.html", values, headers=_SECRET))


@get("/evidence/{name:str}/evidence.json", include_in_schema=False, sync_to_thread=True)
def as_json(request: Asked, services: Served, name: FromPath[str]) -> Response[Any]:
    """The sealed document itself."""
    try:
        found = services.evidence.opened(name)
    except Ended as error:
        return _ended(request, error)
    if found is None:
        raise NotFound(say("There is no evidence at this address."))
    kept, document = found
    return _file(kept.body.sealed.encode(), f"evidence-{document.delivery_id}.json")


@get("/evidence/{name:str}/evidence.pdf", include_in_schema=False, sync_to_thread=True)
def as_pdf(request: Asked, services: Served, name: FromPath[str]) -> Response[Any]:
    """The sealed document as a paper."""
    try:
        found = services.evidence.opened(name)
        if found is None:
            raise NotFound(say("There is no evidence at this address."))
        kept, document = found
        made = services.evidence.paper(kept.body.sealed.encode(), _client(request))
    except Ended as error:
        return _ended(request, error)
    except TooManyTries as error:
        return _wait(request, error)
    return _file(made, f"evidence-{document.delivery_id}.pdf")


@get("/verify", include_in_schema=False, sync_to_thread=True)
def verify_page(request: Asked, services: Served) -> Response[str]:
    """The key of this server, and a form for a file; needs no account."""
    return _verify(request, services, None)


@post("/verify", include_in_schema=False, request_max_body_size=LARGEST + _FRAME)
async def verify(request: Asked, services: Served) -> Response[Any]:
    """Whether a file is right, by whose key, and what it says. Nothing of it is kept."""
    try:
        services.evidence.admit(_client(request))
    except TooManyTries as error:
        return _wait(request, error)
    sent = await request.form()
    check_form(request, {"form_key": _word(sent.get("form_key"))})
    data = _word(sent.get("text")).strip().encode("utf-8", "replace")
    file = sent.get("file")
    if isinstance(file, UploadFile) and not data:
        data = await file.read(LARGEST + 1)
    checked = await sync_to_thread(services.evidence.examine, data) if data else None
    return await sync_to_thread(_verify, request, services, checked, is_asked=True)


def _verify(
    request: Asked, services: Served, checked: Checked | None, *, is_asked: bool = False
) -> Response[str]:
    evidence = services.evidence
    values = {
        "checked": checked,
        "is_asked": is_asked,
        "is_ours": evidence.is_ours(checked) if checked else False,
        "words": words,
        "grouped": grouped,
        "server": evidence.server,
        "key": seal.encoded(evidence.seal.public),
        "fingerprint": grouped(evidence.seal.fingerprint),
    }
    return page(request, "evidence/verify.html", values)


def _ended(request: Asked, error: Ended) -> Response[Any]:
    values = {
        "title": say("This evidence is not shown any more"),
        "detail": shown_error(error),
    }
    return _bare(page(request, "evidence/ended.html", values, status=410, headers=_SECRET))


def _wait(request: Asked, error: TooManyTries) -> Response[Any]:
    values = {"title": say("Too often"), "detail": shown_error(error)}
    headers = {"Retry-After": str(error.wait)}
    return page(request, "failed.html", values, status=429, headers=headers)


def _bare(response: Response[Any]) -> Response[Any]:
    """The answer without cookies: whoever reads by a link is not to be known again."""
    response.cookies = []
    return response


def _file(data: bytes, name: str) -> Response[Any]:
    kind = "application/pdf" if name.endswith(".pdf") else "application/json"
    headers = {**_SECRET, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)


def _client(request: Asked) -> str:
    return request.client.host if request.client else ""


def _origin(request: Asked) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


HANDLERS = [
    order_page,
    make,
    mine,
    withdraw,
    opened,
    as_json,
    as_pdf,
    verify_page,
    verify,
]
