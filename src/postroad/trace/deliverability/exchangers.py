"""MX: whether answers to a domain's mail, and bounces, find their way back (RFC 5321 section 5)."""

from __future__ import annotations

import ipaddress

from dns.rdtypes.ANY.MX import MX

from postroad.model.check import Finding, State, Topic
from postroad.model.text import say
from postroad.trace.deliverability.reading import Findings
from postroad.trace.lookup import Found, Lookup
from postroad.trace.safety import Fence

#: Servers that are looked at.
_MOST = 20


def hosts(domain: str, lookup: Lookup) -> tuple[str, ...]:
    """The servers that the MX records name, in their order, in lower case."""
    ordered = sorted(
        (each.preference, each.exchange.to_text(omit_final_dot=True))
        for each in lookup.ask(domain, "MX").records
        if isinstance(each, MX)
    )
    return tuple(name.lower() for _, name in ordered if name != ".")[:_MOST]


def look(domain: str, lookup: Lookup, fence: Fence) -> list[Finding]:
    """How the domain receives mail, and how each of its servers stands."""
    found = Findings(Topic.MX, domain)
    answer = lookup.ask(domain, "MX")
    if not answer.is_certain:
        title = say("The MX records could not be looked up: the name servers do not answer.")
        return [found(State.UNKNOWN, title)]
    record = "\n".join(sorted(each.to_text() for each in answer.records))
    if answer.found is Found.NO_NAME:
        title = say("There is no domain {domain}.", domain=domain)
        return [found(State.FAULT, title)]
    if not answer.records:
        return [_without(domain, lookup, found)]
    names = hosts(domain, lookup)
    if not names:
        title = say("The domain says that it takes no mail (null MX): nobody can answer its mail.")
        advice = say(
            "Receivers may refuse mail from a domain that takes none. Publish an MX record at "
            "{domain}, or send from another domain.",
            domain=domain,
        )
        return [found(State.WARNING, title, record=record, advice=advice)]
    findings = [
        each for each in (_host(name, domain, lookup, fence, found) for name in names) if each
    ]
    return findings or [
        found(
            State.OK, say("The domain takes mail; all its servers have addresses."), record=record
        )
    ]


def _without(domain: str, lookup: Lookup, found: Findings) -> Finding:
    addresses, _, is_certain = lookup.addresses(domain)
    if addresses:
        title = say("There is no MX record; mail goes to the domain's own address.")
        advice = say(
            "Publish at {domain} the MX record\n{record}", domain=domain, record=f"10 {domain}."
        )
        return found(State.WARNING, title, record="\n".join(addresses), advice=advice)
    if not is_certain:
        return found(State.UNKNOWN, say("The addresses of the domain could not be looked up."))
    title = say("The domain cannot receive mail: it has neither an MX record nor an address.")
    advice = say(
        "Publish an MX record at {domain}; many receivers refuse mail that cannot be answered.",
        domain=domain,
    )
    return found(State.FAULT, title, advice=advice)


def _host(name: str, domain: str, lookup: Lookup, fence: Fence, found: Findings) -> Finding | None:
    """What is wrong with a server, or None."""
    if _is_address(name):
        title = say(
            "The MX record names an address, {name}, where only a host name works.", name=name
        )
        advice = say(
            "Give the address a name and let the MX record of {domain} name that.", domain=domain
        )
        return found(State.FAULT, title, about=name, record=name, advice=advice)
    alias = lookup.ask(name, "CNAME")
    if alias.found is Found.RECORDS:
        target = alias.records[0].to_text().rstrip(".")
        title = say("The MX record names {name}, which is an alias (CNAME).", name=name)
        advice = say("Let the MX record of {domain} name {target}.", domain=domain, target=target)
        return found(State.WARNING, title, about=name, record=f"CNAME {target}", advice=advice)
    addresses, _, is_certain = lookup.addresses(name)
    if not addresses and not is_certain:
        title = say("The address of {name} could not be looked up.", name=name)
        return found(State.UNKNOWN, title, about=name)
    if not addresses:
        title = say("{name} has no address: mail for the domain does not find it.", name=name)
        advice = say("Publish an A record at {name}, or take it out of the MX records.", name=name)
        return found(State.FAULT, title, about=name, advice=advice)
    inside = [each for each in addresses if not fence.is_here(each) and fence.why_not(each)]
    if len(inside) == len(addresses):
        title = say("{name} leads to an address that nobody can reach from outside.", name=name)
        advice = say("Publish the public address of {name}.", name=name)
        return found(State.FAULT, title, about=name, record="\n".join(inside), advice=advice)
    return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
