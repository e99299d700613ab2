"""Evidence: a delivery as a signed document, and the key that it is signed with."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, Parameter
from msgspec import Meta

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
_UNAUTHORIZED = 401


class NewEvidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What evidence of a delivery is to be made."""

    #: Whether the subject is shown, and the sender's and recipient's whole addresses.
    subject: bool = True
    local_parts: bool = True
    #: Days that its link opens; 0 until it is withdrawn.
    days: Literal[0, 30, 365] = 30
    #: Zone that its sentences tell times in; the server's unless given.
    zone: Annotated[str, Meta(max_length=64)] = ""
    language: Annotated[str, Meta(max_length=16)] = "en"
    #: Whether the PDF is wanted too.
    pdf: bool = True


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was made, signed."""

    #: Octets of the signed file, as text: kept as they are, they verify.
    sealed: str
    #: The PDF in base64; null where it was not wanted.
    pdf: str | None
    #: Address of its page, for people without an account; without a host where no `public_url` is
    #: set; null for who asks without an account of their own.
    link: str | None
    #: When the link ends; null where it does not.
    expires_at: shapes.Time
    fingerprint: str


class EvidenceKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key that this server signs evidence with."""

    server: str
    algorithm: Literal["Ed25519"]
    #: The 32 octets of the public key (RFC 8032) in base64.
    key: str
    #: SHA-256 of these octets, in hexadecimal digits.
    fingerprint: str


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
    data: JSONBody[NewEvidence],
) -> Evidence:
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
    return Evidence(
        sealed=made.sealed.decode(),
        pdf=pdf,
        link=where if made.secret else None,
        expires_at=when.rfc3339(made.expires_at) if made.secret else None,
        fingerprint=evidence.seal.fingerprint,
    )


@get(
    "/evidence-key",
    tags=TAGS,
    security=[{}],
    opt={"open": True},
    responses={status: each for status, each in documented().items() if status != _UNAUTHORIZED},
    sync_to_thread=True,
)
def key(services: Served) -> EvidenceKey:
    """The public key that this server signs evidence with. Needs no sign-in."""
    held = services.evidence.seal
    return EvidenceKey(
        server=services.evidence.server,
        algorithm="Ed25519",
        key=seal.encoded(held.public),
        fingerprint=held.fingerprint,
    )
