"""What the store does with a batch, in a few lines: the contract that the correlator counts on."""

from __future__ import annotations

from postroad.correlate import Correlator
from postroad.model.delivery import Attempt, Batch, Delivery, Link
from postroad.model.event import ASIDES, Event

Line = tuple[Event, str]


class Book:
    """Rows by id and the times they are sorted by: the highest version counts, withdrawn ones go."""

    def __init__(self) -> None:
        """An empty store."""
        self._rows: dict[tuple[str, int], Delivery] = {}
        self._attempts: dict[tuple[str, int, str, str], Attempt] = {}
        self._lines: dict[tuple[str, str, str], dict[str, Event]] = {}
        self._links: dict[tuple[str, str, str, str], Link] = {}

    def write(self, batch: Batch, said: dict[str, Event]) -> None:
        """Take in a batch; `said` tells what each line says, in place of a parser."""
        for row in batch.deliveries:
            key = (row.id, row.first_at)
            if key not in self._rows or self._rows[key].version <= row.version:
                self._rows[key] = row
        for attempt in batch.attempts:
            self._attempts[attempt.delivery_id, attempt.at, attempt.address, attempt.reply] = (
                attempt
            )
        for line in batch.lines:
            lines = self._lines.setdefault((line.host, line.instance, line.queue_id), {})
            if line.text in said:
                # Others came in front of a refusal without a queue id, which nobody asks for.
                lines[line.text] = said[line.text]
        for link in batch.links:
            self._links[link.host, link.instance, link.queue_id, link.other] = link

    def answer(self, correlator: Correlator) -> None:
        """Give the correlator what it asks for until it asks no more, as ingest does."""
        while keys := correlator.flagged():
            wanted = dict.fromkeys(keys)
            for host, instance, queue_id in keys:
                if instance in ASIDES:
                    wanted.update(dict.fromkeys(self._named(queue_id.strip("<>"))))
                for link in self._links.values():
                    if (link.host, link.instance) == (host, instance) and queue_id in (
                        link.queue_id,
                        link.other,
                    ):
                        wanted[host, instance, link.queue_id] = None
                        wanted[host, instance, link.other] = None
            for key in wanted:
                lines = [(event, line) for line, event in self._lines.get(key, {}).items()]
                rows = {
                    row.id: (row.version, row.first_at, row.sent_at)
                    for row in self._rows.values()
                    if (row.host, row.instance, row.queue_id) == key and not row.deleted
                }
                if lines:
                    correlator.relearn(key, lines, rows)

    def asides(self) -> list[tuple[str, str]]:
        """Hosts, and programs that speak of messages by their Message-ID, that are known."""
        return sorted({key[:2] for key in self._lines if key[1] in ASIDES})

    def _named(self, message_id: str) -> list[tuple[str, str, str]]:
        return [
            (row.host, row.instance, row.queue_id)
            for row in self._rows.values()
            if row.message_id.strip("<>") == message_id and row.instance not in ASIDES
        ]

    def newest(self) -> dict[str, int]:
        """For each host, the time of its newest stored line."""
        found: dict[str, int] = {}
        for (host, _, _), lines in self._lines.items():
            found[host] = max([found.get(host, 0), *(event.at for event in lines.values())])
        return found

    def rows(self) -> list[Delivery]:
        """What a reader finds: neither withdrawn nor folded rows."""
        found = [row for row in self._rows.values() if not row.deleted and not row.folded]
        return sorted(found, key=lambda row: (row.sent_at, row.id))

    def facts(self) -> list[tuple[object, ...]]:
        """The rows without their versions, to compare two books."""
        return [
            tuple(getattr(row, name) for name in row.__struct_fields__ if name != "version")
            for row in self.rows()
        ]


def fold_all(lines: list[Line], *, drain_after: frozenset[int] = frozenset()) -> Book:
    """Feed lines to a new correlator, draining after the given line numbers and at the end."""
    correlator = Correlator()
    book = Book()
    said = {line: event for event, line in lines}
    for number, (event, line) in enumerate(lines):
        correlator.feed(event, line)
        if number in drain_after:
            book.answer(correlator)
            book.write(correlator.drain(), said)
    book.answer(correlator)
    book.write(correlator.drain(), said)
    return book


def fold_in_runs(lines: list[Line], cuts: list[int]) -> Book:
    """Feed lines to one correlator after another, as if the process was killed at each cut."""
    book = Book()
    said = {line: event for event, line in lines}
    context = b""
    start = 0
    for end in [*cuts, len(lines)]:
        correlator = Correlator(context=context, horizon=book.newest(), asides=book.asides())
        for event, line in lines[start:end]:
            correlator.feed(event, line)
        book.answer(correlator)
        book.write(correlator.drain(), said)
        context = correlator.context()
        start = end
    return book
