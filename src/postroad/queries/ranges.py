"""Ranges: a planned question as SQL over the table of keys or over the deliveries themselves.

All values are bound by name. By keys, a term is a range of rows in the order of time, one for each
of its keys; other terms narrow it as sets of deliveries. A part of the subject is looked for among
all deliveries, because no key leads to it. By rows, the deliveries of the viewer's scope are looked
through, with every term as a set.
"""

from __future__ import annotations

from typing import Any

from postroad.model.search import NEWEST_FIRST, Goal, Search
from postroad.model.status import Direction
from postroad.queries import cursor as cursors
from postroad.queries.cursor import Place
from postroad.queries.facts import Facts
from postroad.queries.plan import Plan
from postroad.queries.terms import MESSAGE_KEY_LENGTH, Side, Term

#: Every delivery has a row under the empty key.
_EVERYTHING = Term(("",), Side(0))
#: Last sign of a delivery, as the table of keys has it in a column and its own by an index.
_ACTIVE = "greatest(first_at, last_attempt_at)"
#: Up to so many keys are read as a range each and merged; more are read together and sorted.
_MERGED_KEYS = 32
#: The directions of each side of this server, and of each place.
_SENT = (Direction.OUTBOUND, Direction.INTERNAL)
_RECEIVED = (Direction.INBOUND, Direction.INTERNAL)
_REMOTE = (Direction.OUTBOUND, Direction.RELAYED)


