"""Which transport and next hop Postfix has for a recipient: trivial-rewrite(8).

In goes a recipient as it is queued, out comes its `Resolved`: the address class decides
(ADDRESS_CLASS_README), the transport table may decide otherwise, and a relocated recipient or one
that a virtual alias domain lacks is refused. What smtpd(8) would refuse at RCPT is told, too.

Limits: settings that depend on the sender are not looked into.
"""

from __future__ import annotations

from dataclasses import dataclass

from postroad.model import address as addresses
from postroad.model.text import Text, say
from postroad.trace.postfix_lists import Lists, domain_keys
from postroad.trace.postfix_tables import Tables

#: Transports whose next hop is not a place but what is to be said.
_SAYING = frozenset({"error", "retry"})


@dataclass(frozen=True)
class Resolved:
    """Where a recipient goes."""

    recipient: str
    #: `local`, `alias`, `mailbox`, `relay` or `default`.
    address_class: str
    transport: str
    nexthop: str
    #: The table that decided, where it was one.
    table: str = ""
    #: Why it is refused; None where it is not.
    refusal: Text | None = None
    #: What Postfix would say of that itself.
    reply: str = ""


class Resolver:
    """Resolves recipients as one Postfix does."""

    def __init__(self, tables: Tables, lists: Lists) -> None:
        self._tables = tables
        self._lists = lists

    def resolve(self, recipient: str) -> Resolved:
        """The transport and next hop. Raises `Unanswered`."""
        if recipient.startswith("-") and not self._tables.is_on("allow_min_user"):
            words = say(
                "Postfix takes no address that begins with “-” ({setting}).",
                setting="allow_min_user",
            )
            return Resolved(recipient, "default", "error", "", refusal=words)
        recipient = self._without_own_domain(recipient)
        domain = addresses.domain(recipient)
        kind, transport, nexthop = self._by_class(domain)
        table = ""
        if kind != "alias" and (found := self._by_table(recipient)):
            transport, nexthop, table = _overridden(found[0], domain, transport, nexthop, found[1])
        moved = self._tables.first("relocated_maps", self._lists.keys(recipient))
        if moved:
            words = say(
                "It has moved to {address}, as {table} says.", address=moved[1], table=moved[2]
            )
            return Resolved(
                recipient, kind, "error", "", moved[2], words, f"User has moved to {moved[1]}"
            )
        if kind == "alias":
            words = say(
                "{domain} has virtual aliases only, and none of them is this.", domain=domain
            )
            reply = "User unknown in virtual alias table"
            return Resolved(recipient, kind, "error", "", table, words, reply)
        return Resolved(recipient, kind, transport, nexthop, table)

    def unknown(self, resolved: Resolved) -> Resolved | None:
        """The refusal of a recipient that its class does not know; None where it is known."""
        settings = {
            "local": ("local_recipient_maps", "local recipient table"),
            "mailbox": ("virtual_mailbox_maps", "virtual mailbox table"),
            "relay": ("relay_recipient_maps", "relay recipient table"),
        }
        if resolved.address_class not in settings:
            return None
        setting, name = settings[resolved.address_class]
        if not self._tables.words(setting):
            return None
        if self._tables.first(setting, self._lists.keys(resolved.recipient)):
            return None
        return Resolved(
            resolved.recipient,
            resolved.address_class,
            "error",
            "",
            refusal=say("There is no such mailbox or alias here ({setting}).", setting=setting),
            reply=f"User unknown in {name}",
        )

    def _without_own_domain(self, recipient: str) -> str:
        """`user%elsewhere@here` is `user@elsewhere` (`allow_percent_hack`)."""
        local, _, domain = recipient.rpartition("@")
        name, percent, rest = local.rpartition("%")
        is_on = self._tables.is_on("allow_percent_hack")
        if is_on and percent and name and self._lists.is_local(domain):
            return self._without_own_domain(f"{name}@{rest.lower()}")
        return recipient

    def _by_class(self, domain: str) -> tuple[str, str, str]:
        """Class, transport and next hop by the domain alone, in Postfix's order."""
        if self._lists.is_local(domain):
            return "local", *self._named("local_transport", self._tables["myhostname"])
        if self._lists.holds("virtual_alias_domains", domain):
            return "alias", "error", ""
        if self._lists.holds("virtual_mailbox_domains", domain):
            return "mailbox", *self._named("virtual_transport", domain)
        hop = self._tables["relayhost"] or domain
        if self._lists.holds("relay_domains", domain):
            return "relay", *self._named("relay_transport", hop)
        return "default", *self._named("default_transport", hop)

    def _named(self, setting: str, nexthop: str) -> tuple[str, str]:
        transport, _, own = self._tables[setting].partition(":")
        return transport, own or nexthop

    def _by_table(self, recipient: str) -> tuple[str, str] | None:
        """What the transport table says, and which it is (transport(5))."""
        setting = "transport_maps"
        takes_below = setting in self._tables.words("parent_domain_matches_subdomains")
        local, _, domain = recipient.rpartition("@")
        bare = local.removesuffix(self._lists.extension(local))
        keys = [recipient, f"{bare}@{domain}", *domain_keys(recipient, takes_below=takes_below)]
        found = self._tables.first(setting, list(dict.fromkeys(keys)))
        return (found[1], found[2]) if found else None


def _overridden(
    value: str, domain: str, transport: str, nexthop: str, table: str
) -> tuple[str, str, str]:
    """Transport, next hop and table, after an entry `transport:nexthop` (transport(5))."""
    name, _, hop = value.partition(":")
    if name in _SAYING:
        return name, hop or "Address is undeliverable", table
    if name:
        return name, hop or domain, table
    return transport, hop or nexthop, table if hop else ""
