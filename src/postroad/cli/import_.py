"""`postroad import`: logs that are already written, archives included."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from postroad import client
from postroad.cli import context as cli
from postroad.cli import output, talk
from postroad.cli.output import Format
from postroad.cli.progress import Progress, sentences
from postroad.errors import ConfigError

HELP = """Read logs that are already written.

PATH is a file, a directory, a pattern, or - for standard input; compressed ones too. Rotated files
are read in the order in which they were written. Reading the same log again, under another name
or compressed, changes nothing; interrupted and started again, it neither loses nor doubles
anything."""

EPILOG = talk.epilog(
    [
        ("postroad import /var/log/exim4/mainlog*", "Exim's log and its archives"),
        ("postroad import /var/log/mail.log*", "Postfix's, from syslog"),
        ("postroad import --host mx2 --timezone Europe/Berlin mx2/", "logs of another machine"),
        ("journalctl -o short-iso -t postfix/smtp | postroad import -", "standard input"),
    ],
    talk.EXITS | {0: "everything was read", 3: "something could not be read; the rest was"},
)

#: Octets that are sent of standard input at once.
_PIECE = 1 << 18


def command(
    context: typer.Context,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Files, directories, patterns, or -.")
    ],
    mta: Annotated[str, typer.Option(help="exim or postfix; auto looks at the lines.")] = "auto",
    host: Annotated[str, typer.Option(help="Host for lines that name none.")] = "",
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of dates that name none.")
    ] = "",
    form: Annotated[
        Format | None, typer.Option("--format", help="Format of the summary: table, json or csv.")
    ] = None,
) -> None:
    """Order the import, and show how far it is."""
    order = {"mta": mta, "host": host, "timezone": timezone}
    if "-" in paths and len(paths) > 1:
        message = "Standard input (-) cannot be read together with other paths."
        raise ConfigError(message)
    if cli.given(context).settings().server and paths != ["-"]:
        message = "Another machine's postroad is sent one log at a time: postroad import - < FILE"
        raise ConfigError(message)
    progress = Progress()
    with cli.asked(context) as asked:
        try:
            for step in _steps(asked, paths, order):
                progress.show(step)
        except KeyboardInterrupt:
            progress.end()
            talk.say("Interrupted. What was read is kept; the same command goes on from there.")
            raise typer.Exit(130) from None
    progress.end()
    chosen = output.chosen(form)
    if chosen is Format.TABLE:
        talk.say(sentences(progress.result))
    else:
        output.rows_in(chosen, (), [progress.result])
    if progress.problems:
        raise typer.Exit(3)


def _steps(
    asked: client.Client, paths: list[str], order: dict[str, str]
) -> Iterator[dict[str, Any]]:
    if paths == ["-"]:
        return asked.import_stream(_pieces(sys.stdin.buffer), {**order, "name": "stdin"})
    return asked.import_paths({**order, "paths": [str(Path(path).absolute()) for path in paths]})


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read1(_PIECE):  # type: ignore[attr-defined]
        yield piece
