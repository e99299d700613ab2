"""Overview: how much mail there was, over time and by whom, and where it got stuck.

Comes in: a question; its period is that of arrival. Goes out: figures, each group with the values
of the question that leads to its list. Where there is more mail than can be looked through while
somebody waits, groups are counted in slices of the period, evenly spread over it, and scaled up:
`is_estimate` says so. What is counted over time is always exact.

Limits: of a sample, how many different recipients a sender had is what the slices hold, which is
fewer than there were.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import msgspec

from postroad.model import when
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.queries import steps
from postroad.queries.facts import Facts
from postroad.queries.plan import Plan, plan
from postroad.queries.ranges import Range
from postroad.store import Store

#: Groups that are named of each kind.
_TOP = 10
#: Deliveries that are looked through while somebody waits, one after the other as they lie, and
#: here and there; slices of the period if there are more.
_LOOKED_THROUGH, _HERE_AND_THERE, _SLICES = 20_000, 500, 48
#: As many deliveries are read from the disk to get at one.
_READ_TOGETHER = 256
#: Statuses that say whether a delivery came about.
_ENDED = (Status.DELIVERED, Status.FAILED, Status.FILTERED)


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived from `start` to before `end`, by status; microseconds UTC."""

    start: int
    end: int
    counts: dict[Status, int]
    values: dict[str, str]


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """One sender or recipient: how many deliveries, and how many of them failed."""

    key: str
    total: int
    failed: int
    values: dict[str, str]


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One receiving provider: the domain of its servers, or of the recipients."""

    key: str
    total: int
    deferred: int
    failed: int
    #: The most frequent reason of what failed or waits; empty where there is none.
    reason: str
    values: dict[str, str]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How many different recipients a proven sender wrote to, in how many messages."""

    sender: str
    recipients: int
    messages: int
    values: dict[str, str]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a question's deliveries."""

    search: Search
    #: The period, microseconds UTC.
    since: int
    until: int
    #: Length of a bucket, microseconds; of days as a rule, for clocks change.
    step: int
    #: Complete and in order, also where there was no mail.
    buckets: list[Bucket]
    counts: dict[Status, int]
    #: Of what was delivered or failed; None where there was nothing.
    failed_share: float | None
    senders: list[Top]
    recipients: list[Top]
    providers: list[Provider]
    spread: list[Spread]
    #: Whether the groups were counted in a sample.
    is_estimate: bool


class _Count(msgspec.Struct):
    start: int
    status: Status
    count: int


class _Stored(msgspec.Struct):
    count: int


class _Group(msgspec.Struct):
    #: `sender`, `recipient`, `provider` or `user`.
    kind: str
    name: str
    total: int
    deferred: int
    failed: int
    recipients: int
    messages: int
    reasons: list[str]
    #: How many of them went to a host that is known.
    hosts: int


def overview(
    store: Store, scope: Scope, search: Search, *, now: int, zone: ZoneInfo | None = None
) -> Overview:
    """The figures of a question, up to `now` unless it ends before."""
    planned = plan(store, scope, search)
    zone = zone or when.UTC_ZONE
    rows = _over_time(store, planned, steps.grain(search.since, search.until or now))
    since = search.since or min((row.start for row in rows), default=0)
    until = search.until or max([now, *(row.start + 1 for row in rows)])
    since = since or until - when.DAY
    step, starts = steps.steps(since, until, zone)
    counts = _summed(rows)
    total = sum(counts.values())
    share = _share(store, planned, since, until, total) if planned and total else 1.0
    groups = _groups(store, planned, since, until, share) if planned and total else []
    ended = sum(counts.get(each, 0) for each in _ENDED)
    return Overview(
        search=search,
        since=since,
        until=until,
        step=step,
        buckets=list(_buckets(rows, starts, until)),
        counts=counts,
        failed_share=counts.get(Status.FAILED, 0) / ended if ended else None,
        senders=[_top(each, "from") for each in groups if each.kind == "sender"],
        recipients=[_top(each, "to") for each in groups if each.kind == "recipient"],
        providers=[_provider(each) for each in groups if each.kind == "provider"],
        spread=[_spread(each) for each in groups if each.kind == "user"],
        is_estimate=share < 1,
    )


def _share(store: Store, planned: Plan, since: int, until: int, total: int) -> float:
    """How much of the period is looked through for groups; 1 for all."""
    if planned.scope is None and not planned.others:
        return min(1.0, _LOOKED_THROUGH / total)
    if total <= _HERE_AND_THERE:
        return 1.0
    stored = store.read(
        "SELECT count() AS count FROM deliveries "
        "WHERE ago <= -{since:Int64} AND ago > -{until:Int64}",
        {"since": since, "until": until},
        _Stored,
    )[0].count
    together = _HERE_AND_THERE * _READ_TOGETHER / max(1, stored)
    return min(1.0, max(_HERE_AND_THERE / total, together))


