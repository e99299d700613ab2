"""Unsubscribing by the link in a letter, without signing in (RFC 8058).

Whoever has the link may end what it is of, and nothing else. Programs of mail providers ask with
POST, without a cookie and without a form's key, which the secret in the address stands for; looking
at the page (GET) changes nothing, for programs look at links, too.

A link that is unknown, or of something that has ended, is answered like one that works, and after
the same time.
"""

from __future__ import annotations

import asyncio
import time

from litestar import Response, get, post
from litestar.params import FromPath

from postroad.web.notices import KINDS
from postroad.web.pages import Asked, Served, page

#: Seconds that ending takes, found or not; longer than writing to a disk does as a rule.
_TAKES = 0.25


@get("/unsubscribe/{secret:str}", include_in_schema=False, sync_to_thread=True)
def unsubscribe_page(request: Asked, services: Served, secret: FromPath[str]) -> Response[str]:
    """What the link is of, and a button."""
    found = services.subscribing.of_secret(secret)
    values = {"kind": KINDS.get(found.kind, "") if found else "", "found": found, "is_done": False}
    return page(request, "unsubscribe.html", values)


@post("/unsubscribe/{secret:str}", include_in_schema=False, status_code=200)
async def unsubscribe(request: Asked, services: Served, secret: FromPath[str]) -> Response[str]:
    """End it, whatever the body says: `List-Unsubscribe=One-Click`, or nothing."""
    until = time.monotonic() + _TAKES
    await asyncio.to_thread(services.subscribing.unsubscribe, secret)
    await asyncio.sleep(max(0, until - time.monotonic()))
    values = {"kind": "", "found": None, "is_done": True}
    return await asyncio.to_thread(page, request, "unsubscribe.html", values)


HANDLERS = (unsubscribe_page, unsubscribe)
