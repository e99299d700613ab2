"""`postroad show`: everything that is known of one message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from postroad import client
from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.errors import PostroadError
from postroad.model import safe, when

HELP = """Show everything known of one message.

That is the verdict, every attempt, and the log lines it rests on.

ID is a delivery id, a queue id of the mail server, or a Message-ID. Where several recipients share
it, each is shown; for people, from the eleventh on in a line."""

EPILOG = talk.epilog(
    [
        ("postroad show 1vJx2k-000000001aB-3cDe", "by the server's own queue id"),
        ("postroad show '<20260131.1@example.com>'", "by Message-ID"),
        ("postroad show 1vJx2k-000000001aB-3cDe --format json | jq .log_lines", "for programs"),
    ],
    talk.EXITS | {1: "there is no such message among those you may see"},
)

#: So many recipients that share an id are shown whole, and so many are named as relatives.
_WHOLE = 10
_DELIVERY_ID = re.compile(r"[0-9a-f]{24}")
#: Facts that are listed, with their headings; the rest stands in attempts and log lines.
_FACTS = (
    ("sender", "From"),
    ("recipient", "To"),
    ("delivered_to", "Delivered to"),
    ("mailbox", "Folder"),
    ("subject", "Subject"),
    ("sent_at", "Sent"),
    ("last_attempt_at", "Last attempt"),
    ("knocks", "Greylisted"),
    ("queue_id", "Queue id"),
    ("message_id", "Message-ID"),
    ("host", "Host"),
    ("direction", "Direction"),
    ("user", "Signed in as"),
    ("client_host", "From host"),
    ("client_ip", "From address"),
    ("size", "Size (octets)"),
    ("spam_score", "Spam score"),
    ("spam_verdict", "Spam filter"),
    ("reason", "Reason"),
    ("id", "Delivery id"),
)


class Format(StrEnum):
    """How a message is written."""

    #: For people.
    TEXT = "text"
    #: One JSON object per delivery and line.
    JSON = "json"


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="Delivery id, queue id or Message-ID.")],
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Find what the id means, and write each delivery."""
    zone = talk.reader_zone()
    number = 0
    with cli.asked(context) as asked:
        page = _Page(zone)
        for number, delivery in enumerate(_deliveries(asked, name), 1):
            if form is Format.JSON:
                output.json_line(asked.delivery(delivery["id"]))
            elif number <= _WHOLE:
                page.write(asked.delivery(delivery["id"]), is_first=number == 1)
            else:
                page.write_short(delivery, is_first=number == _WHOLE + 1)
    if not number:
        message = f"There is no message {safe.line(name)!r} among those you may see."
        raise PostroadError(message)


def _deliveries(asked: client.Client, name: str) -> Iterator[Mapping[str, Any]]:
    if _DELIVERY_ID.fullmatch(name):
        yield {"id": name}
        return
    questions = ({"message_id": name},) if "@" in name else ({"id": name}, {"message_id": name})
    for question in questions:
        is_found = False
        for page in asked.pages(question, 0):
            for delivery in page["deliveries"]:
                is_found = True
                yield delivery
        if is_found:
            return


class _Page:
    """Writes one delivery for people."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._console: Console = output.console()
        self._lines: list[str] = []

    def write(self, detail: Mapping[str, Any], *, is_first: bool) -> None:
        delivery = detail["delivery"]
        if not is_first:
            self._line("")
        self._console.print(
            output.status(delivery["status"]).append(Text(f"  {_verdict(detail)}", style="bold")),
            soft_wrap=True,
        )
        self._facts(delivery)
        self._attempts(detail["attempts"])
        self._receipts(detail.get("receipts") or ())
        self._family(detail.get("family") or ())
        self._evidence(detail["log_lines"])

    def _facts(self, delivery: Mapping[str, Any]) -> None:
        self._line("")
        for name, heading in _FACTS:
            value = self._fact(name, delivery)
            if value:
                self._line(f"{heading + ':':<16}{value}")

    def _fact(self, name: str, delivery: Mapping[str, Any]) -> str:
        value = delivery.get(name)
        if name in ("sent_at", "last_attempt_at"):
            at = output.microseconds(value)
            return f"{when.local(at, self._zone)} ({when.named(self._zone, at)})" if at else ""
        if name == "knocks":
            return f"{value} times before it was let in" if value else ""
        if name == "sender":
            return value or "<> (a notification, not a person)"
        if name == "delivered_to" and value == delivery["recipient"]:
            return ""
        return output.written(value)

    def _attempts(self, attempts: list[Mapping[str, Any]]) -> None:
        self._heading(f"Attempts: {len(attempts)}")
        for each in attempts:
            place = " ".join(
                filter(None, [each.get("remote_host"), _bracketed(each.get("remote_ip"))])
            )
            where = place or each.get("transport") or ""
            outcome = str(each.get("outcome", "")).replace("_", " ")
            words = (output.moment(each.get("at"), self._zone), outcome, where)
            self._line("  ".join(filter(None, words)))
            if each.get("reply"):
                self._line(_indented(each["reply"]))

    def _receipts(self, receipts: Sequence[Mapping[str, Any]]) -> None:
        if not receipts:
            return
        self._heading("What came back (anybody can write such; it proves no more than it says)")
        for each in receipts:
            words = (output.moment(each["at"], self._zone), each["text"], each["reporter"])
            self._line("  ".join(filter(None, words)))
            if each["recipient"] and not each["is_for_recipient"]:
                self._line(_indented(f"about {each['recipient']}, which it was not sent to"))
            if each["diagnostic"]:
                self._line(_indented(each["diagnostic"]))

    def write_short(self, delivery: Mapping[str, Any], *, is_first: bool) -> None:
        """One more recipient, in a line."""
        if is_first:
            self._heading("More recipients (`postroad show` and its id shows one whole)")
        words = safe.line(f"  {delivery['recipient']}  {delivery['id']}")
        self._console.print(output.status(delivery["status"]).append(words), soft_wrap=True)

    def _family(self, family: Any) -> None:
        if not family:
            return
        self._heading("Belongs together with")
        siblings = [each["id"] for each in family if each["relation"] == "same_message"]
        left_out = {*siblings[_WHOLE:]}
        for each in family:
            if each["id"] not in left_out:
                parts = (
                    output.written(value) for value in each.values() if value not in (None, "")
                )
                self._line("  ".join(parts))
        if left_out:
            self._line(f"{len(left_out)} more recipients of the same message")

    def _evidence(self, lines: list[Mapping[str, Any]]) -> None:
        texts = [each["text"] for each in lines]
        if texts and texts == self._lines:
            self._heading(f"Log lines: the same {len(lines)} as above")
            return
        self._lines = texts
        self._heading(f"Log lines: {len(lines)} (as they stand in the log)")
        for text in texts:
            self._line(text)

    def _heading(self, text: str) -> None:
        self._line("")
        self._console.print(Text(safe.line(text), style="bold"), soft_wrap=True)

    def _line(self, text: str) -> None:
        self._console.print(Text(safe.lines(text)), soft_wrap=True)


def _verdict(detail: Mapping[str, Any]) -> str:
    verdict = detail.get("verdict") or detail["delivery"].get("verdict") or ""
    return safe.line(str(verdict))


def _bracketed(text: str | None) -> str:
    return f"[{text}]" if text else ""


def _indented(text: str) -> str:
    return "\n".join(f"    {each}" for each in text.split("\n"))
