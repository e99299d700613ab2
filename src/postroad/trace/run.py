"""Runs a mail server's tool: no shell, an end to its time, an end to what it may say.

In goes an argument list, out comes an `Output`. When its time is over, or it says too much, the
tool is killed with all that it has started; nothing of it is left when `run` returns.

A set-uid program that has become root cannot be killed by those who started it. Such a one gets a
terminal of its own as standard input, on which Ctrl-C is typed: then the kernel sends the signal.

Limits: what such a program has started in the background is out of reach.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import msgspec

from postroad.trace.limits import Deadline

#: Octets that a tool may write before it is stopped; of what it writes about itself (stderr) the
#: rest is thrown away instead.
LARGEST = 1 << 20
_CHUNK = 1 << 16
_SYSTEM_PATH = "/usr/bin:/bin"
#: Seconds that a killed process is waited for.
_BURIAL = 1.0
#: How often it is interrupted meanwhile, where it cannot be killed.
_KEYSTROKES = 4


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
    if deadline.is_over:
        return Output(status=-signal.SIGKILL, out="", err="", is_late=True)
    with _Line(command, said) as line:
        process = subprocess.Popen(  # noqa: S603 - a list, never a shell
            line.command,
            stdin=line.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=line.hangup is None,
            cwd="/",
            env=_environment(),
        )
        talk = _Talk(process, said)
        try:
            talk.until(deadline)
        finally:
            _end(process, line)
    return Output(
        status=process.returncode if process.returncode is not None else -signal.SIGKILL,
        out=talk.text(process.stdout),
        err=talk.text(process.stderr),
        is_late=talk.is_late,
        is_endless=talk.is_endless,
    )


class _Line:
    """The command, and the terminal by which it is ended where it cannot be killed."""

    def __init__(self, command: Sequence[str], said: bytes) -> None:
        self.command = list(command)
        self.stdin = subprocess.PIPE
        self.hangup: int | None = None
        self._slave: int | None = None
        session = shutil.which("setsid", path=_SYSTEM_PATH)
        if not said and session and _becomes_root(command[0]):
            with suppress(OSError):
                self.hangup, self._slave = os.openpty()
                self.stdin = self._slave
                self.command = [session, "--ctty", *command]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        if self._slave is not None:
            os.close(self._slave)

    def interrupt(self) -> bool:
        """Type what interrupts and what quits (termios(3)); whether there is a terminal for it."""
        if self.hangup is None:
            return False
        with suppress(OSError):
            os.write(self.hangup, b"\x03\x1c")
        return True

    def hang_up(self) -> None:
        """Let go of the terminal."""
        if self.hangup is not None:
            os.close(self.hangup)
            self.hangup = None


def _becomes_root(program: str) -> bool:
    """Whether it is set-uid, and we are not root."""
    try:
        is_set_uid = Path(program).stat().st_mode & stat.S_ISUID
    except OSError:
        return False
    return bool(is_set_uid) and os.geteuid() != 0


class _Talk:
    """What goes into a process and what comes out, all at the same time."""

    def __init__(self, process: subprocess.Popen[bytes], said: bytes) -> None:
        self._process = process
        self._stdin = process.stdin
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
            if self._stdin is not None:
                os.set_blocking(self._stdin.fileno(), False)
                waiting.register(self._stdin, selectors.EVENT_WRITE)
            while waiting.get_map() and not self.is_endless:
                if not (ready := waiting.select(deadline.left())):
                    self.is_late = True
                    return
                for key, _ in ready:
                    if not self._goes_on(key.fileobj):
                        waiting.unregister(key.fileobj)
            if not self.is_endless:
                self._wait(deadline)

    def _goes_on(self, stream: object) -> bool:
        """Write to or read from a stream that is ready; false when it is at its end."""
        if self._stdin is not None and stream is self._stdin:
            return not self._write(self._stdin)
        return not self._read(stream)

    def _wait(self, deadline: Deadline) -> None:
        try:
            self._process.wait(deadline.left())
        except subprocess.TimeoutExpired:
            self.is_late = True

    def _write(self, stdin: IO[bytes]) -> bool:
        try:
            if self._left:
                self._left = self._left[os.write(stdin.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self._left = memoryview(b"")
        if not self._left:
            with suppress(BrokenPipeError):
                stdin.close()
        return not self._left

    def _read(self, stream: object) -> bool:
        chunk = os.read(stream.fileno(), _CHUNK)  # type: ignore[attr-defined]
        heard = self._heard[stream]
        room = LARGEST - len(heard)
        heard += chunk[:room]
        if len(chunk) > room and stream is self._process.stdout:
            self.is_endless = True
        return not chunk


def _end(process: subprocess.Popen[bytes], line: _Line) -> None:
    """Leave nothing of it: what it has started, itself, its pipes, and the entry of the dead."""
    if process.returncode is None:
        # Not waited for yet, so that its number is still its own.
        for kill, pid in [
            *((os.kill, pid) for pid in _descendants(process.pid)),
            (os.killpg, process.pid),
            (os.kill, process.pid),
        ]:
            with suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)
        for _ in range(_KEYSTROKES):
            # What is typed is read when the kernel gets round to it: hanging up would lose it.
            if process.returncode is None and line.interrupt():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_BURIAL / _KEYSTROKES)
        line.hang_up()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_BURIAL)


def _descendants(ancestor: int) -> list[int]:
    """Processes that it has started, in whatever group or session they are now, eldest first."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold anything; the parent comes second behind it (proc(5)).
            parent = int(status.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(status.parent.name))
    found = list(children.get(ancestor, ()))
    for each in found:
        found += children.get(each, ())
    return found


def _environment() -> dict[str, str]:
    """Ours, without our own settings, which may hold secrets, and in the language we read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTROAD_")}
    return {**kept, "LC_ALL": "C"}
