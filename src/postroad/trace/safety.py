"""Where a check may connect to, so that nobody makes it look around in networks of the inside.

An address is asked once, judged, and connected to as it was judged: a name that leads elsewhere
the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Sequence

from postroad.model.text import Text, say

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: IPv6 addresses that translators make of IPv4 addresses (RFC 6052): the last 32 bits.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
#: All IPv6 that is given out for use on the internet (RFC 4291 section 2.4).
_UNICAST = ipaddress.ip_network("2000::/3")
#: What is not for everybody to reach (RFC 6890 and the registries of special addresses at IANA).
#: Written down here, for what Python knows of them depends on its version.
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
    )
)
#: Any port will do to see which way packets would go; none is sent.
_ANY_PORT = 25


class Fence:
    """Says of addresses whether they may be connected to."""

    def __init__(self, allowed: Sequence[str] = (), own: Collection[str] = ()) -> None:
        """`allowed` are networks that may although they are inside, `own` addresses of ours.

        Raises `ValueError` for what is no network.
        """
        self._allowed = [ipaddress.ip_network(each, strict=False) for each in allowed]
        self._own = {str(each) for each in map(_address, own) if each is not None}

    def is_here(self, text: str) -> bool:
        """Whether the address is this server's own."""
        address = _address(text)
        if address is None:
            return False
        inner = _inner(address)
        return bool(self._own & {str(address), str(inner)}) or _is_here(inner)

    def why_not(self, text: str) -> Text | None:
        """Why this address may not be connected to, or None where it may."""
        address = _address(text)
        if address is None:
            return say("{address} is not an address.", address=text)
        inner = _inner(address)
        if any(each in network for network in self._allowed for each in (address, inner)):
            return None
        if self.is_here(text):
            return say(
                "{address} is this server itself. It is not asked over the network.",
                address=text,
            )
        if not is_public(text):
            return say(
                "{address} is not a public address. To let it be checked, name it in the setting "
                "{setting}.",
                address=text,
                setting="check_networks",
            )
        return None


def is_public(text: str) -> bool:
    """Whether an address is one of the internet, or stands for one that is."""
    address = _address(text)
    if address is None:
        return False
    inner = _inner(address)
    is_unicast = isinstance(inner, ipaddress.IPv4Address) or inner in _UNICAST
    return is_unicast and not any(inner in network for network in _SPECIAL)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_here(address: Address) -> bool:
    """Whether it is an address of this machine: what goes there would come from there, too."""
    family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), _ANY_PORT))
            return _address(str(probe.getsockname()[0])) == address
    except OSError:
        return False
