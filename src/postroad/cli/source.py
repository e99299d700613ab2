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
        ("postroad source unknown --mask", "the same without names, to be reported"),
    ],
    talk.EXITS,
)

_COLUMNS = (
    "name",
    "host",
    "server",
    "zone",
    "read_until",
    "lines",
    "understood",
    "noise",
    "unknown",
    "behind",
    "dropped",
)
#: Gaps of one source that are told, the latest ones.
_GAPS = 5
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
        answer = asked.sources()
    found, chosen = answer["sources"], output.chosen(form)
    # Of what is counted, only what there is: no column of zeros.
    shown = [
        {**each, "behind": each["behind"] or "", "dropped": each["dropped"] or ""} for each in found
    ]
    output.rows_in(chosen, _COLUMNS, shown if chosen is output.Format.TABLE else found)
    if not found:
        talk.say("Nothing was read yet: postroad import PATH, or [[sources]] in the settings file.")
    for problem in answer["problems"]:
        talk.say(problem)
    for each in found:
        for said in (*each["problems"], *(gap["text"] for gap in each["gaps"][:_GAPS])):
            talk.say(f"{each['name']}: {said}" if each["name"] not in said else said)


@app.command(
    epilog=talk.epilog(
        [("postroad source unknown --mask --limit 1000 --format csv", "to report them")],
        talk.EXITS,
    )
)
def unknown(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 100,
    mask: Annotated[
        bool,
        typer.Option(
            "--mask",
            help="Replace addresses, hosts, ids and subjects. Look them through all the same.",
        ),
    ] = False,
    form: _Form = None,
) -> None:
    """Show a sample of the lines that were not understood."""
    with cli.asked(context) as asked:
        found = asked.unknown(limit, mask=mask)
    output.rows_in(output.chosen(form), _UNKNOWN_COLUMNS, found)
    if not found:
        talk.say("Every line so far was understood.")
