"""`postroad evidence`: a delivery as a signed document."""

from __future__ import annotations

import base64
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from postroad import client
from postroad.cli import context as cli
from postroad.cli import talk
from postroad.cli.verify import write
from postroad.errors import PostroadError, SourceError
from postroad.model import safe

HELP = """Make a signed document of one delivery.

It can be handed on as evidence: it tells who sent the message, to whom, when, which server
accepted it and what that said, every attempt, and the log lines. Addresses of anybody but the
sender and this recipient are masked. Whoever is given it checks it with `postroad verify`, or on
the page /verify of the server.

ID is a delivery id, or a queue id or Message-ID that one delivery alone has."""

EPILOG = talk.epilog(
    [
        ("postroad evidence 7f0c2a9b41d3e6f8a1b2c3d4 --output evidence.pdf", "to be handed on"),
        ("postroad evidence 1vJx2k-000000001aB-3cDe --format json > evidence.json", "signed too"),
        ("postroad evidence 1vJx2k-000000001aB-3cDe --format text", "what it would say"),
    ],
    talk.EXITS | {1: "there is no such delivery among those you may see, or more than one"},
)

_DELIVERY_ID = re.compile(r"[0-9a-f]{24}")


class Format(StrEnum):
    """How evidence is written."""

    #: For people, with the signed document in it.
    PDF = "pdf"
    #: The signed document.
    JSON = "json"
    #: What the document says; without a signature.
    TEXT = "text"


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="Delivery id, queue id or Message-ID.")],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Instead of standard output.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="pdf, json or text.")] = Format.PDF,
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="That times are told in; else yours.")
    ] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help="That it speaks.")] = "en",
    subject: Annotated[bool, typer.Option(help="Whether the subject is shown.")] = True,
    addresses: Annotated[
        bool, typer.Option(help="Whether both addresses are shown whole; else as a…@example.com.")
    ] = True,
) -> None:
    """Have it made, and write it."""
    if form is Format.PDF and output is None and sys.stdout.isatty():
        message = "A PDF is not for a terminal. Name a file with --output, or use --format text."
        raise PostroadError(message)
    order = {
        "subject": subject,
        "local_parts": addresses,
        "zone": zone or talk.reader_zone().key,
        "language": language,
        "pdf": form is Format.PDF,
    }
    with cli.asked(context) as asked:
        made = asked.make_evidence(_one(asked, name), order)
    from postroad.reports.evidence import check

    sealed = made["sealed"].encode()
    match form:
        case Format.PDF:
            _put(base64.b64decode(made["pdf"]), output)
        case Format.JSON:
            _put(sealed, output)
        case Format.TEXT if document := check(sealed).document:
            write(document)
        case Format.TEXT:
            message = "What the server made is not evidence that this version knows."
            raise PostroadError(message)
    if made["link"]:
        talk.say(f"Its page, which needs no account: {made['link']}")
    talk.say(f"Signed with the key {made['fingerprint']}.")


def _one(asked: client.Client, name: str) -> str:
    """The id of the one delivery that is meant. Raises `PostroadError`."""
    if _DELIVERY_ID.fullmatch(name):
        return name
    questions = ({"message_id": name},) if "@" in name else ({"id": name}, {"message_id": name})
    for question in questions:
        found = [each for page in asked.pages(question, 2) for each in page["deliveries"]]
        if len(found) == 1:
            return str(found[0]["id"])
        if found:
            message = (
                f"{safe.line(name)!r} has several recipients: name one delivery by its id "
                f"(postroad search --id {safe.line(name)} --format json shows them)."
            )
            raise PostroadError(message)
    message = f"There is no message {safe.line(name)!r} among those you may see."
    raise PostroadError(message)


def _put(data: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        message = f"{output} cannot be written ({error.strerror})."
        raise SourceError(message, str(output)) from error
