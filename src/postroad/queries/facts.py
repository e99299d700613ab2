"""Facts: what a question asks of a delivery's own fields, and orders by them, as SQL.

Every field stands here as the viewer is shown it. What `View` masks for a viewer is empty, so that
neither a condition nor an order tells anything of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

from postroad.model.scope import Scope
from postroad.model.search import Match, Search
from postroad.queries.terms import own_keys

#: Binds a value and gives the name that stands for it: type, value.
Bind = Callable[[str, object], str]

#: Names of a question that ask for a whole value of the field of the same name.
WHOLE = ("user", "domain", "client_host", "remote_host", "transport", "router", "reason")
#: Longest part of a text that an order looks at, in characters: a cursor holds it.
_COMPARED = 60
#: Fields whose order is that of numbers, with how an unknown one counts.
_NUMBERS = {
    "last_attempt_at": "last_attempt_at",
    "attempts": "toInt64(attempts)",
    "knocks": "toInt64(knocks)",
    "knocked_at": "knocked_at",
    "size": "size",
    "smtp_code": "toInt64(smtp_code)",
    "status": "toInt64(status)",
    "direction": "toInt64(direction)",
    "spam_score": "toInt64(round(1000 * greatest(-1e9, least(1e9, ifNull(spam_score, -1e9)))))",
}


def has_facts(search: Search) -> bool:
    """Whether a question asks for more than keys tell."""
    return bool(search.ip) or any(getattr(search, name) for name in WHOLE)


class Facts:
    """The fields of a delivery as one viewer is shown them."""

    def __init__(self, viewer: Scope, bind: Bind) -> None:
        """Bind the viewer's own keys, unless they see everything."""
        self._bind = bind
        self._own = None if viewer.is_everything else bind("Array(String)", list(own_keys(viewer)))

    def conditions(self, search: Search, *, parts: bool) -> Iterator[str]:
        """What a question asks of rows; with `parts` also the parts of addresses."""
        for name in WHOLE:
            asked = getattr(search, name)
            if name == "remote_host" and asked.startswith("."):
                end = self._bind("String", asked.lower())
                yield f"endsWith(concat('.', {_lower(asked)}(remote_host)), {end})"
            elif asked:
                yield f"{_lower(asked)}({name}) = {self._bind('String', asked.lower())}"
                yield from self._shows(name)
        if search.ip:
            yield self._ip(search.ip)
        if parts:
            yield from self._parts(search)

    def order(self, field: str) -> tuple[str, str]:
        """What an order by a public field compares, and its type."""
        if field in _NUMBERS:
            return _NUMBERS[field], "Int64"
        if field == "result" and self._own is not None:
            # Words of a reply may speak of addresses that are masked: its codes do not.
            codes = "concat(leftPad(toString(smtp_code), 3, '0'), ' ', enhanced_code)"
            return codes, "String"
        text = self.shown(field)
        return f"substringUTF8(lower(toString({text})), 1, {_COMPARED})", "String"

    def own_origin(self) -> list[str]:
        """That the viewer is the proven submitter's side."""
        return [] if self._own is None else [self._is_own("origins")]

    def own_target(self) -> list[str]:
        """That the viewer is on the receiving side."""
        return [] if self._own is None else [self._is_own("targets")]

    def shown(self, field: str) -> str:
        """A field as the viewer is shown it; empty where it is masked."""
        conditions = " AND ".join(self._shows(field))
        return f"if({conditions}, {field}, '')" if conditions else field

    def _shows(self, field: str) -> list[str]:
        """Under what conditions the viewer is shown a field."""
        if self._own is None:
            return []
        match field:
            case "delivered_to":
                return [self._shows_final()]
            case "mailbox":
                return [self._keeps()]
            case "user":
                return [self._shows_user()]
            case "domain":
                same = "domain = substring(" + _domain_of("lower(sender)") + ", 2)"
                return [f"({self._shows_user()} OR {same})"]
        return []

    def _keeps(self) -> str:
        """Whether the folder is the viewer's: that of the final mailbox, if that has an address."""
        final = "lower(delivered_to)"
        return f"if(has(targets, {final}), {self._holds(final)}, {self._is_own('targets')})"

    def _shows_final(self) -> str:
        final = "lower(delivered_to)"
        return (
            f"({self._is_own('targets')} OR {self._holds(final)} "
            f"OR {final} IN (lower(sender), lower(recipient)))"
        )

    def _shows_user(self) -> str:
        user = "lower(user)"
        return (
            f"({self._is_own('origins')} OR {self._holds(user)} "
            f"OR {user} IN (lower(sender), lower(recipient)))"
        )

    def _is_own(self, side: str) -> str:
        return f"arrayExists(p -> {self._holds('p')}, {side})"

    def _holds(self, party: str) -> str:
        """Whether a lower-case address or login is the viewer's."""
        at = f"position({party}, '@') > 0"
        return f"(has({self._own}, {party}) OR ({at} AND has({self._own}, {_domain_of(party)})))"

    def _parts(self, search: Search) -> Iterator[str]:
        if search.recipient:
            yield self._any(search.recipient, search.match, recipient=True)
        if search.sender:
            yield self._any(search.sender, search.match, sender=True)
        if search.address:
            yield self._any(search.address, search.match, recipient=True, sender=True)

    def _any(
        self, asked: str, match: Match, *, recipient: bool = False, sender: bool = False
    ) -> str:
        """Whether a part is in one of the addresses of these parties that are shown."""
        part = self._bind("String", asked.lower())

        def test(party: str) -> str:
            if match is Match.CONTAINS:
                return f"position({party}, {part}) > 0"
            if asked.startswith("@"):
                at = f"position({party}, '@') > 0"
                return f"({at} AND startsWith({_domain_of(party)}, {part}))"
            return f"startsWith({party}, {part})"

        lower = _lower(asked)
        ways = []
        if recipient:
            ways.append([test(f"{lower}(recipient)")])
            ways.append([test(f"{lower}(delivered_to)"), *self._shows("delivered_to")])
        if sender:
            ways.append([test(f"{lower}(sender)")])
            ways.append([f"arrayExists(p -> {test('p')}, origins)", *self.own_origin()])
        return f"({' OR '.join(' AND '.join(way) for way in ways)})"

    def _ip(self, asked: str) -> str:
        network = ipaddress.ip_network(asked)
        if isinstance(network, ipaddress.IPv4Network) and network.num_addresses == 1:
            one = self._bind("String", str(network.network_address))
            return f"(client_ip = {one} OR remote_ip = {one})"
        first = self._bind("IPv6", _as_version_6(network.network_address))
        last = self._bind("IPv6", _as_version_6(network.broadcast_address))
        each = (
            f"({field} != '' AND toIPv6OrDefault({field}) BETWEEN {first} AND {last})"
            for field in ("client_ip", "remote_ip")
        )
        return f"({' OR '.join(each)})"


def _lower(asked: str) -> str:
    """The function to compare with: that for all of Unicode takes many times as long."""
    return "lower" if asked.isascii() else "lowerUTF8"


def _domain_of(party: str) -> str:
    """The key of a party's domain, as the table of keys has it."""
    return f"concat('@', trim(TRAILING '>' FROM substringIndex({party}, '@', -1)))"


def _as_version_6(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"::ffff:{address}" if isinstance(address, ipaddress.IPv4Address) else str(address)
