"""Notices: what one is told of, the forms to ask for more, and how each of it ends."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from postroad.accounts import Kind, Viewer
from postroad.errors import AccountError, PostroadError, SearchError
from postroad.model import when
from postroad.model.delivery import Delivery
from postroad.model.text import say
from postroad.services import Services
from postroad.services.watching import Where
from postroad.state import webhooks
from postroad.state.outbox import EMAIL, WEBHOOK
from postroad.watch import sentences
from postroad.watch.wishes import FOR_ADMINISTRATORS, USUAL, Alert, Event, Expect, Rule
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, language_of, page, shown_error, zone_of
from postroad.web.signing import Sent, check_form

#: What a form to expect mail holds.
_EXPECTED = ("from", "to", "subject", "until")
_LONGEST, _LONGEST_NUMBER = 320, 18
#: What is said after something was done, by a word in the address.
_DONE = {
    "asked": say("You will be told."),
    "ended": say("You are not told of this any more."),
    "over": say("This message has ended already: what became of it is said below."),
}
#: Why a wish ended.
ENDS = {
    "removed": say("Ended by you"),
    "unsubscribed": say("Ended by the link in a letter"),
    "bounced": say("Ended: the letters came back"),
    "done": say("Done"),
    "rights": say("Ended: you may not see what it is about, or have it sent there, any more"),
}
#: What each kind is called.
KINDS = {
    "report": say("Report"),
    "follow": say("Followed message"),
    "expect": say("Expected mail"),
    "alert": say("Alert"),
}


class _Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers of an alert are called; empty where a rule has none."""

    threshold: str
    least: str = ""
    hours: str = ""


#: The words of the numbers of each rule.
_WORDS = {
    Rule.FAILURES: _Numbers(
        threshold=say("Per cent that fail"),
        least=say("Of so many mails at least"),
        hours=say("Sent in so many hours"),
    ),
    Rule.WAITING: _Numbers(
        threshold=say("Hours that mail waits"), least=say("So many mails at least")
    ),
    Rule.PROVIDER: _Numbers(
        threshold=say("Per cent that are refused or deferred"),
        least=say("So many mails at least"),
        hours=say("In so many hours"),
    ),
    Rule.SENDING: _Numbers(
        threshold=say("Times as many as ever in the four weeks before"),
        least=say("So many messages at least"),
        hours=say("In so many hours"),
    ),
    Rule.SILENCE: _Numbers(
        threshold=say("Minutes without lines"), hours=say("Looked for in the last hours")
    ),
}


@get("/notices", include_in_schema=False, sync_to_thread=True)
def notices_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """What the viewer is told of, and the forms; `from`, `to` and `subject` fill the first one."""
    asked = {name: request.query_params.get(name, "")[:_LONGEST] for name in _EXPECTED}
    return _page(request, viewer, services, asked=asked)


@post("/notices/expect", include_in_schema=False, sync_to_thread=True)
def expect_mail(request: Asked, viewer: Asking, services: Served, data: Sent) -> Response[Any]:
    """Be told of mail that comes, or see why not."""
    check_form(request, data)
    try:
        wanted = Expect(
            sender=data.get("from", ""),
            recipient=data.get("to", ""),
            subject=data.get("subject", ""),
            events=tuple(event for event in Event if event.value in data),
            until=when.read(
                data.get("until", ""), now=services.now(), zone=zone_of(request), end=True
            ),
        )
        services.watching.expect(viewer, wanted, where(request, data))
    except (AccountError, SearchError) as error:
        filled = {name: data.get(name, "")[:_LONGEST] for name in _EXPECTED}
        return _page(request, viewer, services, asked=filled, problem=error)
    return _to("asked")


@post("/notices/alert", include_in_schema=False, sync_to_thread=True)
def set_alert(request: Asked, viewer: Asking, services: Served, data: Sent) -> Response[Any]:
    """Be alarmed, or see why not."""
    check_form(request, data)
    try:
        services.watching.alert(viewer, _alert(data), where(request, data))
    except AccountError as error:
        return _page(request, viewer, services, problem=error)
    return _to("asked")


@post("/notices/{wish_id:str}/end", include_in_schema=False, sync_to_thread=True)
def end_notice(
    request: Asked, viewer: Asking, services: Served, wish_id: FromPath[str], data: Sent
) -> Response[Any]:
    """Be told no more. Raises `NotFound` for what is not the viewer's."""
    check_form(request, data)
    is_number = wish_id.isascii() and wish_id.isdigit() and len(wish_id) < _LONGEST_NUMBER
    try:
        services.subscribing.end(viewer, int(wish_id) if is_number else 0)
    except AccountError as error:
        raise NotFound(shown_error(error)) from error
    return _to("ended")


