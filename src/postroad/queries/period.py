"""A period's figures, whole: what a report says.

Comes in: whose mail (the scope), the steps of the period. Goes out: how many deliveries arrived in
each step, sent and received, by status; why what failed did; who wrote and was written to most;
providers that put mail off. Every delivery is counted, however many there are: all of it is added
up in the store, and lists are cut there. Addresses are those that a list shows to the same viewer:
recipients as addressed and envelope senders.

A delivery from here to here is sent and received, and counts on both sides. For who sees
everything sent means submitted here, received means for mailboxes here; what only passes through,
or is not known to be either, is on neither side, and in the total.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from postroad.model.scope import Scope
from postroad.model.search import Flow, Search
from postroad.model.status import Direction, Status
from postroad.queries.facts import Facts
from postroad.queries.plan import Plan, plan
from postroad.queries.ranges import Range
from postroad.store import Store

#: Addresses that are named of each list, and of each reason; reasons; providers.
_PARTIES, _EXAMPLES, _CAUSES, _PROVIDERS = 10, 3, 12, 10
#: Deliveries of a scope that are held at once, at about a hundred octets each.
_HELD = 2_000_000
#: Statuses that say that something is wrong, now or for good.
_TROUBLES = (
    Status.DEFERRED,
    Status.FAILED,
    Status.REJECTED,
    Status.BLOCKED,
    Status.FILTERED,
)
#: Directions of neither side, for who sees everything.
_NEITHER = frozenset({Direction.RELAYED, Direction.UNKNOWN})

#: Where a delivery went: the registered domain of the server, or the recipient's.
_PROVIDER = (
    "if(remote_host != '', if(registered = '' OR isIPv4String(server), server, registered), "
    "substringIndex(lower(recipient), '@', -1))"
)
_SERVER = (
    "lower(remote_host) AS server, cutToFirstSignificantSubdomain(server) AS registered, "
    f"{_PROVIDER} AS provider"
)


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One address: how many deliveries, and how many of them were not delivered (so far)."""

    #: Empty: the null sender of notifications.
    name: str
    total: int
    undelivered: int


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why mail failed or waits."""

    #: As in `mailbox_full`; empty where the log does not say.
    reason: str
    counts: dict[Status, int]
    #: At the other end of it, the most frequent first: of sent mail recipients, else senders.
    parties: list[Party]

    @property
    def total(self) -> int:
        """How many deliveries."""
        return sum(self.counts.values())


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent, or what was received."""

    #: By status, step by step.
    steps: list[dict[Status, int]]
    causes: list[Cause]
    #: How many further reasons there are.
    more_causes: int
    senders: list[Party]
    recipients: list[Party]

    @property
    def counts(self) -> dict[Status, int]:
        """By status."""
        return _added(self.steps)


