"""Ranges: terms and the rest of a question as SQL over the table of keys.

All values are bound by name. One term is read as a range in the order of time; each other one
narrows it as a set of deliveries. A part of the subject is looked for in the deliveries themselves,
because no key leads to it.
"""

from __future__ import annotations

from typing import Any

from postroad.model.search import Search
from postroad.queries.cursor import Place
from postroad.queries.terms import MESSAGE_KEY_LENGTH, Side, Term

#: Every delivery has a row under the empty key.
_EVERYTHING = Term(("",), Side(0))


class Range:
    """The deliveries that terms and a question leave, as SQL with its parameters.

    `rows` is a `FROM … WHERE …` with the columns `ago`, `id`, `status` and `host`. A delivery may
    be in it more than once, under several keys, unless `is_single`.
    """

    def __init__(self, terms: list[Term], search: Search, after: Place | None = None) -> None:
        """Everything that holds, or what comes behind a place in it."""
        self.parameters: dict[str, Any] = {}
        self._period = self._times(search)
        rest = [*self._period, *self._facts(search), *self._behind(after)]
        if search.subject:
            subject = self._bind("String", search.subject)
            found = f"positionCaseInsensitiveUTF8(subject, {subject}) > 0"
            narrowed = [self._among(term) for term in terms]
            where = [found, "NOT deleted", "NOT folded", *rest, *narrowed]
            self.rows = f"FROM deliveries FINAL WHERE {' AND '.join(where)}"
            self.is_single = True
            return
        first, *others = terms or [_EVERYTHING]
        where = [self._under(first), "shown", *rest, *(self._among(term) for term in others)]
        self.rows = f"FROM deliveries_by_key FINAL WHERE {' AND '.join(where)}"
        self.is_single = len(first.keys) == 1

    def _bind(self, kind: str, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def _under(self, term: Term) -> str:
        """The rows of a term's keys."""
        if len(term.keys) == 1:
            parts = [f"key = {self._bind('String', term.keys[0])}"]
        else:
            parts = [f"key IN {self._bind('Array(String)', list(term.keys))}"]
        if term.sides:
            parts.append(f"bitAnd(sides, {self._bind('UInt8', int(term.sides))}) != 0")
        if term.only:
            prefix = self._bind("String", term.only[:MESSAGE_KEY_LENGTH])
            parts.append(f"(key != {prefix} OR id = {self._bind('String', term.only)})")
        return " AND ".join(parts)

    def _among(self, term: Term) -> str:
        """The same as a set that other rows must be in."""
        inside = " AND ".join([self._under(term), *self._period_of_keys])
        return f"(ago, id) IN (SELECT ago, id FROM deliveries_by_key WHERE {inside})"

    def _times(self, search: Search) -> list[str]:
        """Both ends of the time in which a delivery was on its way may lie outside the period."""
        parts: list[str] = []
        self._period_of_keys: list[str] = []
        if search.since:
            since = self._bind("Int64", search.since)
            active = "greatest(first_at, last_attempt_at)" if search.subject else "active_at"
            parts.append(f"{active} >= {since}")
            self._period_of_keys.append(f"active_at >= {since}")
        if search.until:
            before = f"ago > {self._bind('Int64', -search.until)}"
            parts.append(before)
            self._period_of_keys.append(before)
        return parts

    def _facts(self, search: Search) -> list[str]:
        parts = []
        if search.statuses:
            words = sorted(status.word for status in search.statuses)
            parts.append(f"status IN {self._bind('Array(String)', words)}")
        if search.directions:
            words = sorted(direction.word for direction in search.directions)
            parts.append(f"direction IN {self._bind('Array(String)', words)}")
        if search.host:
            parts.append(f"host = {self._bind('String', search.host)}")
        return parts

    def _behind(self, after: Place | None) -> list[str]:
        if after is None:
            return []
        ago, identity = self._bind("Int64", after.ago), self._bind("String", after.id)
        # The first comparison is what the engine finds the place by.
        return [f"ago >= {ago}", f"(ago > {ago} OR id > {identity})"]