def _over_time(store: Store, planned: Plan | None, grain: int) -> list[_Count]:
    if planned is None:
        return []
    asked = Range(planned, by_arrival=True)
    return store.read(
        "SELECT intDiv(-ago, {grain:Int64}) * {grain:Int64} AS start, toInt8(state) AS status, "
        f"count() AS count FROM ({asked.each()}) GROUP BY start, state ORDER BY start, state",
        {**asked.parameters, "grain": grain},
        _Count,
    )


def _summed(rows: list[_Count]) -> dict[Status, int]:
    counts: dict[Status, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + row.count
    return counts


def _buckets(rows: list[_Count], starts: list[int], until: int) -> Iterator[Bucket]:
    ends = [*starts[1:], until]
    left = iter([*rows, None])
    row = next(left)
    for start, end in zip(starts, ends, strict=True):
        counts: dict[Status, int] = {}
        while row is not None and row.start < end:
            counts[row.status] = counts.get(row.status, 0) + row.count
            row = next(left)
        values = {"since": when.rfc3339(start) or "", "until": when.rfc3339(end) or ""}
        yield Bucket(start=start, end=end, counts=counts, values=values)


def _groups(store: Store, planned: Plan, since: int, until: int, share: float) -> list[_Group]:
    """The largest groups of each kind, counted in all deliveries or in a share of them."""
    found = []
    for kinds in (_parties, _ways):
        slices = _slices(since, until, share) if share < 1 else ""
        rows = Range(planned, by_arrival=True, always_rows=True, within=slices)
        sql = kinds(Facts(planned.viewer, rows.bind), rows.where)
        found += store.read(sql, rows.parameters, _Group)
    for each in found:
        for name in ("total", "deferred", "failed", "messages"):
            setattr(each, name, round(getattr(each, name) / share))
    return found


def _parties(_: Facts, where: str) -> str:
    """Senders and recipients: there are as many of them as deliveries, so they are only counted."""
    return (
        "SELECT pair.1 AS kind, pair.2 AS name, count() AS total, 0 AS deferred, "
        "countIf(state = 'failed') AS failed, 0 AS recipients, 0 AS messages, "
        "emptyArrayString() AS reasons, 0 AS hosts "
        "FROM (SELECT status AS state, [('sender', lower(sender)), "
        "('recipient', lower(recipient))] AS pairs "
        f"FROM deliveries FINAL WHERE {where}) "
        "ARRAY JOIN pairs AS pair WHERE pair.2 != '' GROUP BY kind, name "
        f"ORDER BY kind, total DESC, name LIMIT {_TOP} BY kind"
    )


def _ways(facts: Facts, where: str) -> str:
    """Receiving providers, and proven senders with how many they wrote to."""
    own = " AND ".join(["user != ''", *facts.own_origin()])
    return (
        "SELECT pair.1 AS kind, pair.2 AS name, count() AS total, "
        "countIf(state = 'deferred') AS deferred, countIf(state = 'failed') AS failed, "
        "uniqIf(towards, kind = 'user') AS recipients, uniqIf(message, kind = 'user') AS messages, "
        "topKIf(1)(why, kind = 'provider' AND why != '') AS reasons, "
        "countIf(kind = 'provider' AND is_known) AS hosts "
        "FROM (SELECT status AS state, lower(recipient) AS towards, message_key AS message, "
        "toString(reason) AS why, remote_host != '' AS is_known, lower(remote_host) AS server, "
        "cutToFirstSignificantSubdomain(server) AS registered, "
        "if(registered = '' OR isIPv4String(server), server, registered) AS provider, "
        f"[('user', if({own}, toString(user), '')), "
        "('provider', if(direction IN ('outbound', 'relayed'), "
        "if(is_known, provider, substringIndex(towards, '@', -1)), ''))] AS pairs "
        f"FROM deliveries FINAL WHERE {where}) "
        "ARRAY JOIN pairs AS pair WHERE pair.2 != '' GROUP BY kind, name "
        "ORDER BY kind, if(kind = 'provider', failed + deferred, recipients) DESC, "
        f"total DESC, name LIMIT {_TOP} BY kind"
    )


def _slices(since: int, until: int, share: float) -> str:
    """Conditions of a sample: slices of the period, each in the middle of its part."""
    part = (until - since) / _SLICES
    margin = part * (1 - share) / 2
    return " OR ".join(
        f"ago BETWEEN {-int(since + part * (n + 1) - margin)} AND {-int(since + part * n + margin)}"
        for n in range(_SLICES)
    )


def _top(group: _Group, name: str) -> Top:
    values = {name: group.name, "match": ""}
    return Top(key=group.name, total=group.total, failed=group.failed, values=values)


def _provider(group: _Group) -> Provider:
    by_name = {"remote_host": f".{group.name}"}
    by_recipient = {"to": f"@{group.name}", "match": ""}
    return Provider(
        key=group.name,
        total=group.total,
        deferred=group.deferred,
        failed=group.failed,
        reason=next(iter(group.reasons), ""),
        values={"place": "remote", **(by_name if group.hosts else by_recipient)},
    )


def _spread(group: _Group) -> Spread:
    return Spread(
        sender=group.name,
        recipients=group.recipients,
        messages=group.messages,
        values={"user": group.name},
    )
