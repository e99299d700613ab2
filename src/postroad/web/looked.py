"""Who looked up my mail, and when."""

from __future__ import annotations

from litestar import Response, get
from litestar.response import Redirect

from postroad.model.text import Text, say
from postroad.web.pages import Asked, Asking, Served, page

#: Looks that are shown.
_MOST = 200


@get("/looked", include_in_schema=False, sync_to_thread=True)
def looked(request: Asked, viewer: Asking, services: Served) -> Response[str]:
    """The looks of others at this viewer's mail; administrators, who own none, see the audit."""
    if viewer.is_administrator:
        return Redirect("/admin/audit", status_code=303)
    found = services.accounts.audit.about(viewer, limit=_MOST)
    return page(request, "looked.html", {"looks": found, "most": _MOST, "did": did})


def did(action: str) -> str:
    """What an action of the audit trail is, for people; its own word where it is not known."""
    return _ACTIONS.get(action, action)


_ACTIONS: dict[str, Text] = {
    "search": say("searched"),
    "counts": say("counted"),
    "detail": say("opened a message"),
    "export": say("exported a list"),
    "export_fetch": say("fetched an export"),
    "overview": say("looked at the overview"),
    "report": say("made a report"),
    "entered": say("looked at how mail entered"),
    "statistics": say("asked for figures"),
    "subscribe": say("asked to be told of mail"),
    "unsubscribe": say("asked to be told no more"),
    "sign_in": say("signed in"),
    "sign_out": say("signed out"),
    "sign_out_everywhere": say("signed out everywhere"),
    "add_user": say("made an account"),
    "change_user": say("changed an account"),
    "remove_user": say("removed an account"),
    "add_token": say("made a token"),
    "revoke_token": say("revoked a token"),
    "import": say("imported logs"),
    "trace": say("traced an address"),
    "probe": say("had servers checked"),
    "deliverability": say("checked a domain"),
}
