"""Webhooks, and what was sent to whoever asks."""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody, Parameter
from msgspec import Meta

from postroad.api.asking import Asking, Served
from postroad.api.errors import documented
from postroad.api.shapes import Time
from postroad.model import when
from postroad.services import HIGHEST_LIMIT, USUAL_LIMIT
from postroad.services.delivering import LONGEST_LABEL, Sent
from postroad.state.webhooks import Webhook as Row

TAGS = ["Letters"]
_LONGEST_URL = 2000
LetterKind = Literal["report", "follow", "expect", "alert", "export", "test"]
LetterStatus = Literal["waiting", "sending", "sent", "unclear", "failed", "bounced", "withdrawn"]


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is called when there is something to tell."""

    id: str
    label: str
    url: str
    paused: bool
    created_at: Time


class Webhooks(msgspec.Struct, frozen=True, kw_only=True):
    """One's webhooks, the oldest first."""

    webhooks: list[Webhook]


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook that is to be made."""

    #: `https://` or `http://`; no fragment, no login.
    url: Annotated[str, Meta(min_length=1, max_length=_LONGEST_URL)]
    #: That of its host unless given.
    label: Annotated[str, Meta(max_length=LONGEST_LABEL)] = ""


class MadeWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that was made, with its secret, which is not shown again."""

    id: str
    label: str
    url: str
    secret: str


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One try to send a letter."""

    at: Time
    seconds: float
    #: Of SMTP or HTTP; null where there was no answer.
    code: int | None
    #: What the other side said, or a sentence of ours.
    said: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent, or is to be, and what became of it."""

    id: int
    kind: LetterKind
    channel: Literal["email", "webhook"]
    #: Address, or id of the webhook.
    target: str
    status: LetterStatus
    #: Empty before it was sent, and for webhooks.
    message_id: str
    created_at: Time
    #: When it is tried next; null unless it waits.
    next_at: Time
    ended_at: Time
    said: str
    #: The newest first.
    tries: list[Try]


class Letters(msgspec.Struct, frozen=True, kw_only=True):
    """Letters to one's account, the newest first."""

    letters: list[Letter]


@get("/webhooks", tags=TAGS, responses=documented(), sync_to_thread=True)
def webhooks(viewer: Asking, services: Served) -> Webhooks:
    """One's webhooks."""
    return Webhooks(webhooks=[_webhook(each) for each in services.delivering.webhooks(viewer)])


@post("/webhooks", tags=TAGS, responses=documented(), sync_to_thread=True)
def add_webhook(viewer: Asking, services: Served, data: JSONBody[NewWebhook]) -> MadeWebhook:
    """Make a webhook. Its secret is in this answer and nowhere else."""
    made = services.delivering.add(viewer, data.label, data.url)
    return MadeWebhook(id=made.id, label=made.label, url=made.url, secret=made.secret)


@delete("/webhooks/{webhook_id:str}", tags=TAGS, responses=documented(404), sync_to_thread=True)
def remove_webhook(
    viewer: Asking,
    services: Served,
    webhook_id: Annotated[str, Parameter(description="The `id` of a webhook.", max_length=100)],
) -> None:
    """Delete a webhook. What was to be told there is not told any more."""
    services.delivering.remove(viewer, webhook_id)


@get("/letters", tags=TAGS, responses=documented(), sync_to_thread=True)
def letters(
    viewer: Asking,
    services: Served,
    limit: Annotated[
        int, Parameter(ge=1, le=HIGHEST_LIMIT, description="How many at most.")
    ] = USUAL_LIMIT,
    before: Annotated[
        int, Parameter(ge=0, le=2**62, description="Only letters with ids below; 0 for the newest.")
    ] = 0,
) -> Letters:
    """What was sent to one's account because it asked to be told, and what became of it."""
    found = services.delivering.letters(viewer, limit=limit, before=before)
    return Letters(letters=[_letter(each) for each in found])


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=row.id,
        label=row.label,
        url=row.url,
        paused=row.paused,
        created_at=when.rfc3339(row.created_at),
    )


def _letter(sent: Sent) -> Letter:
    letter = sent.letter
    return Letter(
        id=letter.id,
        kind=cast("LetterKind", letter.kind),
        channel=cast("Literal['email', 'webhook']", letter.channel),
        target=letter.target,
        status=cast("LetterStatus", letter.status),
        message_id=letter.message_id,
        created_at=when.rfc3339(letter.created_at),
        next_at=when.rfc3339(letter.next_at) if letter.status == "waiting" else None,
        ended_at=when.rfc3339(letter.ended_at),
        said=letter.said,
        tries=[
            Try(
                at=when.rfc3339(each.at),
                seconds=each.took / when.SECOND,
                code=each.code or None,
                said=each.said,
            )
            for each in sent.tries
        ],
    )


HANDLERS = [webhooks, add_webhook, remove_webhook, letters]
