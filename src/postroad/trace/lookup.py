"""Questions to the DNS, all of which end by one moment.

In goes a name and a type, out comes an `Answer` that never raises: what was found, or why nothing
was. The same resolver serves checkdmarc. Name servers are those given, else the system's.

Limits: an answer counts as authenticated when the name server says so (the AD flag, RFC 4035
section 3.2.3); whoever asks a name server that cannot be trusted gets what that one says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import dns.exception
import dns.flags
import dns.nameserver
import dns.rdata
import dns.resolver
import dns.reversename
import msgspec

from postroad.errors import ConfigError

#: Seconds that one question may take, and that one name server is waited for.
_PER_QUESTION, _PER_TRY = 4.0, 1.5
#: Questions that one check may ask; strangers' records decide how many there are to ask.
_MOST_QUESTIONS = 250
#: Octets of text records in one answer; a real one has a few hundred.
_MOST_TEXT = 8192
#: Octets of a DNS message over UDP that pass everywhere (RFC 9715).
_PAYLOAD = 1232
_DNS_PORT = 53


class Found(Enum):
    """What became of a question."""

    #: There are records.
    RECORDS = 1
    #: The name exists, but has none of this type.
    NOTHING = 2
    #: There is no such name.
    NO_NAME = 3
    #: The name servers failed to answer, or what they said cannot be used.
    FAILED = 4
    #: No answer came in time.
    TIMEOUT = 5


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the DNS says to one question."""

    found: Found
    records: tuple[dns.rdata.Rdata, ...] = ()
    #: Where aliases (CNAME) led; the name that was asked for where there are none.
    name: str = ""
    #: Whether the name server authenticated it by DNSSEC.
    is_secure: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether asking again now would give the same: an answer came."""
        return self.found not in (Found.FAILED, Found.TIMEOUT)

    @property
    def texts(self) -> tuple[str, ...]:
        """Text records, each put together (RFC 7208 section 3.3)."""
        return tuple(
            b"".join(each.strings).decode("utf-8", "backslashreplace")
            for each in self.records
            if hasattr(each, "strings")
        )

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses of A and AAAA records."""
        return tuple(each.address for each in self.records if hasattr(each, "address"))


class Lookup(dns.resolver.Resolver):
    """A resolver whose questions all end when their time is over."""

    def __init__(self, servers: Sequence[str] = (), *, seconds: float = 10.0) -> None:
        """Ask these servers (`192.0.2.53`, `127.0.0.1:5353`). Raises `ConfigError` for others."""
        self._configured = True
        try:
            super().__init__(configure=not servers)
        except dns.exception.DNSException:
            super().__init__(configure=False)
            self._configured = False
        if servers:
            self.nameservers = [_server(each) for each in servers]
        self.search = []
        self.timeout = _PER_TRY
        self.lifetime = _PER_QUESTION
        self.cache = dns.resolver.LRUCache(1000)
        self.use_edns(0, 0, _PAYLOAD)
        # The AD flag in a question asks for it in the answer (RFC 6840 section 5.7).
        self.flags = dns.flags.RD | dns.flags.AD
        self._end = time.monotonic() + seconds
        self._left = _MOST_QUESTIONS
        self._guard = threading.Lock()

    def resolve(self, *arguments: Any, **options: Any) -> dns.resolver.Answer:
        """As ever, but never later than the end. Raises `DNSException`."""
        seconds = self._end - time.monotonic()
        with self._guard:
            self._left -= 1
            is_over = seconds <= 0 or self._left < 0 or not self._configured
        if is_over:
            raise _over()
        wanted = options.get("lifetime") or _PER_QUESTION
        options["lifetime"] = min(wanted, _PER_QUESTION, seconds)
        answer = super().resolve(*arguments, **options)
        if sum(len(part) for each in answer for part in getattr(each, "strings", ())) > _MOST_TEXT:
            raise _too_much()
        return answer

    def ask(self, name: str, kind: str) -> Answer:
        """The records of this type at a name."""
        try:
            answer = self.resolve(dns.name.from_text(name), kind)
        except dns.resolver.NXDOMAIN:
            return Answer(found=Found.NO_NAME, name=name)
        except dns.resolver.NoAnswer as error:
            response = error.kwargs.get("response")
            return Answer(found=Found.NOTHING, name=name, is_secure=_is_secure(response))
        except dns.resolver.LifetimeTimeout:
            return Answer(found=Found.TIMEOUT, name=name)
        except (dns.exception.DNSException, OSError, ValueError):
            return Answer(found=Found.FAILED, name=name)
        return Answer(
            found=Found.RECORDS,
            records=tuple(answer),
            name=answer.canonical_name.to_text(omit_final_dot=True),
            is_secure=_is_secure(answer.response),
        )

    def addresses(self, host: str) -> tuple[tuple[str, ...], bool, bool]:
        """IPv4 and then IPv6 addresses of a host; whether both are authenticated, and certain."""
        answers = [self.ask(host, kind) for kind in ("A", "AAAA")]
        return (
            tuple(address for each in answers for address in each.addresses),
            all(each.is_secure for each in answers if each.found is Found.RECORDS),
            all(each.is_certain for each in answers),
        )

    def names(self, address: str) -> Answer:
        """The names that an address has in reverse (PTR records)."""
        return self.ask(dns.reversename.from_address(address).to_text(), "PTR")


def a_label(domain: str) -> str:
    """A domain in the form in which it stands in the DNS, in lower case. Raises `ValueError`."""
    text = domain.strip().rstrip(".").lower()
    try:
        name = dns.name.from_unicode(text, idna_codec=dns.name.IDNA_2008)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(text) from error
    made = name.to_text(omit_final_dot=True)
    # A backslash is how the DNS writes octets that no host name has.
    if not text or "\\" in made or not all(c.isalnum() or c in "-_." for c in made):
        raise ValueError(text)
    return made


def _over() -> Exception:
    over: Exception = dns.resolver.LifetimeTimeout(timeout=0.0, errors=[])  # type: ignore[no-untyped-call]
    return over


def _too_much() -> Exception:
    message = f"more than {_MOST_TEXT} octets of text"
    much: Exception = dns.exception.DNSException(message)  # type: ignore[no-untyped-call]
    return much


def _is_secure(response: Any) -> bool:
    return response is not None and bool(response.flags & dns.flags.AD)


def _server(text: str) -> dns.nameserver.Nameserver:
    host, port = text, _DNS_PORT
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = int(rest[1:]) if rest.startswith(":") and rest[1:].isdecimal() else port
    elif text.count(":") == 1:
        host, _, number = text.partition(":")
        port = int(number) if number.isdecimal() else 0
    if not dns.inet.is_address(host) or not 0 < port < 1 << 16:
        message = (
            f"The setting `resolver` names {text!r}, which is no address of a name server. "
            "Write it as in 127.0.0.1 or 127.0.0.1:5353."
        )
        raise ConfigError(message)
    return dns.nameserver.Do53Nameserver(host, port)


def listed(names: Iterable[str]) -> str:
    """Names one below the other, for the record of a finding."""
    return "\n".join(names)
