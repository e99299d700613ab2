"""Exim's own tests as proof: the mail that was really delivered, beside the log that tells of it.

A folder with `log/NNNN` and `mail/NNNN.<mailbox>` comes in. Each copy of mail names, in its topmost
`Received:` header, the message id it was delivered under: so there must be a delivery of that id
with status `delivered`. The other way round, each `delivered` must have a delivery line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from postroad import parsers
from postroad.correlate import Correlator
from postroad.model.delivery import Delivery
from postroad.model.event import NOISE
from postroad.model.status import Status

_ID = r"[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}"
#: Messages in a mailbox: mbox, MMDF.
_BETWEEN = re.compile(r"^(?:From (?=.* \d\d:\d\d:\d\d )|\x01{4}$)", re.MULTILINE)
#: The topmost trace header with its folded lines, and the id in it.
_RECEIVED = re.compile(r"^Received: .*\n(?:[ \t].*\n)*", re.MULTILINE)
_OWN_ID = re.compile(rf"\bid ({_ID})\b")
_DELIVERY = re.compile(rf"^\S+ \S+ (?:\[\d+\] )?({_ID}) (?:=>|->|>>) (.*)$", re.MULTILINE)
_NO_DELIVERY = re.compile(r":blackhole: |discarded |blackhole \(|.* T=\*\*bypassed\*\*")


class Proof(NamedTuple):
    """What the delivered mail proves."""

    logs: int
    copies: int
    shown: int
    #: Copies of messages of which the log has no line: nothing can be said about them.
    unlogged: int
    delivered: int
    missed: list[str]
    invented: list[str]


def prove(folder: Path) -> Proof:
    """Compare each log with the mail beside it."""
    logs = sorted(path for path in (folder / "log").glob("*") if path.is_file())
    copies = shown = unlogged = delivered = 0
    missed: list[str] = []
    invented: list[str] = []
    mail: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((folder / "mail").rglob("*")):
        if path.is_file():
            test, _, mailbox = str(path.relative_to(folder / "mail")).partition(".")
            mail[test] += [(mailbox, name) for name in _copies(path)]
    for path in logs:
        text = path.read_bytes().decode("utf-8", "backslashreplace")
        rows = [row for row in _rows(path.name, text) if row.status is Status.DELIVERED]
        delivered += len(rows)
        invented += [f"{path.name}: {_shown(row)}" for row in rows if not _is_logged(row, text)]
        for mailbox, name in mail.pop(path.name, []):
            if name not in text:
                unlogged += 1
                continue
            copies += 1
            if _finds(rows, mailbox, name, text):
                shown += 1
            else:
                missed.append(f"{path.name}: {name} in {mailbox}")
    unlogged += sum(map(len, mail.values()))
    return Proof(len(logs), copies, shown, unlogged, delivered, missed, invented)


def _copies(path: Path) -> Iterator[str]:
    """The message id of each copy in a mailbox file."""
    text = path.read_bytes().decode("utf-8", "backslashreplace")
    for message in _BETWEEN.split(text):
        received = _RECEIVED.search(message)
        if received and (found := _OWN_ID.search(received[0])):
            yield found[1]


def _rows(host: str, text: str) -> list[Delivery]:
    """What postroad makes of one log."""
    reader = parsers.reader("exim", host=host, zone=ZoneInfo("UTC"), newest=4_000_000_000_000_000)
    correlator = Correlator()
    for line in text.split("\n"):
        event = reader.read(line)
        if event is not None and event is not NOISE:
            correlator.feed(event, line)  # type: ignore[arg-type]
    while correlator.flagged():
        pass
    return [row for row in correlator.drain().deliveries if not row.deleted]


def _finds(rows: list[Delivery], mailbox: str, name: str, text: str) -> bool:
    """Whether a copy in a mailbox has its delivery: by the mailbox's name if the log has it."""
    mine = [row for row in rows if row.queue_id == name]
    box = mailbox.rpartition("/")[2].lower()
    named = [row for row in mine if box in f"{row.recipient} {row.delivered_to}".lower()]
    is_named = any(
        found[1] == name and box in found[2].partition(" R=")[0].lower()
        for found in _DELIVERY.finditer(text)
    )
    return bool(named if is_named else mine)


def _is_logged(row: Delivery, text: str) -> bool:
    """Whether the log has a delivery line of this message for this recipient."""
    parties = [party.lower() for party in (row.delivered_to, row.recipient) if party]
    parties += [party.partition("@")[0] for party in parties]
    return any(
        found[1] == row.queue_id
        and not _NO_DELIVERY.match(found[2])
        and any(party in found[2].lower() for party in parties)
        for found in _DELIVERY.finditer(text)
    )


def _shown(row: Delivery) -> str:
    return f"{row.queue_id} {row.recipient} -> {row.delivered_to or row.recipient}"
