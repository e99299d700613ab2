"""How sending domains stand."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from postroad.api import checked
from postroad.api.asking import Asking, Served
from postroad.api.errors import documented

TAGS = ["Checks"]


@get("/deliverability", tags=TAGS, responses=documented(403, 429), sync_to_thread=True)
def deliverability(
    viewer: Asking,
    services: Served,
    domain: Annotated[
        str, Parameter(description="A domain that sends mail, as in `example.com`.", max_length=320)
    ],
    selector: Annotated[
        str,
        Parameter(
            description="Selectors of DKIM keys, separated by commas; usual ones unless given.",
            max_length=1000,
        ),
    ] = "",
) -> checked.DomainCheck:
    """SPF, DKIM, DMARC, MX, reverse names, block lists, MTA-STS and TLS-RPT of a domain.

    For administrators, and for owners of the domain.
    """
    selectors = [each.strip() for each in selector.split(",") if each.strip()]
    return checked.domain(services.domains.check(viewer, domain, selectors))
