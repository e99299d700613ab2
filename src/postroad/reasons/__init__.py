"""Reasons: why mail was refused or is late, from a closed list.

Comes in: a reply with its codes, and what became of the delivery. Goes out: a `Reason`, or nothing
where nothing went wrong. Pure: the phrases are data that this package carries.
"""

from __future__ import annotations

from postroad.model.status import Status
from postroad.reasons.classify import reason
from postroad.reasons.reason import Reason

__all__ = ["Reason", "reason", "reason_name"]


def reason_name(reply: str, smtp_code: int, enhanced_code: str, status: Status) -> str:
    """The public name of the reason, as `Delivery.reason` holds it; "" where nothing went wrong."""
    found = reason(reply, smtp_code, enhanced_code, status)
    return "" if found is None else found.word
