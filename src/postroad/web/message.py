"""One message for one recipient: the verdict, the facts, the attempts, the log."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar import Response, get
from litestar.params import FromPath

from postroad import queries
from postroad.model import address as addresses
from postroad.model import when
from postroad.model.delivery import Delivery
from postroad.model.status import Direction, Status
from postroad.model.text import say
from postroad.reasons.guide import CHECKED, GUIDES
from postroad.reasons.reason import Reason
from postroad.reasons.verdict import verdict
from postroad.web.abridged import LINES, RELATIVES, abridged
from postroad.web.failures import NotFound
from postroad.web.headers import headers
from postroad.web.notices import following
from postroad.web.pages import Asked, Asking, Served, page
from postroad.web.reasons import reason_of

#: What stands in place of an address that the reader may not see.
_MASK = "•••@•••"
#: What a related message is to this one.
_RELATIONS = {
    "same_message": say("Another recipient of the same message"),
    "bounce": say("The notification of its failure"),
    "bounce_of": say("The message whose failure it reports"),
    "notice_to_postmaster": say("The note to the postmaster about it"),
    "notice_about": say("The message it tells the postmaster about"),
    "delay_notice": say("The note to its sender about the delay"),
    "delay_notice_about": say("The message whose delay it tells of"),
    "success_notice": say("The confirmation of its delivery"),
    "success_notice_about": say("The message whose delivery it confirms"),
    "forwarded_as": say("What it was forwarded as"),
    "forwarded_from": say("The message it is the forward of"),
    "filtered_as": say("How it came back from the content filter"),
    "filtered_from": say("What it was before the content filter"),
    "requeued_as": say("What it was queued again as"),
    "requeued_from": say("What it was before it was queued again"),
    "next_server": say("The same mail at the next server"),
    "previous_server": say("The same mail at the server before"),
    "same_message_id": say("Mail with the same Message-ID"),
}
#: So many attempts that ended in "later" are worth a look at what receivers think of the sender.
_REPEATED = 3
#: Pages that lead here and are gone back to.
_REPORTS = ("/", "/remote", "/entered")


@get("/message/{delivery_id:str}", include_in_schema=False, sync_to_thread=True)
def message(
    request: Asked,
    viewer: Asking,
    services: Served,
    delivery_id: FromPath[str],
) -> Response[str]:
    """The page of one delivery; with `print=1` without the frame around it.

    Of thousands of lines or relatives it shows the ends and what names this recipient; with `all=1`
    everything.
    """
    found = services.detail(viewer, delivery_id)
    if found is None:
        raise NotFound(say("There is no such message, or none that you may see."))
    reason = reason_of(found.delivery)
    is_whole = request.query_params.get("all") == "1"
    is_about = addresses.naming((found.delivery.recipient, found.delivery.delivered_to))
    values = {
        "bare": request.query_params.get("print") == "1",
        "now": services.now(),
        "delivery": found.delivery,
        "attempts": found.attempts,
        # What the mailbox server did with the copy that it was given.
        "steps": {each.split(" ", 2)[-1] for each in found.delivery.asides},
        "log_lines": abridged(
            found.log_lines, lambda line: is_about(line.text), ends=LINES, is_whole=is_whole
        ),
        "family": abridged(
            [_relative(each) for each in found.family],
            _is_of_another_message,
            ends=RELATIVES,
            is_whole=is_whole,
        ),
        "verdict": verdict(found.delivery, found.attempts),
        "reason": reason,
        "guide": GUIDES[reason] if reason else None,
        "is_worth_checking": _is_worth_checking(found.delivery, reason),
        "conversation": found.conversation,
        "retry": found.retry,
        "receipts": found.receipts,
        "headers": headers((line.text for line in found.log_lines), found.delivery),
        "delay": _delay(found.delivery),
        "waited": _waited(found.delivery),
        "is_masked": any(_MASK in line.text for line in found.log_lines),
        "back": _back(request),
        **following(request, viewer, services, found.delivery),
    }
    return page(request, "message.html", values)


def _relative(relative: queries.Relative) -> queries.Relative:
    """A related message with words for how it is related, and its status as itself."""
    words = _RELATIONS.get(relative["relation"], say("Belongs with it"))
    return {**relative, "words": words, "status": Status.from_word(relative["status"])}


def _delay(delivery: Delivery) -> str:
    """How long after its arrival the last attempt was; empty where that is not known."""
    if not delivery.sent_at or delivery.last_attempt_at < delivery.sent_at:
        return ""
    return when.length(delivery.last_attempt_at - delivery.sent_at)


def _is_of_another_message(relative: queries.Relative) -> bool:
    return bool(relative["relation"] != "same_message")


def _waited(delivery: Delivery) -> str:
    """How long it took from the first knock until it was let in; empty if it was let in at once."""
    return when.length(delivery.first_at - delivery.knocked_at) if delivery.knocks else ""


def _is_worth_checking(delivery: Delivery, reason: Reason | None) -> bool:
    """Whether the sender's domain and this server's records may be what is to be mended."""
    if delivery.direction not in (Direction.OUTBOUND, Direction.RELAYED):
        return False
    is_late = delivery.status is Status.DEFERRED and delivery.attempts >= _REPEATED
    return is_late or (delivery.status is not Status.DELIVERED and reason in CHECKED)


def _back(request: Asked) -> str:
    """The report that the reader came from, as the browser says; the blank one otherwise."""
    came = urlsplit(request.headers.get("referer", ""))
    is_ours = came.netloc == request.headers.get("host", "") and came.path in _REPORTS
    if not is_ours:
        return "/"
    return f"{came.path}?{came.query}" if came.query else came.path
