"""`postroad search`: deliveries that answer a question."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from postroad import receipts
from postroad.cli import asking, output, talk
from postroad.cli import context as cli
from postroad.cli.output import Format
from postroad.client import Client
from postroad.model import when
from postroad.model.search import SORTABLE, Match

HELP = """Find deliveries, newest first.

A delivery is one message for one recipient.

WHAT is whatever you have: an address, a domain, a queue id, a Message-ID, an IP address or
network, a line of a log, or part of a subject; also a whole bounce message, the header of a
message or lines of a log, which - reads from standard input. Without it everything is shown. All
conditions must hold at once. Addresses are whole (name@example.com), or @example.com for a whole
domain; --match begins or contains takes parts of them. Times are a date (2026-01-31), a date and
time (2026-01-31T14:05), today, yesterday, or how long ago (30m, 2h, 7d, 4w), on your own clock.

Whole addresses, domains and ids are found at once. Parts of addresses, other facts and other orders
look through all mail of the period, so that a short period is answered sooner.

In a terminal the answer is a table, in a pipe one JSON object per line. Nothing is cut silently: if
there is more than --limit, stderr says so."""

EPILOG = talk.epilog(
    [
        ("postroad search anna@example.com --since 7d", "all mail of Anna's of the last week"),
        ("postroad search --to @example.com --status deferred,failed", "trouble at one domain"),
        ("postroad search - < bounce.eml", "the message that a bounce, or any message, is about"),
        ("postroad search 198.51.100.0/24 --since 1d", "what came from or went to a network"),
        ("postroad search --to anna --match begins --sort -size", "the largest first"),
        ("postroad search --id 1vJx2k-000000001aB-3cDe", "by the server's own queue id"),
        ("postroad search --from @example.com --limit 0 --format csv > mail.csv", "everything"),
    ],
    talk.EXITS | {0: "done, also where nothing was found"},
)

#: Columns of a terminal from which on every fact has a column of its own.
_WIDE = 140
#: The public fields of a delivery, in order (the same in the API).
FIELDS = SORTABLE


def command(
    context: typer.Context,
    what: asking.What = "",
    to: asking.To = "",
    sender: asking.Sender = "",
    match: asking.Matching = Match.EXACT,
    status: asking.Statuses = "",
    direction: asking.Directions = "",
    side: asking.Side = None,
    place: asking.Place = None,
    since: asking.Since = "",
    until: asking.Until = "",
    id: asking.Id = "",  # noqa: A002 - the name that people write
    message_id: asking.MessageId = "",
    subject: asking.Subject = "",
    host: asking.Host = "",
    ip: asking.Ip = "",
    user: asking.User = "",
    domain: asking.Domain = "",
    client_host: asking.ClientHost = "",
    remote_host: asking.RemoteHost = "",
    transport: asking.Transport = "",
    router: asking.Router = "",
    reason: asking.Reason = "",
    sort: asking.Sort = "",
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="At most so many; 0 = all.")] = 100,
    count: Annotated[
        bool, typer.Option("--count", help="Only how many there are of each status.")
    ] = False,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="table (in a terminal), json (in a pipe), or csv."),
    ] = None,
) -> None:
    """Ask, and write pages as they come."""
    question = asking.question(locals())
    zone = talk.reader_zone()
    with cli.asked(context) as client:
        if what == "-" or "\n" in what.strip():
            question |= _understood(client, what)
        if count:
            _counts(client.counts(question), output.chosen(form))
            return
        question["sort"] = sort
        writer = _Writer(output.chosen(form), zone)
        last: dict[str, Any] = {}
        for last in client.pages(question, limit):
            writer.page(last["deliveries"])
        writer.end()
        _tell(last, writer.written, sort)


def _understood(client: Client, what: str) -> dict[str, str]:
    """The question that finds what a longer text is about; said on stderr, as it is not seen."""
    text = (
        sys.stdin.buffer.read(receipts.LARGEST) if what == "-" else what.encode("utf-8", "replace")
    )
    found = client.pasted(text)
    talk.say("Asked for: " + ", ".join(f"{name} {value}" for name, value in found.items()))
    return {"q": "", **found}


def _counts(answer: Mapping[str, Any], form: Format) -> None:
    counts = {**answer["counts"], "total": answer["total"]}
    if form is Format.TABLE:
        output.table(("Status", "Deliveries"), [(_word(k), str(v)) for k, v in counts.items()])
    else:
        output.rows_in(form, (), [counts])


def _word(name: str) -> Text:
    return Text("total", style="bold") if name == "total" else output.status(name)


def _tell(last: Mapping[str, Any], written: int, sort: str) -> None:
    """Say on stderr what the rows themselves do not."""
    if last.get("next_cursor"):
        which = "first" if sort else "newest"
        talk.say(f"The {which} {written} are shown; there is more: --limit 0 shows all.")
    elif not written:
        talk.say("Nothing found.")
    for note in last.get("notes") or ():
        talk.say(str(note.get("text", note)))


class _Writer:
    """Writes pages of deliveries in one format."""

    def __init__(self, form: Format, zone: ZoneInfo) -> None:
        self.written = 0
        self._form = form
        self._zone = zone
        self._csv = output.Csv(FIELDS)

    def page(self, deliveries: Sequence[Mapping[str, Any]]) -> None:
        """Write one page."""
        self.written += len(deliveries)
        match self._form:
            case Format.JSON:
                for each in deliveries:
                    output.json_line({name: each.get(name) for name in FIELDS})
            case Format.CSV:
                for each in deliveries:
                    self._csv.row(each)
            case Format.TABLE if deliveries:
                self._table(deliveries)
            case Format.TABLE:
                pass

    def end(self) -> None:
        """Write what an empty answer still has."""
        if self._form is Format.CSV:
            self._csv.heading()

    def _table(self, deliveries: Sequence[Mapping[str, Any]]) -> None:
        """All in columns where there is room, else two facts in one."""
        width = output.console().width
        if width >= _WIDE:
            columns = ("Sent", "Status", "Queue id", "From", "To", "Result")
            output.table(columns, (self._cells(each) for each in deliveries))
        else:
            # An Exim id, the longest word for a status, three gaps; the rest is halved.
            rest = max(20, width - 23 - 11 - 3 * 3)
            stacked = {
                "Sent, queue id": 23,
                "Status": 11,
                "From, to": rest // 2,
                "Result": rest - rest // 2,
            }
            output.table(stacked, (self._stacked(each) for each in deliveries))
        newest = output.microseconds(deliveries[0]["sent_at"])
        talk.say(f"Times are {when.named(self._zone, newest)}.")

    def _cells(self, row: Mapping[str, Any]) -> Sequence[Text | str]:
        recipient = row["recipient"]
        if row["delivered_to"] and row["delivered_to"] != recipient:
            recipient = f"{recipient} -> {row['delivered_to']}"
        at = row["sent_at"] or row["last_attempt_at"]
        return (
            output.moment(at, self._zone),
            output.status(row["status"]),
            row["queue_id"],
            row["sender"] or "<>",
            recipient,
            row["result"],
        )

    def _stacked(self, row: Mapping[str, Any]) -> Sequence[Text | str]:
        sent, status, queue_id, sender, recipient, result = self._cells(row)
        return (f"{sent}\n{queue_id}", status, f"{sender}\n{recipient}", result)
