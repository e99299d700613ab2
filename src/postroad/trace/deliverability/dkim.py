"""DKIM: the public keys that a domain's mail is signed with (RFC 6376, RFC 8301, RFC 8463).

Keys are found by selector only. Limits: without one that is known, some usual ones are tried, and
where none of them is used nothing is known of the domain's keys.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from postroad.model.check import Finding, State, Topic
from postroad.model.text import Text, say
from postroad.trace.deliverability.reading import Findings
from postroad.trace.lookup import Answer, Found, Lookup

#: Selectors that mail servers, panels and services come with.
_USUAL = ("default", "mail", "dkim", "selector1", "selector2", "google", "k1", "s1", "s2", "x")
_MOST = 20
#: RFC 8301 section 3.2: shorter keys are not to be believed, and which ones to make.
_LEAST_BITS, _GOOD_BITS = 1024, 2048
_ED25519_OCTETS = 32


def look(domain: str, selectors: Sequence[str], lookup: Lookup) -> list[Finding]:
    """How the key of each selector stands."""
    found = Findings(Topic.DKIM, domain)
    known = list(dict.fromkeys(selectors))[:_MOST]
    if known:
        return [_key(domain, each, _ask(domain, each, lookup), found) for each in known]
    above = lookup.ask(f"_domainkey.{domain}", "TXT")
    if above.found is Found.NO_NAME:
        # Where a name is not there, nothing is below it (RFC 8020).
        title = say("The domain publishes no DKIM key: its mail is not signed, or nobody can tell.")
        return [found(State.FAULT, title, advice=_publish(domain, "mail"))]
    tried = {each: _ask(domain, each, lookup) for each in _USUAL}
    findings = [
        _key(domain, selector, answer, found)
        for selector, answer in tried.items()
        if any("p=" in text for text in answer.texts)
    ]
    if findings:
        return findings
    if not any(each.is_certain for each in tried.values()):
        title = say("DKIM keys could not be looked up: the name servers do not answer.")
        return [found(State.UNKNOWN, title)]
    title = say("None of the usual DKIM selectors is used, and no other is known.")
    advice = say(
        "Give the selector: it stands after s= in the DKIM-Signature header of a message of yours."
    )
    return [found(State.UNKNOWN, title, advice=advice)]


def _ask(domain: str, selector: str, lookup: Lookup) -> Answer:
    return lookup.ask(_name(domain, selector), "TXT")


def _name(domain: str, selector: str) -> str:
    return f"{selector}._domainkey.{domain}"


def _key(domain: str, selector: str, answer: Answer, found: Findings) -> Finding:
    record = "\n".join(answer.texts)
    if not answer.is_certain:
        title = say("The DKIM key “{selector}” could not be looked up.", selector=selector)
        return found(State.UNKNOWN, title, about=selector)
    if not answer.texts:
        title = say(
            "There is no DKIM key “{selector}”: mail that is signed with it is not believed.",
            selector=selector,
        )
        return found(State.FAULT, title, about=selector, advice=_publish(domain, selector))
    if len(answer.texts) > 1:
        title = say("There are several records for the DKIM key “{selector}”.", selector=selector)
        advice = say("Keep one TXT record at {name}.", name=_name(domain, selector))
        return found(State.FAULT, title, about=selector, record=record, advice=advice)
    state, judged, wanted = _judged(domain, selector, _tags(answer.texts[0]))
    return found(state, judged, about=selector, record=record, advice=wanted)


def _tags(record: str) -> dict[str, str]:
    """The tag list of RFC 6376 section 3.2, white space taken out of the values."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip(), "".join(value.split()))
    return tags


def _judged(domain: str, selector: str, tags: dict[str, str]) -> tuple[State, Text, str]:
    publish = _publish(domain, selector)
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        title = say("The record of the DKIM key “{selector}” cannot be read.", selector=selector)
        return State.FAULT, title, publish
    if not tags["p"]:
        title = say("The DKIM key “{selector}” is revoked.", selector=selector)
        return State.WARNING, title, say("Sign with another key, or publish this one anew.")
    bits = _bits(tags["p"], tags.get("k", "rsa"))
    if not bits:
        title = say("The DKIM key “{selector}” is damaged: it is no key.", selector=selector)
        return State.FAULT, title, publish
    facts = {"selector": selector, "bits": bits, "kind": tags.get("k", "rsa")}
    if tags.get("k", "rsa") == "rsa" and bits < _GOOD_BITS:
        title = say("The DKIM key “{selector}” is too short: {bits} bits.", **facts)
        advice = say(
            "Make an RSA key of {bits} bits under a new selector, publish it, and sign with it.",
            bits=_GOOD_BITS,
        )
        return State.FAULT if bits < _LEAST_BITS else State.WARNING, title, advice
    if "y" in tags.get("t", "").split(":"):
        title = say("The DKIM key “{selector}” says that it is only being tested.", **facts)
        return State.WARNING, title, say("Take t=y out of its record.")
    return State.OK, say("The DKIM key “{selector}” is good ({kind}, {bits} bits).", **facts), ""


def _bits(text: str, kind: str) -> int:
    """Length of a public key; 0 where it is none."""
    try:
        octets = base64.b64decode(text, validate=True)
        if kind == "ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(octets)
            return _ED25519_OCTETS * 8
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, TypeError):
        return 0
    return key.key_size if isinstance(key, rsa.RSAPublicKey) else 0


def _publish(domain: str, selector: str) -> Text:
    return say(
        "Let the mail server sign with the selector {selector}, and publish at {name}, with the "
        "public half of its key, the TXT record\n{record}",
        selector=selector,
        name=_name(domain, selector),
        record="v=DKIM1; k=rsa; p=…",
    )
