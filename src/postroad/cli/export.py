"""`postroad export`: everything that answers a question, as a file."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from postroad.cli import asking, talk
from postroad.cli import context as cli
from postroad.errors import ConfigError, PostroadError
from postroad.model import when
from postroad.model.amount import size
from postroad.model.search import Match

HELP = """Write everything that answers a question to a file.

WHAT and the options ask as `postroad search` does, and without them everything is written. CSV is
for spreadsheets, json has one object a line, Parquet has columns with types. Every field is written
unless some are named.

Which deliveries they are is fixed at the start, whatever comes in meanwhile. The file gets its name
when it is whole: there is no half file. How far it is stands on stderr."""

EPILOG = talk.epilog(
    [
        ("postroad export --since 30d --format parquet --output mail.parquet", "the last month"),
        ("postroad export @example.com --output mail.csv", "one domain; the name says the format"),
        (
            "postroad export --status failed --fields sent_at,recipient,result --format csv",
            "to stdout",
        ),
        ("postroad export --format json --output - | zstd > mail.jsonl.zst", "through a pipe"),
    ],
    talk.EXITS,
)

#: Seconds between two plain lines, and between two looks of a bar.
_PAUSE, _TICK = 10.0, 0.1
#: Names of files that say their format themselves.
_ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}


class Format(StrEnum):
    """How the file is written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def command(
    context: typer.Context,
    what: asking.What = "",
    to: asking.To = "",
    sender: asking.Sender = "",
    match: asking.Matching = Match.EXACT,
    status: asking.Statuses = "",
    direction: asking.Directions = "",
    side: asking.Side = None,
    place: asking.Place = None,
    since: asking.Since = "",
    until: asking.Until = "",
    id: asking.Id = "",  # noqa: A002 - the name that people write
    message_id: asking.MessageId = "",
    subject: asking.Subject = "",
    host: asking.Host = "",
    ip: asking.Ip = "",
    user: asking.User = "",
    domain: asking.Domain = "",
    client_host: asking.ClientHost = "",
    remote_host: asking.RemoteHost = "",
    transport: asking.Transport = "",
    router: asking.Router = "",
    reason: asking.Reason = "",
    sort: asking.Sort = "",
    fields: Annotated[
        str, typer.Option(metavar="F,...", help="Only these fields, in this order.")
    ] = "",
    form: Annotated[
        Format | None,
        typer.Option("--format", help="As the name of the file says, else json."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is stdout.")
    ] = "-",
) -> None:
    """Ask, and write what comes."""
    question = asking.question(locals())
    word = form.value if form else _ENDINGS.get(Path(output).suffix.lower(), "json")
    if output == "-" and word == Format.PARQUET and sys.stdout.isatty():
        message = "Parquet is not for a terminal. Name a file with --output."
        raise ConfigError(message)
    asked = question | {"sort": sort, "fields": fields, "format": word}
    with cli.asked(context) as client, client.export(asked) as export:
        progress = _Progress(export.total)
        try:
            with _written(output) as file:
                for rows, content in export.pieces:
                    file.write(content)
                    progress.show(rows, len(content))
        except KeyboardInterrupt:
            progress.end()
            kept = "" if output == "-" else " No file was written."
            talk.say(f"Interrupted.{kept}")
            raise typer.Exit(130) from None
        finally:
            progress.end()
    talk.say(progress.sentence("" if output == "-" else output))


@contextmanager
def _written(output: str) -> Iterator[BinaryIO]:
    """What is written to; a file gets its name when the block ends well, else there is none."""
    path = Path(output)
    try:
        if output == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif path.exists() and not path.is_file():
            with path.open("wb") as device:
                yield device
        else:
            with _beside(path.resolve() if path.is_symlink() else path) as file:
                yield file
    except BrokenPipeError:
        # Whoever reads has seen enough. What Python would say of it at its end is kept quiet.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        where = "Standard output" if output == "-" else f"The file {output}"
        half = "" if output == "-" else " There is no half file."
        message = f"{where} cannot be written: {error.strerror or error}.{half}"
        raise PostroadError(message) from error


@contextmanager
def _beside(path: Path) -> Iterator[BinaryIO]:
    """A file of a passing name in the same folder, readable by its owner alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class _Progress:
    """How far it is: a bar in a terminal, a plain line now and then elsewhere. On stderr."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._rows = self._octets = 0
        self._began = self._told = time.monotonic()
        self._bar: Bar | None = None
        self._task = TaskID(0)

    def show(self, rows: int, octets: int) -> None:
        """Take what was written just now."""
        self._rows, self._octets = rows, self._octets + octets
        now = time.monotonic()
        if sys.stderr.isatty():
            if self._bar is None or now - self._told >= _TICK:
                self._told = now
                self._draw()
        elif now - self._told >= _PAUSE:
            self._told = now
            talk.say(self._line())

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def sentence(self, where: str) -> str:
        """What it came to."""
        rows = "One row" if self._rows == 1 else f"{self._rows:,} rows"
        took = when.length(round(self._seconds() * when.SECOND))
        to = f" to {where}" if where else ""
        return f"Wrote {rows}, {size(self._octets)}{to} in {took}."

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _line(self) -> str:
        """Rows, octets, rate, time left."""
        parts = [f"{self._rows:,} of {self._total:,} rows", size(self._octets)]
        if self._rows and (seconds := self._seconds()):
            rate = self._rows / seconds
            parts.append(f"{rate:,.0f} rows/s")
            left = round(max(0, self._total - self._rows) / rate)
            parts += [f"{when.length(left * when.SECOND)} left"] if left else []
        return ", ".join(parts)

    def _draw(self) -> None:
        if self._bar is None:
            columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        self._bar.update(
            self._task, total=self._total, completed=self._rows, description=self._line()
        )
