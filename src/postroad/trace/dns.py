"""Where DNS sends the mail of a domain, as any sender sees it (RFC 5321 section 5.1).

In goes a domain, out comes the end of a route: the servers in the order in which they are tried,
each with what is wrong with it, or why there are none. Nobody is connected to.

Limits: of a very long list of servers the first are looked up. Whether an answer is authentic is
what the name server that was asked says.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.flags
import dns.name
from dns.rdtypes.mxbase import MXBase

from postroad.model.route import SMTP_PORT, Dnssec, Host, Kind, Node, Side
from postroad.model.text import Text, say, say_many
from postroad.trace.limits import MOST_HOSTS, Deadline
from postroad.trace.lookup import Answer, Found, Lookup
from postroad.trace.reach import address_fault, is_address

#: Hosts that are looked up at a time.
_AT_ONCE = 8


@dataclass(frozen=True)
class Asker:
    """Asks name servers until a deadline."""

    servers: Sequence[str]
    deadline: Deadline
    lookup: Lookup
    #: Whether an address of this machine is a fault: a mail server here judges that itself.
    is_outsider: bool = True

    @classmethod
    def of(cls, servers: Sequence[str], deadline: Deadline, *, is_outsider: bool = True) -> Asker:
        """Ask these name servers, the system's if none are given. Raises `ConfigError`."""
        lookup = Lookup(servers, seconds=deadline.left())
        return cls(servers, deadline, lookup, is_outsider)

    def ask(self, name: str, kind: str) -> tuple[Answer, Dnssec]:
        """The answer to a question, and what DNSSEC says of it."""
        answer = self.lookup.ask(name, kind)
        if answer.found is Found.FAILED and self._answers_unchecked(name, kind):
            return answer, Dnssec.BOGUS
        return answer, Dnssec.SECURE if answer.is_secure else Dnssec.INSECURE

    def _answers_unchecked(self, name: str, kind: str) -> bool:
        """Whether there is an answer when nobody checks signatures (RFC 4035 section 3.2.2)."""
        unchecked = Lookup(self.servers, seconds=self.deadline.left())
        unchecked.flags = dns.flags.RD | dns.flags.CD
        return unchecked.ask(name, kind).found in (Found.RECORDS, Found.NOTHING, Found.NO_NAME)


def destination(
    asker: Asker, address: str, domain: str, *, router: str = "DNS", port: int = SMTP_PORT
) -> Node:
    """The end of the route of an address whose mail goes where DNS sends that of `domain`."""
    end = _End(address, domain, router)
    if domain.startswith("["):
        return _literal(end)
    answer, dnssec = asker.ask(domain, "MX")
    if answer.found is Found.NOTHING:
        return _implicit(asker, end, port)
    if answer.found is not Found.RECORDS:
        return end.unknown(answer, dnssec)
    named = sorted(
        (each.preference, each.exchange.to_text(omit_final_dot=True))
        for each in answer.records
        if isinstance(each, MXBase) and each.exchange != dns.name.root
    )
    if not named:
        words = say(
            "{domain} says in DNS that it takes no mail (null MX, RFC 7505).", domain=domain
        )
        return end.trouble(Kind.BOUNCE, words)
    notes: list[str] = []
    if len(named) > MOST_HOSTS:
        notes.append(
            say_many(
                "DNS names one more server.",
                "DNS names {count} more servers.",
                len(named) - MOST_HOSTS,
            )
        )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        looked = [
            pool.submit(host, asker, name, mx=mx, port=port, dnssec=dnssec)
            for mx, name in named[:MOST_HOSTS]
        ]
        hosts = tuple(each.result() for each in looked)
    return end.hosts(hosts, notes)


def direct(address: str, name: str, server: Host, *, router: str) -> Node:
    """The end of a route that goes to one server, whatever DNS says of the domain."""
    return _End(address, name, router).hosts((server,))


def host(
    asker: Asker,
    name: str,
    *,
    mx: int | None = None,
    port: int = SMTP_PORT,
    dnssec: Dnssec = Dnssec.SECURE,
) -> Host:
    """A server by its name: its addresses, and what is wrong. `dnssec` is of what named it."""
    if is_address(name):
        fault = say("Its MX record names an address and not a host, which is not allowed.")
        return Host(name=name, mx=mx, port=port, dnssec=dnssec, fault=fault)
    answers = [asker.ask(name, kind) for kind in ("A", "AAAA")]
    ips = tuple(ip for answer, _ in answers for ip in answer.addresses)[:MOST_HOSTS]
    states = [dnssec, *(state for answer, state in answers if _tells(answer, state))]
    return Host(
        name=name,
        ips=ips,
        mx=mx,
        port=port,
        dnssec=_weakest(states),
        fault=_fault(asker, name, ips, answers, is_mx=mx is not None),
    )


