"""The report's form: from a query string to values, and back to addresses of pages.

The address of the page holds the whole question, so that it can be kept and sent to somebody else,
who sees what they may see. A range of dates goes with the name of the zone it was meant in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar.datastructures import MultiDict

from postroad.errors import SearchError
from postroad.model.search import NEWEST_FIRST
from postroad.model.status import Status
from postroad.model.text import Text, say
from postroad.model.when import shown
from postroad.model.words import TROUBLE

_RANGE = "range"
#: Periods to choose from: value, words.
PERIODS = (
    ("", say("All that is kept")),
    ("1h", say("Last hour")),
    ("24h", say("Last 24 hours")),
    ("7d", say("Last 7 days")),
    ("30d", say("Last 30 days")),
    (_RANGE, say("From … to …")),
)
#: The status boxes, in the order in which they are shown.
BOXES = {
    Status.DELIVERED: say("Successes"),
    Status.DEFERRED: say("Deferred"),
    Status.FAILED: say("Failures"),
    Status.IN_PROGRESS: say("In-Progress"),
    Status.REJECTED: say("Rejected"),
    Status.BLOCKED: say("Blocked"),
    Status.FILTERED: say("Filtered"),
}
#: Fields that are seen as chips where they are used; each can be taken away by its own link.
_CHIPS = {
    "to": say("Recipient"),
    "from": say("Sender"),
    "address": say("Recipient or sender"),
    "subject": say("Subject"),
    "id": say("Id"),
    "ip": say("IP address"),
    "side": say("Sent or received"),
    "place": say("Where to"),
    "direction": say("Direction"),
    "user": say("Username"),
    "domain": say("Domain"),
    "client_host": say("Sender host"),
    "remote_host": say("Remote host"),
    "router": say("Router"),
    "transport": say("Transport"),
    "reason": say("Reason"),
    "host": say("Mail server"),
}
#: Those among them that have no input of their own: they are kept when the form is sent.
_KEPT = (
    "direction",
    "user",
    "domain",
    "client_host",
    "remote_host",
    "router",
    "transport",
    "reason",
    "host",
    "sort",
)
#: Words for what is chosen and not typed.
_WORDS = {
    "sent": say("Sent"),
    "received": say("Received"),
    "remote": say("Remote"),
    "local": say("Local"),
}
#: Addresses, which `match` compares.
_MATCHED = ("q", "to", "from", "address")
#: Fields of an address of this page, in order.
_FIELDS = (
    "q",
    "to",
    "from",
    "address",
    "match",
    *(name for name in _CHIPS if name not in ("to", "from", "address")),
    "period",
    "since",
    "until",
    "zone",
    "status",
    "sort",
    "cursor",
    "open",
)
#: Those that say where somebody is in an answer, and not what the question is.
_PLACES = ("cursor", "open")


class Chip(NamedTuple):
    """A field that narrows the answer, and the address of the page without it."""

    label: Text
    value: str
    without: str


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
            fields |= {"status": ",".join(each.word for each in sorted(TROUBLE)), "cursor": ""}
        if not fields.get("period") and (fields.get("since") or fields.get("until")):
            fields["period"] = _RANGE
        if fields.get("period") != _RANGE:
            fields |= {"since": "", "until": "", "zone": ""}
        if fields.get("match") == "exact" or not any(fields.get(name) for name in _MATCHED):
            fields["match"] = ""
        if fields.get("sort") == NEWEST_FIRST:
            fields["sort"] = ""
        return cls({name: fields[name] for name in _FIELDS if fields.get(name)})

    @classmethod
    def of(cls, query: str) -> Self:
        """From a query string as it was kept, without its place in an answer."""
        made = cls.read(MultiDict(parse_qsl(query)))
        return cls({name: value for name, value in made.fields.items() if name not in _PLACES})

    @classmethod
    def asking(cls, values: Mapping[str, str]) -> Self:
        """From the named values of a question: a Message-ID has no field of its own here."""
        fields = {"id" if name == "message_id" else name: value for name, value in values.items()}
        return cls({name: fields[name] for name in _FIELDS if fields.get(name)})

    def __getitem__(self, name: str) -> str:
        """A field as it was typed; empty if it was not. Templates reach `form.to` through this."""
        if name not in _FIELDS:
            raise KeyError(name)
        return self.fields.get(name, "")

    def is_written(self, query: MultiDict[str]) -> bool:
        """Whether a query string is as `link` writes it: nothing empty, nothing twice."""
        return sorted(query.multi_items()) == sorted(self.fields.items())

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The statuses that are chosen; words that are none are left out here."""
        known = {each.word: each for each in Status}
        return tuple(known[word] for word in self["status"].split(",") if word in known)

    @property
    def chips(self) -> list[Chip]:
        """What narrows the answer besides the one box, the period and the status."""
        return [
            Chip(label, _WORDS.get(self[name], self[name]), self.link(**{name: ""}))
            for name, label in _CHIPS.items()
            if self[name]
        ]

    @property
    def kept(self) -> dict[str, str]:
        """What has no input of its own and goes along when the form is sent."""
        return {name: self[name] for name in _KEPT if self[name]}

    @property
    def query(self) -> str:
        """The question as a query string, without a place in its answer."""
        return self.link().removeprefix("/").removeprefix("?")

    @property
    def is_first(self) -> bool:
        """Whether this is the beginning of an answer."""
        return not self["cursor"]

    @property
    def is_by_time(self) -> bool:
        """Whether the newest comes first."""
        return not self["sort"]

    def values(self) -> dict[str, str]:
        """The named values of a question, statuses included."""
        values = {name: self[name] for name in ("q", "match", "status", "sort", *_CHIPS)}
        # People paste what they have: only a Message-ID holds an @ (RFC 5322 section 3.6.4).
        values["message_id" if "@" in self["id"] else "id"] = values.pop("id")
        if self["period"] == _RANGE:
            values |= {"since": self["since"], "until": self["until"]}
        else:
            values["since"] = self["period"]
        return values

    def clock(self, usual: ZoneInfo) -> ZoneInfo:
        """The zone that its range is meant in; the usual one unless it names one.

        Raises `SearchError`.
        """
        try:
            return ZoneInfo(self["zone"]) if self["zone"] else usual
        except (OSError, ValueError, KeyError) as error:
            message = say("There is no time zone {name}.", name=shown(self["zone"]))
            raise SearchError(message, field="since") from error

    def link(self, *, at: str = "/", **changes: Any) -> str:
        """The address of a page with some fields changed: `statuses=()`, `to=""`.

        The place in the answer is left out unless it is given. Names that are words of the
        language are written with `_` behind them: `from_=`.
        """
        fields = {**self.fields, "cursor": "", "open": ""}
        if "statuses" in changes:
            changes["status"] = ",".join(each.word for each in changes.pop("statuses"))
        fields |= {name.rstrip("_"): value for name, value in changes.items()}
        query = urlencode({name: fields[name] for name in _FIELDS if fields.get(name)})
        return f"{at}?{query}" if query else at
