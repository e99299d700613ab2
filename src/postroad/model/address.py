"""Mail addresses as keys: compared without regard to case, split at the last `@`.

RFC 5321 section 2.4 lets a server tell apart local parts by case; none of those whose logs we
read does by default, and people who search never do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

#: Addresses come again and again in a log; strangers choose how long each is.
_REMEMBERED = 8192


@lru_cache(_REMEMBERED)
def key(address: str) -> str:
    """The form under which an address is compared and found: lower case, no angle brackets."""
    if address.startswith("<") and address.endswith(">"):
        address = address[1:-1]
    return address.lower()


@lru_cache(_REMEMBERED)
def domain(address: str) -> str:
    """The domain of an address in lower case, or an empty string where it has none.

    The last `@` counts: a quoted local part may hold others (RFC 5321 section 4.1.2).
    """
    _, at, after = address.rpartition("@")
    return after.rstrip(">").lower() if at else ""


@lru_cache(_REMEMBERED)
def is_address(text: str) -> bool:
    """Whether the text has the outer shape `local@domain`: a mailbox, not a login or a command."""
    local, at, after = text.rpartition("@")
    return bool(at and local and after and "/" not in after and " " not in after)


def naming(addresses: Iterable[str]) -> Callable[[str], bool]:
    """What tells whether a text names one of these addresses, whole, in whatever case."""
    either = "|".join(re.escape(each) for each in sorted({*addresses} - {""}))
    if not either:
        return lambda _: False
    named = re.compile(rf"(?<![\w.+@-])(?:{either})(?![\w.+@-])", re.IGNORECASE)
    return lambda text: named.search(text) is not None
