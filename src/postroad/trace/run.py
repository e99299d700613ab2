"""Runs a mail server's tool: no shell, an end to its time, an end to what it may say.

In goes an argument list, out comes an `Output`. The tool gets a process group of its own, which is
killed when its time is over or it says too much; nothing of it is left when `run` returns.

Limits: what has taken another user's identity for good (a set-uid program may) can be killed by
that user and root only. Its pipes are closed then, so that it ends when it next writes.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

import msgspec

from postroad.trace.limits import Deadline

#: Octets that a tool may write before it is stopped; of what it writes about itself (stderr) the
#: rest is thrown away instead.
LARGEST = 1 << 20
_CHUNK = 1 << 16
#: Seconds that a killed process is waited for.
_BURIAL = 1.0


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool wrote, and how it ended."""

    #: Exit status; negative if it was killed.
    status: int
    out: str
    err: str
    #: Its time was over before it had ended.
    is_late: bool = False
    #: It said more than it may.
    is_endless: bool = False

    @property
    def last_words(self) -> str:
        """The last line that it wrote about itself."""
        lines = self.err.strip().splitlines()
        return lines[-1].strip() if lines else ""


def run(command: Sequence[str], deadline: Deadline, *, said: bytes = b"") -> Output:
    """Run it with `said` on its standard input. Raises `OSError` where it cannot be started."""
    process = subprocess.Popen(  # noqa: S603 - a list, never a shell
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd="/",
        env=_environment(),
    )
    talk = _Talk(process, said)
    try:
        talk.until(deadline)
    finally:
        _end(process)
    return Output(
        status=process.returncode if process.returncode is not None else -signal.SIGKILL,
        out=talk.text(process.stdout),
        err=talk.text(process.stderr),
        is_late=talk.is_late,
        is_endless=talk.is_endless,
    )


class _Talk:
    """What goes into a process and what comes out, all at the same time."""

    def __init__(self, process: subprocess.Popen[bytes], said: bytes) -> None:
        self._process = process
        self._stdin: IO[bytes] = process.stdin  # type: ignore[assignment]
        self._left = memoryview(said)
        self._heard: dict[object, bytearray] = {
            process.stdout: bytearray(),
            process.stderr: bytearray(),
        }
        self.is_late = False
        self.is_endless = False

    def text(self, stream: object) -> str:
        """What came from a stream; octets that are no UTF-8 stand with a backslash."""
        return bytes(self._heard[stream]).decode("utf-8", "backslashreplace")

    def until(self, deadline: Deadline) -> None:
        """Talk until both streams have ended, the time is over, or too much was said."""
        with selectors.DefaultSelector() as waiting:
            for stream in self._heard:
                waiting.register(stream, selectors.EVENT_READ)  # type: ignore[arg-type]
            os.set_blocking(self._stdin.fileno(), False)
            waiting.register(self._stdin, selectors.EVENT_WRITE)
            while waiting.get_map() and not self.is_endless:
                if not (ready := waiting.select(deadline.left())):
                    self.is_late = True
                    return
                for key, _ in ready:
                    is_over = (
                        self._write() if key.fileobj is self._stdin else self._read(key.fileobj)
                    )
                    if is_over:
                        waiting.unregister(key.fileobj)
            if not self.is_endless:
                self._wait(deadline)

    def _wait(self, deadline: Deadline) -> None:
        try:
            self._process.wait(deadline.left())
        except subprocess.TimeoutExpired:
            self.is_late = True

    def _write(self) -> bool:
        try:
            if self._left:
                self._left = self._left[os.write(self._stdin.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self._left = memoryview(b"")
        if not self._left:
            with suppress(BrokenPipeError):
                self._stdin.close()
        return not self._left

    def _read(self, stream: object) -> bool:
        chunk = os.read(stream.fileno(), _CHUNK)  # type: ignore[attr-defined]
        heard = self._heard[stream]
        room = LARGEST - len(heard)
        heard += chunk[:room]
        if len(chunk) > room and stream is self._process.stdout:
            self.is_endless = True
        return not chunk


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of it: the group, its pipes, and the entry of the dead."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_BURIAL)


def _environment() -> dict[str, str]:
    """Ours, without our own settings, which may hold secrets, and in the language we read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTROAD_")}
    return {**kept, "LC_ALL": "C"}
