"""Terms: a scope and a question as ranges of the table of keys.

`deliveries_by_key` has a row for each delivery under every key that leads to it: each party's
address and domain, each identifier, and the empty key. A term is a set of such keys with what
they must be to the delivery. The viewer's scope is a term like any other.

A question about a party finds what its asker is shown, no more: the final address of somebody
else's alias and somebody else's proven login are hidden from those who are not on that side of the
delivery, so they must not be found by it either.
"""

from __future__ import annotations

from enum import IntFlag
from functools import reduce
from operator import or_

import msgspec

from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.search import Flow, Match, Search


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
    #: Recipient as addressed, which everybody sees who sees the delivery: for searching only.
    ADDRESSED = 32


_Sides = tuple[tuple[Side, Side], ...]
_ANY = Side(0)
_OWN = Side.TARGET | Side.ORIGIN
_FINAL = Side.TARGET | Side.NAMED
#: Sides of what is looked for, for each kind of party, each with the side that the viewer must be
#: on to be shown it.
_RECIPIENT = ((Side.ADDRESSED, _ANY), (_FINAL, Side.TARGET))
_SENDER = ((Side.SENDER, _ANY), (Side.ORIGIN, Side.ORIGIN))
_PARTY = ((Side.ADDRESSED | Side.SENDER, _ANY), *_RECIPIENT[1:], *_SENDER[1:])
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
    #: Whether the keys are beginnings of keys.
    is_prefix: bool = False
    #: Where it depends on the viewer: sides of the key, each with the sides of the scope that the
    #: delivery must be found under at the same time.
    seen: _Sides = ()


class Terms(msgspec.Struct, frozen=True):
    """What must hold at once."""

    #: The viewer's own deliveries; None for who sees all.
    scope: Term | None
    others: list[Term]


def terms(scope: Scope, search: Search) -> Terms | None:
    """What must hold at once; None if this viewer can see nothing. Parts of addresses are left out.

    No term at all means every delivery.
    """
    if scope.is_everything:
        return Terms(None, [*_parties(scope, search), *_identifiers(search)])
    own = own_keys(scope)
    if not own:
        return None
    side = _side(search)
    parties = _parties(scope, search)
    if search.recipient and len(parties) == 1 and not parties[0].seen and not search.side:
        # Whose mail is to the viewer's own address is the viewer's: no need to ask twice.
        return Terms(parties[0], _identifiers(search))
    if search.side and any(party.seen for party in parties):
        # The side that is asked for may be under another own key than the one that is needed to
        # be shown a party: two conditions.
        own_side = Term(own, side)
        return Terms(Term(own, _OWN), [own_side, *parties, *_identifiers(search)])
    return Terms(Term(own, side), [*parties, *_identifiers(search)])


def own_keys(scope: Scope) -> tuple[str, ...]:
    """The keys of a viewer who does not see everything, in order."""
    keys = scope.addresses | scope.logins | {f"@{domain}" for domain in scope.domains}
    return tuple(sorted(keys - {"", "@"}))


def admits(scope: Scope, delivery: Delivery) -> bool:
    """Whether the viewer is a party of this delivery, by its targets and proven origins."""
    return scope.is_everything or any(
        scope.holds(party) for party in (*delivery.targets, *delivery.origins)
    )


def is_origin(scope: Scope, delivery: Delivery) -> bool:
    """Whether the viewer is the proven submitter's side, who may see all recipients."""
    return scope.is_everything or any(scope.holds(party) for party in delivery.origins)


def beginnings(scope: Scope, search: Search) -> list[Term]:
    """The parties of a question that asks for beginnings of addresses, as ranges of keys."""
    if search.match is not Match.BEGINS:
        return []
    return [
        Term(
            (_party(asked),), _all(sides), is_prefix=True, seen=() if scope.is_everything else sides
        )
        for asked, sides in _asked(search)
    ]


def _side(search: Search) -> Side:
    match search.side:
        case Flow.SENT:
            return Side.ORIGIN
        case Flow.RECEIVED:
            return Side.TARGET
        case None:
            return _OWN


def _parties(scope: Scope, search: Search) -> list[Term]:
    """The parties that are asked for whole."""
    if search.match is not Match.EXACT:
        return []
    return [_party_term(scope, asked, sides) for asked, sides in _asked(search)]


def _asked(search: Search) -> list[tuple[str, _Sides]]:
    asked = (
        (search.recipient, _RECIPIENT),
        (search.sender, _SENDER),
        (search.address, _PARTY),
    )
    return [each for each in asked if each[0]]


def _party_term(scope: Scope, asked: str, sides: _Sides) -> Term:
    keys = (_party(asked),)
    if scope.is_everything:
        return Term(keys, _all(sides))
    if _is_own(scope, asked):
        # Under the viewer's own key its sides are the viewer's: nothing that is found is hidden.
        return Term(keys, _all(sides) & (_OWN | Side.SENDER))
    return Term(keys, _all(sides), seen=sides)


def _all(sides: _Sides) -> Side:
    return reduce(or_, (of_key for of_key, _ in sides))


def _is_own(scope: Scope, party: str) -> bool:
    if party.startswith("@"):
        return party[1:].lower() in scope.domains
    return "@" in party and scope.holds(party)


def _identifiers(search: Search) -> list[Term]:
    found = []
    if search.id:
        found.append(_identifier(search.id))
    if search.message_id:
        found.append(Term((search.message_id.strip().strip("<>"),), Side.IDENTIFIER))
    return found


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
