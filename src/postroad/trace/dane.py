"""DANE: certificates of mail servers named in signed DNS (RFC 6698, RFC 7672).

In goes the TLSA answer for a host and the chain that it showed, out comes a finding. Counted are
the usages that mail uses: 2 (an authority of one's own) and 3 (the server's own certificate).

Limits: of usage 2 it is looked whether the named authority is in the chain and signed it, not
whether the chain satisfies every rule of RFC 5280.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable

import dns.rdata
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postroad.model.check import Finding, State, Topic
from postroad.model.text import say
from postroad.trace.certificates import Chain, names
from postroad.trace.lookup import Answer, Found, Lookup

#: Certificate usages (RFC 7218).
_TRUST_ANCHOR, _END_ENTITY = 2, 3
#: Selectors: the whole certificate, or its public key.
_WHOLE, _KEY = 0, 1
_MATCHING: dict[int, Callable[[bytes], bytes]] = {
    0: bytes,
    1: lambda octets: hashlib.sha256(octets).digest(),
    2: lambda octets: hashlib.sha512(octets).digest(),
}
_MOST_RECORDS = 50


def ask(host: str, port: int, lookup: Lookup) -> Answer:
    """The TLSA records of a server."""
    return lookup.ask(f"_{port}._tcp.{host}", "TLSA")


def judge(
    host: str, answer: Answer, chain: Chain | None, *, is_secure: bool, has_tls: bool
) -> Finding:
    """What the records mean for this host.

    `is_secure`: the way to the host (MX and addresses) is authenticated; `chain`: what it showed.
    """
    record = "\n".join(each.to_text() for each in answer.records[:_MOST_RECORDS])
    if answer.found is not Found.RECORDS:
        return _without(host, answer)
    if not (answer.is_secure and is_secure):
        title = say(
            "There are TLSA records for {host}, but the way to them is not authenticated by "
            "DNSSEC: senders leave them aside.",
            host=host,
        )
        advice = say(
            "Sign the zones of the domain, of {host} and of its TLSA records, and let our name "
            "server validate.",
            host=host,
        )
        return _finding(host, State.WARNING, title, record, advice)
    usable = [each for each in answer.records[:_MOST_RECORDS] if _is_usable(each)]
    if not usable:
        title = say("None of the TLSA records of {host} can be used for mail.", host=host)
        advice = say("Publish one of the form\n{record}", record="3 1 1 …")
        return _finding(host, State.FAULT, title, record, advice)
    if not has_tls or chain is None or not chain.ders:
        title = say(
            "DNS says that {host} must be spoken to encrypted, and that did not come about: "
            "senders that use DANE do not deliver.",
            host=host,
        )
        advice = say("Let {host} offer STARTTLS with its certificate.", host=host)
        return _finding(host, State.FAULT, title, record, advice)
    if any(_matches(each, chain, host) for each in usable):
        title = say("The certificate of {host} is the one that signed DNS names.", host=host)
        return _finding(host, State.OK, title, record)
    title = say(
        "The certificate of {host} is not the one that signed DNS names: senders that use DANE do "
        "not deliver.",
        host=host,
    )
    advice = say(
        "Publish at {name} the TLSA record\n{record}",
        name=f"_25._tcp.{host}",
        record=_wanted(chain),
    )
    return _finding(host, State.FAULT, title, record, advice)


def _without(host: str, answer: Answer) -> Finding:
    if answer.is_certain:
        title = say("{host} has no TLSA records. It needs none.", host=host)
        return _finding(host, State.OK, title)
    title = say(
        "The TLSA records of {host} could not be looked up: senders that use DANE wait.", host=host
    )
    advice = say("See why the name servers of {host} fail to answer.", host=host)
    state = State.FAULT if answer.found is Found.FAILED else State.UNKNOWN
    return _finding(host, state, title, "", advice)


def _is_usable(record: dns.rdata.Rdata) -> bool:
    usage, selector, matching = (
        getattr(record, name, -1) for name in ("usage", "selector", "mtype")
    )
    return (
        usage in (_TRUST_ANCHOR, _END_ENTITY)
        and selector in (_WHOLE, _KEY)
        and matching in _MATCHING
    )


def _matches(record: dns.rdata.Rdata, chain: Chain, host: str) -> bool:
    usage, selector, matching, wanted = (
        getattr(record, name) for name in ("usage", "selector", "mtype", "cert")
    )
    digest = _MATCHING[matching]
    try:
        if usage == _END_ENTITY:
            return bool(digest(_selected(chain.ders[0], selector)) == wanted)
        links = [x509.load_der_x509_certificate(each) for each in chain.ders]
        for depth, der in enumerate(chain.ders):
            if digest(_selected(der, selector)) == wanted:
                # RFC 7672 section 3.2.3: with an authority of one's own the name counts.
                return _leads_to(links[: depth + 1]) and names(_names(links[0]), host)
    except (ValueError, TypeError):
        return False
    return False


def _selected(der: bytes, selector: int) -> bytes:
    if selector == _WHOLE:
        return der
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _leads_to(links: list[x509.Certificate]) -> bool:
    try:
        for lower, upper in itertools.pairwise(links):
            lower.verify_directly_issued_by(upper)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.get_values_for_type(x509.DNSName))


def _wanted(chain: Chain) -> str:
    """The record that would match: the server's own key, by its SHA-256 (RFC 7672 section 3.1)."""
    return f"3 1 1 {hashlib.sha256(_selected(chain.ders[0], _KEY)).hexdigest()}"


def _finding(host: str, state: State, title: str, record: str = "", advice: str = "") -> Finding:
    return Finding(
        topic=Topic.DANE, state=state, about=host, title=title, record=record, advice=advice
    )
