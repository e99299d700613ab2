"""Receipts of one delivery: what came back about it, as far as it can be about it.

Anybody can write a receipt. One is shown beside a delivery only if it names a message that this
server had, by its Message-ID or by this server's own queue id, and a recipient that the message was
sent to. What fits no delivery is read by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from postroad.model import address, host
from postroad.model.delivery import Delivery
from postroad.model.receipt import Kept, Told
from postroad.model.scope import Scope
from postroad.model.status import Status
from postroad.queries.terms import Side, admits
from postroad.store import Store, columns

#: Receipts of one delivery that are shown.
_MOST = 50
#: For so long after a message its queue id in a receipt means that message, microseconds.
_QUEUE_ID = 60 * 24 * 3600 * 1_000_000
#: A receipt's clock may be behind ours.
_CLOCKS = 3600 * 1_000_000


class _Name(msgspec.Struct):
    name: str


def receipts(
    store: Store, scope: Scope, delivery: Delivery, others: Iterable[Delivery] = ()
) -> list[Told]:
    """What came back about a delivery, the earliest first; not masked yet.

    `others` are the other recipients of its message. Empty where the viewer may not see it.
    """
    if delivery.status is Status.REJECTED or not admits(scope, delivery):
        return []
    kept = [(row, _names(delivery) & _named(row)) for row in _kept(store, delivery)]
    if not all(names for _, names in kept) and (list(others) or _has_copies(store, delivery)):
        # An alias at the other end has the receipt name an address that we never wrote to: whose
        # message it is is certain only where it had no other recipient.
        kept = [each for each in kept if each[1]]
    found = {
        row.id: told for row, names in kept if (told := _told(row, delivery, is_exact=bool(names)))
    }
    return sorted(found.values(), key=lambda each: each.at)[:_MOST]


def _kept(store: Store, delivery: Delivery) -> list[Kept]:
    """What is kept under a name of the message."""
    message_id = delivery.message_id.strip("<>")
    names = [each for each in (delivery.queue_id, *delivery.hops) if each]
    if not message_id and not names:
        return []
    return store.read(
        f"SELECT {columns.RECEIPT} FROM (SELECT * FROM receipts FINAL WHERE "
        "(key = {message:String} AND key != '' AND host = '') OR "
        "(key IN {names:Array(String)} AND host != '' "
        "AND noted_at BETWEEN {since:Int64} AND {until:Int64}) "
        "ORDER BY noted_at, id LIMIT {most:UInt32})",
        {
            "message": message_id,
            "names": names,
            "since": delivery.first_at - _CLOCKS,
            "until": delivery.first_at + _QUEUE_ID,
            "most": _MOST * 20,
        },
        Kept,
        is_small=True,
    )


def _has_copies(store: Store, delivery: Delivery) -> bool:
    """Whether other messages of its Message-ID went to others, as a list's copies do."""
    rows = store.read(
        "SELECT lower(recipient) AS name FROM deliveries FINAL WHERE NOT deleted AND NOT folded "
        "AND (ago, id) IN (SELECT ago, id FROM deliveries_by_key WHERE key = {message:String} "
        "AND bitAnd(sides, {side:UInt8}) != 0) AND lower(recipient) NOT IN {own:Array(String)} "
        "AND recipient != '' LIMIT 1",
        {
            "message": delivery.message_id.strip("<>"),
            "side": int(Side.IDENTIFIER),
            "own": sorted(_names(delivery)),
        },
        _Name,
        is_small=True,
    )
    return bool(rows)


def _told(row: Kept, delivery: Delivery, *, is_exact: bool) -> Told | None:
    """The receipt as it is shown, if it can be about this delivery."""
    if row.host and not (is_exact and host.is_same(row.host, delivery.host)):
        return None
    return Told(
        says=row.says,
        recipient=row.recipient or row.original,
        at=row.at,
        reporter=row.reporter,
        remote=row.remote,
        enhanced_code=row.enhanced_code,
        smtp_code=row.smtp_code,
        diagnostic=row.diagnostic,
        by_hand=row.by_hand,
        is_for_recipient=is_exact,
    )


def _named(row: Kept) -> set[str]:
    return {address.key(each) for each in (row.recipient, row.original) if each}


def _names(delivery: Delivery) -> set[str]:
    return {address.key(each) for each in (delivery.recipient, delivery.delivered_to) if each}
