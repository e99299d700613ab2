"""A row opened in place: the four lines that mail users know, the verdict, and what comes next.

The lines are worded as users of "Track Remote Deliveries" know them: who sent it, to whom, whether
it was accepted, and what the other server said, in its own words and whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from postroad.model.delivery import Attempt, Delivery
from postroad.model.retry import Retry
from postroad.model.status import Status
from postroad.model.text import Text, join, say
from postroad.queries import Detail
from postroad.reasons.reason import Reason
from postroad.reasons.verdict import Verdict, verdict
from postroad.services import Services
from postroad.services.exports.columns import result
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, page

#: Why there was no connection over which the other server could have said anything.
_UNREACHED = {
    Reason.CONNECTION_REFUSED.word,
    Reason.CONNECTION_TIMED_OUT.word,
    Reason.NO_ROUTE.word,
}
_NOT_FOUND = {Reason.HOST_NOT_FOUND.word}
#: What a fetched row is asked with: only its inside, without a page around it.
_PART = "x-part"


class Inside(msgspec.Struct, frozen=True):
    """What an opened row shows."""

    delivery: Delivery
    #: "Recipient delivery status".
    recipient_status: Text
    #: "Message delivery status".
    message_status: Text
    verdict: Verdict
    #: Why a line reads `null`; empty where none does.
    null: str
    #: When it is tried next and given up, where the rules are known, and what time it is now.
    retry: Retry | None = None
    now: int = 0


@get("/message/{delivery_id:str}/row", include_in_schema=False, sync_to_thread=True)
def row(
    request: Asked, viewer: Asking, services: Served, delivery_id: FromPath[str]
) -> Response[str]:
    """The inside of one row, to be put under it; a page of its own for whoever comes by a link."""
    found = services.detail(viewer, delivery_id)
    if found is None:
        raise NotFound(say("There is no such message, or none that you may see."))
    template = "_row.html" if request.headers.get(_PART) == "row" else "row.html"
    return page(request, template, {"inside": opened(services, found)})


def opened(services: Services, found: Detail) -> Inside:
    """What is told about a delivery whose evidence is known."""
    told = inside(found.delivery, found.attempts)
    return msgspec.structs.replace(told, retry=found.retry, now=services.now())


def inside(delivery: Delivery, attempts: Sequence[Attempt] = ()) -> Inside:
    """What is told about a delivery in its row."""
    return Inside(
        delivery=delivery,
        recipient_status=recipient_status(delivery),
        message_status=message_status(delivery),
        verdict=verdict(delivery, attempts),
        null=_null(delivery),
    )


def recipient_status(delivery: Delivery) -> Text:
    """Whether it was accepted for its recipient."""
    match delivery.status:
        case Status.DELIVERED:
            return say("Message accepted")
        case Status.IN_PROGRESS:
            return say("Message on its way")
        case Status.DEFERRED:
            return say("Message temporarily rejected")
        case Status.FAILED:
            return say("Message permanently rejected")
        case Status.REJECTED:
            return say("Message rejected by this server")
        case Status.BLOCKED:
            return say("Message blocked by this server")
        case Status.FILTERED:
            return say("Message accepted, but kept out of the inbox")
    assert_never(delivery.status)


def message_status(delivery: Delivery) -> Text:
    """Who accepted or refused it, and what they said."""
    host = delivery.remote_ip or delivery.remote_host
    match delivery.status:
        case Status.DELIVERED if host:
            return join([say("{host} accepted message.", host=host), _said(delivery)])
        case Status.DELIVERED:
            return join([say("Accepted for a mailbox on this server."), _logged(delivery)])
        case Status.DEFERRED | Status.FAILED:
            return _trouble(delivery, host)
        case Status.IN_PROGRESS if delivery.result:
            return _logged(delivery)
        case Status.IN_PROGRESS:
            return say("Not tried yet, as far as the log tells.")
        case Status.REJECTED:
            return join([say("This server did not accept message."), _logged(delivery)])
        case Status.BLOCKED:
            return join([say("This server did not send message."), _logged(delivery)])
        case Status.FILTERED:
            return join([say("Put aside or thrown away."), _logged(delivery)])
    assert_never(delivery.status)


def _trouble(delivery: Delivery, host: str) -> Text:
    """Why it was not delivered; a message that never reached a server says so."""
    if delivery.smtp_code and host:
        return join([say("{host} did not accept message.", host=host), _said(delivery)])
    if delivery.reason in _NOT_FOUND:
        sorry = say("Sorry, I couldn't find any host to deliver it to. (#4.1.2)")
    elif delivery.reason in _UNREACHED or (host and not delivery.smtp_code):
        sorry = say("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)")
    elif delivery.reason == Reason.EXPIRED.word:
        sorry = say(
            "I'm not going to try again; this message has been in the queue too long. (#4.4.7)"
        )
    else:
        sorry = say("This server could not hand it on.")
    return join([sorry, _logged(delivery)])


def _said(delivery: Delivery) -> Text:
    return say("Remote host said: {reply}", reply=result(delivery)) if result(delivery) else say("")


def _logged(delivery: Delivery) -> Text:
    return say("The log says: {reply}", reply=result(delivery)) if result(delivery) else say("")


def _null(delivery: Delivery) -> str:
    if not delivery.sender:
        return say(
            "“null” as a sender: a mail server wrote this message itself, and nothing is to answer."
        )
    if not delivery.recipient:
        return say("“null” as a recipient: it was over before one was named.")
    return ""
