"""A question said back as a sentence, so that its reader sees how it was understood.

Comes in: a `Search` and the reader's zone. Goes out: a `Text` without a full stop, such as
`Failed or deferred mail to “bob@example.com”, in the last week`. It is put together from whole
phrases only, each of which has its own place in a sentence of any language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never
from zoneinfo import ZoneInfo

from postroad.model import when
from postroad.model.search import Flow, Goal, Match, Search
from postroad.model.status import Direction, Status
from postroad.model.text import Text, join, say, say_many


def in_words(search: Search, zone: ZoneInfo) -> Text:
    """The question as a sentence."""
    mail = join([_mail(search), *_parties(search)])
    return join(
        [mail, *_identifiers(search), *_ways(search), *_facts(search), *_period(search, zone)], ", "
    )


def _mail(search: Search) -> Text:
    """What is looked for: all mail, or that of some statuses."""
    if not search.statuses:
        is_narrowed = search.address or search.recipient or search.sender
        return say("Mail") if is_narrowed else say("All mail")
    first, *others = sorted(search.statuses)
    if not others:
        return _only(first)
    more = _either([_adjective(each) for each in others])
    return _one_of_two(first, more) if len(others) == 1 else _one_of_many(first, more)


def _only(status: Status) -> Text:
    match status:
        case Status.DELIVERED:
            return say("Delivered mail")
        case Status.IN_PROGRESS:
            return say("In-progress mail")
        case Status.DEFERRED:
            return say("Deferred mail")
        case Status.FAILED:
            return say("Failed mail")
        case Status.REJECTED:
            return say("Rejected mail")
        case Status.BLOCKED:
            return say("Blocked mail")
        case Status.FILTERED:
            return say("Filtered mail")
    assert_never(status)


def _one_of_two(status: Status, more: Text) -> Text:
    match status:
        case Status.DELIVERED:
            return say("Delivered or {more} mail", more=more)
        case Status.IN_PROGRESS:
            return say("In-progress or {more} mail", more=more)
        case Status.DEFERRED:
            return say("Deferred or {more} mail", more=more)
        case Status.FAILED:
            return say("Failed or {more} mail", more=more)
        case Status.REJECTED:
            return say("Rejected or {more} mail", more=more)
        case Status.BLOCKED:
            return say("Blocked or {more} mail", more=more)
        case Status.FILTERED:
            return say("Filtered or {more} mail", more=more)
    assert_never(status)


def _one_of_many(status: Status, more: Text) -> Text:
    match status:
        case Status.DELIVERED:
            return say("Delivered, {more} mail", more=more)
        case Status.IN_PROGRESS:
            return say("In-progress, {more} mail", more=more)
        case Status.DEFERRED:
            return say("Deferred, {more} mail", more=more)
        case Status.FAILED:
            return say("Failed, {more} mail", more=more)
        case Status.REJECTED:
            return say("Rejected, {more} mail", more=more)
        case Status.BLOCKED:
            return say("Blocked, {more} mail", more=more)
        case Status.FILTERED:
            return say("Filtered, {more} mail", more=more)
    assert_never(status)


def _adjective(status: Status) -> Text:
    """The status before "mail"."""
    match status:
        case Status.DELIVERED:
            return say("delivered")
        case Status.IN_PROGRESS:
            return say("in-progress")
        case Status.DEFERRED:
            return say("deferred")
        case Status.FAILED:
            return say("failed")
        case Status.REJECTED:
            return say("rejected")
        case Status.BLOCKED:
            return say("blocked")
        case Status.FILTERED:
            return say("filtered")
    assert_never(status)


def _either(phrases: Sequence[Text]) -> Text:
    *most, last = phrases
    return say("{most} or {last}", most=join(most, ", "), last=last) if most else last


def _parties(search: Search) -> Iterator[Text]:
    if search.address:
        yield _party(search.address, search.match)
    if search.recipient:
        yield _recipient(search.recipient, search.match)
    if search.sender:
        yield _sender(search.sender, search.match)


def _party(asked: str, match: Match) -> Text:
    match match:
        case Match.EXACT:
            return say("to or from “{address}”", address=asked)
        case Match.BEGINS:
            return say("to or from addresses that begin with “{text}”", text=asked)
        case Match.CONTAINS:
            return say("to or from addresses that contain “{text}”", text=asked)
    assert_never(match)


def _recipient(asked: str, match: Match) -> Text:
    match match:
        case Match.EXACT:
            return say("to “{address}”", address=asked)
        case Match.BEGINS:
            return say("to addresses that begin with “{text}”", text=asked)
        case Match.CONTAINS:
            return say("to addresses that contain “{text}”", text=asked)
    assert_never(match)


def _sender(asked: str, match: Match) -> Text:
    match match:
        case Match.EXACT:
            return say("from “{address}”", address=asked)
        case Match.BEGINS:
            return say("from addresses that begin with “{text}”", text=asked)
        case Match.CONTAINS:
            return say("from addresses that contain “{text}”", text=asked)
    assert_never(match)


def _identifiers(search: Search) -> Iterator[Text]:
    if search.subject:
        yield say("with “{text}” in the subject", text=search.subject)
    if search.id:
        yield say("with the id “{id}”", id=search.id)
    if search.message_id:
        yield say("with the Message-ID “{id}”", id=search.message_id)
    if search.host:
        yield say("on the server “{host}”", host=search.host)


def _ways(search: Search) -> Iterator[Text]:
    match search.side:
        case Flow.SENT:
            yield say("sent from here")
        case Flow.RECEIVED:
            yield say("received here")
    match search.place:
        case Goal.REMOTE:
            yield say("for another server")
        case Goal.LOCAL:
            yield say("for a mailbox here")
    if search.directions:
        yield _either([_way(each) for each in sorted(search.directions)])


def _facts(search: Search) -> Iterator[Text]:
    if search.ip:
        yield say("with the IP address {ip} at the other end", ip=search.ip)
    if search.user:
        yield say("submitted by “{user}”", user=search.user)
    if search.domain:
        yield say("submitted by the domain “{domain}”", domain=search.domain)
    if search.client_host:
        yield say("that came from the host “{host}”", host=search.client_host)
    if search.remote_host:
        yield say("offered to the host “{host}”", host=search.remote_host)
    if search.transport:
        yield say("with the transport “{name}”", name=search.transport)
    if search.router:
        yield say("with the router “{name}”", name=search.router)
    if search.reason:
        yield say("for the reason “{name}”", name=search.reason)


def _way(direction: Direction) -> Text:
    match direction:
        case Direction.UNKNOWN:
            return say("going an unknown way")
        case Direction.INBOUND:
            return say("coming in")
        case Direction.OUTBOUND:
            return say("going out")
        case Direction.INTERNAL:
            return say("staying on this server")
        case Direction.RELAYED:
            return say("passing through")
    assert_never(direction)


def _period(search: Search, zone: ZoneInfo) -> Iterator[Text]:
    if search.ago and search.since and not search.until:
        yield _last(search.ago)
        return
    since, until = when.local(search.since, zone), when.local(search.until, zone)
    clock = when.named(zone, search.since or search.until)
    if since and until:
        yield say("from {since} to {until} ({clock})", since=since, until=until, clock=clock)
    elif since:
        yield say("since {since} ({clock})", since=since, clock=clock)
    elif until:
        yield say("before {until} ({clock})", until=until, clock=clock)


def _last(length: int) -> Text:
    """So many microseconds up to now."""
    if length == 7 * when.DAY:
        return say("in the last week")
    if length % when.DAY == 0:
        return say_many("in the last day", "in the last {count} days", length // when.DAY)
    if length % when.HOUR == 0:
        return say_many("in the last hour", "in the last {count} hours", length // when.HOUR)
    if length % when.MINUTE == 0:
        return say_many("in the last minute", "in the last {count} minutes", length // when.MINUTE)
    return say_many("in the last second", "in the last {count} seconds", length // when.SECOND)
