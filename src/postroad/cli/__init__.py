"""The command line: a client of our own API, one module per verb.

In: arguments, settings, standard input. Out: data on stdout, talk on stderr, an exit status. No
traceback reaches a user: what postroad foresees becomes a sentence, what it does not becomes a
sentence that says where the details were written.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

from postroad.errors import PostroadError
from postroad.model import safe

#: Exit status for an error in postroad itself (`EX_SOFTWARE` of sysexits.h).
_UNFORESEEN = 70


def main() -> NoReturn:
    """Run `postroad` with the arguments of this process, and exit."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        _run()
    except PostroadError as error:
        _end(f"postroad: {error}", error.exit_status)
    except Exception as error:  # noqa: BLE001
        _end(
            f"postroad: an error that was not foreseen: {type(error).__name__}. Its details are in "
            f"{_keep_details()}; please report it with them.",
            _UNFORESEEN,
        )
    sys.exit(0)


def _run() -> None:
    # What is loaded stays: looking through it for garbage again and again takes longer than some
    # of the commands.
    gc.set_threshold(50_000, 10, 50)

    from postroad.cli import root

    root.app(prog_name="postroad")


def _end(sentence: str, status: int) -> NoReturn:
    sys.stderr.write(safe.lines(sentence) + "\n")
    sys.exit(status)


def _keep_details() -> Path:
    """Write the traceback where only this user reads it; it may hold addresses."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="postroad-error-", suffix=".txt", delete=False, errors="backslashreplace"
    ) as file:
        file.write(f"{' '.join(sys.argv)}\n{traceback.format_exc()}")
        return Path(file.name)
