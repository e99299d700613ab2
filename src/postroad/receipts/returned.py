"""The header of a message: what it can be found by.

Comes in: fields of a returned or pasted message. Goes out: its Message-ID, and the queue ids that
hosts on its way wrote into their `Received:` fields (RFC 5321 section 4.4). Fields above the
topmost of ours, and everything below it, can be anybody's; which hosts are ours is for the reader
to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from postroad.model.receipt import QueueId
from postroad.receipts.fields import Fields, typed, without_comments

#: `Received:` fields that are looked at.
_HOPS = 40
_ID = re.compile(r"[0-9A-Za-z][\w.-]{3,63}", re.ASCII)
_HOST = re.compile(r"[\w.-]{1,255}")
#: Fields whose value is the queue id of the host that writes the report, by who writes them.
QUEUE_FIELDS = ("X-Postfix-Queue-ID", "X-Queue-ID", "X-Exim-Message-ID", "X-OpenSMTPD-Envelope-ID")


def message_id(value: str) -> str:
    """A Message-ID without its brackets; "" for what can be none."""
    value = value.strip()
    start, end = value.find("<"), value.find(">")
    if 0 <= start < end:
        value = value[start + 1 : end]
    value = "".join(value.split())
    return value if 2 < len(value) <= 998 else ""  # noqa: PLR2004 - RFC 5322 section 2.1.1


def queue_ids(fields: Fields) -> Iterator[QueueId]:
    """The hosts that the message passed and its queue ids there, the last first."""
    for value in fields.all("Received")[:_HOPS]:
        if found := _hop(value):
            yield found


def reported(fields: Fields) -> Iterator[QueueId]:
    """The queue ids that a report names outright, each with the reporting host."""
    host = typed(fields.get("Reporting-MTA")).split(" ")[0].rstrip(".").lower()
    for name in QUEUE_FIELDS:
        if _ID.fullmatch(found := fields.get(name).strip()):
            yield QueueId(host, found)


def _hop(value: str) -> QueueId | None:
    """The host and the id of one `Received:` field.

    Its clauses are a word and a value each. They are read in pairs from the left, because the
    value behind `from` is what the client called itself: it may be `by`.
    """
    words = without_comments(value.partition(";")[0]).split()
    said: dict[str, str] = {}
    for name, given in zip(words[::2], words[1::2], strict=False):
        said.setdefault(name.lower(), given)
    host, found = said.get("by", "").rstrip(".").lower(), said.get("id", "").strip("<>")
    return QueueId(host, found) if _HOST.fullmatch(host) and _ID.fullmatch(found) else None