class Postponer(msgspec.Struct, frozen=True, kw_only=True):
    """A receiving provider that put mail off."""

    name: str
    #: Deliveries to it; how many of them it put off at least once, how many wait still, or failed.
    total: int
    delayed: int
    waiting: int
    failed: int
    #: How often it said "later".
    tries: int
    #: Why, most often; empty where that is not known.
    reason: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a period."""

    #: Deliveries of both sides, each once, and those of neither; by status.
    counts: dict[Status, int]
    #: Those of neither side, for who sees everything: relayed, or not known to go which way.
    passing: dict[Status, int]
    sent: Side
    received: Side
    postponers: list[Postponer]


class _Step(msgspec.Struct):
    start: int
    status: Status
    count: int


class _Group(msgspec.Struct):
    #: `sender`, `recipient`, or the reason behind `why `.
    kind: str
    name: str
    total: int
    undelivered: int


class _Cause(msgspec.Struct):
    reason: str
    status: Status
    count: int


class _Provider(msgspec.Struct):
    name: str
    total: int
    delayed: int
    waiting: int
    failed: int


class _Tries(msgspec.Struct):
    name: str
    reason: str
    count: int


def figures(store: Store, scope: Scope, *, starts: Sequence[int], until: int) -> Figures:
    """The figures of a period that has these steps and ends before `until`, microseconds UTC."""
    since = starts[0] if starts else until
    whole = Search(since=since, until=until)
    passing = msgspec.structs.replace(whole, directions=_NEITHER)
    return Figures(
        counts=_counts(store, plan(store, scope, whole)),
        passing=_counts(store, plan(store, scope, passing)) if scope.is_everything else {},
        sent=_side(store, scope, Flow.SENT, starts, until),
        received=_side(store, scope, Flow.RECEIVED, starts, until),
        postponers=_postponers(store, scope, since, until),
    )


def totals(
    store: Store, scope: Scope, *, since: int, until: int
) -> tuple[dict[Status, int], dict[Status, int]]:
    """What was sent and received in a period, by status: to compare another with."""
    sent, received = (
        _counts(store, plan(store, scope, Search(side=side, since=since, until=until)))
        for side in (Flow.SENT, Flow.RECEIVED)
    )
    return sent, received


def _added(steps: Sequence[dict[Status, int]]) -> dict[Status, int]:
    """Figures of several steps together, in the order of statuses."""
    found = {status: sum(step.get(status, 0) for step in steps) for status in Status}
    return {status: count for status, count in found.items() if count}


def _counts(store: Store, planned: Plan | None) -> dict[Status, int]:
    if planned is None:
        return {}
    asked = Range(planned, by_arrival=True)
    rows = store.read(
        f"SELECT 0 AS start, toInt8(state) AS status, count() AS count FROM ({asked.each()}) "
        "GROUP BY state ORDER BY state",
        asked.parameters,
        _Step,
    )
    return {row.status: row.count for row in rows}


def _side(store: Store, scope: Scope, flow: Flow, starts: Sequence[int], until: int) -> Side:
    since = starts[0] if starts else until
    planned = plan(store, scope, Search(side=flow, since=since, until=until))
    steps = _steps(store, planned, starts)
    count = sum(_added(steps).values())
    if planned is None or not count:
        return Side(steps=steps, causes=[], more_causes=0, senders=[], recipients=[])
    rows = _Rows(planned, count)
    groups = _groups(store, rows, flow)
    causes = _causes(store, rows, groups)
    return Side(
        steps=steps,
        causes=causes[:_CAUSES],
        more_causes=max(0, len(causes) - _CAUSES),
        senders=_parties(groups, "sender"),
        recipients=_parties(groups, "recipient"),
    )


def _steps(store: Store, planned: Plan | None, starts: Sequence[int]) -> list[dict[Status, int]]:
    steps: list[dict[Status, int]] = [{} for _ in starts]
    if planned is None or not starts:
        return steps
    asked = Range(planned, by_arrival=True)
    for row in store.read(
        # The last start that is not behind the arrival.
        "SELECT roundDown(-ago, {starts:Array(Int64)}) AS start, toInt8(state) AS status, "
        f"count() AS count FROM ({asked.each()}) GROUP BY start, state ORDER BY start, state",
        {**asked.parameters, "starts": list(starts)},
        _Step,
    ):
        steps[starts.index(row.start)][row.status] = row.count
    return steps


class _Rows:
    """The deliveries of a plan as a condition on their rows, with its parameters.

    A scope is a set of deliveries; where those are too many to be held, it is asked of each row
    that the server has of the period instead.
    """

    def __init__(self, planned: Plan, count: int) -> None:
        """`count` is how many deliveries the plan leaves."""
        is_set = planned.scope is None or count <= _HELD
        if is_set:
            rows = Range(planned, by_arrival=True, always_rows=True)
            self.where, self.parameters = rows.where, rows.parameters
            return
        side = planned.search.side
        asked = msgspec.structs.replace(planned.search, side=None)
        every = msgspec.structs.replace(planned, search=asked, scope=None, others=[])
        rows = Range(every, by_arrival=True, always_rows=True)
        facts = Facts(planned.viewer, rows.bind)
        own = facts.own_origin() if side is Flow.SENT else facts.own_target()
        self.where, self.parameters = " AND ".join([rows.where, *own]), rows.parameters


def _groups(store: Store, rows: _Rows, flow: Flow) -> list[_Group]:
    """Busiest senders and recipients, and for each reason those at its other end."""
    troubles = [each.word for each in _TROUBLES]
    other = "recipient" if flow is Flow.SENT else "sender"
    return store.read(
        "SELECT pair.1 AS kind, pair.2 AS name, count() AS total, "
        "countIf(state != 'delivered') AS undelivered FROM (SELECT status AS state, "
        "state IN {troubles:Array(String)} AS is_trouble, arrayConcat("
        "[('sender', lower(sender)), ('recipient', lower(recipient))], "
        f"if(is_trouble, [(concat('why ', toString(reason)), lower({other}))], [])) AS pairs "
        f"FROM deliveries FINAL WHERE {rows.where}) ARRAY JOIN pairs AS pair GROUP BY kind, name "
        "ORDER BY kind, total DESC, name LIMIT {most:UInt32} BY kind",
        {**rows.parameters, "troubles": troubles, "most": _PARTIES},
        _Group,
    )


def _parties(groups: Sequence[_Group], kind: str, most: int = _PARTIES) -> list[Party]:
    return [
        Party(name=each.name, total=each.total, undelivered=each.undelivered)
        for each in groups
        if each.kind == kind
    ][:most]


def _causes(store: Store, rows: _Rows, groups: Sequence[_Group]) -> list[Cause]:
    """Every reason, the most frequent first."""
    found: dict[str, dict[Status, int]] = {}
    for row in store.read(
        "SELECT toString(why) AS reason, toInt8(state) AS status, count() AS count "
        "FROM (SELECT reason AS why, status AS state FROM deliveries FINAL "
        f"WHERE {rows.where}) WHERE state IN {{troubles:Array(String)}} "
        "GROUP BY why, state ORDER BY why, state",
        {**rows.parameters, "troubles": [each.word for each in _TROUBLES]},
        _Cause,
    ):
        found.setdefault(row.reason, {})[row.status] = row.count
    causes = [
        Cause(reason=reason, counts=counts, parties=_parties(groups, f"why {reason}", _EXAMPLES))
        for reason, counts in found.items()
    ]
    return sorted(causes, key=lambda each: (-each.total, each.reason))


def _postponers(store: Store, scope: Scope, since: int, until: int) -> list[Postponer]:
    """Providers that put off mail sent to them, those that did it to most deliveries first."""
    ways = frozenset({Direction.OUTBOUND, Direction.RELAYED})
    asked = Search(side=Flow.SENT, directions=ways, since=since, until=until)
    if scope.is_everything:
        asked = msgspec.structs.replace(asked, side=None)
    planned = plan(store, scope, asked)
    count = sum(_counts(store, planned).values())
    if planned is None or not count:
        return []
    rows = _Rows(planned, count)
    found = store.read(
        "SELECT provider AS name, count() AS total, countIf(attempts > 1 OR status = 'deferred') "
        "AS delayed, countIf(status = 'deferred') AS waiting, countIf(status = 'failed') AS failed "
        f"FROM (SELECT status, attempts, {_SERVER} FROM deliveries FINAL WHERE {rows.where}) "
        "WHERE provider != '' GROUP BY name HAVING delayed > 0 "
        "ORDER BY delayed DESC, name LIMIT {most:UInt32}",
        {**rows.parameters, "most": _PROVIDERS},
        _Provider,
    )
    tries = _tries(store, rows, [each.name for each in found], since) if found else []
    return [_postponer(each, [row for row in tries if row.name == each.name]) for each in found]


def _tries(store: Store, rows: _Rows, names: list[str], since: int) -> list[_Tries]:
    """How often each of these providers said "later", by reason, to mail of the period."""
    held = (
        "SELECT id, toUInt8(indexOf({names:Array(String)}, provider)) AS place FROM (SELECT id, "
        f"attempts, status, {_SERVER} FROM deliveries FINAL WHERE {rows.where}) "
        "WHERE (attempts > 1 OR status = 'deferred') AND place > 0"
    )
    return store.read(
        "SELECT {names:Array(String)}[place] AS name, toString(reason) AS reason, "
        "count() AS count FROM (SELECT delivery_id, reason FROM attempts FINAL "
        "WHERE outcome = 'deferred' AND counted AND at >= {since:Int64}) AS tries "
        f"INNER JOIN ({held}) AS held ON tries.delivery_id = held.id "
        "GROUP BY place, reason ORDER BY count DESC, reason",
        {**rows.parameters, "names": names, "since": since},
        _Tries,
    )


def _postponer(found: _Provider, tries: Sequence[_Tries]) -> Postponer:
    return Postponer(
        name=found.name,
        total=found.total,
        delayed=found.delayed,
        waiting=found.waiting,
        failed=found.failed,
        tries=sum(each.count for each in tries),
        reason=next((each.reason for each in tries if each.reason), ""),
    )
