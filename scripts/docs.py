"""Writes the parts of the documentation that the program itself knows.

Goes out: docs/settings.md and docs/api.md between their marks, and docs/commands.md whole.
`make docs` runs this; a test fails while the files say something else than the program.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts import apidocs

from postroad import config

#: The files that are written, whole or in part.
NAMES = ("api.md", "commands.md", "settings.md")
DOCS = Path(__file__).resolve().parent.parent / "docs"
_BEGIN, _END = "<!-- written by make docs -->", "<!-- end of what make docs writes -->"


def main() -> None:
    """Write both files."""
    for name in NAMES:
        (DOCS / name).write_text(page(name))


def page(name: str) -> str:
    """What this file should hold."""
    match name:
        case "settings.md":
            return _between_marks(name, _settings())
        case "api.md":
            return _between_marks(name, apidocs.routes())
        case "commands.md":
            return _commands()
    raise KeyError(name)


def _between_marks(name: str, text: str) -> str:
    before, _, rest = (DOCS / name).read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{text}\n{_END}{after}"


def _settings() -> str:
    rows = [_setting(row, "##") for row in config.table()]
    sources = [_setting(row, "###") for row in config.source_table()]
    return "\n".join(rows + sources)


def _setting(row: config.Setting, level: str) -> str:
    facts = [f"Type: {row.type}."]
    if row.default:
        facts.append(f"Default: `{row.default}`." if " " not in row.default else _words(row))
    if level == "##" and row.variable:
        facts.append(f"Variable: `{row.variable}`.")
    return f"{level} `{row.name}`\n\n{row.help}\n\n{' '.join(facts)}\n"


def _words(row: config.Setting) -> str:
    return f"Default: {row.default}."


def _commands() -> str:
    parts = [
        "# Commands\n",
        "What `postroad VERB --help` says, for every verb. Data goes to stdout, talk to stderr.\n",
    ]
    parts += [f"## `{name}`\n\n```\n{text}```\n" for name, text in _helps()]
    return "\n".join(parts)


def _helps() -> Iterator[tuple[str, str]]:
    os.environ["COLUMNS"] = "90"
    from typer.main import get_command

    from postroad.cli.root import app

    yield from _walk(("postroad",), get_command(app))


def _walk(names: tuple[str, ...], command: object) -> Iterator[tuple[str, str]]:
    from typer.testing import CliRunner

    from postroad.cli.root import app

    said = CliRunner().invoke(app, [*names[1:], "--help"], prog_name="postroad").stdout
    yield " ".join(names), "\n".join(_stripped(said.splitlines())) + "\n"
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from _walk((*names, name), below)


def _stripped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield re.sub(r"\s+$", "", line)


if __name__ == "__main__":
    main()
