"""`postroad search`: deliveries that answer a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.cli.output import Format
from postroad.model import when

HELP = """Find deliveries, newest first.

A delivery is one message for one recipient.

ADDRESS is a sender or recipient: name@example.com, or @example.com for a whole domain. Without
it everything is shown. All conditions must hold at once. Times are a date (2026-01-31), a date and
time (2026-01-31T14:05), today, yesterday, or how long ago (30m, 2h, 7d, 4w), on your own clock.

In a terminal the answer is a table, in a pipe one JSON object per line. Nothing is cut silently: if
there is more than --limit, stderr says so."""

EPILOG = talk.epilog(
    [
        ("postroad search anna@example.com --since 7d", "all mail of Anna's of the last week"),
        ("postroad search --to @example.com --status deferred,failed", "trouble at one domain"),
        ("postroad search --id 1vJx2k-000000001aB-3cDe", "by the server's own queue id"),
        ("postroad search --from @example.com --limit 0 --format csv > mail.csv", "everything"),
    ],
    talk.EXITS | {0: "done, also where nothing was found"},
)

#: Columns of a terminal from which on every fact has a column of its own.
_WIDE = 140
#: The public fields of a delivery, in order (the same in the API).
FIELDS = (
    "id",
    "host",
    "queue_id",
    "message_id",
    "status",
    "direction",
    "sender",
    "recipient",
    "delivered_to",
    "sent_at",
    "last_attempt_at",
    "attempts",
    "subject",
    "size",
    "spam_score",
    "user",
    "domain",
    "auth",
    "client_host",
    "client_ip",
    "router",
    "transport",
    "remote_host",
    "remote_ip",
    "tls",
    "smtp_code",
    "enhanced_code",
    "result",
    "reason",
)


def command(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Sender or recipient.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="A", help="Recipient.")] = "",
    sender: Annotated[str, typer.Option("--from", metavar="A", help="Sender.")] = "",
    status: Annotated[
        str,
        typer.Option(
            metavar="S,...",
            help="delivered, in_progress, deferred, failed, rejected, blocked, filtered.",
        ),
    ] = "",
    direction: Annotated[
        str, typer.Option(metavar="D,...", help="inbound, outbound, internal, relayed.")
    ] = "",
    since: Annotated[str, typer.Option(metavar="T", help="At or after this time.")] = "",
    until: Annotated[str, typer.Option(metavar="T", help="Before this time.")] = "",
    id: Annotated[  # noqa: A002
        str, typer.Option("--id", metavar="ID", help="Queue id, delivery id or message key.")
    ] = "",
    message_id: Annotated[str, typer.Option(metavar="ID", help="Message-ID header.")] = "",
    subject: Annotated[str, typer.Option(metavar="TEXT", help="Part of the subject.")] = "",
    host: Annotated[str, typer.Option(metavar="NAME", help="The server that logged it.")] = "",
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
    zone = talk.reader_zone()
    question = {
        "address": address,
        "to": to,
        "from": sender,
        "status": status,
        "direction": direction,
        "since": since,
        "until": until,
        "id": id,
        "message_id": message_id,
        "subject": subject,
        "host": host,
        "timezone": zone.key,
    }
    with cli.asked(context) as client:
        if count:
            _counts(client.counts(question), output.chosen(form))
            return
        writer = _Writer(output.chosen(form), zone)
        last: dict[str, Any] = {}
        for last in client.pages(question, limit):
            writer.page(last["deliveries"])
        writer.end()
        _tell(last, writer.written)


def _counts(answer: Mapping[str, Any], form: Format) -> None:
    counts = {**answer["counts"], "total": answer["total"]}
    if form is Format.TABLE:
        output.table(("Status", "Deliveries"), [(_word(k), str(v)) for k, v in counts.items()])
    else:
        output.rows_in(form, (), [counts])


def _word(name: str) -> Text:
    return Text("total", style="bold") if name == "total" else output.status(name)


def _tell(last: Mapping[str, Any], written: int) -> None:
    """Say on stderr what the rows themselves do not."""
    if last.get("next_cursor"):
        talk.say(f"The newest {written} are shown; there is more: --limit 0 shows all.")
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
