"""What became of a message that postroad itself sent, by its Message-ID and recipient.

Its log line is the mail server's own and nobody's who reads it here: so this is asked for in the
administrator's scope, and what comes out says whether it came back and why, and names nobody but
the recipient: where an alias of theirs leads is not the reader's business.
"""

from __future__ import annotations

import msgspec

from postroad.model import address
from postroad.model.delivery import Delivery
from postroad.model.receipt import Kept, Says
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.queries.find import search
from postroad.queries.masks import Mask
from postroad.queries.receipts import receipts
from postroad.store import Store, columns

#: Deliveries and receipts of one message that are read.
_MOST = 50
_CAME_BACK = frozenset({Status.FAILED, Status.BLOCKED})


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of it."""

    came_back: bool
    #: Why, in the words of the server that refused it.
    said: str = ""


def posted(store: Store, scope: Scope, message_id: str, recipient: str) -> Posted | None:
    """Whether a message came back from this recipient; None where nothing is known of it."""
    if not message_id:
        return None
    wanted = address.key(recipient)
    found = search(store, scope, Search(message_id=message_id), limit=_MOST).deliveries
    mine = [each for each in found if wanted in _names(each)]
    for each in mine:
        if each.status in _CAME_BACK:
            return Posted(came_back=True, said=_said(each.result, wanted, each))
        others = [other for other in found if other.id != each.id]
        for told in receipts(store, scope, each, others):
            if told.says is Says.FAILED:
                return Posted(came_back=True, said=_said(told.diagnostic, wanted, each))
    if not found and scope.is_everything:
        return _returned(store, message_id, wanted)
    return Posted(came_back=False) if _is_taken(found) else None


def _names(delivery: Delivery) -> set[str]:
    named = (delivery.recipient, delivery.delivered_to, *delivery.targets)
    return {address.key(each) for each in named if each}


def _is_taken(found: list[Delivery]) -> bool:
    """Whether a mail server had it: what was refused at the door was not taken."""
    return any(each.status is not Status.REJECTED for each in found)


def _returned(store: Store, message_id: str, recipient: str) -> Posted | None:
    """What came back about a message that another server sent for us: its log is not here."""
    kept = store.read(
        f"SELECT {columns.RECEIPT} FROM (SELECT * FROM receipts FINAL WHERE "
        "key = {message:String} AND key != '' AND host = '' ORDER BY noted_at, id "
        "LIMIT {most:UInt32})",
        {"message": message_id, "most": _MOST},
        Kept,
        is_small=True,
    )
    for each in kept:
        named = {address.key(name) for name in (each.recipient, each.original) if name}
        if each.says is Says.FAILED and recipient in named:
            return Posted(came_back=True, said=_said(each.diagnostic, recipient))
    return None


def _said(text: str, recipient: str, delivery: Delivery | None = None) -> str:
    """What was answered, without the addresses and mailboxes of anybody but the recipient."""
    names = _names(delivery) - {recipient} if delivery else set()
    return Mask(lambda name: address.key(name) == recipient, {recipient}, names).text(text)
