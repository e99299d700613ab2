"""The public face of a delivery: the names and forms that scripts rely on."""

from __future__ import annotations

from typing import Any

from postroad.model import when
from postroad.model.delivery import Delivery
from postroad.model.search import SORTABLE

#: The public fields, in the order in which they are shown.
FIELDS = SORTABLE


def public(delivery: Delivery) -> dict[str, Any]:
    """The public fields of a delivery: words for numbers, RFC 3339 for times, null if unknown.

    It hides nothing: what a viewer may not see was masked when the delivery was found.
    """
    values = {name: getattr(delivery, name) for name in FIELDS}
    values["status"] = delivery.status.word
    values["direction"] = delivery.direction.word
    values["sent_at"] = when.rfc3339(delivery.sent_at)
    values["knocked_at"] = when.rfc3339(delivery.knocked_at)
    values["last_attempt_at"] = when.rfc3339(delivery.last_attempt_at)
    return values
