"""Block lists in the DNS: whether sending addresses are on those that the settings name.

An address is asked for in reverse below the list's name (RFC 5782). Limits: lists that refuse to
answer our name server say so in ways of their own; of those the usual one is known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import dns.reversename

from postroad.model.check import Finding, State, Topic
from postroad.model.text import say
from postroad.trace.deliverability.reading import Findings
from postroad.trace.lookup import Found, Lookup

#: Answers of lists are loopback addresses (RFC 5782 section 2.1); those of this network mean
#: that the question itself was refused.
_LISTED = ipaddress.ip_network("127.0.0.0/8")
_REFUSED = ipaddress.ip_network("127.255.255.0/24")
_MOST = 200


def look(sending: Sequence[str], lists: Sequence[str], lookup: Lookup) -> list[Finding]:
    """One finding for each list and address; none where no list is named."""
    pairs = [(ip, each) for ip in sending for each in lists]
    return [_entry(ip, each.strip(".").lower(), lookup) for ip, each in pairs[:_MOST]]


def _entry(ip: str, name: str, lookup: Lookup) -> Finding:
    found = Findings(Topic.BLOCKLIST, ip)
    facts = {"address": ip, "list": name}
    reversed_name = dns.reversename.from_address(ip).split(3)[0].to_text()
    asked = f"{reversed_name.rstrip('.')}.{name}"
    answer = lookup.ask(asked, "A")
    if answer.found in (Found.NO_NAME, Found.NOTHING):
        return found(State.OK, say("{address} is not on {list}.", **facts))
    codes = [ipaddress.ip_address(each) for each in answer.addresses]
    if not codes or any(each not in _LISTED or each in _REFUSED for each in codes):
        title = say("{list} does not answer whether {address} is on it.", **facts)
        advice = say("Ask it with a name server of your own, as its terms say.")
        return found(State.UNKNOWN, title, record="\n".join(map(str, codes)), advice=advice)
    words = lookup.ask(asked, "TXT").texts
    title = say(
        "{address} is on {list}: mail from it is refused by all who use that list.", **facts
    )
    advice = say(
        "End what led to it first, such as an account that sends spam; then ask {list} to take "
        "{address} off.",
        **facts,
    )
    return found(State.FAULT, title, record="\n".join([*map(str, codes), *words]), advice=advice)
