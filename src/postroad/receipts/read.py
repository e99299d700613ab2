"""A message that came back, as octets, to a `Report`."""

from __future__ import annotations

from postroad.model.receipt import QueueId, Receipt, Report
from postroad.receipts import disposition, fields, notice, returned, status
from postroad.receipts.mime import take_apart

#: Kinds of a part that is the message itself, or its header.
_RETURNED = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
)


def read(data: bytes) -> Report:
    """Read a message as a receipt. Never raises; a report without receipts is none."""
    mail = take_apart(data)
    at = notice.dated(mail.fields)
    text = mail.part("text/plain") or mail.part("text/html")
    written, below = notice.cut(text)
    told = mail.part(*status.KINDS) or status.embedded(text)
    receipts: list[Receipt] = list(status.receipts(told, at=at))
    message_ids: list[str] = []
    if disposed := disposition.receipt(mail.part(*disposition.KINDS), at=at):
        receipts.append(disposed[0])
        message_ids.append(disposed[1])
    if not receipts:
        receipts = list(notice.receipts(mail.fields, text, at=at))
    about = fields.read(mail.part(*_RETURNED) or below)
    envelope = fields.typed(status.split(told)[0].get("Original-Envelope-Id"))
    message_ids += [returned.message_id(about.get("Message-ID")), _as_message_id(envelope)]
    return Report(
        receipts=tuple(receipts),
        message_ids=tuple(dict.fromkeys(filter(None, message_ids))),
        queue_ids=_queue_ids(told, about),
        own_id=returned.message_id(mail.fields.get("Message-ID")),
        at=at,
        notice="" if any(each.diagnostic for each in receipts) else written,
    )


def _queue_ids(told: str, about: fields.Fields) -> tuple[QueueId, ...]:
    per_message = status.split(told)[0]
    found = [*returned.reported(per_message), *returned.queue_ids(about)]
    return tuple(dict.fromkeys(found))


def _as_message_id(envelope: str) -> str:
    """An envelope id (RFC 3461 section 4.4) where the sender's program made it of a Message-ID."""
    return returned.message_id(envelope) if "@" in envelope else ""
