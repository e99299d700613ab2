"""Explain: why a question found nothing, as far as the store can tell.

Notes are objects with a `kind` (for programs), a `text` (for people) and figures. They tell a
viewer nothing about mail that is not theirs: every count in them is taken in their scope.
"""

from __future__ import annotations

from typing import Any

import msgspec

from postroad.model import when
from postroad.model.scope import Scope
from postroad.model.search import NEWEST_FIRST, Match, Search
from postroad.model.text import say
from postroad.queries import missing
from postroad.queries.plan import plan
from postroad.queries.ranges import Range
from postroad.store import Store

#: Silences that are named, and gaps that were noticed.
_GAPS = 5


class _Arrival(msgspec.Struct):
    at: int


class _Known(msgspec.Struct):
    first_at: int
    newest_at: int


def explain(store: Store, scope: Scope, search: Search) -> list[dict[str, Any]]:
    """What may explain that a question found nothing."""
    return [
        *_not_yours(scope, search),
        *_elsewhere(store, scope, search),
        *_unread(store, search),
        *_gaps(store, scope, search),
    ]


def _not_yours(scope: Scope, search: Search) -> list[dict[str, Any]]:
    if scope.is_everything or search.match is not Match.EXACT:
        return []
    asked = [each for each in (search.recipient, search.sender, search.address) if each]
    foreign = [each for each in asked if not _may_ask(scope, each)]
    if not foreign:
        return []
    text = say(
        "{address} is not among your addresses: only mail that you, or your domains, sent there "
        "or received from there is shown.",
        address=", ".join(foreign),
    )
    return [{"kind": "not_yours", "text": text}]


def _may_ask(scope: Scope, asked: str) -> bool:
    return asked[1:].lower() in scope.domains if asked.startswith("@") else scope.holds(asked)


def _elsewhere(store: Store, scope: Scope, search: Search) -> list[dict[str, Any]]:
    """The same question without its period, or without its statuses and directions."""
    if search.since or search.until:
        wider = msgspec.structs.replace(search, since=0, until=0)
        if at := _newest(store, scope, wider):
            text = say(
                "Nothing in this period. Outside of it there is such mail: the newest is of {at}.",
                at=at,
            )
            return [{"kind": "other_period", "text": text, "at": at}]
    if search.statuses or search.directions or search.side or search.place:
        wider = msgspec.structs.replace(
            search, statuses=frozenset(), directions=frozenset(), side=None, place=None
        )
        if at := _newest(store, scope, wider):
            text = say(
                "With another status or direction there is mail: the newest is of {at}.", at=at
            )
            return [{"kind": "other_status", "text": text, "at": at}]
    return []


def _newest(store: Store, scope: Scope, search: Search) -> str | None:
    """When the newest delivery that matches arrived; not how many there are, which takes long."""
    planned = plan(store, scope, msgspec.structs.replace(search, sort=NEWEST_FIRST))
    if planned is None:
        return None
    asked = Range(planned)
    rows = store.read(f"SELECT -ago AS at FROM ({asked.page(1)})", asked.parameters, _Arrival)
    return when.rfc3339(rows[0].at) if rows else None


def _unread(store: Store, search: Search) -> list[dict[str, Any]]:
    """Whether the period lies outside what is kept, or beyond what was read."""
    known = store.read(
        "SELECT min(minute) AS first_at, max(minute) AS newest_at FROM coverage "
        "WHERE ({host:String} = '' OR host = {host:String}) AND minute > 0",
        {"host": search.host},
        _Known,
    )[0]
    if not known.newest_at:
        text = (
            say("No log of the server {host} was read so far.", host=search.host)
            if search.host
            else say("No log was read so far.")
        )
        return [{"kind": "nothing_read", "text": text}]
    notes = []
    if not search.since or search.since < known.first_at:
        first = when.rfc3339(known.first_at)
        text = say("Nothing is kept from before {at}.", at=first)
        notes.append({"kind": "older_than_kept", "text": text, "at": first})
    newest = known.newest_at + when.MINUTE
    if search.until > newest or search.since > newest:
        last = when.rfc3339(newest)
        text = say("The logs were read up to {at} so far.", at=last)
        notes.append({"kind": "not_read_yet", "text": text, "at": last})
    return notes


def _gaps(store: Store, scope: Scope, search: Search) -> list[dict[str, Any]]:
    """What is missing of the logs within the period: the longest silences, and what was noticed."""
    found = missing.of_hosts(
        store, scope, since=search.since, until=search.until, host=search.host, most=_GAPS
    )
    return [
        {
            "kind": "gap",
            "text": missing.in_words(each),
            "cause": each.kind.value,
            "host": each.host,
            "since": when.rfc3339(each.since),
            "until": when.rfc3339(each.until),
        }
        for each in found
    ]
