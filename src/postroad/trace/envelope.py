"""Addresses as they may stand in an SMTP command: nothing that could end it and begin another."""

from __future__ import annotations

import re

import msgspec

from postroad.errors import SearchError
from postroad.model.text import say
from postroad.model.when import shown
from postroad.trace.lookup import a_label

#: RFC 5321 section 4.5.3.1: octets of a local part, and of a whole path with its brackets.
_LONGEST_LOCAL, _LONGEST_PATH = 64, 256
#: RFC 5321 section 4.1.2, with the characters of RFC 6531 section 3.3 besides.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LOCAL = re.compile(rf'{_ATOM}(\.{_ATOM})*|"([ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*"')


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """An address that can be named to a mail server."""

    local: str
    #: In the form in which it stands in the DNS.
    domain: str

    @property
    def path(self) -> str:
        """As it stands between the brackets of a command."""
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether any server can be told; others need SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()


def recipient(text: str) -> Recipient:
    """The address in this text. Raises `SearchError` for what is none."""
    local, _, domain = text.strip().rpartition("@")
    try:
        found = Recipient(local=local, domain=a_label(domain))
    except ValueError:
        found = None
    if found is None or not text.isprintable() or not _LOCAL.fullmatch(local):
        raise SearchError(say("{text} is not an address.", text=shown(text)), field="address")
    if len(local.encode()) > _LONGEST_LOCAL or len(found.path.encode()) > _LONGEST_PATH - 2:
        message = say(
            "{text} is too long for an address: at most {octets} octets may stand before the @.",
            text=shown(text),
            octets=_LONGEST_LOCAL,
        )
        raise SearchError(message, field="address")
    return found
