"""Who may send syslog messages, and which source each sender's lines are.

A sender is known by its address. It belongs to the first configured source whose `peers` hold it,
else, if `syslog_peers` hold it, to a source of its own, `syslog ADDRESS`; all others are refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from postroad.config import Source

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Senders that get a source of their own.
MOST = 1000


class Peers:
    """Addresses to sources."""

    def __init__(self, sources: Iterable[Source], others: Sequence[str]) -> None:
        """`sources` are those that name peers; `others` are networks of senders besides."""
        self._configured = [(_networks(each.peers), each) for each in sources if each.peers]
        self._others = _networks(others)
        self._known: dict[str, Source | None] = {}
        self._own = 0

    def of(self, address: str) -> Source | None:
        """The source of this sender; None for one that nothing is received from."""
        if address in self._known:
            return self._known[address]
        if len(self._known) > 2 * MOST:
            # Strangers are forgotten, so that they cannot fill the memory.
            self._known = {each: source for each, source in self._known.items() if source}
        found = self._known[address] = self._source(address)
        return found

    def _source(self, address: str) -> Source | None:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return None
        for networks, source in self._configured:
            if _holds(networks, ip):
                return source
        if self._own < MOST and _holds(self._others, ip):
            self._own += 1
            return own(address)
        return None


def own(address: str) -> Source:
    """The source of a sender that no configured source names."""
    return Source(peers=(address,), name=f"syslog {address}")


def plain(address: str) -> str:
    """An address of a socket as it is written elsewhere: without scope, IPv4 as IPv4."""
    text = address.partition("%")[0]
    return text.removeprefix("::ffff:") if "." in text else text


def _networks(texts: Iterable[str]) -> list[_Network]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def _holds(networks: Iterable[_Network], ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(ip in network for network in networks)
