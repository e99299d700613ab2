"""Letters: what was sent to somebody because they asked to be told, and what became of it."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from postroad.accounts import Viewer
from postroad.errors import AccountError, TooManyTries
from postroad.model.text import Text, say
from postroad.notify.sentences import told
from postroad.services import Services
from postroad.services.delivering import Sent as SentLetter
from postroad.state import outbox
from postroad.web.failures import NotFound
from postroad.web.pages import Asked, Asking, Served, page, shown_error
from postroad.web.signing import Sent, check_form

#: Letters on a page.
MOST = 50
#: Digits of the longest number that a database counts to.
_LONGEST_NUMBER = 18
#: What became of a letter: its words, its colour and its icon.
STATES: dict[str, tuple[Text, str, str]] = {
    outbox.WAITING: (say("Waiting"), "deferred", "clock"),
    outbox.SENDING: (say("Being sent"), "in_progress", "in_progress"),
    outbox.SENT: (say("Sent"), "delivered", "delivered"),
    outbox.UNCLEAR: (say("Unclear"), "deferred", "info"),
    outbox.FAILED: (say("Failed"), "failed", "failed"),
    outbox.BOUNCED: (say("Bounced"), "rejected", "rejected"),
    outbox.WITHDRAWN: (say("Not sent"), "filtered", "close"),
}
#: What letters are about, by their kind.
KINDS: dict[str, Text] = {
    "report": say("Report"),
    "follow": say("Followed message"),
    "expect": say("Expected mail"),
    "alert": say("Alert"),
    "export": say("Exported list"),
    "test": say("Test"),
}


class Shown(NamedTuple):
    """A page of letters."""

    letters: list[SentLetter]
    #: Id that the next page ends before; 0: there is none.
    following: int


@get("/letters", include_in_schema=False, sync_to_thread=True)
def letters_page(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """What was sent to the viewer, the newest first."""
    return _letters(request, viewer, services)


@post("/letters/{letter_id:int}/again", include_in_schema=False, sync_to_thread=True)
def send_again(
    request: Asked, viewer: Asking, services: Served, letter_id: FromPath[int], data: Sent
) -> Response[str]:
    """Send a letter once more, and go back to where it was listed."""
    check_form(request, data)
    try:
        letter = services.delivering.again(viewer, min(letter_id, 10**_LONGEST_NUMBER))
    except TooManyTries as error:
        return _letters(request, viewer, services, problem=shown_error(error), status=429)
    except AccountError as error:
        if error.kind == "not_found":
            raise NotFound(shown_error(error)) from error
        return _letters(request, viewer, services, problem=shown_error(error), status=409)
    is_call = letter.channel == outbox.WEBHOOK
    there = f"/webhooks/{letter.target}" if is_call else "/letters"
    return Redirect(f"{there}?done=again", status_code=303)


def shown(services: Services, viewer: Viewer, before: str, webhook: str = "") -> Shown:
    """A page of a viewer's letters: those before this id, as it stands in an address."""
    is_number = before.isascii() and before.isdigit() and len(before) <= _LONGEST_NUMBER
    found = services.delivering.letters(
        viewer, limit=MOST + 1, before=int(before) if is_number else 0, webhook=webhook
    )
    following = found[MOST - 1].letter.id if len(found) > MOST else 0
    return Shown(found[:MOST], following)


def words() -> dict[str, object]:
    """What `_letters.html` is given besides the letters."""
    return {"states": STATES, "kinds": KINDS, "told": told}


def _letters(
    request: Asked, viewer: Viewer, services: Services, *, problem: str = "", status: int = 200
) -> Response[str]:
    values = {
        **words(),
        "shown": shown(services, viewer, request.query_params.get("before", "")),
        "problem": problem,
        "again": request.query_params.get("done", "") == "again",
        "way": services.delivering.way() if viewer.is_administrator else "",
    }
    return page(request, "letters.html", values, status=status)


HANDLERS = [letters_page, send_again]
