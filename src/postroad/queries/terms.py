"""Terms: a scope and a question as ranges of the table of keys.

`deliveries_by_key` has a row for each delivery under every key that leads to it: each party's
address and domain, each identifier, and the empty key. A term is a set of such keys with what
they must be to the delivery. The viewer's scope is a term like any other, and the first.
"""

from __future__ import annotations

from enum import IntFlag

import msgspec

from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.search import Search


class Side(IntFlag):
    """What a key is to a delivery. Values are stored: append, never renumber."""

    #: Receiving side, for the scope of who may see it.
    TARGET = 1
    #: Proven submitter, for the scope of who may see it.
    ORIGIN = 2
    #: Envelope sender: proves nothing, so it is for searching only.
    SENDER = 4
    #: Queue id, Message-ID or message key.
    IDENTIFIER = 8
    #: Recipient or mailbox that is no address: for searching only.
    NAMED = 16


_RECIPIENT = Side.TARGET | Side.NAMED
_SENDER = Side.ORIGIN | Side.SENDER
#: Key of the null sender.
_NULL_SENDER = "<>"
#: Hexadecimal digits of a delivery id; it begins with its message key.
ID_LENGTH, MESSAGE_KEY_LENGTH = 24, 16


class Term(msgspec.Struct, frozen=True):
    """Any of these keys, on any of these sides."""

    keys: tuple[str, ...]
    sides: Side
    #: Of what is found under the key of its message, only this delivery.
    only: str = ""


def terms(scope: Scope, search: Search) -> list[Term] | None:
    """What must hold at once, the scope first; None if this viewer can see nothing.

    No term at all means every delivery.
    """
    found: list[Term] = []
    if not scope.is_everything:
        keys = scope.addresses | scope.logins | {f"@{domain}" for domain in scope.domains}
        keys -= {"", "@"}
        if not keys:
            return None
        found.append(Term(tuple(sorted(keys)), Side.TARGET | Side.ORIGIN))
    if search.recipient:
        if found and _is_own(scope, search.recipient):
            # Whose mail is to the viewer's own address is the viewer's: no need to ask twice.
            found = [Term((_party(search.recipient),), Side.TARGET)]
        else:
            found.append(Term((_party(search.recipient),), _RECIPIENT))
    if search.sender:
        found.append(Term((_party(search.sender),), _SENDER))
    if search.address:
        found.append(Term((_party(search.address),), _RECIPIENT | _SENDER))
    if search.id:
        found.append(_identifier(search.id))
    if search.message_id:
        found.append(Term((search.message_id.strip().strip("<>"),), Side.IDENTIFIER))
    return found


def admits(scope: Scope, delivery: Delivery) -> bool:
    """Whether the viewer is a party of this delivery, by its targets and proven origins."""
    return scope.is_everything or any(
        scope.holds(party) for party in (*delivery.targets, *delivery.origins)
    )


def is_origin(scope: Scope, delivery: Delivery) -> bool:
    """Whether the viewer is the proven submitter's side, who may see all recipients."""
    return scope.is_everything or any(scope.holds(party) for party in delivery.origins)


def _is_own(scope: Scope, party: str) -> bool:
    if party.startswith("@"):
        return party[1:].lower() in scope.domains
    return "@" in party and scope.holds(party)


def _party(text: str) -> str:
    return _NULL_SENDER if text == _NULL_SENDER else address.key(text)


def _identifier(text: str) -> Term:
    """A queue id as it is; a delivery id or message key in any case."""
    lower = text.lower()
    if len(text) == ID_LENGTH:
        return Term((text, lower[:MESSAGE_KEY_LENGTH]), Side.IDENTIFIER, lower)
    if len(text) == MESSAGE_KEY_LENGTH and lower != text:
        return Term((text, lower), Side.IDENTIFIER)
    return Term((text,), Side.IDENTIFIER)
