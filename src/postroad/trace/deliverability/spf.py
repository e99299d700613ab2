"""SPF: which addresses may send mail of a domain (RFC 7208).

Records are read and counted by checkdmarc; what they say to our own addresses is told from what
it read. Limits: `exists`, `ptr` and macros depend on the single message, so that they decide
nothing here; of `mx` with a prefix length only the addresses themselves count.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from checkdmarc import spf as reader

from postroad.model.check import Finding, State, Topic
from postroad.model.text import Text, join, say
from postroad.trace.deliverability.reading import Findings, through
from postroad.trace.lookup import Lookup

#: RFC 7208 section 4.6.4.
_MOST_LOOKUPS = 10
_CLOSE = 9
#: Terms that are shown of those that cost most.
_SHOWN_TERMS = 5
_ALL = ("-all", "~all", "?all", "+all", "all")


def look(domain: str, sending: Sequence[str], lookup: Lookup) -> list[Finding]:
    """How the record stands, and what it says to each sending address."""
    found = Findings(Topic.SPF, domain)
    answer = lookup.ask(domain, "TXT")
    if not answer.is_certain:
        title = say("The SPF record could not be looked up: the name servers do not answer.")
        return [found(State.UNKNOWN, title)]
    records = sorted(each for each in answer.texts if each.lower().split(" ")[0] == "v=spf1")
    if not records:
        title = say("There is no SPF record: receivers cannot tell your mail from a forgery.")
        advice = _publish(domain, _fresh(sending))
        return [found(State.FAULT, title, advice=advice)]
    if len(records) > 1:
        title = say("There are several SPF records, which counts as an error for all your mail.")
        advice = join(
            [
                _publish(domain, _merged(records)),
                say("Remove all others that begin with v=spf1."),
            ],
            "\n",
        )
        return [found(State.FAULT, title, record="\n".join(records), advice=advice)]
    return _one(domain, records[0], sending, lookup, found)


def _one(
    domain: str, record: str, sending: Sequence[str], lookup: Lookup, found: Findings
) -> list[Finding]:
    try:
        read = reader.parse_spf_record(
            record, domain, ignore_too_many_lookups=True, **through(lookup)
        )
    except reader.SPFError as error:
        title = say("The SPF record does not work: {why}", why=str(error))
        advice = say("Correct the TXT record at {domain}.", domain=domain)
        return [found(State.FAULT, title, record=record, advice=advice)]
    findings = [_record(domain, record, read, found)]
    results = {ip: evaluate(read["parsed"], ip, lookup) for ip in sending}
    missing = [ip for ip, result in results.items() if result not in ("pass", "unknown")]
    advice = _publish(domain, _with(record, missing))
    findings += [_address(domain, ip, result, advice, found) for ip, result in results.items()]
    return findings


def _record(domain: str, record: str, read: Mapping[str, Any], found: Findings) -> Finding:
    lookups, voids = read["dns_lookups"], read["void_dns_lookups"]
    parsed = read["parsed"]
    count = say("It takes {count} of at most {most} lookups.", count=lookups, most=_MOST_LOOKUPS)
    if read.get("error"):
        title = say("The SPF record does not work: {why}", why=str(read["error"]))
        advice = say(
            "Take out terms that you do not send through, or name their addresses instead "
            "(ip4:, ip6:). Those that cost most: {terms}.",
            terms=_costly(parsed) or "-",
        )
        return found(State.FAULT, title, record=record, advice=advice)
    if parsed["all"] in ("pass", "neutral"):
        title = say("The SPF record lets everybody send as you. {count}", count=count)
        return found(State.WARNING, title, record=record, advice=_publish(domain, _closed(record)))
    if any(each["mechanism"] == "ptr" for each in parsed["mechanisms"]):
        title = say(
            "The SPF record uses ptr, which many receivers leave aside. {count}", count=count
        )
        advice = say("Name your sending addresses (ip4:, ip6:) in place of ptr.")
        return found(State.WARNING, title, record=record, advice=advice)
    warnings = [str(each) for each in read["warnings"]]
    if lookups >= _CLOSE or voids or warnings:
        title = join([say("The SPF record works."), count])
        advice = join(
            [
                say("Of the terms these cost most: {terms}.", terms=_costly(parsed))
                if lookups >= _CLOSE
                else "",
                *(say("Also: {why}", why=each) for each in warnings),
            ],
            "\n",
        )
        return found(State.WARNING, title, record=record, advice=advice)
    return found(State.OK, join([say("The SPF record works."), count]), record=record)


def _address(domain: str, ip: str, result: str, advice: Text, found: Findings) -> Finding:
    facts = {"address": ip, "domain": domain}
    if result == "pass":
        title = say("{address} may send mail of {domain}.", **facts)
        return found(State.OK, title, about=ip)
    if result == "unknown":
        title = say(
            "Whether {address} may send mail of {domain} depends on the single message.", **facts
        )
        return found(State.UNKNOWN, title, about=ip)
    if result == "fail":
        title = say(
            "{address} may not send mail of {domain}: receivers are told to refuse it.", **facts
        )
        return found(State.FAULT, title, about=ip, advice=advice)
    title = say(
        "The SPF record does not name {address}: mail sent from it proves nothing.", **facts
    )
    state = State.FAULT if result == "softfail" else State.WARNING
    return found(state, title, about=ip, advice=advice)


def evaluate(parsed: Mapping[str, Any], ip: str, lookup: Lookup) -> str:
    """What a record that checkdmarc read says to an address.

    `pass`, `fail`, `softfail`, `neutral`, or `unknown` where it cannot be told beforehand.
    """
    is_sure = True
    for term in parsed["mechanisms"]:
        is_match = _matches(term, ip, lookup)
        if is_match:
            return term["action"] if is_sure or term["action"] == "pass" else "unknown"
        if is_match is None and term["action"] != "fail":
            is_sure = False
    redirect = parsed["redirect"]
    if redirect:
        inner = redirect["parsed"]
        result = evaluate(inner, ip, lookup) if inner else "unknown"
    else:
        result = parsed["all"]
    return result if is_sure else "unknown"


def _matches(term: Mapping[str, Any], ip: str, lookup: Lookup) -> bool | None:
    """Whether a term is about this address; None where that cannot be told."""
    match term["mechanism"]:
        case "ip4" | "ip6":
            return _holds(term["value"], ip)
        case "a":
            places = term.get("addresses")
            return any(_holds(each, ip) for each in places) if places else None
        case "mx":
            hosts = term.get("hosts")
            if not hosts:
                return None
            return any(ip in lookup.addresses(each["hostname"])[0] for each in hosts)
        case "include":
            inner = term.get("parsed")
            result = evaluate(inner, ip, lookup) if inner else "unknown"
            return None if result == "unknown" else result == "pass"
    return None


def _holds(network: str, ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _costly(parsed: Mapping[str, Any]) -> str:
    costs = {
        f"{each['mechanism']}:{each['value']}": each.get("dns_lookups", 0)
        for each in parsed["mechanisms"]
    }
    ordered = sorted(((cost, term) for term, cost in costs.items() if cost), reverse=True)
    return ", ".join(f"{term} ({cost})" for cost, term in ordered[:_SHOWN_TERMS])


def _publish(domain: str, record: str) -> Text:
    return say("Publish at {domain} the TXT record\n{record}", domain=domain, record=record)


def _fresh(sending: Sequence[str]) -> str:
    return " ".join(["v=spf1", *map(_term, sending), "mx", "~all"])


def _term(ip: str) -> str:
    return f"ip6:{ip}" if ":" in ip else f"ip4:{ip}"


def _with(record: str, ips: Sequence[str]) -> str:
    """The record with these addresses let in."""
    terms = record.split()
    return " ".join([terms[0], *map(_term, ips), *terms[1:]])


def _closed(record: str) -> str:
    """The record with everybody else kept out."""
    terms = [each for each in record.split() if each.lower() not in _ALL]
    return " ".join([*terms, "~all"])


def _merged(records: Sequence[str]) -> str:
    """One record that says what all of them say."""
    terms = [term for each in records for term in each.split()[1:]]
    kept = list(dict.fromkeys(each for each in terms if each.lower() not in _ALL))
    ends = [each.lower() for each in terms if each.lower() in _ALL]
    return " ".join(["v=spf1", *kept, min(ends, key=_ALL.index, default="~all")])
