"""A live check on a terminal: the whole conversation with each server, with its times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from postroad.cli import output
from postroad.cli.deliverability import finding
from postroad.model import safe, when

_MARKS = {"client": ">", "server": "<", "note": "·"}
_STYLES = {"accepted": "green", "deferred": "yellow", "not_asked": "cyan"}


def write(probe: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Write one live check of the API for people; times on the clock of this zone."""
    console = output.console()
    outcome = str(probe["outcome"])
    console.print(
        Text(outcome.replace("_", " "), style=_STYLES.get(outcome, "red")),
        Text(safe.line(probe["verdict"]), style="bold"),
        soft_wrap=True,
    )
    for note in probe["notes"]:
        console.print(Text(f"      {safe.line(note)}"), soft_wrap=True)
    for each in probe["findings"]:
        finding(console, each)
    for each in probe["conversations"]:
        _conversation(console, each, zone)


def _conversation(console: Console, talked: Mapping[str, Any], zone: ZoneInfo) -> None:
    place = f"{talked['host']} [{talked['ip']}]" if talked["ip"] else str(talked["host"])
    console.print("")
    console.print(Text(safe.line(place), style="bold"), soft_wrap=True)
    console.print(Text(f"  {safe.line(talked['verdict'])}"), soft_wrap=True)
    began = 0
    for turn in talked["transcript"]:
        at = output.microseconds(turn["at"])
        if not began:
            began = at
            console.print(Text(f"  {when.local(at, zone)}"), soft_wrap=True)
        after = f"{(at - began) / when.SECOND:7.3f} s"
        mark = _MARKS.get(turn["who"], "?")
        console.print(Text(f"  {after} {mark} {safe.line(turn['text'])}"), soft_wrap=True)
    for each in talked["findings"]:
        finding(console, each, "  ")
