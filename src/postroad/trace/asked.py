"""The address that a trace is asked for, looked at before anything is asked about it.

In goes what somebody typed, out comes an address that mail servers and DNS can be asked for: one
mailbox, its domain as DNS knows it (RFC 5890). What is none raises `SearchError` with the reason.
"""

from __future__ import annotations

import re

from postroad.errors import SearchError
from postroad.model.text import Text, say
from postroad.model.when import shown
from postroad.trace.lookup import a_label
from postroad.trace.reach import is_address

#: Octets (RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.2).
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 255
#: What may stand before the `@` without quotes (RFC 5321 section 4.1.2, RFC 6531 section 3.3), and
#: with them.
_PLAIN = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]", re.IGNORECASE)


def checked(text: str) -> str:
    """The address in the form that is traced. Raises `SearchError`."""
    address = text.strip()
    if address.startswith("<") and address.endswith(">"):
        address = address[1:-1]
    if not address.isprintable():
        raise _wrong(say("An address has no line breaks or other control characters in it."))
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise _wrong(
            say("{text} is not an address: write it as name@example.com.", text=shown(text))
        )
    octets = len(local.encode())
    if octets > _LONGEST_LOCAL:
        raise _wrong(
            say(
                "What stands before the @ has {count} octets; an address has at most {most} "
                "(RFC 5321 section 4.5.3.1.1).",
                count=octets,
                most=_LONGEST_LOCAL,
            )
        )
    if not (_PLAIN.fullmatch(local) or _QUOTED.fullmatch(local)):
        raise _wrong(
            say(
                "{text} is not one address. What stands before the @ may hold spaces, commas and "
                "the like only within quotation marks.",
                text=shown(text),
            )
        )
    return f"{local}@{_domain(domain)}"


def _domain(text: str) -> str:
    """The domain as DNS knows it, or an address literal."""
    literal = _LITERAL.fullmatch(text)
    if literal and is_address(literal[1]):
        return text
    try:
        domain = a_label(text)
    except ValueError as error:
        raise _wrong(say("{text} is not a domain.", text=shown(text))) from error
    if len(domain) > _LONGEST_DOMAIN:
        raise _wrong(
            say(
                "A domain has at most {most} characters (RFC 5321 section 4.5.3.1.2).",
                most=_LONGEST_DOMAIN,
            )
        )
    return domain


def _wrong(words: Text) -> SearchError:
    return SearchError(words, field="address")