@dataclass(frozen=True)
class _End:
    """What all ends of one destination share."""

    address: str
    domain: str
    router: str

    def trouble(self, kind: Kind, words: Text, *, hosts: tuple[Host, ...] = ()) -> Node:
        """Mail does not get any further, and the cause is at the receiving end."""
        return Node(
            address=self.address,
            kind=kind,
            words=words,
            side=Side.THERE,
            router=self.router,
            hosts=hosts,
        )

    def unknown(self, answer: Answer, dnssec: Dnssec) -> Node:
        """DNS gave no records."""
        if answer.found is Found.NO_NAME:
            words = say("There is no domain {domain} in DNS.", domain=self.domain)
            return self.trouble(Kind.BOUNCE, words)
        if dnssec is Dnssec.BOGUS:
            words = say(
                "The DNSSEC signatures of {domain} are not valid, so that servers that check them "
                "find no way to it.",
                domain=self.domain,
            )
        elif answer.found is Found.TIMEOUT:
            words = say("DNS gives no answer for {domain} in time.", domain=self.domain)
        else:
            words = say("The name servers of {domain} fail to answer.", domain=self.domain)
        return self.trouble(Kind.DEFER, words)

    def hosts(self, hosts: tuple[Host, ...], notes: Sequence[str] = ()) -> Node:
        """These servers take the mail, unless none of them can be reached."""
        if not any(each.ips for each in hosts):
            is_certain = all(each.dnssec is not Dnssec.BOGUS for each in hosts) and all(
                each.fault == _no_address(each.name) or is_address(each.name) for each in hosts
            )
            words = say(
                "None of the servers that DNS names for {domain} has an address.",
                domain=self.domain,
            )
            if any(each.dnssec is Dnssec.BOGUS for each in hosts):
                words = say(
                    "The DNSSEC signatures of the servers of {domain} are not valid, so that "
                    "senders that check them do not reach it.",
                    domain=self.domain,
                )
            elif not is_certain:
                words = say(
                    "DNS tells no address of the servers that it names for {domain}.",
                    domain=self.domain,
                )
            return self.trouble(Kind.BOUNCE if is_certain else Kind.DEFER, words, hosts=hosts)
        return Node(
            address=self.address,
            kind=Kind.SMTP,
            words=via(self.router, hosts),
            side=Side.THERE if any(each.fault for each in hosts) else None,
            router=self.router,
            hosts=hosts,
            notes=tuple(notes),
        )


def via(router: str, hosts: Sequence[Host]) -> Text:
    """`lookuphost via mail.example.com [192.0.2.1] MX=10`, and how many more there are."""
    lines = [line for each in hosts for line in each.lines]
    if len(lines) == 1:
        return say("{router} via {host}", router=router, host=lines[0])
    return say_many(
        "{router} via {host} and one more",
        "{router} via {host} and {count} more",
        len(lines) - 1,
        router=router,
        host=lines[0],
    )


def _implicit(asker: Asker, end: _End, port: int) -> Node:
    """A domain without MX records is its own server (RFC 5321 section 5.1)."""
    own = host(asker, end.domain, port=port)
    if own.ips:
        note = say("{domain} has no MX record: its own address counts.", domain=end.domain)
        return end.hosts((own,), [note])
    if own.fault == _no_address(end.domain):
        words = say(
            "{domain} has neither a mail server (MX) nor an address in DNS.", domain=end.domain
        )
        return end.trouble(Kind.BOUNCE, words)
    words = say("The name servers of {domain} fail to answer.", domain=end.domain)
    return end.trouble(Kind.DEFER, words)


def _literal(end: _End) -> Node:
    """An address in brackets is gone to directly (RFC 5321 section 4.1.3)."""
    ip = end.domain.strip("[]")
    ip = ip[5:] if ip.lower().startswith("ipv6:") else ip
    if not is_address(ip):
        words = say("{domain} is not an address that can be gone to.", domain=end.domain)
        return end.trouble(Kind.BOUNCE, words)
    return end.hosts((Host(name=end.domain, ips=(ip,), fault=address_fault(ip, is_outsider=True)),))


def _fault(
    asker: Asker,
    name: str,
    ips: tuple[str, ...],
    answers: list[tuple[Answer, Dnssec]],
    *,
    is_mx: bool,
) -> Text:
    """What is wrong with a server, the worst first; empty where nothing is."""
    if any(state is Dnssec.BOGUS for _, state in answers):
        return say("The DNSSEC signatures of {host} are not valid.", host=name)
    if not ips and all(answer.is_certain for answer, _ in answers):
        return _no_address(name)
    if not ips:
        return say("DNS gives no answer for {host}.", host=name)
    for ip in ips:
        if fault := address_fault(ip, is_outsider=asker.is_outsider):
            return fault
    led = {answer.name.lower() for answer, _ in answers if answer.found is Found.RECORDS}
    if is_mx and led - {name.lower()}:
        return say(
            "{host} is an alias (CNAME) of {target}; an MX record must name a host itself "
            "(RFC 2181 section 10.3), and some servers do not send there.",
            host=name,
            target=", ".join(sorted(led - {name.lower()})),
        )
    return say("")


def _no_address(name: str) -> Text:
    return say("{host} has no address in DNS.", host=name)


def _tells(answer: Answer, state: Dnssec) -> bool:
    """Whether an answer counts for whether a host is authenticated."""
    return answer.found is Found.RECORDS or state is Dnssec.BOGUS


def _weakest(states: Sequence[Dnssec]) -> Dnssec:
    for state in (Dnssec.BOGUS, Dnssec.UNKNOWN, Dnssec.INSECURE):
        if state in states:
            return state
    return Dnssec.SECURE
