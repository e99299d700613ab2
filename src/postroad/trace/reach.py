"""Which addresses a sender outside can reach at all."""

from __future__ import annotations

import ipaddress
import socket

from postroad.model.text import Text, say

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Networks for use inside (RFC 1918, RFC 6598, RFC 4193).
_INSIDE = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


def is_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_fault(ip: str, *, is_outsider: bool) -> Text:
    """Why nobody outside reaches a server at this address; empty where they may."""
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return say("")
    if parsed.is_loopback or parsed.is_unspecified:
        return say("{ip} is every machine's own address: mail would stay where it is.", ip=ip)
    if parsed.is_link_local or parsed.is_multicast or _is_private(parsed):
        return say("{ip} is not an address of the internet: nobody outside reaches it.", ip=ip)
    if is_outsider and _is_here(parsed):
        return say("{ip} is this server itself.", ip=ip)
    return say("")


def _is_private(address: _Address) -> bool:
    return any(address.version == each.version and address in each for each in _INSIDE)


def _is_here(address: _Address) -> bool:
    """Whether it is an address of this machine: only such a one can be listened at."""
    is_old = isinstance(address, ipaddress.IPv4Address)
    family = socket.AF_INET if is_old else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trying:
            trying.bind((str(address), 0))
    except OSError:
        return False
    return True
