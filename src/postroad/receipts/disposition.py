"""Disposition notifications (RFC 8098, international: RFC 6533): what recipients' programs say.

Comes in: the text of a `message/disposition-notification` part. Goes out: a receipt.
"""

from __future__ import annotations

from postroad.model.receipt import Receipt, Says
from postroad.receipts.fields import address, read, without_comments
from postroad.receipts.returned import message_id

#: Kinds of the part.
KINDS = ("message/disposition-notification", "message/global-disposition-notification")

_TYPES = {
    "displayed": Says.DISPLAYED,
    "deleted": Says.DELETED,
    "dispatched": Says.DISPATCHED,
    "processed": Says.PROCESSED,
    # RFC 2298 had more of them.
    "denied": Says.DENIED,
    "failed": Says.FAILED,
}


def receipt(text: str, *, at: int) -> tuple[Receipt, str] | None:
    """The receipt, and the Message-ID of what it is about; None if it says nothing.

    `at` is the date of the notification, as it has none of its own.
    """
    fields = read(text)
    mode, _, rest = without_comments(fields.get("Disposition")).partition(";")
    says = _TYPES.get(rest.partition("/")[0].strip().lower())
    if says is None:
        return None
    told = fields.get("Failure") or fields.get("Error") or fields.get("Warning")
    return (
        Receipt(
            says=says,
            recipient=address(fields.get("Final-Recipient")),
            original=address(fields.get("Original-Recipient")),
            at=at,
            reporter=fields.get("Reporting-UA"),
            diagnostic=told,
            by_hand=mode.partition("/")[0].strip().lower() == "manual-action",
        ),
        message_id(fields.get("Original-Message-ID")),
    )