class Range:
    """The deliveries that a planned question leaves, as SQL with its parameters."""

    def __init__(
        self,
        plan: Plan,
        *,
        after: Place | None = None,
        by_arrival: bool = False,
        always_rows: bool = False,
        within: str = "",
    ) -> None:
        """Everything that holds, or what comes behind a place.

        A delivery is in the period if it was on its way in it, or if it arrived in it. With
        `always_rows` deliveries are read, whatever the plan says, for other columns of theirs;
        `within` is one more condition on `ago`.
        """
        self.parameters: dict[str, Any] = {}
        self._plan = plan
        self._search = plan.search
        self._by_arrival = by_arrival
        by_rows = plan.by_rows or always_rows
        self._facts = Facts(plan.viewer, self.bind) if by_rows else None
        self._is_descending = self._search.sort.startswith("-")
        field = self._search.sort.removeprefix("-")
        self._order = ("", "") if field == NEWEST_FIRST[1:] else self._order_of(field)
        more = [f"({within})"] if within else []
        self._period = [*self._times(None, "active_at"), *more]
        self._first = None
        if not by_rows:
            self._first = _EVERYTHING if self._search.subject or not plan.first else plan.first
        self._rest = [
            *self._shown(),
            *self._times(after, _ACTIVE if by_rows else "active_at"),
            *more,
            *self._conditions(),
            *self._asked(),
            *self._behind(after),
        ]

    def page(self, limit: int) -> str:
        """A query of `ago`, `id` and `value` of so many deliveries, in the order asked for."""
        count = self.bind("UInt32", limit)
        if self._first is None:
            value = self._order[0] or "0"
            return (
                f"SELECT ago, id, {value} AS value FROM deliveries FINAL "
                f"WHERE {self.where} ORDER BY {self._ordered('value')} LIMIT {count}"
            )
        keys = self._first.keys
        if len(keys) == 1 and not self._first.is_prefix:
            return self._page_of(keys[0], count)
        unique = f"ORDER BY {self._ordered('')} LIMIT 1 BY ago, id LIMIT {count}"
        if len(keys) > _MERGED_KEYS or self._first.is_prefix:
            return f"SELECT ago, id, 0 AS value {self._from(keys)} {unique}"
        each = " UNION ALL ".join(f"({self._page_of(key, count)})" for key in keys)
        return f"SELECT ago, id, value FROM ({each}) {unique}"

    def keys(self) -> str:
        """A query of `ago` and `id` of every delivery, each once, in the order asked for."""
        if self._first is None:
            value = self._order[0] or "0"
            return (
                f"SELECT ago, id FROM (SELECT ago, id, {value} AS value FROM deliveries FINAL "
                f"WHERE {self.where}) ORDER BY {self._ordered('value')}"
            )
        keys, by_time = self._first.keys, self._ordered("")
        if len(keys) == 1 and not self._first.is_prefix:
            way = "" if self._is_descending else " DESC"
            return f"SELECT ago, id {self._from(keys)} ORDER BY key{way}, {by_time}"
        return f"SELECT ago, id {self._from(keys)} ORDER BY {by_time} LIMIT 1 BY ago, id"

    def each(self) -> str:
        """A query of `ago`, `id`, `state` and `host` of every delivery, each once.

        `state` is the status under a name of its own, so that it can be turned into a number.
        """
        columns = "SELECT ago, id, status AS state, host "
        if self._first is None:
            return f"{columns} FROM deliveries FINAL WHERE {self.where}"
        is_one = len(self._first.keys) == 1 and not self._first.is_prefix
        unique = "" if is_one else " LIMIT 1 BY ago, id"
        return f"{columns} {self._from(self._first.keys)}{unique}"

    def bind(self, kind: str, value: object) -> str:
        """Bind a value; what stands for it in SQL."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    @property
    def where(self) -> str:
        """The conditions of deliveries."""
        return " AND ".join(self._rest)

    def _order_of(self, field: str) -> tuple[str, str]:
        return self._facts.order(field) if self._facts else ("", "")

    def _ordered(self, value: str) -> str:
        """The terms of an order, whose ties are broken by time, the newest first."""
        if self._order[0]:
            return f"{value} {'DESC' if self._is_descending else 'ASC'}, ago, id"
        return "ago, id" if self._is_descending else "ago DESC, id DESC"

    def _page_of(self, key: str, count: str) -> str:
        """One key's rows. Named in the order by as the table is sorted, it is read in order."""
        order = "key, ago, id" if self._is_descending else "key DESC, ago DESC, id DESC"
        return f"SELECT ago, id, 0 AS value {self._from((key,))} ORDER BY {order} LIMIT {count}"

    def _from(self, keys: tuple[str, ...]) -> str:
        is_prefix = self._first is not None and self._first.is_prefix
        where = " AND ".join([self._of_keys(keys, is_prefix=is_prefix), *self._rest])
        return f"FROM deliveries_by_key FINAL WHERE {where}"

    def _of_keys(self, keys: tuple[str, ...], *, is_prefix: bool) -> str:
        if is_prefix:
            return f"startsWith(key, {self.bind('String', keys[0])})"
        if len(keys) == 1:
            return f"key = {self.bind('String', keys[0])}"
        return f"key IN {self.bind('Array(String)', list(keys))}"

    def _shown(self) -> list[str]:
        return ["shown"] if self._first else ["NOT deleted", "NOT folded"]

    def _conditions(self) -> list[str]:
        """What the terms leave of the rows that are read."""
        first, scope = self._first, self._plan.scope
        found = [self._met(term) for term in self._plan.others if term is not first]
        if first is not None and first.seen and scope is not None:
            return [*found, self._read_and_seen(first, scope)]
        if first is not None:
            found += self._under(first, first.sides)
        if scope is not None and scope is not first:
            found.append(self._among(scope, scope.sides))
        return found

    def _read_and_seen(self, first: Term, scope: Term) -> str:
        """The term that is read, in as far as the viewer is shown it."""
        ways = [
            [*self._under(first, of_key), self._among(scope, of_viewer or scope.sides)]
            for of_key, of_viewer in first.seen
        ]
        return _either(ways)

    def _met(self, term: Term) -> str:
        """A term that narrows what is read, in as far as the viewer is shown it."""
        if not term.seen:
            return self._among(term, term.sides)
        ways = [
            [*self._viewer_is(of_viewer), self._among(term, of_key)]
            for of_key, of_viewer in term.seen
        ]
        return _either(ways)

    def _viewer_is(self, sides: Side) -> list[str]:
        """That the viewer is on one of these sides; the scope itself is asked for elsewhere."""
        scope = self._plan.scope
        if not sides or scope is None:
            return []
        if self._first is scope:
            return [f"bitAnd(sides, {self.bind('UInt8', int(sides))}) != 0"]
        return [self._among(scope, sides)]

    def _under(self, term: Term, sides: Side) -> list[str]:
        """What holds for the rows of a term, beside its keys."""
        parts = []
        if sides:
            parts.append(f"bitAnd(sides, {self.bind('UInt8', int(sides))}) != 0")
        if term.only:
            prefix = self.bind("String", term.only[:MESSAGE_KEY_LENGTH])
            parts.append(f"(key != {prefix} OR id = {self.bind('String', term.only)})")
        return parts

    def _among(self, term: Term, sides: Side) -> str:
        """A term as the set that rows must be in."""
        where = " AND ".join(
            [
                self._of_keys(term.keys, is_prefix=term.is_prefix),
                "shown",
                *self._under(term, sides),
                *self._period,
            ]
        )
        return f"(ago, id) IN (SELECT ago, id FROM deliveries_by_key FINAL WHERE {where})"

    def _times(self, after: Place | None, active: str) -> list[str]:
        """The period, and the part of it that is still to be read; `active` is the last sign."""
        search = self._search
        parts: list[str] = []
        if search.until:
            parts.append(f"ago > {self.bind('Int64', -search.until)}")
        if after is not None and not self._order[0]:
            sign = ">=" if self._is_descending else "<="
            parts.append(f"ago {sign} {self.bind('Int64', after.ago)}")
        if search.since and self._by_arrival:
            parts.append(f"ago <= {self.bind('Int64', -search.since)}")
        elif search.since:
            parts.append(f"{active} >= {self.bind('Int64', search.since)}")
        return parts

    def _asked(self) -> list[str]:
        """What is asked of the rows themselves."""
        search = self._search
        parts = []
        if search.subject:
            subject = self.bind("String", search.subject)
            parts.append(f"positionCaseInsensitiveUTF8(subject, {subject}) > 0")
        if search.statuses:
            words = sorted(status.word for status in search.statuses)
            parts.append(f"status IN {self.bind('Array(String)', words)}")
        for ways in self._directions(search):
            words = sorted(direction.word for direction in ways)
            parts.append(f"direction IN {self.bind('Array(String)', words)}")
        if search.host:
            parts.append(f"host = {self.bind('String', search.host)}")
        if self._facts:
            parts += self._facts.conditions(search, parts=self._plan.parts_in_rows)
        return parts

    def _directions(self, search: Search) -> list[tuple[Direction, ...]]:
        found = [tuple(search.directions)] if search.directions else []
        if search.side and self._plan.scope is None:
            found.append(_SENT if search.side == "sent" else _RECEIVED)
        if search.place:
            found.append(_REMOTE if search.place is Goal.REMOTE else _RECEIVED)
        return found

    def _behind(self, after: Place | None) -> list[str]:
        if after is None:
            return []
        ago, identity = self.bind("Int64", after.ago), self.bind("String", after.id)
        if not self._order[0]:
            sign = ">" if self._is_descending else "<"
            return [f"(ago {sign} {ago} OR id {sign} {identity})"]
        value, kind = self._order
        if isinstance(after.value, int) != (kind == "Int64"):
            raise cursors.foreign()
        bound = self.bind(kind, after.value)
        sign = "<" if self._is_descending else ">"
        return [
            f"({value} {sign} {bound} OR ({value} = {bound} AND (ago, id) > ({ago}, {identity})))"
        ]


def _either(ways: list[list[str]]) -> str:
    """That all of one of these hold."""
    return f"({' OR '.join(' AND '.join(way) for way in ways)})"
