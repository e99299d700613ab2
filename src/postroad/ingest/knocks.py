"""Knocks: greylisted refusals and the messages let in after them, in a batch and in the store.

Whichever of the two was stored first, the other finds it. As a rule both come in the order of
time and within hours, so the last knocks are held in memory and the store is asked for the rest
only where older logs are read.
"""

from __future__ import annotations

import msgspec

from postroad.correlate import WINDOW, Greylist
from postroad.correlate.greylist import MOST, is_accepted, is_knock, triple
from postroad.ingest.recall import Horizon
from postroad.model.delivery import Batch, Delivery
from postroad.reasons import Reason
from postroad.store import Store

_NAME = Reason.GREYLISTED.word


class Knocks:
    """Ties knocks to the messages that were let in, batch by batch."""

    def __init__(self, store: Store, horizon: Horizon) -> None:
        """`horizon` says up to when a host's lines were stored before this run."""
        self._store = store
        self._horizon = horizon
        self._greylist = Greylist()
        #: From when on all stored knocks are in memory; None before the first batch.
        self._since: int | None = None

    def settle(self, batch: Batch) -> None:
        """Say of what was let in how often it was refused before, and fold those refusals."""
        if self._since is None:
            newest = max((self._horizon.get(row.host) for row in batch.deliveries), default=0)
            self._since = max(0, newest - WINDOW)
            if newest:
                self._greylist.learn(self._store.refused(_NAME, since=self._since, limit=MOST))
        self._learn_older(batch)
        self._greylist.settle(batch)
        self._tell_stored(batch)

    def _learn_older(self, batch: Batch) -> None:
        """Read the knocks before messages that are older than what is in memory."""
        since = self._since or 0
        older = [row for row in batch.deliveries if is_accepted(row) and row.first_at < since]
        if older:
            first = min(row.first_at for row in older)
            last = max(row.first_at for row in older)
            recipients = [row.recipient for row in older]
            self._greylist.learn(
                self._store.received(recipients, since=first - WINDOW, until=last, reason=_NAME)
            )

    def _tell_stored(self, batch: Batch) -> None:
        """Where a knock is read after the message that was let in: tell the stored message."""
        knocks = [
            row
            for row in batch.deliveries
            if is_knock(row) and not row.folded and row.first_at <= self._horizon.get(row.host)
        ]
        folded = {row.id for row in batch.deliveries if row.folded}
        knocks = [row for row in knocks if row.id not in folded]
        if not knocks:
            return
        first = min(row.first_at for row in knocks)
        last = max(row.first_at for row in knocks)
        wanted = {triple(row) for row in knocks}
        stored = self._store.received(
            [row.recipient for row in knocks],
            since=first,
            until=last + WINDOW,
            senders={sender for sender, _, _ in wanted},
        )
        known = {row.id for row in batch.deliveries}
        again = Batch(
            deliveries=[
                _renewed(row)
                for row in stored
                if row.id not in known and is_accepted(row) and triple(row) in wanted
            ]
        )
        self._greylist.settle(again)
        batch.deliveries.extend(row for row in again.deliveries if row.knocks or row.folded)


def _renewed(row: Delivery) -> Delivery:
    """A stored row to be written again: rows of the correlator have even versions."""
    return msgspec.structs.replace(row, version=row.version | 1)
