"""The command `postroad`: options before the verb, and the verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from postroad import __version__
from postroad.cli import (
    deliverability,
    doctor,
    evidence,
    export,
    import_,
    receipt,
    report,
    search,
    serve,
    show,
    source,
    talk,
    token,
    trace,
    user,
    verify,
)
from postroad.cli.context import Given

HELP = """What happened to that email?

postroad reads what the mail server already logs and answers for every message and recipient what
became of it. `postroad import` reads logs, `postroad search` asks, `postroad serve` does both for
everyone, with a web page."""

EPILOG = talk.epilog(
    [
        ("postroad import /var/log/mail.log*", "read what is there"),
        ("postroad search anna@example.com", "ask"),
        ("postroad serve", "follow the logs, serve the pages"),
    ],
    talk.EXITS,
)

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"postroad {__version__}")
        raise typer.Exit


@app.callback(help=HELP, epilog=EPILOG, no_args_is_help=True)
def root(
    context: typer.Context,
    home: Annotated[
        str | None, typer.Option(metavar="DIR", help="Instead of POSTROAD_HOME.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="Instead of its postroad.toml.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting; repeatable."),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Keep the options for the verb."""
    context.obj = Given(home, file, tuple(values or ()))


app.command("import", help=import_.HELP, epilog=import_.EPILOG)(import_.command)
app.command("follow", help=serve.FOLLOW_HELP, epilog=serve.FOLLOW_EPILOG)(serve.follow)
app.command("serve", help=serve.SERVE_HELP, epilog=serve.SERVE_EPILOG)(serve.command)
app.command("receipt", help=receipt.HELP, epilog=receipt.EPILOG)(receipt.command)
app.command("search", help=search.HELP, epilog=search.EPILOG)(search.command)
app.command("export", help=export.HELP, epilog=export.EPILOG)(export.command)
app.command("show", help=show.HELP, epilog=show.EPILOG)(show.command)
app.command("evidence", help=evidence.HELP, epilog=evidence.EPILOG)(evidence.command)
app.command("verify", help=verify.HELP, epilog=verify.EPILOG)(verify.command)
app.command("report", help=report.HELP, epilog=report.EPILOG)(report.command)
app.command("trace", help=trace.HELP, epilog=trace.EPILOG)(trace.command)
app.command("doctor", help=doctor.HELP, epilog=doctor.EPILOG)(doctor.command)
app.command("deliverability", help=deliverability.HELP, epilog=deliverability.EPILOG)(
    deliverability.command
)
app.add_typer(source.app, name="source", help=source.HELP, epilog=source.EPILOG)
app.add_typer(user.app, name="user", help=user.HELP, epilog=user.EPILOG)
app.add_typer(token.app, name="token", help=token.HELP, epilog=token.EPILOG)
