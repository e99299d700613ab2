"""What postroad makes of the logs of a run: rows, and how they answer to the truth.

A log is imported as a user would, into a store of its own; the rows are taken out and the store
is closed, so that any number of tests can ask about them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from postroad import queries
from postroad.ingest import Importer, Result
from postroad.model import address
from postroad.model.delivery import Attempt, Delivery, Link
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.state import State
from postroad.store import Store, columns

#: What may be told of mail that never had a queue id.
_NO_QUEUE = {Status.REJECTED, Status.BLOCKED, Status.FILTERED}
#: Microseconds between handing in a message and what the server logs about it at once.
_SOON = 5_000_000

_RECEIVED_ID = re.compile(r"^Received:(?:.|\n[ \t])*?\bid ([0-9A-Za-z-]+)", re.MULTILINE)


@dataclass
class Book:
    """The outcome of a run: a folder of logs, and the truth about them."""

    folder: Path
    truth: dict[str, Any]

    def server(self, name: str) -> dict[str, Any]:
        """What is known about one server."""
        found: dict[str, Any] = self.truth["servers"][name]
        return found

    def logs(self, server: str, form: str) -> list[Path]:
        """The files of one form; Exim's main log comes with its reject log."""
        names = ["mainlog", "rejectlog"] if form == "mainlog" else [form]
        return [self.folder / server / name for name in names]

    def answers(self, server: str) -> list[dict[str, Any]]:
        """What the sinks told this server, in order."""
        ours = {self.server(server)["address"], self.server(server)["address6"]}
        return [each for each in self.truth["answers"] if each["client"] in ours]

    def lists_recipients(self, server: str) -> bool:
        """Whether this server's log names all recipients of a message as it arrives."""
        return server != "exim"

    def filed(self, server: str) -> list[tuple[str, str]]:
        """The queue id and mailbox of every message in a mailbox of this server.

        The queue id stands in the Received header that the server itself wrote, the uppermost.
        """
        boxes = self.server(server)["mailboxes"]
        return sorted(
            (found[1], box)
            for box, messages in boxes.items()
            for message in messages
            if (found := _RECEIVED_ID.search(message))
        )


@dataclass
class Rows:
    """Everything that is known after one import."""

    result: Result
    deliveries: list[Delivery]
    attempts: dict[str, list[Attempt]]
    links: list[Link]
    #: Refusals that are not shown by themselves: the message was let in later.
    knocks: list[Delivery]
    unknown: list[str]

    def of(self, sent: dict[str, Any]) -> list[Delivery]:
        """The deliveries of one message.

        Known by the queue id that the server told the client, or by the message id; what was
        refused before there was one, by sender, recipient and time.
        """
        wanted = sent["message_id"].strip("<>")
        found = {
            row.id: row
            for row in self.deliveries
            if (sent["queue_id"] and row.queue_id == sent["queue_id"])
            or (not sent["queue_id"] and wanted and row.message_id.strip("<>") == wanted)
        }
        addressed = {address.key(fate["recipient"]) for fate in sent["fates"]} | {""}
        for row in (*self.deliveries, *self.knocks):
            if (
                row.status in _NO_QUEUE
                and address.key(row.recipient) in addressed
                and address.key(row.sender) == address.key(sent["sender"])
                and abs(row.sent_at - sent["at"]) < _SOON
                and row.message_id.strip("<>") in {"", wanted}
            ):
                found[row.id] = row
        return list(found.values())

    def counted(self, row: Delivery) -> list[Attempt]:
        """The attempts at which a host or mailbox was really tried, in order."""
        return [attempt for attempt in self.attempts.get(row.id, []) if attempt.counted]


def read(folder: Path, logs: list[Path], *, host: str, zone: str) -> Rows:
    """Import the logs of one server into an empty store in `folder`, and take all rows out."""
    store = Store.open(f"chdb://{folder}/store")
    state = State.open(folder / "state.db")
    try:
        importer = Importer(store, state, host=host, zone=ZoneInfo(zone))
        result = importer.run([str(log) for log in logs])
        scope = Scope.everything()
        attempts: dict[str, list[Attempt]] = defaultdict(list)
        sql = f"SELECT {columns.ATTEMPT} FROM attempts FINAL ORDER BY at"
        for attempt in store.read(sql, {}, Attempt):
            attempts[attempt.delivery_id].append(attempt)
        shapes = queries.unknown(store, scope, examples=50)
        return Rows(
            result=result,
            deliveries=list(queries.iterate(store, scope, Search())),
            attempts=dict(attempts),
            links=store.read(f"SELECT {columns.LINK} FROM links", {}, Link),
            knocks=[row for row in store.refused("greylisted", since=0, limit=99) if row.folded],
            unknown=[line.text for shape in shapes for line in shape.examples],
        )
    finally:
        store.close()
        state.close()


def words(text: str) -> str:
    """A reply with every kind of line end and space made one: each server logs them its way."""
    return re.sub(r"(?:\\+n|\s)+", " ", text.replace('\\"', '"')).strip()


def final(row: Delivery) -> str:
    """Where it went under another address; empty if it is the recipient itself."""
    key = address.key(row.delivered_to)
    return "" if unquoted(key) == unquoted(address.key(row.recipient)) else key


def reached(row: Delivery) -> str:
    """The address that the copy was last sent to."""
    return final(row) or address.key(row.recipient)


def unquoted(key: str) -> str:
    """An address without the quotes of its local part, which Exim leaves out in final addresses."""
    local, at, domain = key.rpartition("@")
    return local.strip('"') + at + domain
