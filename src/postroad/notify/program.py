"""A letter handed to the local `sendmail` program, which every mail server brings.

The program reads from a file, not from us: a pipe ends when its writer dies, and the program would
send what it had got by then. So it is committed that the letter is being sent, then the program is
started; if we die, it ends by itself, with the whole letter.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
import threading

from postroad.model import safe
from postroad.notify import sentences
from postroad.notify.message import Commit, Ready
from postroad.notify.outcome import End, Outcome

#: Where it is on systems whose search path does not lead there.
_PLACES = ("/usr/sbin", "/usr/lib", "/usr/bin", "/var/qmail/bin", "/usr/local/sbin")
#: Exit statuses of sysexits.h that will be the same the next time: EX_USAGE, EX_DATAERR,
#: EX_NOINPUT, EX_NOUSER, EX_NOHOST.
_FOR_GOOD = frozenset({64, 65, 66, 67, 68})
#: Octets that it says and that are read, and characters of it that are kept.
_LONGEST_SAID, _KEPT = 1 << 16, 500
#: Seconds between two looks whether it ended.
_LOOK = 0.2


def find(path: str) -> str:
    """The program of this path, or the one that is found; empty where there is none."""
    if path:
        return path if os.access(path, os.X_OK) else ""
    search = os.pathsep.join((os.environ.get("PATH", ""), *_PLACES))
    return shutil.which("sendmail", path=search) or ""


class Program:
    """The `sendmail` program."""

    def __init__(self, path: str, patience: float) -> None:
        """`path` is the setting's, looked for where it is empty; `patience` is in seconds."""
        self._path = path
        self._patience = patience
        self._over = threading.Event()

    def send(self, letter: Ready, commit: Commit) -> Outcome:
        """Hand a letter over; `commit` is called when all is ready but the program's start."""
        program = find(self._path)
        if not program:
            return Outcome(end=End.LATER, said=sentences.NO_SENDMAIL, is_general=True)
        # -i: a line with a dot alone is a line; -f: the envelope sender.
        command = [program, "-i", "-f", letter.sender, "--", letter.recipient]
        is_started = False
        try:
            with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as said:
                message.write(letter.content.replace(b"\r\n", b"\n"))
                message.seek(0)
                if self._over.is_set() or not commit():
                    return Outcome(end=End.CALLED_BACK)
                # In a session of its own: what ends us by the terminal does not end it.
                process = subprocess.Popen(  # noqa: S603 - a list, never a shell
                    command, stdin=message, stdout=said, stderr=said, start_new_session=True
                )
                is_started = True
                status = self._wait(process)
                said.seek(0)
                text = said.read(_LONGEST_SAID).decode("utf-8", "replace").strip()
        except OSError as error:
            if is_started:
                return Outcome(end=End.UNCLEAR, said=sentences.SENDMAIL_FAILED)
            return Outcome(end=End.LATER, said=_why(error), is_general=True)
        return _outcome(status, safe.lines(text)[:_KEPT])

    def close(self) -> None:
        """Start it no more, and wait for it no longer."""
        self._over.set()

    def _wait(self, process: subprocess.Popen[bytes]) -> int | None:
        """Its exit status, negative for a signal; None where it did not end in time."""
        waited = 0.0
        while waited < self._patience and not self._over.is_set():
            try:
                return process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                waited += _LOOK
        # It may be about to hand the letter on: it is left to itself.
        threading.Thread(target=process.wait, daemon=True).start()
        return None


def _outcome(status: int | None, said: str) -> Outcome:
    match status:
        case None:
            return Outcome(end=End.UNCLEAR, said=sentences.SENDMAIL_HUNG)
        case 0:
            return Outcome(end=End.TAKEN, said=said)
        case _ if status < 0:
            return Outcome(end=End.UNCLEAR, said=said or sentences.SENDMAIL_FAILED)
        case _:
            end = End.REFUSED if status in _FOR_GOOD else End.LATER
            return Outcome(end=end, code=status, said=said or sentences.SENDMAIL_FAILED)


def _why(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return sentences.NO_ROOM if full else sentences.NO_SENDMAIL
