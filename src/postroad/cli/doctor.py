"""`postroad doctor`: what is well, what is not, and what to do."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.cli.output import Format
from postroad.model import safe

HELP = """Check that postroad sees what it should.

Tells what is read, up to when, how much was understood, what the mail server should log
additionally, and whether permissions fit."""

EPILOG = talk.epilog(
    [
        ("postroad doctor", "for people"),
        ("postroad doctor --format json | jq 'select(.level != \"ok\")'", "only what is not well"),
    ],
    talk.EXITS | {0: "nothing is wrong; there may be advice", 1: "something is wrong"},
)

_LEVELS = {"ok": ("ok   ", "green"), "warn": ("look ", "yellow"), "error": ("wrong", "red")}


def command(
    context: typer.Context,
    form: Annotated[Format | None, typer.Option("--format", help="table, json or csv.")] = None,
) -> None:
    """Ask, and write the findings."""
    with cli.asked(context) as asked:
        findings = asked.doctor()
    chosen = output.chosen(form)
    if chosen is Format.TABLE:
        for each in findings:
            _write(each["level"], each["title"], each.get("detail") or "")
    else:
        output.rows_in(chosen, ("level", "title", "detail"), findings)
    if any(each["level"] == "error" for each in findings):
        raise typer.Exit(1)


def _write(level: str, title: str, detail: str) -> None:
    console = output.console()
    word, style = _LEVELS.get(level, (level, ""))
    console.print(Text(word, style=style), Text(safe.line(title), style="bold"), soft_wrap=True)
    for line in detail.split("\n") if detail else ():
        console.print(Text(f"      {safe.line(line)}"), soft_wrap=True)
