"""`postroad receipt`: what came back about messages, from a pipe or a mailbox."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from postroad import receipts
from postroad.cli import context as cli
from postroad.cli import talk
from postroad.errors import PostroadError
from postroad.sources import mailbox

HELP = """Keep receipts that came back.

Without FOLDER one message is read from standard input, as a mail server's pipe or a filter rule
hands it over; the pipe has to run as postroad's own user. FOLDER is a Maildir, an mbox file, or a
file with one message; it is only read, and reading it again changes nothing.

Delivery status notifications (RFC 3464), disposition notifications (RFC 8098) and the bounces of
qmail and Exim are understood. What they say is shown with the message that they are about, and as
no more than that: anybody can write a receipt."""

#: Of sysexits.h: what a mail server's pipe takes for "bounce it" and for "keep it and try again".
_NO_RECEIPT, _LATER = os.EX_DATAERR, os.EX_TEMPFAIL

EPILOG = talk.epilog(
    [
        ("postroad receipt < message.eml", "one message"),
        ("postroad receipt /var/mail/receipts/Maildir", "what is in a mailbox"),
    ],
    {
        0: "kept, or read before",
        2: "an argument or a setting cannot be used",
        3: "the folder cannot be read",
        _NO_RECEIPT: "standard input is no receipt",
        _LATER: "the store or the postroad that runs cannot be used; try again (standard input)",
    },
)


def command(
    context: typer.Context,
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A Maildir, an mbox, or one message.")
    ] = "",
) -> None:
    """Read, and hand in what is a receipt."""
    if folder:
        _folder(context, Path(folder))
        return
    message = _all_of(sys.stdin.buffer)
    if not receipts.rows(receipts.read(message), now=1):
        talk.say("This is no receipt, or one that does not say which message it is about.")
        raise typer.Exit(_NO_RECEIPT)
    try:
        with cli.asked(context) as client:
            client.hand_in(message)
    except (PostroadError, OSError) as error:
        talk.say(f"postroad: {error} The receipt was not kept: try again.")
        raise typer.Exit(_LATER) from error


def _folder(context: typer.Context, path: Path) -> None:
    read = kept = 0
    with cli.asked(context) as client:
        for message in mailbox.messages(path, receipts.LARGEST):
            read += 1
            if receipts.rows(receipts.read(message), now=1):
                kept += bool(client.hand_in(message))
    talk.say(f"{read} messages read; {kept} of them receipts, which are kept.")


def _all_of(stream: BinaryIO) -> bytes:
    """The beginning of a message. The rest is read too: who writes it must not be cut off."""
    message = stream.read(receipts.LARGEST)
    while stream.read(1 << 16):
        pass
    return message
