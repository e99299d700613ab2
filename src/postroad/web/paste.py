"""Whatever somebody pastes or drops: read, asked for, and forgotten.

A form sends it, and is answered with the address of the question, which can be kept and sent on.
"""

from __future__ import annotations

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from postroad import receipts
from postroad.services.pasting import pasted
from postroad.web.form import Form
from postroad.web.pages import Asked, Asking, Served
from postroad.web.signing import check_form

#: What else a form may hold beside the text: names, a key, the borders of its parts.
_FRAME = 16 * 1024


@post(
    "/paste",
    include_in_schema=False,
    request_max_body_size=receipts.LARGEST + _FRAME,
)
async def paste(request: Asked, viewer: Asking, services: Served) -> Redirect:
    """Go to the question that finds the mail that a text or a file is about.

    Raises `SearchError` if there is nothing in it.
    """
    sent = await request.form()
    check_form(request, {"form_key": _word(sent.get("form_key"))})
    data = _word(sent.get("text")).encode("utf-8", "replace")
    file = sent.get("file")
    if isinstance(file, UploadFile) and not data.strip():
        data = await file.read(receipts.LARGEST)
    values = await sync_to_thread(pasted, services, viewer, data)
    return Redirect(Form.asking(values).link(), status_code=303)


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
