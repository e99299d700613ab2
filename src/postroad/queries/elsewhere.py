"""Elsewhere: the same mail under other queue ids of our servers, which no log line ties together.

A server that hands a message on is told the queue id under which the next one has it; where both
are ours, that is proof. A Message-ID that two messages share is a hint only: lists, forwards and
anybody who wants to can use one again.
"""

from __future__ import annotations

from collections.abc import Iterator

from postroad.model.delivery import Delivery
from postroad.model.scope import Scope
from postroad.model.when import DAY
from postroad.queries.terms import Side, admits
from postroad.store import Store, columns

#: As many are named.
_MOST = 20
#: Mail is on its way no longer than this, as a rule: senders give up within five days (RFC 5321
#: section 4.5.4.1).
_TOGETHER = 5 * DAY


def elsewhere(store: Store, scope: Scope, delivery: Delivery) -> Iterator[tuple[str, Delivery]]:
    """Deliveries of other queue ids that the viewer may see, each with how it belongs."""
    keys = [delivery.next_queue_id, delivery.message_id.strip("<>")]
    if not any(keys):
        return
    rows = store.read(
        f"SELECT {columns.DELIVERY} FROM deliveries FINAL WHERE NOT deleted "
        "AND NOT folded AND message_key != {message:String} AND (ago, id) IN (SELECT ago, id FROM "
        "deliveries_by_key WHERE key IN {keys:Array(String)} AND bitAnd(sides, {side:UInt8}) != 0 "
        "AND ago BETWEEN {last:Int64} AND {first:Int64}) "
        "ORDER BY abs(first_at - {at:Int64}), id LIMIT {most:UInt8}",
        {
            "message": delivery.message_key,
            "keys": [each for each in keys if each],
            "side": int(Side.IDENTIFIER),
            "last": -delivery.first_at - _TOGETHER,
            "first": -delivery.first_at + _TOGETHER,
            "at": delivery.first_at,
            "most": _MOST,
        },
        Delivery,
        is_small=True,
    )
    for row in sorted(rows, key=lambda each: (each.first_at, each.id)):
        if admits(scope, row):
            yield _relation(delivery, row), row


def _relation(delivery: Delivery, other: Delivery) -> str:
    if delivery.next_queue_id and delivery.next_queue_id in (other.queue_id, *other.hops):
        return "next_server"
    if other.next_queue_id and other.next_queue_id in (delivery.queue_id, *delivery.hops):
        return "previous_server"
    return "same_message_id"
