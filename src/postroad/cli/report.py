"""`postroad report`: a month, a week or a day of mail on paper."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from postroad.cli import context as cli
from postroad.cli import talk
from postroad.errors import ConfigError, PostroadError
from postroad.model import safe

HELP = """Report on a month, a week or a day of mail.

That is what was sent and received by status, day by day, what failed and why, who wrote and was
written to most, which providers put mail off and what to do about it, and how complete the logs
are. Without ADDRESS or DOMAIN it is on all mail that you may see; without --date on the last period
that is over."""

EPILOG = talk.epilog(
    [
        ("postroad report example.com --output report.pdf", "last month, on paper"),
        ("postroad report anna@example.com --date 2026-10", "October, as text"),
        ("postroad report --period week --format json | jq .sent.counts", "for programs"),
    ],
    talk.EXITS,
)


class Period(StrEnum):
    """What a report is of."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class Format(StrEnum):
    """How a report is written."""

    #: To be printed.
    PDF = "pdf"
    #: For people.
    TEXT = "text"
    #: One JSON object.
    JSON = "json"


_BY_ENDING = {".pdf": Format.PDF, ".json": Format.JSON}


def command(
    context: typer.Context,
    of: Annotated[
        str, typer.Argument(metavar="[ADDRESS|DOMAIN]", help="Whose mail; all unless given.")
    ] = "",
    period: Annotated[Period, typer.Option(help="month, week or day.")] = Period.MONTH,
    date: Annotated[
        str,
        typer.Option(metavar="DATE", help="A day of the period, or a month: 2026-10-31, 2026-10."),
    ] = "",
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of its days; yours unless given.")
    ] = "",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Language of its words, as in de.")
    ] = "en",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Instead of standard output.")
    ] = "-",
    form: Annotated[
        Format | None,
        typer.Option("--format", help="pdf, text or json; as FILE ends unless given, else text."),
    ] = None,
) -> None:
    """Ask for the report, and write it."""
    chosen = form or _BY_ENDING.get(Path(output).suffix.lower(), Format.TEXT)
    if chosen is Format.PDF and output == "-" and sys.stdout.isatty():
        message = "A PDF is not for a terminal: say where to with --output report.pdf."
        raise ConfigError(message)
    asked_for = {
        "of": of,
        "period": period.value,
        "date": date,
        "timezone": zone or talk.reader_zone().key,
    }
    with cli.asked(context) as asked:
        match chosen:
            case Format.JSON:
                made = safe.json(msgspec.json.encode(asked.report(asked_for))) + b"\n"
            case Format.PDF:
                made = asked.report_file("pdf", asked_for | {"language": language})
            case Format.TEXT:
                made = asked.report_file("text", asked_for | {"language": language})
    if output == "-":
        _put_out(made)
    else:
        _keep(Path(output), made)


def _put_out(made: bytes) -> None:
    try:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough. What is left must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _unwritten("standard output", error) from error


def _keep(path: Path, made: bytes) -> None:
    """Write a file whole, or not at all: under another name first. Only its owner may read it."""
    name = ""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(made)
            return
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name[:100]}.", delete=False
        ) as file:
            name = file.name
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        if name:
            with suppress(OSError):
                Path(name).unlink()
        raise _unwritten(str(path), error) from error


def _unwritten(where: str, error: OSError) -> PostroadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return PostroadError(
            f"There is no room for the report at {where}: nothing was left there. Free some space, "
            "or write it elsewhere."
        )
    return PostroadError(f"The report cannot be written to {where}: {error.strerror or error}.")
