"""The report's form: from a query string to values, and back to addresses of pages."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import urlencode

import msgspec
from litestar.datastructures import MultiDict

from postroad.model.status import Status
from postroad.model.words import TROUBLE

#: Periods to choose from: value, words.
PERIODS = (
    ("", "All that is kept"),
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("range", "From … to …"),
)
_RANGE = "range"
#: Fields of the form that stand for themselves in a question.
_PLAIN = ("address", "to", "from", "subject", "host", "direction")
#: Fields of an address of this page, in order.
_FIELDS = (*_PLAIN, "id", "period", "since", "until", "status", "cursor")


class Form(msgspec.Struct, frozen=True):
    """What the form holds: text as it was typed."""

    fields: dict[str, str]

    @classmethod
    def read(cls, query: MultiDict[str]) -> Self:
        """From a query string: several statuses are put together, the last of all others counts.

        `show=all` asks for everything, `show=trouble` for what was refused or gave up.
        """
        if query.get("show") == "all":
            return cls({})
        fields = {name: value.strip() for name, value in query.multi_items() if name in _FIELDS}
        fields["status"] = ",".join(filter(None, query.getall("status", [])))
        if query.get("show") == "trouble":
            fields["status"] = ",".join(each.word for each in sorted(TROUBLE))
            fields["cursor"] = ""
        if not fields.get("period") and (fields.get("since") or fields.get("until")):
            fields["period"] = _RANGE
        if fields.get("period") != _RANGE:
            fields["since"] = fields["until"] = ""
        return cls({name: fields[name] for name in _FIELDS if fields.get(name)})

    def __getitem__(self, name: str) -> str:
        """A field as it was typed; empty if it was not. Templates reach `form.to` through this."""
        if name not in _FIELDS:
            raise KeyError(name)
        return self.fields.get(name, "")

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The statuses that are chosen; words that are none are left out here."""
        known = {each.word: each for each in Status}
        return tuple(known[word] for word in self["status"].split(",") if word in known)

    @property
    def has_more(self) -> bool:
        """Whether a field is used that is not in sight at first."""
        return any(self[name] for name in ("id", "subject", "status"))

    def values(self) -> dict[str, str]:
        """The named values of a question, statuses included."""
        values = {name: self[name] for name in _PLAIN}
        values["status"] = self["status"]
        # People paste what they have: only a Message-ID holds an @ (RFC 5322 section 3.6.4).
        values["message_id" if "@" in self["id"] else "id"] = self["id"]
        if self["period"] == _RANGE:
            values |= {"since": self["since"], "until": self["until"]}
        else:
            values["since"] = self["period"]
        return values

    def link(self, **changes: Any) -> str:
        """The address of this page with some fields changed: `statuses=()`, `cursor=""`."""
        fields = {**self.fields, "cursor": ""}
        if "statuses" in changes:
            changes["status"] = ",".join(each.word for each in changes.pop("statuses"))
        fields |= changes
        query = urlencode({name: fields[name] for name in _FIELDS if fields.get(name)})
        return f"/?{query}" if query else "/"
