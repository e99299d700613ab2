"""Certificates of every kind, made by authorities that live for one test run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey
_DAY = dt.timedelta(days=1)


@dataclass
class Issued:
    """A key, its certificate, and those above it that a server shows."""

    key: Key
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    def write(self, folder: Path, name: str, *, with_above: bool = True) -> Path:
        """Key and certificates in one file, as servers read it."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        shown = (self.certificate, *(self.above if with_above else ()))
        path = folder / f"{name}.pem"
        path.write_bytes(key + b"".join(map(pem, shown)))
        return path

    @property
    def key_digest(self) -> str:
        """SHA-256 over the public key, as a TLSA record names it."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(
            self.key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return digest.finalize().hex()


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """A root, and an authority below it that signs."""

    def __init__(self) -> None:
        self.root = _issue("Test Root", None, is_authority=True)
        self.middle = _issue("Test Authority", self.root, is_authority=True)

    def issue(self, *names: str, start: int = -1, end: int = 90) -> Issued:
        """A certificate for these names, valid between these days from now."""
        made = _issue(names[0], self.middle, names=names, start=start, end=end)
        return Issued(made.key, made.certificate, (self.middle.certificate,))


def self_signed(*names: str) -> Issued:
    """A certificate that nobody vouches for."""
    return _issue(names[0], None, names=names)


def _issue(
    common: str,
    by: Issued | None,
    *,
    names: tuple[str, ...] = (),
    is_authority: bool = False,
    start: int = -1,
    end: int = 90,
) -> Issued:
    now = dt.datetime.now(dt.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start * _DAY)
        .not_valid_after(now + end * _DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(listed, critical=False)
    return Issued(key, builder.sign(by.key if by else key, hashes.SHA256()))
