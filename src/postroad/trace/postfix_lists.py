"""Postfix's lists of domains, and the keys that it looks an address up by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postroad.model import address as addresses
from postroad.trace.postfix_tables import Tables, listed

#: Settings whose tables are asked about every recipient.
_OF_RECIPIENTS = (
    "recipient_canonical_maps",
    "canonical_maps",
    "recipient_bcc_maps",
    "virtual_alias_maps",
    "transport_maps",
    "relocated_maps",
    "virtual_mailbox_maps",
    "alias_maps",
)
#: Octets of a list that stands in a file of its own.
_LARGEST = 1 << 20


class Lists:
    """Which domain is of which class, for one Postfix."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def keys(self, address: str) -> list[str]:
        """What an address is looked up by, in order (virtual(5), "table search order")."""
        local, _, domain = address.rpartition("@")
        bare = local.removesuffix(self.extension(local))
        is_local = self.is_local(domain) or domain == self._tables["myorigin"].lower()
        found = [address, f"{bare}@{domain}"]
        found += [local, bare] if is_local else []
        return list(dict.fromkeys([*found, f"@{domain}"]))

    def learn(self, many: Sequence[str]) -> None:
        """Look up all that will be asked about these addresses at once. Raises `Unanswered`."""
        setting = "transport_maps"
        takes_below = setting in self._tables.words("parent_domain_matches_subdomains")
        keys: dict[str, None] = {}
        for each in many:
            keys |= dict.fromkeys(self.keys(each))
            keys |= dict.fromkeys(domain_keys(each, takes_below=takes_below))
            keys |= dict.fromkeys(each.rpartition("@")[:1])
        self._tables.learn(_OF_RECIPIENTS, many, list(keys))

    def keys_without(self, address: str) -> list[str]:
        """Those of them that leave the extension of the local part away."""
        local, _, domain = address.rpartition("@")
        bare = local.removesuffix(self.extension(local))
        return [] if bare == local else [f"{bare}@{domain}", bare]

    def extension(self, local: str) -> str:
        """The `+shop` of a local part, with its sign; "" where there is none."""
        for sign in self._tables["recipient_delimiter"]:
            name, found, extension = local.partition(sign)
            if name and found:
                return f"{found}{extension}"
        return ""

    def is_local(self, domain: str) -> bool:
        """Whether local(8) delivers for it (resolve_local(3))."""
        if domain.startswith("["):
            own = self.own_addresses()
            literal = domain.strip("[]").lower().removeprefix("ipv6:")
            return literal in own
        return self.holds("mydestination", domain)

    def own_addresses(self) -> list[str]:
        """The addresses that Postfix is told are its own; names like `all` are left out."""
        listed_ = self._tables.words("inet_interfaces") + self._tables.words("proxy_interfaces")
        return [each.strip("[]").lower() for each in listed_ if ":" in each or each[:1].isdigit()]

    def holds(self, setting: str, domain: str) -> bool:
        """Whether a list of this setting has the domain. Raises `Unanswered`."""
        takes_below = setting in self._tables.words("parent_domain_matches_subdomains")
        return self._matches(self._tables.words(setting), domain, takes_below=takes_below)

    def _matches(self, items: list[str], domain: str, *, takes_below: bool) -> bool:
        """The first item that matches decides; `!` before it says no (postconf(5))."""
        domain = domain.lower()
        for item in items:
            name = item.removeprefix("!")
            if self._matches_one(name, domain, takes_below=takes_below):
                return not item.startswith("!")
        return False

    def _matches_one(self, item: str, domain: str, *, takes_below: bool) -> bool:
        if item.startswith("/"):
            return self._matches(_file(item), domain, takes_below=takes_below)
        if ":" in item and not item.startswith("["):
            names = parents(domain) if takes_below else [domain]
            return any(self._tables.lookup(item, each) is not None for each in names)
        item = item.lower()
        if item.startswith(".") and not takes_below:
            return domain.endswith(item)
        return domain == item or (takes_below and domain.endswith(f".{item}"))


def parents(domain: str) -> list[str]:
    """A domain, and those above it."""
    labels = domain.split(".")
    return [".".join(labels[index:]) for index in range(len(labels))]


def domain_keys(address: str, *, takes_below: bool) -> list[str]:
    """What transport(5) looks a domain up by: itself, then what is above it, then `*`."""
    first, *above = parents(addresses.domain(address))
    return [first, *(each if takes_below else f".{each}" for each in above), "*"]


def _file(path: str) -> list[str]:
    """The items of a list in a file of its own; none where it cannot be read."""
    try:
        with Path(path).open() as lines:
            text = lines.read(_LARGEST)
    except (OSError, UnicodeDecodeError):
        return []
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return listed(" ".join(kept))
