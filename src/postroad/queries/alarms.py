"""Alarms: figures that are looked at again and again to see whether something is wrong.

Comes in: a scope and a stretch of time up to now. Goes out: who refuses this server's mail, and who
sends unusually much. They are read from what was on its way lately, so that they cost little.
"""

from __future__ import annotations

import msgspec

from postroad.model.scope import Scope
from postroad.model.search import Flow, Goal, Search
from postroad.model.status import Status
from postroad.model.when import DAY
from postroad.queries.facts import Facts
from postroad.queries.plan import plan
from postroad.queries.ranges import Range
from postroad.queries.terms import Side
from postroad.reasons import Reason
from postroad.store import Store

#: What a provider says of this server as such, whoever wrote the message.
AGAINST_US = (
    Reason.SENDER_REPUTATION,
    Reason.BLOCKLISTED,
    Reason.RATE_LIMITED,
    Reason.REVERSE_DNS,
    Reason.AUTHENTICATION_FAILED,
    Reason.POLICY,
)
#: What is usual is what was so in the four weeks before the last day.
_FROM, _TO = 28 * DAY, DAY
#: Groups that are named.
_MOST = 50
#: Hexadecimal digits of a message's key, which the name of a delivery begins with.
_KEY = 16


class Refusing(msgspec.Struct, frozen=True, kw_only=True):
    """What one receiving provider did with the mail that was on its way there."""

    #: The domain of its servers, or of the recipients where no server is known.
    provider: str
    total: int
    #: Failed or put off because of what it thinks of this server.
    refused: int
    #: The most frequent reason of these.
    reason: str
    #: The question that leads to all of them.
    values: dict[str, str]


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How much one proven sender wrote, and what is usual for them."""

    sender: str
    messages: int
    #: In their busiest stretch of the same length, of the four weeks before the last day.
    busiest: int


class _Provider(msgspec.Struct):
    name: str
    total: int
    refused: int
    reasons: list[str]
    hosts: int


class _Sender(msgspec.Struct):
    name: str
    messages: int


def refusing(store: Store, scope: Scope, *, since: int, until: int, least: int) -> list[Refusing]:
    """The providers that refused so many mails of the viewer's own, most first."""
    planned = plan(store, scope, Search(place=Goal.REMOTE, since=since, until=until))
    if planned is None:
        return []
    rows = Range(planned, always_rows=True)
    reasons = rows.bind("Array(String)", [each.word for each in AGAINST_US])
    bound, most = rows.bind("UInt32", least), rows.bind("UInt32", _MOST)
    found = store.read(
        "SELECT provider AS name, count() AS total, countIf(is_against) AS refused, "
        "topKIf(1)(why, is_against) AS reasons, countIf(is_known) AS hosts FROM (SELECT "
        "toString(reason) AS why, status IN ('failed', 'deferred') AND why IN "
        f"{reasons} AS is_against, remote_host != '' AS is_known, lower(remote_host) AS server, "
        "cutToFirstSignificantSubdomain(server) AS registered, "
        "multiIf(NOT is_known, substringIndex(lower(recipient), '@', -1), registered = '' OR "
        "isIPv4String(server), server, registered) AS provider "
        f"FROM deliveries FINAL WHERE {rows.where}) WHERE provider != '' GROUP BY name "
        f"HAVING refused >= {bound} ORDER BY refused DESC, name LIMIT {most}",
        rows.parameters,
        _Provider,
    )
    return [_refusing(each) for each in found]


def sending(store: Store, scope: Scope, *, since: int, until: int, least: int) -> list[Sending]:
    """The viewer's own proven senders of so many messages in a stretch of time, most first."""
    planned = plan(store, scope, Search(side=Flow.SENT, since=since, until=until))
    if planned is None:
        return []
    rows = Range(planned, by_arrival=True, always_rows=True)
    facts = Facts(planned.viewer, rows.bind)
    own = " AND ".join(["name != ''", *facts.own_origin()])
    bound, most = rows.bind("UInt32", least), rows.bind("UInt32", _MOST)
    found = store.read(
        "SELECT lower(toString(user)) AS name, uniqExact(message_key) AS messages "
        f"FROM deliveries FINAL WHERE {rows.where} AND {own} GROUP BY name "
        f"HAVING messages >= {bound} ORDER BY messages DESC, name LIMIT {most}",
        rows.parameters,
        _Sender,
    )
    found = [each for each in found if scope.holds(each.name)]
    usual = _busiest(store, [each.name for each in found], until=until, length=until - since)
    return [
        Sending(sender=each.name, messages=each.messages, busiest=usual.get(each.name, 0))
        for each in found
    ]


def _busiest(store: Store, senders: list[str], *, until: int, length: int) -> dict[str, int]:
    """How many messages each wrote in their busiest stretch of this length."""
    if not senders:
        return {}
    rows = store.read(
        "SELECT name, max(count) AS messages FROM (SELECT key AS name, "
        "intDiv(-ago, {length:Int64}) AS stretch, uniqExact(substring(id, 1, {digits:UInt8})) "
        "AS count FROM deliveries_by_key WHERE key IN {senders:Array(String)} AND "
        "bitAnd(sides, {origin:UInt8}) != 0 AND shown AND ago > -{until:Int64} AND "
        "ago <= -{since:Int64} GROUP BY key, stretch) GROUP BY name",
        {
            "senders": senders,
            "length": length,
            "digits": _KEY,
            "origin": int(Side.ORIGIN),
            "since": until - _FROM,
            "until": until - _TO,
        },
        _Sender,
    )
    return {row.name: row.messages for row in rows}


def _refusing(group: _Provider) -> Refusing:
    by_name = {"remote_host": f".{group.name}"}
    by_recipient = {"to": f"@{group.name}"}
    statuses = f"{Status.DEFERRED.word},{Status.FAILED.word}"
    return Refusing(
        provider=group.name,
        total=group.total,
        refused=group.refused,
        reason=next(iter(group.reasons), ""),
        values={
            "place": "remote",
            "status": statuses,
            **(by_name if group.hosts else by_recipient),
        },
    )
