"""The ends of a Postfix route: what the program behind a transport does with mail, in words."""

from __future__ import annotations

import pwd

import msgspec

from postroad.model import address as addresses
from postroad.model.route import SMTP_PORT, Host, Kind, Node, Side
from postroad.model.text import Text, say
from postroad.trace import dns
from postroad.trace.postfix_aliases import Target
from postroad.trace.postfix_lists import Lists
from postroad.trace.postfix_resolve import Resolved
from postroad.trace.postfix_tables import Tables, listed
from postroad.trace.reach import is_address
from postroad.trace.tree import is_mailbox_program, routed

_NOWHERE = "/dev/null"
_LMTP_PORT = 24


class Ends:
    """Makes nodes of where one Postfix hands recipients to."""

    def __init__(self, tables: Tables, lists: Lists, asker: dns.Asker) -> None:
        self._tables = tables
        self._lists = lists
        self._asker = asker

    def program(self, resolved: Resolved) -> str:
        """The program behind the transport, as master.cf names it; "" where there is none."""
        return self._tables.services.get(resolved.transport, "").partition(" ")[0]

    def node(self, resolved: Resolved, address: str) -> Node:
        """What becomes of mail with this transport and next hop."""
        node = self._node(resolved, address)
        return msgspec.structs.replace(
            node, transport=resolved.transport, source=node.source or resolved.table
        )

    def _node(self, resolved: Resolved, address: str) -> Node:
        if resolved.refusal is not None:
            return _trouble(address, Kind.BOUNCE, resolved.refusal, resolved.reply)
        match self.program(resolved):
            case "error" if resolved.transport == "retry":
                words = say("A rule of this server puts it off.")
                return _trouble(address, Kind.DEFER, words, resolved.nexthop)
            case "error":
                words = say("A rule of this server refuses it.")
                return _trouble(address, Kind.BOUNCE, words, resolved.nexthop)
            case "discard":
                words = say("{transport} throws it away", transport=resolved.transport)
                return Node(address=address, kind=Kind.DISCARD, words=words, reply=resolved.nexthop)
            case "virtual":
                return self._virtual(resolved, address)
            case "pipe":
                return self._pipe(resolved, address)
            case "lmtp":
                return self._lmtp(resolved, address)
            case "smtp":
                return self._smtp(resolved, address)
            case _:
                words = say(
                    "The transport {transport} is not one that mail can be handed to (master.cf).",
                    transport=resolved.transport,
                )
                return _trouble(address, Kind.DEFER, words)

    def mailbox(self, resolved: Resolved) -> Node:
        """local(8) without an alias: the user's mailbox, or what stands in for it."""
        address = resolved.recipient
        for setting in ("mailbox_transport", "fallback_transport"):
            onward = self._tables[setting]
            if onward and (setting == "mailbox_transport" or not self._is_user(address)):
                transport, _, nexthop = onward.partition(":")
                other = Resolved(address, "local", transport, nexthop or addresses.domain(address))
                return self.node(other, address)
        if not self._is_user(address):
            luser = self._tables["luser_relay"]
            if luser:
                words = say("luser_relay sends it on")
                end = _local(luser, "local", luser)
                return msgspec.structs.replace(routed(address, words=words), children=(end,))
            return _trouble(address, Kind.BOUNCE, _NO_USER, f"unknown user: {address}")
        note = say("A .forward file of this user is not looked into.")
        command = self._tables["mailbox_command"]
        if command and not is_mailbox_program(command):
            made = _command(address, "local", command)
        else:
            made = _local(address, "local", self._file(address))
        return msgspec.structs.replace(made, transport=resolved.transport, notes=(note,))

    def unknown_user(self, resolved: Resolved, *, is_alias: bool) -> Node | None:
        """The refusal of a target of an alias that is neither user nor alias."""
        has_more = any(
            self._tables[each]
            for each in ("mailbox_transport", "fallback_transport", "luser_relay")
        )
        if is_alias or has_more or self._is_user(resolved.recipient):
            return None
        reply = f"unknown user: {resolved.recipient}"
        return _trouble(resolved.recipient, Kind.BOUNCE, _NO_USER, reply)

    def handed(self, target: Target, address: str, table: str) -> Node:
        """A command, file or list that an alias names."""
        if target.command:
            made = _command(address, "local", target.command)
        elif target.file == _NOWHERE:
            words = say("{transport} throws it away", transport="local")
            made = Node(address=address, kind=Kind.DISCARD, words=words)
        elif target.file:
            made = _local(address, "local", target.file)
        else:
            words = say(
                "goes to everybody in the list {file}, which is not read", file=target.include
            )
            made = routed(address, source=target.include, words=words)
        return msgspec.structs.replace(made, transport="local", source=made.source or table)

    def _virtual(self, resolved: Resolved, address: str) -> Node:
        found = self._tables.first("virtual_mailbox_maps", self._lists.keys(resolved.recipient))
        if found is None:
            words = say(
                "There is no such mailbox here ({setting}).", setting="virtual_mailbox_maps"
            )
            return _trouble(address, Kind.BOUNCE, words, f'unknown user: "{resolved.recipient}"')
        mailbox = f"{self._tables['virtual_mailbox_base']}/{found[1]}".replace("//", "/")
        made = _local(address, resolved.transport, mailbox)
        return msgspec.structs.replace(made, source=found[2])

    def _pipe(self, resolved: Resolved, address: str) -> Node:
        command = self._tables.services[resolved.transport].partition("argv=")[2]
        if is_mailbox_program(command):
            return _local(address, resolved.transport, resolved.recipient)
        return _command(address, resolved.transport, command)

    def _lmtp(self, resolved: Resolved, address: str) -> Node:
        """LMTP hands over to what delivers finally (RFC 2033)."""
        made = _local(address, resolved.transport, resolved.recipient)
        if resolved.nexthop.startswith("unix:"):
            return made
        name, port = _place(resolved.nexthop.removeprefix("inet:"), _LMTP_PORT)
        return msgspec.structs.replace(made, hosts=(Host(name=name, port=port),))

    def _smtp(self, resolved: Resolved, address: str) -> Node:
        """The first of the next hops that DNS knows a way to."""
        nodes = [
            self._hop(hop, address, resolved.transport)
            for hop in listed(resolved.nexthop.removeprefix("inet:")) or [resolved.nexthop]
        ]
        usable = [each for each in nodes if not each.is_trouble]
        if len(usable) < 1:
            return nodes[0]
        hosts = tuple(host for each in usable for host in each.hosts)
        words = dns.via(resolved.transport, hosts)
        return msgspec.structs.replace(usable[0], hosts=hosts, words=words)

    def _hop(self, hop: str, address: str, transport: str) -> Node:
        name, port = _place(hop, SMTP_PORT)
        if hop.startswith("["):
            host = (
                Host(name=name, ips=(name,), port=port)
                if is_address(name)
                else dns.host(self._asker, name, port=port)
            )
            return dns.direct(address, name, host, router=transport)
        node = dns.destination(self._asker, address, name, router=transport, port=port)
        return self._without_itself(node, address, name)

    def _without_itself(self, node: Node, address: str, domain: str) -> Node:
        """Postfix leaves out itself and all that comes after itself (smtp(8), loop prevention)."""
        own = set(self._lists.own_addresses())
        mine = [each.mx or 0 for each in node.hosts if own & set(each.ips)]
        if not mine:
            return node
        left = tuple(each for each in node.hosts if (each.mx or 0) < min(mine))
        if left:
            words = dns.via(node.router, left)
            return msgspec.structs.replace(node, hosts=left, words=words)
        words = say(
            "DNS names this server for {domain}, but it does not take that domain for its own: "
            "mail would go in a circle.",
            domain=domain,
        )
        return _trouble(address, Kind.BOUNCE, words, f"mail for {domain} loops back to myself")

    def _file(self, address: str) -> str:
        """The mailbox of a user of the system."""
        user = self._user(address)
        if home := self._tables["home_mailbox"]:
            return f"~{user}/{home}"
        return f"{self._tables['mail_spool_directory']}/{user}"

    def _user(self, address: str) -> str:
        local, _, _ = address.rpartition("@")
        return local.removesuffix(self._lists.extension(local)).lower()

    def _is_user(self, address: str) -> bool:
        try:
            pwd.getpwnam(self._user(address))
        except (KeyError, ValueError):
            return False
        return True


_NO_USER = say("There is no user of this name on this server.")


def _place(hop: str, usual: int) -> tuple[str, int]:
    """Host and port of `host`, `host:port`, `[host]` and `[host]:port`."""
    if hop.startswith("["):
        name, _, rest = hop[1:].partition("]")
        number = rest.removeprefix(":")
    else:
        name, _, number = hop.partition(":")
    return name.lower(), int(number) if number.isdecimal() else usual


def _local(address: str, transport: str, mailbox: str) -> Node:
    words = say("{router} to local delivery", router=transport)
    return Node(address=address, kind=Kind.LOCAL, words=words, router=transport, mailbox=mailbox)


def _command(address: str, transport: str, command: str) -> Node:
    words = say("{router} hands it to a command", router=transport)
    return Node(address=address, kind=Kind.COMMAND, words=words, router=transport, command=command)


def _trouble(address: str, kind: Kind, words: Text, reply: str = "") -> Node:
    return Node(address=address, kind=kind, words=words, side=Side.HERE, reply=reply)
