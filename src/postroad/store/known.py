"""What the store knows of a delivery, as far as replacing or withdrawing it needs."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """The newest stored version of a delivery that has not been withdrawn.

    A row is kept under its `first_at` and `id`. One that is to be replaced by a row with another
    `first_at` must be withdrawn under the one it has.
    """

    version: int
    message_key: str
    #: Microseconds UTC, as in `Delivery`.
    first_at: int
    sent_at: int
