"""The words in which cases are written: ways in, messages, and what becomes of each copy."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .names import CLIENTS
from .post import Way

BOTH = frozenset({"exim", "postfix"})
EXIM = frozenset({"exim"})
POSTFIX = frozenset({"postfix"})

PARTNER = Way(CLIENTS["out.partner.example"], "out.partner.example")
BIGMAIL = Way(CLIENTS["out.bigmail.example"], "out.bigmail.example")
NEWS = Way(CLIENTS["news.shop.example"], "news.shop.example")
SIX = Way(CLIENTS["mail.six.example"], "mail.six.example")
NAMELESS = Way(CLIENTS[""], "friend")
LISTED = Way(CLIENTS["spam.listed.example"], "spam.listed.example")


def login(name: str) -> Way:
    """Submission from home by one of our users."""
    user, _, _ = name.partition("@")
    return Way(CLIENTS["home.isp.example"], "laptop", login=name, password=f"{user}-secret")


@dataclass(frozen=True)
class Fate:
    """What becomes of one recipient's copy, at the very end."""

    recipient: str
    status: str
    #: Where it goes under another address.
    final: str = ""
    #: Which log names the recipient: every one, only one that lists recipients on arrival
    #: (`list`), or none (`never`).
    named: str = "always"


@dataclass(frozen=True)
class Case:
    """One message."""

    name: str
    way: Way | str
    sender: str
    fates: tuple[Fate, ...]
    subject: str = "Hello"
    kinds: frozenset[str] = BOTH
    #: Only on these instances; empty for all of these kinds.
    instances: frozenset[str] = frozenset()
    has_message_id: bool = True
    #: The score that a spam filter is to find (Exim with cPanel's lines).
    score: str = ""
    #: Recipients named to the server, where they are not those of the fates.
    envelope: tuple[str, ...] = ()
    body: str = "Just a few words.\r\n"
    #: Hand it in a second time, at the next tick.
    again: bool = False
    #: What an operator does right after: (tool, arguments…) with `{id}`.
    operator: tuple[tuple[str, ...], ...] = ()
    #: What an operator does at the second tick.
    operator_later: tuple[tuple[str, ...], ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope recipients, each once, in order."""
        return self.envelope or tuple(dict.fromkeys(fate.recipient for fate in self.fates))


def delivered(recipient: str, final: str = "") -> Fate:
    """Taken by a mailbox here or a server elsewhere."""
    return Fate(recipient, "delivered", final)


def failed(recipient: str, final: str = "") -> Fate:
    """Given up."""
    return Fate(recipient, "failed", final)


def rejected(recipient: str) -> Fate:
    """Never taken."""
    return Fate(recipient, "rejected")


def filtered(recipient: str, final: str = "", named: str = "always") -> Fate:
    """Taken and thrown away."""
    return Fate(recipient, "filtered", final, named=named)


#: All that were written down, in the order in which they are sent.
MADE: list[Case] = []


def case(name: str, way: Way | str, sender: str, *fates: Fate, **more: object) -> None:
    """Write one message down."""
    MADE.append(Case(name, way, sender, fates, **more))  # type: ignore[arg-type]


def replace_hang_up(way: Way, where: str) -> Way:
    """The same way, hanging up half-way."""
    return replace(way, hang_up=where)
