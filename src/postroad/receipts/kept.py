"""From a report to the rows that are kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from postroad.model.receipt import Kept, QueueId, Receipt, Report

#: Names of the message that a receipt is kept under: a forged one could claim any number.
_MESSAGE_IDS, _QUEUE_IDS = 2, 6
#: Longest text that is kept, in characters.
_LONGEST = 2_000


def rows(report: Report, *, now: int) -> list[Kept]:
    """The rows of a report; none if it says nothing or not what it is about.

    `now` is the present, microseconds UTC. The same report gives the same rows.
    """
    return [_row(each, name, report, now) for each in report.receipts for name in _names(report)]


def _names(report: Report) -> Iterator[QueueId]:
    """What the message can be found by: Message-IDs, which have no host, and queue ids."""
    for each in report.message_ids[:_MESSAGE_IDS]:
        yield QueueId("", each)
    yield from report.queue_ids[:_QUEUE_IDS]


def _row(receipt: Receipt, name: QueueId, report: Report, now: int) -> Kept:
    text = msgspec.json.encode([report.own_id, receipt])
    written = receipt.at if 0 < receipt.at <= now else now
    return Kept(
        key=name.id,
        host=name.host,
        id=hashlib.blake2b(text, digest_size=16).hexdigest(),
        noted_at=written,
        says=receipt.says,
        recipient=receipt.recipient[:_LONGEST],
        original=receipt.original[:_LONGEST],
        at=written,
        reporter=receipt.reporter[:_LONGEST],
        remote=receipt.remote[:_LONGEST],
        enhanced_code=receipt.enhanced_code,
        smtp_code=receipt.smtp_code,
        diagnostic=receipt.diagnostic[:_LONGEST],
        by_hand=receipt.by_hand,
    )
