"""`postroad verify`: whether evidence is what was signed, and by whose key."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from postroad.cli import talk
from postroad.errors import ConfigError, SourceError
from postroad.model import safe

if TYPE_CHECKING:
    from postroad.reports.evidence import Checked, Document

HELP = """Check a signed document of a delivery.

Tells whether it is what was signed, by whose key, and what it says.

FILE is the PDF or the signed file (.json) as it was made; `-` is standard input. It needs no
account, no network and nothing of a postroad's own: it can be run anywhere.

Without --key it says which key signed it: compare the fingerprint with what the server shows on its
page /verify, or with what its owner tells you another way."""

EPILOG = talk.epilog(
    [
        ("postroad verify evidence.pdf", "is it unchanged, and whose is it"),
        ("postroad verify evidence.pdf --key '5647 5aa7 …'", "by a fingerprint that you were told"),
        ("postroad verify evidence.json --key key.json", "as GET /api/v1/evidence-key gives it"),
    ],
    {
        0: "right: nothing was changed, and it is the key that was named, if one was",
        1: "not right: changed, not evidence, or signed with another key",
        2: "an argument cannot be used",
        3: "the file cannot be read",
        70: "an error in postroad itself; the message says where its details are",
        130: "interrupted (Ctrl-C)",
    },
)

_WRONG = 1


class _Named(msgspec.Struct, frozen=True):
    """A key that was named."""

    fingerprint: str
    #: Whose it is, where that was said.
    server: str = ""


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A PDF or a signed file.")],
    key: Annotated[
        str,
        typer.Option(metavar="KEY", help="Its key: a file, the key itself, or its fingerprint."),
    ] = "",
) -> None:
    """Check, and say what was found."""
    from postroad.reports.evidence import check, grouped

    named = _named(key) if key else None
    checked = check(_content(file))
    if not checked.is_right or checked.document is None:
        talk.say(f"Not right: {checked.problem}")
        raise typer.Exit(_WRONG)
    shown = grouped(checked.fingerprint)
    if named and named.fingerprint != checked.fingerprint:
        whose = f" of {named.server}" if named.server else ""
        talk.say(
            f"Not right: it is signed with another key than the one{whose} that you named. Its key "
            f"is {shown}, the named one is {grouped(named.fingerprint)}."
        )
        raise typer.Exit(_WRONG)
    for each in _verdict(checked, named):
        typer.echo(safe.lines(each))
    typer.echo("")
    write(checked.document)


def write(document: Document) -> None:
    """Write what a document says, for people; it may be anybody's."""
    for each in _lines(document):
        typer.echo(safe.lines(each))


def _verdict(checked: Checked, named: _Named | None) -> list[str]:
    from postroad.reports.evidence import grouped

    key = f"The signature is right; the key is {grouped(checked.fingerprint)}."
    if named and named.server:
        return [key, f"This is the key of {named.server}."]
    if named:
        return [key, "This is the key that you named."]
    maker = checked.document.made_by if checked.document else None
    where = f"{maker.url.rstrip('/')}/verify" if maker and maker.url else "the page /verify"
    return [
        key,
        (
            f"The document says that it was made by {maker.server if maker else ''}. To know that, "
            f"compare the key with the one on {where}, or ask whoever runs that server."
        ),
    ]


def _lines(document: Document) -> list[str]:
    from postroad.reports.evidence import words

    said = document.statement
    lines = [said.headline, "", *said.shows, "", "What it does not show:"]
    lines += [f"  - {each}" for each in said.does_not_show]
    lines += ["", *said.masked, ""]
    lines += [f"{each.label + ':':<28}{each.value}" for each in words.facts(document)]
    lines += ["", "Attempts:"]
    for tried in words.attempts(document):
        lines += [f"  {tried.at}  {tried.outcome}  {tried.where}".rstrip()]
        lines += [f"    {tried.reply}"] if tried.reply else []
    if document.receipts:
        lines += ["", "What came back (anybody can write such; it proves no more than it says):"]
        for came in words.receipts(document):
            lines += [f"  {came.at}  {came.says}  {came.about}".rstrip()]
            lines += [f"    {came.diagnostic}"] if came.diagnostic else []
    lines += ["", "Log lines:", *(f"  {each.text}" for each in document.log_lines), ""]
    lines += [f"{each.label + ':':<28}{each.value}" for each in words.made(document)]
    return lines


def _content(name: str) -> bytes:
    """The file, or a little more than evidence can have of it. Raises `SourceError`."""
    from postroad.reports.evidence import LARGEST

    try:
        descriptor = 0 if name == "-" else os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb", closefd=name != "-") as opened:
            if name != "-" and not stat.S_ISREG(os.fstat(descriptor).st_mode):
                message = f"{safe.line(name)} is not a file."
                raise SourceError(message, name)
            return opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        message = f"{safe.line(name)} cannot be read ({reason})."
        raise SourceError(message, name) from error


def _named(text: str) -> _Named:
    """The key that is meant by a file's name, a key or a fingerprint. Raises `ConfigError`."""
    from postroad.reports.evidence import fingerprint, public_key

    server = ""
    try:
        path = Path(text)
        if path.is_file():
            with path.open("rb") as opened:
                text = opened.read(1 << 16).decode()
            if text.lstrip().startswith("{"):
                server = str(msgspec.json.decode(text).get("server", ""))
        found = public_key(text)
    except (OSError, ValueError, AttributeError, msgspec.DecodeError) as error:
        message = (
            "--key is no key: name a file with one (as GET /api/v1/evidence-key gives it), the 32 "
            "octets in base64, or the fingerprint of 64 hexadecimal digits."
        )
        raise ConfigError(message) from error
    digits = found if isinstance(found, str) else fingerprint(found)
    return _Named(digits, server)
