"""A question about mail: from named values to a `Search`, and from a `Search` to words.

The names are those of the command line and the API: `address to from status direction id
message_id subject host since until`. Everything that cannot be asked is refused with a sentence
(`SearchError`), because a question that was silently misread looks like mail that never came.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

from postroad.errors import SearchError
from postroad.model import when
from postroad.model.search import Search
from postroad.model.status import Direction, Status

#: Every name a question may use.
NAMES = (
    "address",
    "to",
    "from",
    "status",
    "direction",
    "id",
    "message_id",
    "subject",
    "host",
    "since",
    "until",
)
#: Longest address, identifier or subject that can be searched for, in characters.
LONGEST = 998

_Word = TypeVar("_Word", Status, Direction)


def ask(values: Mapping[str, str], *, now: int, zone: ZoneInfo) -> Search:
    """The search that these values ask for; names that are absent or empty ask for nothing.

    Raises `SearchError`, whose `field` names the value that is wrong.
    """
    given = {name: _text(name, values.get(name, "")) for name in NAMES}
    since = _named("since", when.read, given["since"], now=now, zone=zone)
    until = _named("until", when.read, given["until"], now=now, zone=zone, end=True)
    if since and until and since >= until:
        message = "The period ends before it begins: `since` must be earlier than `until`."
        raise _refusal("since", message)
    return Search(
        recipient=_address("to", given["to"]),
        sender=_address("from", given["from"]),
        address=_address("address", given["address"]),
        statuses=frozenset(_words("status", given["status"], Status)),
        directions=frozenset(_words("direction", given["direction"], Direction)),
        id=given["id"],
        message_id=given["message_id"],
        subject=given["subject"],
        host=given["host"],
        since=since,
        until=until,
    )


def in_words(search: Search, zone: ZoneInfo, *, quote: Callable[[str], str] = "“{}”".format) -> str:
    """The question as a sentence: `Mail to “anna@example.com” that failed, since …`.

    `quote` is applied to everything that somebody typed.
    """
    said = [" ".join(_mail(search, quote))]
    if search.statuses:
        words = (status.word.replace("_", " ") for status in sorted(search.statuses))
        said.append(f"with status {_either(words)}")
    if search.directions:
        said.append(f"going {_either(d.word for d in sorted(search.directions))}")
    period = _period(search, zone)
    return ", ".join(said) + (f", {period}" if period else "") + "."


def _mail(search: Search, quote: Callable[[str], str]) -> Iterable[str]:
    parts = [
        ("to or from", search.address),
        ("to", search.recipient),
        ("from", search.sender),
        ("with id", search.id),
        ("with Message-ID", search.message_id),
        ("with a subject that contains", search.subject),
        ("on host", search.host),
    ]
    yield "Mail" if any(value for _, value in parts) else "All mail"
    for words, value in parts:
        if value:
            yield f"{words} {quote(value)}"


def _period(search: Search, zone: ZoneInfo) -> str:
    since, until = when.local(search.since, zone), when.local(search.until, zone)
    clock = f"({when.named(zone, search.since or search.until)})"
    if since and until:
        return f"from {since} to {until} {clock}"
    if since:
        return f"since {since} {clock}"
    return f"before {until} {clock}" if until else ""


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _text(name: str, value: str) -> str:
    value = value.strip()
    if len(value) > LONGEST:
        message = f"The value of `{name}` is longer than {LONGEST} characters."
        raise _refusal(name, message)
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in value):
        message = f"The value of `{name}` holds control characters: {when.shown(value)}."
        raise _refusal(name, message)
    return value


def _address(name: str, value: str) -> str:
    """An address, `@domain`, or the bare name of a local account; `*@domain` is `@domain`."""
    if value in ("", "<>"):
        return value
    if value.startswith("<") and value.endswith(">"):
        value = value[1:-1]
    local, at, domain = value.rpartition("@")
    if at and local == "*":
        return f"@{domain}"
    if at and not domain:
        message = f"{when.shown(value)} ends in @: the domain is missing."
        raise _refusal(name, message)
    quoted = local.startswith('"') and local.endswith('"')
    if any(each.isspace() or each in "<>," for each in (domain if quoted else value)):
        message = (
            f"{when.shown(value)} is not one address. Write it like name@example.com, "
            "or @example.com for a whole domain."
        )
        raise _refusal(name, message)
    if not at and "." in value:
        message = (
            f"{when.shown(value)} has no @. Write a whole address like name@example.com, "
            f"or @{value} for everyone at that domain."
        )
        raise _refusal(name, message)
    return value


def _words(name: str, value: str, kind: type[_Word]) -> list[_Word]:
    words = [word.strip().lower().replace("-", "_") for word in value.split(",")]
    known = {each.name.lower(): each for each in kind}
    for word in filter(None, words):
        if word not in known:
            message = f"There is no {name} {when.shown(word)}. Known are: {', '.join(known)}."
            raise _refusal(name, message)
    return [known[word] for word in words if word]


def _named(name: str, read: Callable[..., int], text: str, **arguments: object) -> int:
    try:
        return read(text, **arguments)
    except SearchError as error:
        raise _refusal(name, str(error)) from error


def _refusal(name: str, message: str) -> SearchError:
    return SearchError(message, field=name)
