"""One message for one recipient: the verdict, the facts, the attempts, the log."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar import Response, get
from litestar.params import FromPath

from postroad import queries
from postroad.model import when
from postroad.model.delivery import Delivery
from postroad.model.status import Status
from postroad.reasons.verdict import verdict
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, page

#: What stands in place of an address that the reader may not see.
_MASK = "•••@•••"
#: What a related message is to this one; the queue id of that one follows.
_RELATIONS = {
    "same_message": "Another recipient of the same message,",
    "bounce": "Its failure was reported to its sender in",
    "bounce_of": "It reports the failure of",
    "notice_to_postmaster": "The postmaster was told in",
    "notice_about": "It tells the postmaster about",
    "delay_notice": "Its sender was told of the delay in",
    "delay_notice_about": "It tells of the delay of",
    "success_notice": "Its delivery was confirmed in",
    "success_notice_about": "It confirms the delivery of",
    "forwarded_as": "It was forwarded as",
    "forwarded_from": "It is the forward of",
    "filtered_as": "It came back from the content filter as",
    "filtered_from": "Before the content filter it was",
    "requeued_as": "It was queued again as",
    "requeued_from": "Before it was queued again it was",
}


@get("/message/{delivery_id:str}", include_in_schema=False, sync_to_thread=True)
def message(
    request: Asked,
    viewer: Asking,
    services: Served,
    delivery_id: FromPath[str],
) -> Response[str]:
    """The page of one delivery."""
    found = services.detail(viewer, delivery_id)
    if found is None:
        reason = "There is no such message, or none that you may see."
        raise NotFound(reason)
    values = {
        "delivery": found.delivery,
        "attempts": found.attempts,
        "log_lines": found.log_lines,
        "family": [_relative(each) for each in found.family],
        "verdict": verdict(found.delivery, found.attempts),
        "delay": _delay(found.delivery),
        "is_masked": any(_MASK in line.text for line in found.log_lines),
        "back": _back(request),
    }
    return page(request, "message.html", values)


def _relative(relative: queries.Relative) -> queries.Relative:
    """A related message with words for how it is related, and its status as itself."""
    words = _RELATIONS.get(relative["relation"], "It belongs with")
    return {**relative, "words": words, "status": Status.from_word(relative["status"])}


def _delay(delivery: Delivery) -> str:
    """How long after its arrival the last attempt was; empty where that is not known."""
    if not delivery.sent_at or delivery.last_attempt_at < delivery.sent_at:
        return ""
    return when.length(delivery.last_attempt_at - delivery.sent_at)


def _back(request: Asked) -> str:
    """The report that the reader came from, as the browser says; the blank one otherwise."""
    came = urlsplit(request.headers.get("referer", ""))
    is_ours = came.netloc == request.headers.get("host", "") and came.path == "/"
    return f"/?{came.query}" if is_ours and came.query else "/"
