"""Evidence: a delivery as a signed document, and the key that it is signed with."""

from __future__ import annotations

import base64
from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, Parameter

from postroad.api import shapes
from postroad.api.asking import Asking, Served
from postroad.api.errors import NotFound, documented
from postroad.config import zone as zone_named
from postroad.errors import ConfigError
from postroad.languages import known
from postroad.model import when
from postroad.queries.handed import Wish
from postroad.reports.evidence import seal
from postroad.services.evidencing import Order

TAGS = ["Mail"]


@post(
    "/deliveries/{delivery_id:str}/evidence",
    tags=TAGS,
    status_code=200,
    responses=documented(403, 404, 429),
    sync_to_thread=True,
)
def make(
    viewer: Asking,
    services: Served,
    delivery_id: Annotated[str, Parameter(description="The `id` of a delivery.")],
    data: JSONBody[shapes.NewEvidence],
) -> shapes.Evidence:
    """Make evidence of a delivery: a signed document that can be handed on and checked by anybody.

    It names the sender and this recipient; other people's addresses are masked, whoever asks. With
    an account it is kept behind a link too, which its maker can withdraw.
    """
    evidence, settings = services.evidence, services.settings
    if data.language not in known():
        message = f"Evidence is made in one of these languages: {', '.join(known())}."
        raise ConfigError(message)
    order = Order(
        wish=Wish(shows_subject=data.subject, shows_local_parts=data.local_parts),
        days=data.days,
        zone=zone_named(data.zone, "`zone`") if data.zone else settings.zone,
        language=data.language,
    )
    made = evidence.make(viewer, delivery_id, order)
    if made is None:
        message = "There is no such delivery, or none that you may see."
        raise NotFound(message)
    pdf = base64.b64encode(evidence.paper(made.sealed)).decode() if data.pdf else None
    where = f"{settings.public_url.rstrip('/')}/evidence/{made.secret}"
    return shapes.Evidence(
        sealed=made.sealed.decode(),
        pdf=pdf,
        link=where if made.secret else None,
        expires_at=when.rfc3339(made.expires_at) if made.secret else None,
        fingerprint=evidence.seal.fingerprint,
    )


@get("/evidence-key", tags=TAGS, security=[{}], opt={"open": True}, sync_to_thread=True)
def key(services: Served) -> shapes.EvidenceKey:
    """The public key that this server signs evidence with. Needs no sign-in."""
    held = services.evidence.seal
    return shapes.EvidenceKey(
        server=services.evidence.server,
        algorithm="Ed25519",
        key=seal.encoded(held.public),
        fingerprint=held.fingerprint,
    )
