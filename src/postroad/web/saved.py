"""What a person keeps of the report: searches under a name, and the columns they chose."""

from __future__ import annotations

import msgspec
from litestar import post
from litestar.response import Redirect

from postroad.web import columns
from postroad.web.form import Form
from postroad.web.pages import Asked, Asking, Served, choices_of
from postroad.web.signing import Sent, check_form

#: Digits of the longest number that a database counts to.
_LONGEST_NUMBER = 18


@post("/searches/save", include_in_schema=False, sync_to_thread=True)
def save_search(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Keep the question of a page under a name, and go back to it. Raises `AccountError`."""
    check_form(request, data)
    form = Form.of(data.get("query", ""))
    services.accounts.choices.save(viewer, data.get("name", ""), form.query)
    return Redirect(form.link(), status_code=303)


@post("/searches/forget", include_in_schema=False, sync_to_thread=True)
def forget_search(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Delete a saved search, and go back. Raises `AccountError` for one that is not theirs."""
    check_form(request, data)
    number = data.get("id", "")
    is_number = number.isascii() and number.isdigit() and len(number) < _LONGEST_NUMBER
    services.accounts.choices.forget(viewer, int(number) if is_number else 0)
    return Redirect(Form.of(data.get("query", "")).link(), status_code=303)


@post("/searches/clear", include_in_schema=False, sync_to_thread=True)
def clear_searches(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Forget the last searches, and go back."""
    check_form(request, data)
    services.accounts.choices.forget_recent(viewer)
    return Redirect(Form.of(data.get("query", "")).link(), status_code=303)


@post("/columns", include_in_schema=False, sync_to_thread=True)
def set_columns(request: Asked, viewer: Asking, services: Served, data: Sent) -> Redirect:
    """Keep the columns of the table and their order, and go back to it."""
    check_form(request, data)
    before = columns.chosen(choices_of(request).columns)
    wanted = () if "usual" in data else columns.ordered(data, before)
    if wanted == columns.USUAL:
        wanted = ()
    chosen = msgspec.structs.replace(choices_of(request), columns=wanted)
    services.accounts.choices.set(viewer, chosen)
    return Redirect(Form.of(data.get("query", "")).link(), status_code=303)
