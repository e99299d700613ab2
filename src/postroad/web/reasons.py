"""Why mail fails: a page for each reason, and one that leads to them all."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from postroad import queries
from postroad.accounts import Viewer
from postroad.model.delivery import Delivery
from postroad.model.text import say
from postroad.reasons.guide import CHECKED, GUIDES, THEMES
from postroad.reasons.reason import Reason
from postroad.services import Services
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, page

#: Different answers of one delivery's attempts that are shown.
_ANSWERS = 5


@get("/reasons", include_in_schema=False, sync_to_thread=True)
def reasons_page(request: Asked, viewer: Asking) -> Response[str]:
    """The table of contents, and what to check so that mail is trusted."""
    del viewer  # Whoever is signed in may read it.
    return page(request, "reasons.html", {"themes": THEMES})


@get("/reasons/{name:str}", include_in_schema=False, sync_to_thread=True)
def reason_page(
    request: Asked,
    viewer: Asking,
    services: Served,
    name: FromPath[str],
) -> Response[str]:
    """One reason; `of` is the delivery that it is read for, whose answers then come first."""
    reason = Reason.__members__.get(name.upper())
    if reason is None or name != name.lower():
        raise NotFound(say("There is no such reason."))
    of = request.query_params.get("of", "")
    found = _delivery(viewer, services, of) if of else None
    values = {
        "reason": reason,
        "guide": GUIDES[reason],
        "is_checked": reason in CHECKED,
        "near": [each for each in _theme(reason) if each is not reason],
        "guides": GUIDES,
        "delivery": found.delivery if found else None,
        "answers": answers(found) if found else [],
    }
    return page(request, "reason.html", values)


def answers(found: queries.Detail) -> list[str]:
    """What the servers said, whole and each once, the latest first."""
    said = [each.reply for each in reversed(found.attempts)]
    last = [found.delivery.result, *said]
    return list(dict.fromkeys(each for each in last if each))[:_ANSWERS]


def reason_of(delivery: Delivery) -> Reason | None:
    """The reason whose page a delivery leads to; None where nothing went wrong."""
    return Reason.__members__.get(delivery.reason.upper())


def _delivery(viewer: Viewer, services: Services, delivery_id: str) -> queries.Detail:
    found = services.detail(viewer, delivery_id)
    if found is None:
        raise NotFound(say("There is no such message, or none that you may see."))
    return found


def _theme(reason: Reason) -> list[Reason]:
    return next(list(guides) for _, guides in THEMES if reason in guides)
