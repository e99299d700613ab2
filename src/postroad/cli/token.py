"""`postroad token`: secrets with which programs sign in to the API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.cli.output import Format

HELP = """List, make and revoke tokens for programs.

A token sees what the account it belongs to sees. Its secret is shown once, when it is made. Without
a verb the tokens are listed."""

EPILOG = talk.epilog(
    [
        ("postroad token add monitoring --account root --days 365", "prints the secret"),
        ("postroad token", "lists them"),
        ("postroad token remove 06e48cdc118b", "revokes it"),
    ],
    talk.EXITS,
)

_COLUMNS = ("id", "label", "account", "created_at", "expires_at", "used_at")

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_Form = Annotated[Format | None, typer.Option("--format", help="table, json or csv.")]


@app.callback(invoke_without_command=True)
def tokens(context: typer.Context, form: _Form = None) -> None:
    """List the tokens where no verb follows."""
    if context.invoked_subcommand is None:
        list_tokens(context, form)


@app.command(
    "list",
    epilog=talk.epilog([("postroad token list --format csv", "for a spreadsheet")], talk.EXITS),
)
def list_tokens(context: typer.Context, form: _Form = None) -> None:
    """List the tokens, without their secrets."""
    with cli.asked(context) as asked:
        output.rows_in(output.chosen(form), _COLUMNS, asked.tokens())


@app.command(
    epilog=talk.epilog(
        [("postroad token add monitoring --account root", "the secret goes to stdout")], talk.EXITS
    )
)
def add(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    account: Annotated[str, typer.Option(metavar="NAME", help="Whose it is.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Days it is good for; else forever.")
    ] = None,
) -> None:
    """Make a token and write its secret to stdout."""
    wanted: dict[str, Any] = {"label": label, "account": account or None, "days": days}
    with cli.asked(context) as asked:
        token = asked.add_token({key: value for key, value in wanted.items() if value is not None})
    typer.echo(token["token"])
    talk.say("This is shown once. Programs send it as: Authorization: Bearer TOKEN")


@app.command(
    epilog=talk.epilog(
        [("postroad token remove 06e48cdc118b", "at once, without asking")], talk.EXITS
    )
)
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id in the list.")],
) -> None:
    """Revoke a token."""
    with cli.asked(context) as asked:
        asked.remove_token(name)
    talk.say(f"The token {name} is revoked.")
