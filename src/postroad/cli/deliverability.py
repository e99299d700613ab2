"""`postroad deliverability`: how a sending domain stands, and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.model import safe

HELP = """Check how a sending domain stands with its receivers.

That is SPF with its count of lookups, DKIM, DMARC, MX, the reverse names of the sending addresses,
block lists, MTA-STS and TLS-RPT: each with its state, the record itself, and what to change."""

EPILOG = talk.epilog(
    [
        ("postroad deliverability example.com", "for people"),
        (
            "postroad deliverability example.com --selector mail",
            "with the selector of its DKIM key",
        ),
        ("postroad deliverability example.com --format json | jq .findings[]", "for programs"),
    ],
    talk.EXITS | {0: "nothing is wrong; there may be advice", 1: "something is wrong"},
)

#: States with the word and style that they are shown in.
STATES = {
    "ok": ("ok   ", "green"),
    "warning": ("look ", "yellow"),
    "fault": ("wrong", "red"),
    "unknown": ("?    ", "cyan"),
}


class Format(StrEnum):
    """How the check is written."""

    #: For people.
    TEXT = "text"
    #: One JSON object.
    JSON = "json"


def command(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain that sends mail.")],
    selectors: Annotated[
        list[str] | None,
        typer.Option("--selector", metavar="S", help="Selector of a DKIM key; repeatable."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Ask, and write what was found."""
    with cli.asked(context) as asked:
        found = asked.deliverability(domain, selectors or ())
    if form is Format.JSON:
        output.json_line(found)
    else:
        _write(found)
    if found["state"] == "fault":
        raise typer.Exit(1)


def _write(found: Mapping[str, Any]) -> None:
    console = output.console()
    addresses = ", ".join(found["sending_addresses"]) or "not known"
    console.print(Text(f"{safe.line(found['domain'])}", style="bold"), soft_wrap=True)
    console.print(Text(f"Sent from: {safe.line(addresses)}"), soft_wrap=True)
    for each in found["findings"]:
        finding(console, each)


def finding(console: Console, each: Mapping[str, Any], indent: str = "") -> None:
    """Write one finding: state, title, record, advice."""
    word, style = STATES.get(each["state"], (each["state"], ""))
    topic = str(each["topic"]).replace("_", "-").upper()
    console.print(
        Text(f"{indent}{safe.line(word)}", style=style),
        Text(f"{topic:<9} {safe.line(each['title'])}"),
        soft_wrap=True,
    )
    for line in each["record"].split("\n") if each["record"] else ():
        console.print(Text(f"{indent}      │ {safe.line(line)}", style="dim"), soft_wrap=True)
    for number, line in enumerate(each["advice"].split("\n") if each["advice"] else ()):
        mark = "→" if number == 0 else " "
        console.print(Text(f"{indent}      {mark} {safe.line(line)}"), soft_wrap=True)
