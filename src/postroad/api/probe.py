"""Live checks: what the servers that an address leads to say now."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from postroad.api import checked
from postroad.api.asking import Asking, Served
from postroad.api.errors import documented

TAGS = ["Checks"]


class NewProbe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a live check is about."""

    address: Annotated[str, Meta(min_length=3, max_length=320)]


@post("/probe", tags=TAGS, status_code=200, responses=documented(403, 429), sync_to_thread=True)
def probe(viewer: Asking, services: Served, data: JSONBody[NewProbe]) -> checked.Probes:
    """Ask the servers that mail for an address would go to, up to the recipient.

    No message is sent. For administrators and owners of domains, so many in a while.
    """
    made = services.probing.check(viewer, data.address)
    return checked.Probes(probes=[checked.probe(each) for each in made])