@post("/message/{delivery_id:str}/follow", include_in_schema=False, sync_to_thread=True)
def follow_message(
    request: Asked, viewer: Asking, services: Served, delivery_id: FromPath[str], data: Sent
) -> Response[Any]:
    """Be told when a message ends; one that has ended is shown."""
    check_form(request, data)
    try:
        made, delivery = services.watching.follow(
            viewer, delivery_id, where(request, data), everybody="everybody" in data
        )
    except AccountError as error:
        if error.kind == "not_found":
            raise NotFound(shown_error(error)) from error
        raise
    return _to("asked" if made else "over", f"/message/{delivery.id}")


def following(
    request: Asked, viewer: Viewer, services: Services, delivery: Delivery
) -> dict[str, Any]:
    """What the page of a message shows about following it."""
    done = request.query_params.get("done", "")
    if not viewer.account_id:
        return {"follow": None, "followed": False, "follow_done": ""}
    offers = None
    if not delivery.status.is_final:
        offers = {
            "everybody": services.watching.is_origin(viewer, delivery),
            **_choices(services, viewer),
        }
    return {
        "follow": offers,
        "followed": bool(offers) and services.watching.follows(viewer, delivery),
        "follow_done": _DONE.get(done, ""),
    }


def where(request: Asked, data: dict[str, str]) -> Where:
    """Where a form says that letters go: `where` names one of the choices, `address` another."""
    channel, _, target = data.get("where", "").partition(":")
    if other := data.get("address", "").strip():
        channel, target = EMAIL, other
    return Where(
        channel=channel or EMAIL,
        target=target,
        zone=zone_of(request).key,
        language=language_of(request),
    )


def _alert(data: dict[str, str]) -> Alert:
    """The alert that a form asks for. Raises `AccountError`."""
    numbers = {
        name: int(text)
        for name in ("threshold", "least", "hours", "quiet")
        if (text := data.get(name, "").strip())
        and text.isascii()
        and text.isdigit()
        and len(text) < _LONGEST_NUMBER
    }
    try:
        usual = USUAL[Rule(data.get("rule", ""))]
        values = msgspec.structs.asdict(usual) | numbers | {"says_over": "says_over" in data}
        return msgspec.convert(values, Alert)
    except (ValueError, msgspec.ValidationError) as error:
        raise AccountError(
            say("These numbers cannot be: per cent, hours and counts are whole numbers from 1 on.")
        ) from error


def _page(
    request: Asked,
    viewer: Viewer,
    services: Services,
    *,
    asked: dict[str, str] | None = None,
    problem: PostroadError | None = None,
) -> Response[str]:
    mine = services.watching.mine(viewer)
    labels = {
        each.id: each.label for each in webhooks.of_account(services.state, viewer.account_id)
    }
    may_alert = viewer.kind is not Kind.MAILBOX
    rules = {
        rule: (usual, _WORDS[rule], sentences.heading(usual))
        for rule, usual in USUAL.items()
        if may_alert and (viewer.is_administrator or rule not in FOR_ADMINISTRATORS)
    }
    values = {
        "asked": dict.fromkeys(_EXPECTED, "") | (asked or {}),
        "events": {
            Event.ARRIVED: say("It arrives"),
            Event.DEFERRED: say("It is deferred"),
            Event.REFUSED: say("It is refused, fails or is filtered"),
        },
        "rules": rules,
        "wanted": [each for each in mine if not each.kept.ended_at],
        "ended": [each for each in mine if each.kept.ended_at],
        "kinds": KINDS,
        "ends": ENDS,
        "labels": labels,
        "to_webhook": WEBHOOK,
        "problem": shown_error(problem) if problem else "",
        "done": _DONE.get(request.query_params.get("done", ""), ""),
        **_choices(services, viewer),
    }
    return page(request, "notices.html", values, status=422 if problem else 200)


def _choices(services: Services, viewer: Viewer) -> dict[str, Any]:
    """Where letters can go: values of a form, and what they are called."""
    addresses = services.subscribing.targets(viewer)
    hooks = webhooks.of_account(services.state, viewer.account_id)
    return {
        "targets": [(f"{EMAIL}:{each}", each, False) for each in addresses]
        + [(f"{WEBHOOK}:{each.id}", each.label, True) for each in hooks],
        "may_write_to_others": viewer.kind is not Kind.MAILBOX,
    }


def _to(done: str, there: str = "/notices") -> Redirect:
    return Redirect(f"{there}?done={done}", status_code=303)


HANDLERS = (notices_page, expect_mail, set_alert, end_notice, follow_message)
