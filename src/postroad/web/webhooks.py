"""Webhooks: made, tried, paused and removed; and the history of the calls of each."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from postroad.accounts import Viewer
from postroad.errors import AccountError, TooManyTries
from postroad.model.text import say
from postroad.services import Services
from postroad.services.delivering import LONGEST_LABEL, MOST
from postroad.state.webhooks import Webhook
from postroad.web import letters
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, page, shown_error
from postroad.web.signing import Sent, check_form

_LONGEST_URL = 2000
#: What is said after something was done, by a word in the address.
_DONE = {
    "removed": say("The webhook was removed. What was to be told there is not told any more."),
    "paused": say("The webhook is paused. What comes up meanwhile waits, for three days."),
    "resumed": say("The webhook is called again."),
    "test": say("A call is on its way. Load this page again to see what came of it."),
    "again": say("It is called again. Load this page again to see what came of it."),
}


@get("/webhooks", include_in_schema=False, sync_to_thread=True)
def webhooks_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The viewer's webhooks, and the form of another one."""
    return _list(request, viewer, services)


@post("/webhooks", include_in_schema=False, sync_to_thread=True)
def add_webhook(request: Asked, viewer: Asking, services: Served, data: Sent) -> Response[str]:
    """Make one, and show its secret, once; or say why not."""
    check_form(request, data)
    label, url = data.get("label", "")[:LONGEST_LABEL], data.get("url", "")
    try:
        made = services.delivering.add(viewer, label, url)
    except AccountError as error:
        filled = {"label": label, "url": url[:_LONGEST_URL]}
        problem = shown_error(error)
        return _list(request, viewer, services, problem=problem, filled=filled, status=422)
    return _list(request, viewer, services, made=made)


@get("/webhooks/{webhook_id:str}", include_in_schema=False, sync_to_thread=True)
def webhook_page(
    request: Asked, viewer: Asking, services: Served, webhook_id: FromPath[str]
) -> Response[str]:
    """One of them, and the history of its calls."""
    return _one(request, viewer, services, _found(services, viewer, webhook_id))


@post("/webhooks/{webhook_id:str}/test", include_in_schema=False, sync_to_thread=True)
def test_webhook(
    request: Asked, viewer: Asking, services: Served, webhook_id: FromPath[str], data: Sent
) -> Response[str]:
    """Call it to see whether it answers."""
    check_form(request, data)
    found = _found(services, viewer, webhook_id)
    try:
        services.delivering.test(viewer, found.id)
    except TooManyTries as error:
        return _one(request, viewer, services, found, problem=shown_error(error), status=429)
    return _to(f"/webhooks/{found.id}", "test")


@post("/webhooks/{webhook_id:str}/pause", include_in_schema=False, sync_to_thread=True)
def pause_webhook(
    request: Asked, viewer: Asking, services: Served, webhook_id: FromPath[str], data: Sent
) -> Response[str]:
    """Stop calling it, or go on: `pause` is `yes` or `no`."""
    check_form(request, data)
    found = _found(services, viewer, webhook_id)
    paused = data.get("pause", "") == "yes"
    services.delivering.pause(viewer, found.id, paused=paused)
    return _to(f"/webhooks/{found.id}", "paused" if paused else "resumed")


@post("/webhooks/{webhook_id:str}/remove", include_in_schema=False, sync_to_thread=True)
def remove_webhook(
    request: Asked, viewer: Asking, services: Served, webhook_id: FromPath[str], data: Sent
) -> Response[str]:
    """Delete it."""
    check_form(request, data)
    services.delivering.remove(viewer, _found(services, viewer, webhook_id).id)
    return _to("/webhooks", "removed")


def _found(services: Services, viewer: Viewer, webhook_id: str) -> Webhook:
    try:
        return services.delivering.webhook(viewer, webhook_id)
    except AccountError as error:
        raise NotFound(shown_error(error)) from error


def _list(
    request: Asked,
    viewer: Viewer,
    services: Services,
    *,
    made: Webhook | None = None,
    problem: str = "",
    filled: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    found = services.delivering.webhooks(viewer)
    values: dict[str, Any] = {
        **letters.words(),
        "webhooks": [
            (each, services.delivering.letters(viewer, limit=1, webhook=each.id)) for each in found
        ],
        "made": made,
        "problem": problem,
        "filled": filled or {"label": "", "url": ""},
        "has_room": viewer.account_id and len(found) < MOST,
        "longest_label": LONGEST_LABEL,
        "longest_url": _LONGEST_URL,
        "done": _DONE.get(request.query_params.get("done", ""), ""),
    }
    return page(request, "webhooks.html", values, status=status)


def _one(
    request: Asked,
    viewer: Viewer,
    services: Services,
    webhook: Webhook,
    *,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    before = request.query_params.get("before", "")
    values = {
        **letters.words(),
        "webhook": webhook,
        "shown": letters.shown(services, viewer, before, webhook.id),
        "problem": problem,
        "done": _DONE.get(request.query_params.get("done", ""), ""),
    }
    return page(request, "webhook.html", values, status=status)


def _to(there: str, done: str) -> Redirect:
    return Redirect(f"{there}?done={done}", status_code=303)


HANDLERS = [
    webhooks_page,
    add_webhook,
    webhook_page,
    test_webhook,
    pause_webhook,
    remove_webhook,
]
