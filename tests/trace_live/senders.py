"""Sending domains, in good order and in every disorder. Ours send from 192.0.2.25 and .26."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: Addresses that the checks are told mail is sent from.
OURS, OTHER = "192.0.2.25", "192.0.2.26"


def rsa_key(bits: int) -> str:
    """A public key as a DKIM record holds it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def ed25519_key() -> str:
    """The same of another kind."""
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def text(name: str, value: str) -> str:
    """A TXT record, in pieces where it is long."""
    pieces = [value[start : start + 250] for start in range(0, len(value), 250)]
    quoted = " ".join('"' + each.replace('"', '\\"') + '"' for each in pieces)
    return f"{name}. TXT {quoted}"


#: Domains to their SPF records.
SPF: dict[str, tuple[str, ...]] = {
    "fine": (f"v=spf1 ip4:{OURS} ip4:{OTHER} -all",),
    "byname": ("v=spf1 a:mail.ours.example include:inc.example ~all",),
    "inc": (f"v=spf1 ip4:{OTHER} -all",),
    "bymx": ("v=spf1 mx -all",),
    "redirected": ("v=spf1 redirect=fine.example",),
    "soft": ("v=spf1 ip4:198.51.100.1 ~all",),
    "hard": ("v=spf1 ip4:198.51.100.1 -all",),
    "open": ("v=spf1 +all",),
    "endless": ("v=spf1 ip4:192.0.2.25",),
    "twospf": (f"v=spf1 ip4:{OURS} ~all", "v=spf1 mx -all"),
    "typo": ("v=spf1 ipv4:192.0.2.25 -all",),
    "loop": ("v=spf1 include:loop.example -all",),
    "lost": ("v=spf1 include:nobody.example -all",),
    "greedy": (f"v=spf1 {' '.join(f'a:h{n}.ours.example' for n in range(12))} -all",),
    "macro": ("v=spf1 exists:%{i}.list.example -all",),
    "oldptr": ("v=spf1 ptr:ours.example ip4:192.0.2.0/24 -all",),
}
#: Domains to their DMARC records.
DMARC: dict[str, tuple[str, ...]] = {
    "fine": ("v=DMARC1; p=reject; rua=mailto:reports@fine.example",),
    "soft": ("v=DMARC1; p=none; rua=mailto:reports@soft.example",),
    "hard": ("v=DMARC1; p=quarantine",),
    "typo": ("v=DMARC1; p=maybe",),
    "twospf": ("v=DMARC1; p=none", "v=DMARC1; p=reject"),
    "away": ("v=DMARC1; p=reject; rua=mailto:reports@fine.example",),
}


def sender_lines(base: str) -> list[str]:
    """Records of all of them, and the names of the sending addresses."""
    lines = [text(f"{name}.example", each) for name, some in SPF.items() for each in some]
    lines += [text(f"_dmarc.{name}.example", each) for name, some in DMARC.items() for each in some]
    lines += [
        "fine.example. MX 10 mail.ours.example.",
        "sub.fine.example. A 198.51.100.8",
        "bymx.example. MX 10 mail.ours.example.",
        text("_smtp._tls.fine.example", "v=TLSRPTv1; rua=mailto:tls@fine.example"),
        text("_smtp._tls.soft.example", "v=TLSRPTv1; rua=nonsense"),
        text("good._domainkey.fine.example", f"v=DKIM1; k=rsa; p={rsa_key(2048)}"),
        text("mail._domainkey.fine.example", f"k=ed25519; p={ed25519_key()}"),
        text("short._domainkey.fine.example", f"v=DKIM1; p={rsa_key(1024)}"),
        text("test._domainkey.fine.example", f"v=DKIM1; t=y; p={rsa_key(2048)}"),
        text("gone._domainkey.fine.example", "v=DKIM1; p="),
        text("bad._domainkey.fine.example", "v=DKIM1; p=AAAA"),
        text("none._domainkey.fine.example", "hello"),
        text("two._domainkey.fine.example", "v=DKIM1; p=AAAA"),
        text("two._domainkey.fine.example", "v=DKIM1; p=BBBB"),
        text("unusual._domainkey.soft.example", f"v=DKIM1; p={rsa_key(2048)}"),
        f"mail.ours.example. A {OURS}",
        "25.2.0.192.in-addr.arpa. PTR mail.ours.example.",
        "26.2.0.192.in-addr.arpa. PTR elsewhere.example.",
        "28.2.0.192.in-addr.arpa. PTR ip-192-0-2-28.isp.example.",
        "ip-192-0-2-28.isp.example. A 192.0.2.28",
        "26.2.0.192.list.example. A 127.0.0.2",
        text("26.2.0.192.list.example", "sends spam; see https://list.example/?ip=192.0.2.26"),
        "25.2.0.192.closed.list.example. A 127.255.255.254",
        "takesnone.example. MX 0 .",
        "aliased.example. MX 10 alias.aliased.example.",
        "alias.aliased.example. CNAME mail.ours.example.",
        "numbered.example. MX 10 192.0.2.25.",
        "unfound.example. MX 10 nowhere.unfound.example.",
        "within.example. MX 10 mx.within.example.",
        "mx.within.example. A 10.0.0.9",
        "implicit.example. A 198.51.100.7",
        'mute.example. TXT "nothing of mail"',
    ]
    lines += [f"h{number}.ours.example. A 198.51.100.{number + 1}" for number in range(12)]
    return lines
