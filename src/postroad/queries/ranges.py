"""Ranges: terms and the rest of a question as SQL over the table of keys.

All values are bound by name. A term is a range of rows in the order of time, one for each of its
keys; other terms narrow it as sets of deliveries. A part of the subject is looked for among all
deliveries, because no key leads to it.
"""

from __future__ import annotations

from typing import Any

from postroad.model.search import Search
from postroad.queries.cursor import Place
from postroad.queries.terms import MESSAGE_KEY_LENGTH, Side, Term

#: Every delivery has a row under the empty key.
_EVERYTHING = Term(("",), Side(0))
#: Up to so many keys are read as a range each and merged; more are read together and sorted.
_MERGED_KEYS = 32


class Range:
    """The deliveries that terms and a question leave, as SQL with its parameters.

    The first term is what is read, the others are sets that narrow it, which is fast if these are
    small (see `plan`). Without any term everything is read.
    """

    def __init__(
        self,
        terms: list[Term],
        search: Search,
        *,
        after: Place | None = None,
        by_arrival: bool = False,
    ) -> None:
        """Everything that holds, or what comes behind a place.

        A delivery is in the period if it was on its way in it, or if it arrived in it.
        """
        self.parameters: dict[str, Any] = {}
        self._by_arrival = by_arrival
        first, *others = [_EVERYTHING, *terms] if search.subject or not terms else terms
        self._keys = first.keys
        self._period = self._times(search, after)
        self._rest = [
            "shown",
            *self._under(first),
            *self._period,
            *self._facts(search),
            *self._behind(after),
            *(self._among(term) for term in others),
        ]

    def newest(self, limit: int) -> str:
        """A query of `ago` and `id` of so many deliveries, the newest first."""
        count = self._bind("UInt32", limit)
        if len(self._keys) == 1:
            return self._newest_of(self._keys[0], count)
        unique = f"ORDER BY ago, id LIMIT 1 BY ago, id LIMIT {count}"
        if len(self._keys) > _MERGED_KEYS:
            return f"SELECT ago, id {self._from(self._keys)} {unique}"
        each = " UNION ALL ".join(f"({self._newest_of(key, count)})" for key in self._keys)
        return f"SELECT ago, id FROM ({each}) {unique}"

    def each(self) -> str:
        """A query of `ago`, `id`, `state` and `host` of every delivery, each once.

        `state` is the status under a name of its own, so that it can be turned into a number.
        """
        unique = "" if len(self._keys) <= 1 else " LIMIT 1 BY ago, id"
        return f"SELECT ago, id, status AS state, host {self._from(self._keys)}{unique}"

    def _newest_of(self, key: str, count: str) -> str:
        """One key's newest. Named in the order by as the table is sorted, it is read in order."""
        return f"SELECT ago, id {self._from((key,))} ORDER BY key, ago, id LIMIT {count}"

    def _from(self, keys: tuple[str, ...]) -> str:
        where = " AND ".join([self._of_keys(keys), *self._rest])
        return f"FROM deliveries_by_key FINAL WHERE {where}"

    def _bind(self, kind: str, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def _of_keys(self, keys: tuple[str, ...]) -> str:
        if len(keys) == 1:
            return f"key = {self._bind('String', keys[0])}"
        return f"key IN {self._bind('Array(String)', list(keys))}"

    def _under(self, term: Term) -> list[str]:
        """What holds for the rows of a term, beside its keys."""
        parts = []
        if term.sides:
            parts.append(f"bitAnd(sides, {self._bind('UInt8', int(term.sides))}) != 0")
        if term.only:
            prefix = self._bind("String", term.only[:MESSAGE_KEY_LENGTH])
            parts.append(f"(key != {prefix} OR id = {self._bind('String', term.only)})")
        return parts

    def _among(self, term: Term) -> str:
        """A term as the set that rows must be in."""
        where = " AND ".join([self._of_keys(term.keys), "shown", *self._under(term), *self._period])
        return f"(ago, id) IN (SELECT ago, id FROM deliveries_by_key FINAL WHERE {where})"

    def _times(self, search: Search, after: Place | None) -> list[str]:
        """The period, and the part of it that is still to be read."""
        parts: list[str] = []
        if search.until:
            parts.append(f"ago > {self._bind('Int64', -search.until)}")
        if after is not None:
            parts.append(f"ago >= {self._bind('Int64', after.ago)}")
        if search.since and self._by_arrival:
            parts.append(f"ago <= {self._bind('Int64', -search.since)}")
        elif search.since:
            parts.append(f"active_at >= {self._bind('Int64', search.since)}")
        return parts

    def _facts(self, search: Search) -> list[str]:
        parts = []
        if search.subject:
            subject = self._bind("String", search.subject)
            parts.append(f"positionCaseInsensitiveUTF8(subject, {subject}) > 0")
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
        return [f"(ago > {ago} OR id > {identity})"]
