"""`postroad source`: what is read, how far, and what of it was not understood."""

from __future__ import annotations

from typing import Annotated

import typer

from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.cli.output import Format

HELP = """List what is read, and how far.

Sources to follow are listed in the settings file, one [[sources]] table each; what was imported is
listed too. Without a verb the sources are listed."""

EPILOG = talk.epilog(
    [
        ("postroad source", "how far each log was read"),
        ("postroad source unknown", "a sample of the lines that were not understood"),
    ],
    talk.EXITS,
)

_COLUMNS = ("name", "path", "host", "mta", "read_until", "lines", "understood", "unknown")
_UNKNOWN_COLUMNS = ("at", "host", "position", "text")

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_Form = Annotated[Format | None, typer.Option("--format", help="table, json or csv.")]


@app.callback(invoke_without_command=True)
def sources(context: typer.Context, form: _Form = None) -> None:
    """List the sources where no verb follows."""
    if context.invoked_subcommand is None:
        list_sources(context, form)


@app.command(
    "list",
    epilog=talk.epilog([("postroad source list --format json", "for programs")], talk.EXITS),
)
def list_sources(context: typer.Context, form: _Form = None) -> None:
    """List the sources, and how far each was read."""
    with cli.asked(context) as asked:
        found = asked.sources()
    output.rows_in(output.chosen(form), _COLUMNS, found)
    if not found:
        talk.say("Nothing was read yet: postroad import PATH, or [[sources]] in the settings file.")


@app.command(
    epilog=talk.epilog(
        [("postroad source unknown --limit 1000 --format csv", "to report them")], talk.EXITS
    )
)
def unknown(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 100,
    form: _Form = None,
) -> None:
    """Show a sample of the lines that were not understood."""
    with cli.asked(context) as asked:
        found = asked.unknown(limit)
    output.rows_in(output.chosen(form), _UNKNOWN_COLUMNS, found)
    if not found:
        talk.say("Every line so far was understood.")
