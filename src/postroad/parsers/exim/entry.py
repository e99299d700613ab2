r"""Exim: what stands below the first line of an entry, above all in the rejectlog.

Comes in: the lines without a stamp, one by one. Goes out, for each: an event, `NOISE`, or None.

    Envelope-from: <sender>
    Envelope-to: <recipient>
        <recipient>
        ...
    P Received: from ...
    \tby ...
    I Message-Id: <id>
      Subject: words
    *** truncated ***

Below a refusal of a message whose headers were read stand the envelope, with five recipients at
most, and the headers, each behind a letter for its kind or a space (log.c, log_write; the kinds
are those of the spool, spec.txt, "Format of the -H file"). Exim ends the whole after 8,192 bytes;
old versions drew a line below it. Elsewhere such lines are the rest of a text of several lines.

Headers are the work of strangers, but no line of them begins as the envelope does, which is read at
its place and nowhere else. Of headers, the first of a name counts; one that is folded may look like
several, which tells no more than its sender could say anyway.

The events of the lines bear the time of the first one and a microsecond more for each line, so
that they keep their order. Below a refusal without a message id, each is the refusal told again
with what is known by then, and with the lines `above` it.
"""

from __future__ import annotations

import re

import msgspec

from postroad.model.event import NOISE, Described, Event, Noise, Noted, Rejected
from postroad.parsers import subject as subjects
from postroad.parsers.exim.fields import ANGLE

#: Characters and lines of one entry; Exim's buffer holds 8,192 (log.c, LOG_BUFFER_SIZE).
_LONGEST = 16_384
_MOST_LINES = 500
_LONGEST_VALUE = 998
_BLANK = " \t\r\0"

#: Where in an entry the next line stands.
_TEXT, _ENVELOPE, _RECIPIENTS, _SUBJECT, _MESSAGE_ID, _HEADER, _END = range(7)

_FROM = re.compile(rf"Envelope-from: {ANGLE}\r?$")
_TO = re.compile(rf"Envelope-to: {ANGLE}\r?$")
_FURTHER = re.compile(rf"    {ANGLE}\r?$")
_HEADED = re.compile(r"([ *BCFIPRST]) ([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_ENDS = ("*** truncated ***", "-" * 20)
_NAMED = re.compile(r"<([^<>\s]*)>")
#: A line below a refusal whose beginning is not at hand.
_LEFT_OVER = re.compile(
    r"Envelope-(?:from|to): <|[ *BCFIPRST] [!-9;-~]+[ \t]*:|[ \t]+[^ \t]|\*\*\* truncated|-{20}"
)


class Told(msgspec.Struct):
    """What an entry told so far of the message that was refused."""

    sender: str = ""
    has_sender: bool = False
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    subject: str = ""


class Entry(msgspec.Struct):
    """One entry: its first line, and what was read below that."""

    at: int
    host: str
    #: The message that the first line named; empty if it named none.
    queue_id: str
    #: The refusal that the first line told, if it named no message.
    refused: Rejected | None = None
    #: Whether the first line was understood.
    is_known: bool = True
    #: The first line, and those below it, where `refused` is to be told again.
    above: tuple[str, ...] = ()
    place: int = _TEXT
    count: int = 0
    size: int = 0
    told: Told = msgspec.field(default_factory=Told)

    def read(self, line: str) -> Event | Noise | None:
        """Say what the next line says."""
        if not line.strip(_BLANK):
            return NOISE
        self.size += len(line)
        self.count += 1
        if self.size > _LONGEST or self.count > _MOST_LINES:
            self.place = _END
            return NOISE
        news = self._take(line)
        if self.queue_id:
            return self._of_message(news)
        if self.refused is None or self.place == _TEXT:
            return NOISE if self.is_known or is_left_over(line) else None
        event = complete(self.refused, self.told, above=self.above)
        self.above = (*self.above, line)
        return event

    def _of_message(self, news: Told | None) -> Described | Noted:
        at = self.at + self.count
        if news is None:
            return Noted(at=at, host=self.host, queue_id=self.queue_id)
        return Described(
            at=at,
            host=self.host,
            queue_id=self.queue_id,
            sender=news.sender,
            has_sender=news.has_sender,
            recipient=news.recipients[0] if news.recipients else "",
            message_id=news.message_id,
            subject=news.subject,
        )

    def _take(self, line: str) -> Told | None:
        """What this line adds to what was told; None if nothing."""
        if found := _FROM.match(line):
            self.place = _ENVELOPE
            return self._told(sender=found[1], has_sender=True)
        if self.place in (_TEXT, _END):
            return None
        if line.startswith(_ENDS):
            self.place = _END
            return None
        if self.place == _ENVELOPE and (found := _TO.match(line)):
            self.place = _RECIPIENTS
            return self._told(recipients=(found[1],))
        if self.place == _RECIPIENTS and line.startswith("    "):
            further = _FURTHER.match(line)
            return self._told(recipients=(further[1],)) if further else None
        if headed := _HEADED.match(line):
            return self._header(*headed.groups())
        if line[0] in " \t":
            return self._folded(line.strip())
        return None

    def _header(self, letter: str, name: str, value: str) -> Told | None:
        """The first line of a header."""
        self.place = _HEADER
        value = value.strip()[:_LONGEST_VALUE]
        if letter == "I" and not self.told.message_id:
            self.place = _MESSAGE_ID
            return self._told(message_id=_message_id(value)) if value else None
        if letter == " " and name.lower() == "subject" and not self.told.subject:
            self.place = _SUBJECT
            return self._told(subject=value) if value else None
        return None

    def _folded(self, text: str) -> Told | None:
        """A further line of a header (RFC 5322, section 2.2.3)."""
        if self.place == _MESSAGE_ID and not self.told.message_id:
            return self._told(message_id=_message_id(text[:_LONGEST_VALUE]))
        if self.place == _SUBJECT:
            return self._told(subject=f"{self.told.subject} {text}".strip()[:_LONGEST_VALUE])
        return None

    def _told(
        self,
        *,
        sender: str = "",
        has_sender: bool = False,
        recipients: tuple[str, ...] = (),
        message_id: str = "",
        subject: str = "",
    ) -> Told:
        """Keep what a line told; returns it alone, the subject in letters."""
        told = self.told
        if has_sender:
            told.sender, told.has_sender = sender, True
        told.recipients = tuple(dict.fromkeys((*told.recipients, *recipients)))
        told.message_id = told.message_id or message_id
        told.subject = subject or told.subject
        return Told(
            sender, has_sender, recipients, message_id, subject and subjects.decode(subject)
        )


def complete(refused: Rejected, told: Told, above: tuple[str, ...] = ()) -> Rejected:
    """A refusal with what its entry told below it; `above`: the lines before its last."""
    return msgspec.structs.replace(
        refused,
        sender=refused.sender if refused.has_sender else told.sender,
        has_sender=refused.has_sender or told.has_sender,
        recipients=tuple(dict.fromkeys((*refused.recipients, *told.recipients))),
        message_id=refused.message_id or told.message_id,
        subject=refused.subject or subjects.decode(told.subject),
        above=above,
    )


def is_left_over(line: str) -> bool:
    """Whether a line without a stamp is the rest of an entry, as it seems."""
    return _LEFT_OVER.match(line) is not None


def _message_id(value: str) -> str:
    """The id between its brackets; a broken one as it stands."""
    found = _NAMED.search(value)
    return found[1] if found else value.partition(" ")[0].strip("<>")
