"""What every command has in common: talk on stderr, the reader's zone, examples in the help."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import typer

from postroad import config
from postroad.model import safe


def say(text: str) -> None:
    """Tell the reader something that is not data."""
    typer.echo(safe.lines(text), err=True)


def reader_zone() -> ZoneInfo:
    """The zone that times are shown in: `TZ` if it names one, else the machine's."""
    name = os.environ.get("TZ", "").removeprefix(":")
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return ZoneInfo(config.system_zone())


def epilog(examples: Sequence[tuple[str, str]], exits: Mapping[int, str]) -> str:
    r"""The end of a command's help. `\b` keeps the lines of a paragraph apart."""
    shown = [f"  {command}\n      {meaning}" for command, meaning in examples]
    ends = [f"  {status:<4}{meaning}" for status, meaning in sorted(exits.items())]
    return "\n".join(["\b\nExamples:", *shown, "", "\b\nExit status:", *ends])


#: What may happen to every command that asks a postroad.
EXITS = {
    0: "done",
    1: "refused or not found; the reason is on stderr",
    2: "an argument or a setting cannot be used",
    3: "something to read could not be read",
    4: "the store or the state cannot be used",
    5: "access was refused",
    6: "the postroad that was asked does not answer",
    70: "an error in postroad itself; the message says where its details are",
    130: "interrupted (Ctrl-C)",
}
