"""What a server's certificate proves: whom it names, until when, and who vouches for it.

In goes the chain as the server showed it, out come facts and a finding. Verified by OpenSSL with
the machine's own roots, after the handshake, so that a bad certificate does not end the check:
servers that deliver mail go on without it, too (RFC 7435).
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL import crypto

from postroad.model import when
from postroad.model.check import Certificate, Finding, State, Topic
from postroad.model.text import Text, say

#: Names of a certificate and certificates of a chain that are looked at.
_MOST_NAMES, _MOST_LINKS = 100, 10
#: A certificate that ends so soon should have been renewed by now.
_SOON = 14 * when.DAY


class Chain(msgspec.Struct, frozen=True):
    """Certificates as a server showed them, its own first, in DER."""

    ders: tuple[bytes, ...]

    @classmethod
    def shown(cls, tls: ssl.SSLObject) -> Chain:
        """What the other side of this connection showed."""
        # Python 3.13 has the method on the object itself; before, it is one level deeper.
        inner: Any = getattr(tls, "_sslobj", tls)
        found = inner.get_unverified_chain() or ()
        ders = [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found]
        return cls(tuple(ders[:_MOST_LINKS]))


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate, whether a sender that insists would take it, and the finding on it."""

    certificate: Certificate | None
    is_trusted: bool
    names_host: bool
    is_in_time: bool
    finding: Finding

    @property
    def is_valid(self) -> bool:
        """Whether it proves that this is the host."""
        return self.is_trusted and self.names_host and self.is_in_time


def judge(chain: Chain, host: str, *, now: int) -> Judgement:
    """What the chain proves about the host at this moment (microseconds UTC)."""
    try:
        leaf = x509.load_der_x509_certificate(chain.ders[0])
        certificate = _facts(leaf)
    except (IndexError, ValueError) as error:
        return _unreadable(host, error)
    trouble = untrusted(chain, now=now)
    names_host = names(certificate.names, host)
    is_in_time = certificate.valid_since <= now < certificate.valid_until
    judgement = Judgement(
        certificate=certificate,
        is_trusted=not trouble,
        names_host=names_host,
        is_in_time=is_in_time,
        finding=Finding(topic=Topic.CERTIFICATE, state=State.OK, about=host, title=""),
    )
    state, title, advice = _words(judgement, certificate, host, trouble, now)
    finding = Finding(
        topic=Topic.CERTIFICATE,
        state=state,
        about=host,
        title=title,
        record=_record(certificate),
        advice=advice,
    )
    return msgspec.structs.replace(judgement, finding=finding)


def untrusted(chain: Chain, *, now: int) -> str:
    """Why OpenSSL does not trust the chain, in its words; empty where it does.

    Time is left to the dates of the certificate itself, unless it is another's that is over.
    """
    try:
        leaf, *others = (
            crypto.X509.from_cryptography(x509.load_der_x509_certificate(der)) for der in chain.ders
        )
        store = _roots()
        store.set_time(datetime.fromtimestamp(now / when.SECOND, UTC))
        crypto.X509StoreContext(store, leaf, others).verify_certificate()
    except crypto.X509StoreContextError as error:
        return str(error.args[0])
    except (crypto.Error, ValueError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def names(patterns: tuple[str, ...], host: str) -> bool:
    """Whether one of the names is the host's; `*` stands for the whole first label (RFC 6125)."""
    host = host.rstrip(".").lower()
    _, _, parent = host.partition(".")
    for pattern in patterns:
        name = pattern.rstrip(".").lower()
        if name == host or (name.startswith("*.") and parent and name[2:] == parent):
            return True
    return False


def _roots() -> crypto.X509Store:
    store = crypto.X509Store()
    paths = ssl.get_default_verify_paths()
    file = paths.cafile or ""
    folder = paths.capath or ""
    if file or folder:
        store.load_locations(
            file if file and Path(file).is_file() else None,
            folder if folder and os.path.isdir(folder) else None,  # noqa: PTH112
        )
    return store


def _facts(leaf: x509.Certificate) -> Certificate:
    found: list[str] = []
    try:
        alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found += alternatives.get_values_for_type(x509.DNSName)
        found += [
            str(each)
            for each in alternatives.get_values_for_type(x509.IPAddress)
            if isinstance(each, ipaddress.IPv4Address | ipaddress.IPv6Address)
        ]
    except x509.ExtensionNotFound:
        # Mail servers still take the common name where there is no other (RFC 6125 6.4.4).
        common = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        found += [str(each.value) for each in common]
    return Certificate(
        names=tuple(found[:_MOST_NAMES]),
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        valid_since=int(leaf.not_valid_before_utc.timestamp()) * when.SECOND,
        valid_until=int(leaf.not_valid_after_utc.timestamp()) * when.SECOND,
        fingerprint=hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
    )


def _words(
    judgement: Judgement, certificate: Certificate, host: str, trouble: str, now: int
) -> tuple[State, Text, str]:
    until = when.rfc3339(certificate.valid_until)
    if not judgement.is_in_time:
        if now >= certificate.valid_until:
            title = say("The certificate ended on {until}.", until=until)
        else:
            since = when.rfc3339(certificate.valid_since)
            title = say("The certificate is valid from {since} only.", since=since)
        advice = say("Renew the certificate of {host} and let the server read it anew.", host=host)
        return State.WARNING, title, advice
    if not judgement.names_host:
        title = say(
            "The certificate is not for {host}, but for {names}.",
            host=host,
            names=", ".join(certificate.names[:5]) or "-",
        )
        advice = say("Use a certificate that names {host}.", host=host)
        return State.WARNING, title, advice
    if not judgement.is_trusted:
        title = say(
            "Nobody whom this machine trusts vouches for the certificate: {why}.", why=trouble
        )
        advice = say(
            "Use a certificate of a public authority, and let the server show all certificates "
            "between its own and the authority's."
        )
        return State.WARNING, title, advice
    if certificate.valid_until - now < _SOON:
        title = say("The certificate is good, but ends on {until}.", until=until)
        advice = say("See to it that the certificate of {host} is renewed in time.", host=host)
        return State.WARNING, title, advice
    return (
        State.OK,
        say("The certificate is for {host} and valid until {until}.", host=host, until=until),
        "",
    )


def _record(certificate: Certificate) -> str:
    lines = [
        f"subject: {certificate.subject}",
        f"issuer: {certificate.issuer}",
        f"names: {', '.join(certificate.names)}",
        f"sha256: {certificate.fingerprint}",
    ]
    return "\n".join(lines)


def _unreadable(host: str, error: Exception) -> Judgement:
    title = say("The certificate cannot be read: {why}.", why=str(error) or "-")
    finding = Finding(topic=Topic.CERTIFICATE, state=State.WARNING, about=host, title=title)
    return Judgement(
        certificate=None, is_trusted=False, names_host=False, is_in_time=False, finding=finding
    )
