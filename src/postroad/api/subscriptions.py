"""Subscriptions: what one's account is told of, asked for and ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody, Parameter
from msgspec import Meta

from postroad.accounts import Viewer
from postroad.accounts.account import LONGEST_NAME
from postroad.api.asking import Asking, Served
from postroad.api.errors import documented
from postroad.api.shapes import Time
from postroad.errors import AccountError
from postroad.model import when
from postroad.services import Services
from postroad.services.watching import Mine, Where
from postroad.watch import wishes
from postroad.watch.wishes import USUAL, Event, Rule

TAGS = ["Letters"]
Kind = Literal["report", "follow", "expect", "alert"]
EventWord = Literal["arrived", "deferred", "refused"]
RuleWord = Literal["failures", "waiting", "provider", "sending", "silence"]
_Party = Annotated[str, Meta(max_length=LONGEST_NAME)]
_Number = Annotated[int, Meta(ge=1, le=10_000)]
_Hours = Annotated[int, Meta(ge=1, le=168)]


class FollowOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Be told how a message ends."""

    #: The `id` of a delivery.
    delivery: Annotated[str, Meta(max_length=64)]
    #: For all recipients of the message; counts for whoever provably sent it.
    everybody: bool = False


class ExpectOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Be told of mail that comes from now on. One of `sender`, `recipient`, `subject` is needed."""

    #: Address, or `@example.com` for a domain.
    sender: _Party = ""
    recipient: _Party = ""
    #: Part of the subject.
    subject: Annotated[str, Meta(max_length=200)] = ""
    #: That it arrived unless given.
    events: list[EventWord] = []
    #: RFC 3339, or a date: mail that came up to then.
    until: Annotated[str, Meta(max_length=64)] = ""


class AlertOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Be alarmed by figures. What is null is as usual; docs/notices.md says what numbers mean."""

    rule: RuleWord
    threshold: _Number | None = None
    least: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    #: How many hours are looked at.
    hours: _Hours | None = None
    #: Hours in which the same is not told again.
    quiet: _Hours | None = None
    #: Whether to say so when it is over.
    says_over: bool = False


class NewSubscription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be told, one of `follow`, `expect` and `alert`, and where to."""

    channel: Literal["email", "webhook"] = "email"
    #: Address, or the `id` of a webhook.
    target: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    #: Zone of times, and language; the server's zone and English unless given.
    zone: Annotated[str, Meta(max_length=64)] = ""
    language: Annotated[str, Meta(max_length=16)] = ""
    follow: FollowOrder | None = None
    expect: ExpectOrder | None = None
    alert: AlertOrder | None = None


class MadeSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that was made, or stood already."""

    id: int


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one's account is told of."""

    id: int
    kind: Kind
    #: What it is, as it was asked; each kind's own.
    what: dict[str, Any]
    #: The same in words; empty for reports.
    words: str
    channel: Literal["email", "webhook"]
    target: str
    zone: str
    language: str
    created_at: Time
    #: Null while it is wanted.
    ended_at: Time
    #: `removed`, `unsubscribed`, `bounced`, `done` or `rights`; empty while it is wanted.
    ended_why: str
    #: How many letters there were, and when the last was written.
    letters: int
    last_at: Time
    #: Since when an alert's incident lasts; null where there is none.
    incident_since: Time


class Subscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """What one's account is told of, the newest first; what ended lately, too."""

    subscriptions: list[Subscription]


@get("/subscriptions", tags=TAGS, responses=documented(), sync_to_thread=True)
def subscriptions(viewer: Asking, services: Served) -> Subscriptions:
    """What one's account is told of, of every kind."""
    return Subscriptions(subscriptions=[_shown(each) for each in services.watching.mine(viewer)])


@post("/subscriptions", tags=TAGS, responses=documented(404, 409), sync_to_thread=True)
def subscribe(
    viewer: Asking, services: Served, data: JSONBody[NewSubscription]
) -> MadeSubscription:
    """Be told of something. The same again is the same subscription.

    Letters go to addresses of one's own; an administrator may name any. A message that has ended
    already is a conflict.
    """
    given = [each for each in (data.follow, data.expect, data.alert) if each is not None]
    if len(given) != 1:
        message = "Name one thing to be told of: `follow`, `expect` or `alert`."
        raise AccountError(message)
    where = Where(channel=data.channel, target=data.target, zone=data.zone, language=data.language)
    return MadeSubscription(id=_made(viewer, services, given[0], where))


@delete(
    "/subscriptions/{subscription_id:int}",
    tags=TAGS,
    responses=documented(404),
    sync_to_thread=True,
)
def unsubscribe(
    viewer: Asking,
    services: Served,
    subscription_id: Annotated[
        int, Parameter(description="The `id` of a subscription.", ge=1, le=2**62)
    ],
) -> None:
    """End a subscription. Letters of it that wait are not sent."""
    services.subscribing.end(viewer, subscription_id)


def _made(
    viewer: Viewer,
    services: Services,
    order: FollowOrder | ExpectOrder | AlertOrder,
    where: Where,
) -> int:
    watching = services.watching
    if isinstance(order, FollowOrder):
        made, delivery = watching.follow(viewer, order.delivery, where, everybody=order.everybody)
        if not made:
            message = f"This message has ended already: it is {delivery.status.word}."
            raise AccountError(message, "conflict")
        return made
    if isinstance(order, ExpectOrder):
        zone = services.settings.zone
        until = when.read(order.until, now=services.now(), zone=zone, end=True)
        wanted = wishes.Expect(
            sender=order.sender,
            recipient=order.recipient,
            subject=order.subject,
            events=tuple(map(Event, order.events)) or (Event.ARRIVED,),
            until=until,
        )
        return watching.expect(viewer, wanted, where)
    usual = USUAL[Rule(order.rule)]
    given = {
        name: value
        for name in ("threshold", "least", "hours", "quiet")
        if (value := getattr(order, name)) is not None
    }
    alert = msgspec.structs.replace(usual, **given, says_over=order.says_over)
    return watching.alert(viewer, alert, where)


def _shown(mine: Mine) -> Subscription:
    kept = mine.kept
    return Subscription(
        id=kept.id,
        kind=cast("Kind", kept.kind),
        what=msgspec.json.decode(kept.what, type=dict),
        words=str(mine.words),
        channel=cast('Literal["email", "webhook"]', kept.channel),
        target=kept.target,
        zone=kept.zone,
        language=kept.language,
        created_at=when.rfc3339(kept.created_at),
        ended_at=when.rfc3339(kept.ended_at),
        ended_why=kept.ended_why,
        letters=mine.letters,
        last_at=when.rfc3339(mine.last_at),
        incident_since=when.rfc3339(mine.since),
    )
