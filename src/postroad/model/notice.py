"""Notice: what is said in a letter, whichever way it goes."""

from __future__ import annotations

from typing import Any

import msgspec


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with a letter."""

    #: As in `report-2026-11.pdf`.
    name: str
    #: Media type, as in `application/pdf`.
    type: str
    content: bytes


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter says: words for an e-mail, and values for a webhook."""

    subject: str
    #: Plain text, in the reader's language, lines ended by `\\n`.
    text: str
    attachments: tuple[Attachment, ...] = ()
    #: What a webhook is given besides the event's name and time: JSON values, public names, times
    #: in RFC 3339.
    data: dict[str, Any] = {}
