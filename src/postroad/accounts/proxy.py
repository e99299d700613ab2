"""People whom a reverse proxy vouches for: a panel or webmail that knows who is signed in to it.

Comes in: the values of one header, and the address of whoever is really connected. Goes out: the
name of an account. The header counts from the proxy's networks only; a request that carries it from
anywhere else is refused, for it is a try at being somebody else or a proxy that was forgotten.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from postroad.accounts.account import LONGEST_NAME
from postroad.errors import AccessError
from postroad.model.text import say


class Proxy:
    """The header, and whom it is believed from."""

    def __init__(self, header: str, networks: Sequence[str], *, makes: bool) -> None:
        """`networks` in CIDR notation, which the settings have checked.

        With `makes` a mailbox account is made for an address that has none.
        """
        self.header = header.lower()
        self.makes = makes
        self._networks = [ipaddress.ip_network(each, strict=False) for each in networks]

    def named(self, values: Sequence[str], peer: str) -> str:
        """The name that the header gives, lower case; empty where it gives none.

        `values` are what the request carries under that name, `peer` the other end of the
        connection, whatever other headers say. Raises `AccessError`.
        """
        if not self._trusts(peer):
            raise AccessError(
                say(
                    "This request says who it is for ({header}), and does not come from the proxy "
                    "that may. Go through the proxy, or leave the header out.",
                    header=self.header,
                )
            )
        if len(values) != 1:
            raise AccessError(
                say(
                    "This request says {count} times who it is for ({header}). The proxy has to "
                    "put its own value in the place of what it was sent.",
                    count=len(values),
                    header=self.header,
                )
            )
        try:
            # ASGI hands octets over; names are UTF-8.
            name = values[0].encode("latin-1").decode().strip().lower()
        except UnicodeError:
            name = "\0"
        if len(name) > LONGEST_NAME or not name.isprintable() or set(name) & set(" ,"):
            raise AccessError(
                say("The name that the proxy sent ({header}) cannot be one.", header=self.header)
            )
        return name

    def _trusts(self, peer: str) -> bool:
        try:
            found = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        return any((mapped or found) in network for network in self._networks)
