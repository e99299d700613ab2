"""Clues: what a pasted text says about which mail is meant.

Comes in: whatever somebody has: a bounce message, a message, its header, lines of a log. Goes out:
questions, each named values as `model.question` takes them; the surest first. What the returned
message is called counts more than what the bounce is called, an identifier more than an address.
A queue id goes with the name of the host that gave it, because others give the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from postroad.model import box
from postroad.model.receipt import Report
from postroad.receipts import returned
from postroad.receipts.fields import Fields, address, plain
from postroad.receipts.mime import take_apart
from postroad.receipts.read import read

#: A question: names of `model.question` to values. A `host` beside an `id` is to be compared with
#: the hosts that are known.
Clue = dict[str, str]

#: Questions that are made of one text, and lines of it that are looked at as lines of a log.
_MOST, _LINES = 20, 300
#: Fields that name other messages of the same exchange; who bounces mail often sets them.
_RELATED = ("In-Reply-To", "X-Original-Message-ID", "Original-Message-ID")
#: Fields that make a text a message, or its header.
_MAIL = ("Received", "Message-ID", "From", "Date", "Subject")
#: Of Exim's warnings: src/deliver.c.
_NAMED = "The message identifier is:"
#: Fields that name who a message was for, the surest first.
_FOR = ("X-Failed-Recipients", "X-Original-To", "Delivered-To", "Envelope-To", "To")


def clues(data: bytes) -> list[Clue]:
    """The questions that a text stands for; none for a blank one. Never raises."""
    text = data.decode("utf-8", "replace").strip()
    if not text:
        return []
    if "\n" not in text:
        return [box.understand(text)]
    found: list[Clue] = []
    for each in _all(data, text):
        if each and each not in found:
            found.append(each)
        if len(found) == _MOST:
            break
    return found


def _all(data: bytes, text: str) -> Iterator[Clue]:
    report = read(data)
    own = take_apart(data).fields
    yield from _of_report(report)
    yield from _of_header(own)
    yield from _of_lines(text, is_message=any(name in own for name in _MAIL))
    yield from _of_addresses(report, own)
    if not own:
        yield box.understand(text)


def _of_report(report: Report) -> Iterator[Clue]:
    """The message that was returned."""
    for name in report.message_ids:
        yield {"message_id": name}
    for each in report.queue_ids:
        yield {"id": each.id, "host": each.host}


def _of_header(own: Fields) -> Iterator[Clue]:
    """The message that was pasted, or whose header was."""
    if name := returned.message_id(own.get("Message-ID")):
        yield {"message_id": name}
    for each in (*returned.reported(own), *returned.queue_ids(own)):
        yield {"id": each.id, "host": each.host}
    for field in _RELATED:
        if name := returned.message_id(own.get(field)):
            yield {"message_id": name}


def _of_lines(text: str, *, is_message: bool) -> Iterator[Clue]:
    """Lines of a log, as far as they hold an identifier.

    Of a message only the line in which Exim's warnings name it: its fields hold others' ids.
    """
    for line in text.splitlines()[:_LINES]:
        if " " in line.strip() and (not is_message or _NAMED in line):
            found = box.understand(line)
            if "id" in found or "message_id" in found:
                yield found


def _of_addresses(report: Report, own: Fields) -> Iterator[Clue]:
    """Who it was for, and from whom."""
    for each in report.receipts:
        if name := each.original or each.recipient:
            yield {"to": name}
    writer = _one(own.get("Return-Path")) or _one(own.get("From"))
    for field in _FOR:
        for value in own.all(field):
            if name := _one(value):
                yield {"to": name, "from": writer} if writer else {"to": name}
                yield {"to": name}
    if writer:
        yield {"from": writer}
    if subject := plain(own.get("Subject")):
        yield {"subject": subject}


def _one(value: str) -> str:
    """The first address of a field; "" if it holds none, as the null sender does."""
    found = box.understand(value) if "@" in value else {}
    return (
        address(next(iter(found.values()), "")) if set(found) <= {"address", "message_id"} else ""
    )
