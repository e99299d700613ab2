"""PTR: the names of sending addresses, and whether they lead back to them.

Large receivers refuse mail from addresses without a name that leads back ("forward-confirmed
reverse DNS", RFC 1912 section 2.1), and distrust names that are made of the address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from postroad.model.check import Finding, State, Topic
from postroad.model.text import say
from postroad.trace.deliverability.reading import Findings
from postroad.trace.lookup import Found, Lookup

#: Addresses and names of each that are looked at.
_MOST, _MOST_NAMES = 20, 10


def look(sending: Sequence[str], host: str, lookup: Lookup) -> list[Finding]:
    """How the name of each sending address stands."""
    found = Findings(Topic.PTR, host)
    if not sending:
        title = say("It is not known which addresses mail is sent from.")
        advice = say("Name them in the setting {setting}.", setting="sending_addresses")
        return [found(State.UNKNOWN, title, advice=advice)]
    return [_address(each, host, lookup, found) for each in sending[:_MOST]]


def _address(ip: str, host: str, lookup: Lookup, found: Findings) -> Finding:
    answer = lookup.names(ip)
    names = [each.to_text().rstrip(".").lower() for each in answer.records[:_MOST_NAMES]]
    record = "\n".join(names)
    if answer.found in (Found.FAILED, Found.TIMEOUT):
        title = say("The name of {address} could not be looked up.", address=ip)
        return found(State.UNKNOWN, title, about=ip)
    if not names:
        title = say("{address} has no name: many receivers refuse mail from it.", address=ip)
        advice = say(
            "Ask whoever gave you {address} to set its reverse name (PTR) to {host}.",
            address=ip,
            host=host,
        )
        return found(State.FAULT, title, about=ip, advice=advice)
    looked = {name: lookup.addresses(name) for name in names}
    confirmed = [name for name, (addresses, _, _) in looked.items() if ip in addresses]
    if not confirmed:
        if not all(is_certain for _, _, is_certain in looked.values()):
            title = say(
                "Whether {name} leads back to {address} is not known.", name=names[0], address=ip
            )
            return found(State.UNKNOWN, title, about=ip, record=record)
        title = say(
            "{address} is called {name}, which does not lead back to it.", address=ip, name=names[0]
        )
        advice = say(
            "Publish at {name} the {kind} record {address}, or have the reverse name set to "
            "{host}.",
            name=names[0],
            kind="AAAA" if ":" in ip else "A",
            address=ip,
            host=host,
        )
        return found(State.FAULT, title, about=ip, record=record, advice=advice)
    if all(_is_made_of(ip, name) for name in confirmed):
        title = say(
            "{address} is called {name}, as addresses of home users are.",
            address=ip,
            name=confirmed[0],
        )
        advice = say(
            "Ask whoever gave you {address} to set its reverse name (PTR) to {host}.",
            address=ip,
            host=host,
        )
        return found(State.WARNING, title, about=ip, record=record, advice=advice)
    title = say(
        "{address} is called {name}, which leads back to it.", address=ip, name=confirmed[0]
    )
    return found(State.OK, title, about=ip, record=record)


def _is_made_of(ip: str, name: str) -> bool:
    """Whether a name holds all numbers of an IPv4 address, as providers make them up."""
    numbers = ip.split(".")
    held = re.findall(r"\d+", name)
    return ":" not in ip and all(each in held for each in numbers)
