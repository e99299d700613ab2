"""A question about mail: from named values to a `Search`, and from a `Search` to words.

The names are those of the command line, the API and the pages. Everything that cannot be asked is
refused with a sentence (`SearchError`), because a question that was silently misread looks like
mail that never came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from postroad.errors import SearchError
from postroad.model import box, when
from postroad.model.search import NEWEST_FIRST, SORTABLE, Flow, Goal, Match, Search
from postroad.model.sentence import in_words
from postroad.model.status import Direction, Status
from postroad.model.text import say

__all__ = ["LONGEST", "NAMES", "ask", "in_words"]

#: Every name a question may use.
NAMES = (
    "q",
    "address",
    "to",
    "from",
    "match",
    "status",
    "direction",
    "side",
    "place",
    "id",
    "message_id",
    "subject",
    "host",
    "ip",
    "user",
    "domain",
    "client_host",
    "remote_host",
    "transport",
    "router",
    "reason",
    "since",
    "until",
    "sort",
)
#: Longest address, identifier or subject that can be searched for, in characters.
LONGEST = 998
#: Names that mean a field of the same name, taken as they are.
_PLAIN = (
    "id",
    "message_id",
    "subject",
    "host",
    "user",
    "domain",
    "client_host",
    "remote_host",
    "transport",
    "router",
    "reason",
)

_Word = TypeVar("_Word", Status, Direction)
_Choice = TypeVar("_Choice", bound=StrEnum)
_LENGTH = re.compile(r"\d+\s*[smhdw](\s+ago)?", re.ASCII)


def ask(values: Mapping[str, str], *, now: int, zone: ZoneInfo) -> Search:
    """The search that these values ask for; names that are absent or empty ask for nothing.

    `q` is one text that is understood as one of the others (see `box`). Raises `SearchError`, whose
    `field` names the value that is wrong.
    """
    given = {name: _text(name, values.get(name, "")) for name in NAMES if name != "q"}
    given = _with_box(given, values.get("q", ""))
    since = _named("since", when.read, given["since"], now=now, zone=zone)
    until = _named("until", when.read, given["until"], now=now, zone=zone, end=True)
    if since and until and since >= until:
        raise _refusal(
            "since",
            say("The period ends before it begins: `since` must be earlier than `until`."),
        )
    match = _choice("match", given["match"], Match) or Match.EXACT
    return Search(
        recipient=_address("to", given["to"], match),
        sender=_address("from", given["from"], match),
        address=_address("address", given["address"], match),
        match=match,
        statuses=frozenset(_words("status", given["status"], Status)),
        directions=frozenset(_words("direction", given["direction"], Direction)),
        side=_choice("side", given["side"], Flow),
        place=_choice("place", given["place"], Goal),
        ip=_network("ip", given["ip"]),
        since=since,
        until=until,
        ago=now - since if _LENGTH.fullmatch(given["since"].lower()) else 0,
        sort=_sort("sort", given["sort"]),
        **{name: given[name] for name in _PLAIN},
    )


def _with_box(given: dict[str, str], text: str) -> dict[str, str]:
    """The values with what the one box holds among them."""
    if len(text) > box.LONGEST:
        raise _refusal("q", say("This is longer than {count} characters.", count=box.LONGEST))
    for name, found in box.understand(text).items():
        value = _text("q", found)
        if given[name] and given[name] != value:
            raise _refusal(
                "q",
                say(
                    "{text} is one thing to look for, and the field `{name}` another: "
                    "empty one of them.",
                    text=when.shown(value),
                    name=name,
                ),
            )
        given[name] = value
    return given


def _text(name: str, value: str) -> str:
    value = value.strip()
    if len(value) > LONGEST:
        raise _refusal(
            name,
            say(
                "The value of `{name}` is longer than {count} characters.", name=name, count=LONGEST
            ),
        )
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in value):
        raise _refusal(
            name,
            say(
                "The value of `{name}` holds control characters: {text}.",
                name=name,
                text=when.shown(value),
            ),
        )
    return value


def _address(name: str, value: str, match: Match) -> str:
    """An address, `@domain`, or the bare name of a local account; `*@domain` is `@domain`.

    Part of an address may be anything that an address can hold.
    """
    if value in ("", "<>"):
        return value
    if value.startswith("<") and value.endswith(">"):
        value = value[1:-1]
    local, at, domain = value.rpartition("@")
    if at and local == "*":
        return f"@{domain}"
    quoted = local.startswith('"') and local.endswith('"')
    if any(each.isspace() or each in "<>," for each in (domain if quoted else value)):
        raise _refusal(
            name,
            say(
                "{text} is not one address. Write it like name@example.com, "
                "or @example.com for a whole domain.",
                text=when.shown(value),
            ),
        )
    if match is not Match.EXACT:
        return value
    if at and not domain:
        raise _refusal(
            name, say("{text} ends in @: the domain is missing.", text=when.shown(value))
        )
    if not at and "." in value:
        raise _refusal(
            name,
            say(
                "{text} has no @. Write a whole address like name@example.com, "
                "or @{domain} for everyone at that domain.",
                text=when.shown(value),
                domain=value,
            ),
        )
    return value


def _network(name: str, value: str) -> str:
    found = box.network(value)
    if value and not found:
        raise _refusal(
            name,
            say(
                "{text} is not an IP address. Write it like 192.0.2.1 or 2001:db8::1, "
                "or a network like 192.0.2.0/24.",
                text=when.shown(value),
            ),
        )
    return found


def _choice(name: str, value: str, kind: type[_Choice]) -> _Choice | None:
    if not value:
        return None
    try:
        return kind(value.lower())
    except ValueError as error:
        known = ", ".join(kind)
        raise _refusal(
            name,
            say(
                "There is no {name} {text}. Known are: {known}.",
                name=name,
                text=when.shown(value),
                known=known,
            ),
        ) from error


def _sort(name: str, value: str) -> str:
    field = value.lower().removeprefix("-")
    if value and field not in SORTABLE:
        raise _refusal(
            name,
            say(
                "There is no order by {text}. Known are: {known}.",
                text=when.shown(value),
                known=", ".join(SORTABLE),
            ),
        )
    return value.lower() or NEWEST_FIRST


def _words(name: str, value: str, kind: type[_Word]) -> list[_Word]:
    words = [word.strip().lower().replace("-", "_") for word in value.split(",")]
    known = {each.name.lower(): each for each in kind}
    for word in filter(None, words):
        if word not in known:
            raise _refusal(
                name,
                say(
                    "There is no {name} {text}. Known are: {known}.",
                    name=name,
                    text=when.shown(word),
                    known=", ".join(known),
                ),
            )
    return [known[word] for word in words if word]


def _named(name: str, read: Callable[..., int], text: str, **arguments: object) -> int:
    try:
        return read(text, **arguments)
    except SearchError as error:
        raise _refusal(name, error.args[0]) from error


def _refusal(name: str, message: str) -> SearchError:
    return SearchError(message, field=name)
