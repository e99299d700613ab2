"""The nodes that Exim's paragraphs stand for: what becomes of mail there, in words.

Where Exim's own words are about DNS they are said in ours, because they do not tell what is wrong;
the domain is then looked up once more.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from postroad.model import address as addresses
from postroad.model.route import SMTP_PORT, Dnssec, Host, Kind, Node, Side
from postroad.model.text import Text, say
from postroad.trace import dns
from postroad.trace.exim_answer import End, Step, Steps, Target, Transport
from postroad.trace.reach import is_address
from postroad.trace.tree import is_mailbox_program, loop, routed

#: What Exim says where no router takes an address.
_NOBODY = "Unrouteable address"
#: What Exim says where DNS is the cause, and not this server.
_OF_DNS = (
    _NOBODY,
    "an MX or SRV record indicated no SMTP service",
    "all relevant MX records point to non-existent hosts",
    "host lookup did not complete",
    "the domain does not exist",
    "",
)
_TO_ITSELF = (
    "lowest numbered MX record points to local host",
    "remote host address is the local host",
)
_NOWHERE = "/dev/null"
_REFUSED = say("This server refuses it.")


class Ends:
    """Makes nodes of what Exim said about one address."""

    def __init__(
        self,
        steps: Steps,
        transports: dict[str, Transport],
        asker: dns.Asker,
        *,
        is_own: Callable[[str], bool],
    ) -> None:
        self._steps = steps
        self._transports = transports
        self._asker = asker
        self._is_own = is_own
        self._looked_up: dict[str, Node] = {}

    def expanded(self, address: str) -> Node:
        """An address that a redirect router expanded."""
        step = self._steps.by_address.get(address, Step())
        source = step.expanded_from[-1] if step.expanded_from else ""
        return routed(address, router=step.expander, source=source)

    def black_hole(self, address: str, step: Step) -> Node:
        """An address that an alias throws away."""
        source = step.expanded_from[-1] if step.expanded_from else ""
        words = say("an alias throws it away")
        if source:
            words = say(
                "{router} throws it away, as {source} says", router=step.expander, source=source
            )
        return Node(
            address=address, kind=Kind.DISCARD, words=words, router=step.expander, source=source
        )

    def node(self, end: End) -> Node:
        """What a paragraph stands for."""
        match end.outcome:
            case "taken":
                return self._taken(end)
            case "handed":
                return self._handed(end)
            case "discarded":
                return self.black_hole(end.address, self._steps.by_address.get(end.address, Step()))
            case "wrong":
                words = say("Exim does not take this for an address.")
                return self._trouble(end, Kind.ERROR, words)
            case _:
                return self._failed(end)

    def _taken(self, end: End) -> Node:
        transport = self._transports.get(end.transport, Transport("", {}))
        if end.hosts and not transport.is_lmtp:
            return self._remote(end, self._hosts(end))
        match transport.driver:
            case "smtp" if not transport.is_lmtp:
                return self._remote(end, _configured(transport))
            case "pipe":
                return self._piped(end, transport.options.get("command", ""))
            case "autoreply":
                return self._answered(end)
            case _:
                return self._local(end, end.address)

    def _local(self, end: End, mailbox: str) -> Node:
        return Node(
            address=end.address,
            kind=Kind.LOCAL,
            words=say("{router} to local delivery", router=end.router or end.transport),
            router=end.router,
            transport=end.transport,
            source=self._source(end),
            mailbox=mailbox,
        )

    def _remote(self, end: End, hosts: tuple[Host, ...]) -> Node:
        made = Node(
            address=end.address,
            kind=Kind.SMTP,
            words=say("{router} to another server", router=end.router),
            side=Side.THERE if any(each.fault for each in hosts) else None,
            router=end.router,
            transport=end.transport,
            hosts=hosts,
        )
        return msgspec.structs.replace(made, words=dns.via(end.router, hosts)) if hosts else made

    def _piped(self, end: End, command: str) -> Node:
        if is_mailbox_program(command):
            return self._local(end, end.address)
        return Node(
            address=end.address,
            kind=Kind.COMMAND,
            words=say("{router} hands it to a command", router=end.router or end.transport),
            router=end.router,
            transport=end.transport,
            source=self._source(end),
            command=command,
        )

    def _answered(self, end: End) -> Node:
        return Node(
            address=end.address,
            kind=Kind.COMMAND,
            words=say("{router} answers it automatically", router=end.router or end.transport),
            router=end.router,
            transport=end.transport,
            source=self._source(end),
        )

    def _handed(self, end: End) -> Node:
        """A pipe, a file or an automatic answer that an alias or filter names."""
        if end.target.startswith("|"):
            return self._piped(end, end.target[1:].strip())
        if end.target == _NOWHERE:
            made = self._local(end, _NOWHERE)
            words = say("{transport} throws it away", transport=end.transport)
            return msgspec.structs.replace(made, kind=Kind.DISCARD, words=words, mailbox="")
        if end.target.startswith("/"):
            return self._local(end, end.target)
        return self._answered(end)

    def _failed(self, end: End) -> Node:
        kind = Kind.BOUNCE if end.outcome == "failed" else Kind.DEFER
        if end.address in end.parents:
            return self._trouble(end, kind, self._loop(end))
        if end.message in _TO_ITSELF:
            words = say(
                "DNS names this server for {domain}, but it does not take that domain for its own: "
                "mail would go in a circle.",
                domain=addresses.domain(end.address),
            )
            return self._trouble(end, kind, words)
        if end.message in _OF_DNS and (found := self._in_dns(end, kind)):
            return found
        if kind is Kind.DEFER:
            return self._trouble(end, kind, say("This server cannot tell now, and tries again."))
        if end.message in ("", _NOBODY):
            words = say("No rule of this server takes it: there is no such mailbox or alias.")
            return self._trouble(end, kind, words if end.message else _REFUSED)
        return self._trouble(end, kind, _REFUSED)

    def _in_dns(self, end: End, kind: Kind) -> Node | None:
        """What DNS says of a domain that Exim has no way to, if it says why."""
        if self._is_own(addresses.domain(end.address)):
            return None
        found = self._destination(end.address)
        if not found.is_trouble or (found.kind is not kind and end.message == ""):
            return None
        return msgspec.structs.replace(
            found, address=end.address, kind=kind, router=end.router, reply=end.message
        )

    def _destination(self, address: str) -> Node:
        """Where DNS sends the mail of an address; each domain is looked up once."""
        domain = addresses.domain(address)
        if domain not in self._looked_up:
            self._looked_up[domain] = dns.destination(self._asker, address, domain)
        return self._looked_up[domain]

    def _trouble(self, end: End, kind: Kind, words: Text) -> Node:
        step = self._steps.by_address.get(end.address, Step())
        return Node(
            address=end.address,
            kind=kind,
            words=words,
            side=Side.HERE,
            router="" if end.message == _NOBODY else step.router,
            source=self._source(end),
            reply=end.message,
        )

    def _loop(self, end: End) -> Text:
        way = list(reversed(end.parents))
        return loop([*way[way.index(end.address) :], end.address])

    def _source(self, end: End) -> str:
        """The file that decided: of the alias or filter, or of the router that took it."""
        step = self._steps.by_address.get(end.address, Step())
        files = step.expanded_from if end.outcome == "handed" else step.files
        is_decided = end.message != _NOBODY
        return files[-1] if files and is_decided else ""

    def _hosts(self, end: End) -> tuple[Host, ...]:
        """Hosts in Exim's order, the addresses of one name together, with what DNS says of them."""
        by_name: dict[tuple[str, int | None, int | None], list[Target]] = {}
        for each in end.hosts:
            by_name.setdefault((each.name, each.mx, each.port), []).append(each)
        hosts = [self._host(targets) for targets in by_name.values()]
        if not any(each.mx is not None for each in hosts):
            return tuple(hosts)
        known = self._destination(end.address).hosts
        return tuple(_informed(each, known) for each in hosts)

    def _host(self, targets: list[Target]) -> Host:
        first = targets[0]
        return Host(
            name=first.name,
            ips=tuple(each.ip for each in targets if each.ip),
            mx=first.mx,
            port=first.port or SMTP_PORT,
            dnssec=self._steps.dnssec.get(first.ip, Dnssec.UNKNOWN),
            fault="" if any(each.is_usable for each in targets) else _unusable(first.name),
        )


def _informed(host: Host, known: tuple[Host, ...]) -> Host:
    """A host of Exim's with what our own question to DNS adds.

    Exim names hosts as they are called behind aliases, so that addresses are compared.
    """
    for each in known:
        if each.mx == host.mx and set(each.ips) & set(host.ips):
            dnssec = each.dnssec if host.dnssec is Dnssec.UNKNOWN else host.dnssec
            return msgspec.structs.replace(host, dnssec=dnssec, fault=host.fault or each.fault)
    return host


def _unusable(name: str) -> Text:
    return say("Exim has no usable address of {host} now.", host=name)


def _configured(transport: Transport) -> tuple[Host, ...]:
    """The hosts that a transport names itself, as far as they stand there as such."""
    listed = transport.options.get("hosts", "")
    if not listed or "$" in listed or listed.startswith("<"):
        return ()
    names = [each.strip() for each in listed.split(":") if each.strip()]
    return tuple(Host(name=each, ips=(each,) if is_address(each) else ()) for each in names)
