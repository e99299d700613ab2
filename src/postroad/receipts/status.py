"""Delivery status notifications (RFC 3464, international: RFC 6533): what servers say.

Comes in: the text of a `message/delivery-status` part. Goes out: receipts, one for each recipient
it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from postroad.model.receipt import Receipt, Says
from postroad.receipts.fields import Fields, address, blocks, moment, plain, typed, without_comments

#: Kinds of the part.
KINDS = (
    "message/delivery-status",
    "message/global-delivery-status",
    # Old gateways.
    "text/delivery-status",
)
_EMBEDDED = re.compile(
    r"^((?:> ?){0,4})(?:Reporting-MTA|Final-Recipient|Action):[ \t]*\S",
    re.MULTILINE | re.IGNORECASE,
)
#: Characters of such fields that are looked at.
_REACH = 8_000
#: Recipients of one report that are looked at.
MOST = 100

_ACTIONS = {
    "delivered": Says.DELIVERED,
    "failed": Says.FAILED,
    "failure": Says.FAILED,
    "delayed": Says.DELAYED,
    "relayed": Says.RELAYED,
    "expanded": Says.EXPANDED,
}
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
_REPLY = re.compile(
    r"\W{0,3}([2-5][0-5]\d)(?![\d.])(?:[ -]{1,2}#?([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?", re.ASCII
)


def split(text: str) -> tuple[Fields, list[Fields]]:
    """The fields about the message, and those about each recipient."""
    found = list(blocks(text))[: MOST + 1]
    if not found:
        return Fields(), []
    about = found[0]
    rest = found if "Action" in about or "Final-Recipient" in about else found[1:]
    return about, [each for each in rest if "Action" in each or "Final-Recipient" in each]


def embedded(text: str) -> str:
    """The fields of a report that stand in a text for people, quoted perhaps; "" if none do.

    So do some servers that send no report of their own kind, and people who pass a bounce on.
    """
    found = _EMBEDDED.search(text)
    if not found:
        return ""
    quote = found[1]
    lines = text[found.start() : found.start() + _REACH].split("\n")
    return "\n".join(line.removeprefix(quote) for line in lines)


def receipts(text: str, *, at: int) -> Iterator[Receipt]:
    """What a report says of each recipient. `at` is its own date."""
    about, each_of = split(text)
    for fields in each_of:
        if says := _says(fields):
            yield receipt(fields, about, says, at=at)


def receipt(fields: Fields, about: Fields, says: Says, *, at: int) -> Receipt:
    """The receipt that the fields of one recipient are."""
    diagnostic = _diagnostic(fields)
    code = _REPLY.match(diagnostic)
    return Receipt(
        says=says,
        recipient=address(fields.get("Final-Recipient")),
        original=address(fields.get("Original-Recipient")),
        at=moment(fields.get("Last-Attempt-Date")) or at or moment(about.get("Arrival-Date")),
        reporter=typed(about.get("Reporting-MTA")),
        remote=typed(fields.get("Remote-MTA")),
        # What the server itself said is nearer than what the reporter made of it.
        enhanced_code=(code and code[2]) or status_code(fields.get("Status")),
        smtp_code=int(code[1]) if code else 0,
        diagnostic=diagnostic,
    )


def _diagnostic(fields: Fields) -> str:
    """What the server said; of programs that speak no SMTP with the name of what they speak."""
    value = fields.get("Diagnostic-Code")
    is_smtp = value[:4].lower() in ("smtp", "lmtp")
    return plain(typed(value) if is_smtp else value)


def status_code(value: str) -> str:
    """The code of a `Status` field, which may have a comment beside it."""
    found = _STATUS.match(value.strip())
    return found[0] if found else ""


def _says(fields: Fields) -> Says | None:
    action = without_comments(fields.get("Action")).lower()
    if action in _ACTIONS:
        return _ACTIONS[action]
    # Without an action the status tells as much (RFC 3463 section 2).
    kind = status_code(fields.get("Status"))[:1]
    return {"2": Says.DELIVERED, "4": Says.DELAYED, "5": Says.FAILED}.get(kind)
