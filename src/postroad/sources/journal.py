"""The systemd journal, read by journalctl(1) and written down as lines in a spool.

`journalctl --output=json --follow` runs as a child process and goes on behind the cursor of the
last entry that is on the disk here. What was written behind that one, before a kill, comes out of
the journal a second time and is known again octet by octet, so that every entry is there once.

If the entry of the cursor is no longer in the journal, which was rotated and vacuumed meanwhile,
reading goes on with the oldest entry after it, and the time between is told as a gap. If journalctl
is not there or ends, that is told and it is started again, after a pause that grows.

Fields are those of systemd.journal-fields(7). A message that is not UTF-8, or has control
characters, comes as an array of octets.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

import msgspec

from postroad.config import Source
from postroad.sources import syslog
from postroad.sources.spool import Position, Spool, Spools
from postroad.sources.supply import Counts, Lapse, Supplied

#: What is written down of each entry; `__CURSOR` and `__REALTIME_TIMESTAMP` come always.
_FIELDS = "MESSAGE,_HOSTNAME,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_COMM"
#: Octets of one entry, and of what journalctl says on its way out, that are looked at.
_LONGEST, _SAID = 1 << 20, 2000
#: Octets of a message that are kept.
_KEPT = 1 << 16
#: Seconds between two times at which what was written is put on the disk.
_SYNC = 1.0
#: Seconds to wait before journalctl is started again; the longer, the more often it ended.
_PAUSES = (1.0, 5.0, 15.0, 60.0, 300.0)
#: Seconds after which it counts as running well.
_WELL = 60.0
_PIECE = 1 << 16
_OCTET = 255


class _Entry(msgspec.Struct, gc=False):
    """One entry as journalctl prints it: each value text, octets, several of them, or null."""

    cursor: str = msgspec.field(default="", name="__CURSOR")
    at: str = msgspec.field(default="", name="__REALTIME_TIMESTAMP")
    message: object = msgspec.field(default=None, name="MESSAGE")
    host: object = msgspec.field(default=None, name="_HOSTNAME")
    tag: object = msgspec.field(default=None, name="SYSLOG_IDENTIFIER")
    pid: object = msgspec.field(default=None, name="SYSLOG_PID")
    own_pid: object = msgspec.field(default=None, name="_PID")
    command: object = msgspec.field(default=None, name="_COMM")


_decode = msgspec.json.Decoder(_Entry).decode


class Journal:
    """Reads one journal into a spool, in a thread of its own."""

    def __init__(
        self, source: Source, spools: Spools, *, host: str, program: str = "journalctl"
    ) -> None:
        """`host` is for entries that name none. Raises `OSError` where there can be no spool."""
        self._source = source
        self._spool: Spool = spools.of(source.label)
        self._spool.is_resumed = True
        self._host = host
        self._program = program
        self._counts = Counts()
        self._problem = ""
        self._stop = threading.Event()
        self._wake, self._woken = os.pipe()
        self._thread = threading.Thread(target=self._run, name="postroad-journal", daemon=True)
        #: What was asked: another question has other answers, and no gap tells the two apart.
        self._asked = " ".join((source.path, *source.journal))
        self._last = Position()
        #: Time of the last entry, microseconds UTC.
        self._last_at = 0
        self._cursor = ""
        #: What is in the spool behind the last cursor that is on the disk.
        self._known = b""

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading; what was read is on the disk then."""
        self._stop.set()
        os.write(self._woken, b"!")
        if self._thread.is_alive():
            self._thread.join()
        os.close(self._wake)
        os.close(self._woken)

    def supplied(self) -> list[Supplied]:
        """This source."""
        return [Supplied(self._source, self._spool, self._counts)]

    def problems(self) -> list[str]:
        """What hinders it."""
        return [each for each in (self._problem, self._spool.problem) if each]

    def command(self, cursor: str, *, inclusive: bool) -> list[str]:
        """How journalctl is called; `inclusive`: the entry of the cursor comes first."""
        source = self._source
        command = [self._program, "--output=json", f"--output-fields={_FIELDS}", "--all"]
        command += ["--follow", "--no-tail", "--quiet", "--no-pager"]
        if source.path:
            kind = "file" if os.path.isfile(source.path) else "directory"  # noqa: PTH113
            command.append(f"--{kind}={source.path}")
        if cursor:
            command.append(f"--cursor={cursor}" if inclusive else f"--after-cursor={cursor}")
        return [*command, *source.journal]

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._read()
            except FileNotFoundError:
                self._problem = (
                    f"{self._program} is not on this machine, so {self._source.label} is not read."
                )
            except OSError as error:
                self._problem = f"{self._source.label} cannot be read: {error.strerror or error}."
            if self._stop.is_set():
                return
            failures = 1 if time.monotonic() - began > _WELL else failures + 1
            self._stop.wait(_PAUSES[min(failures, len(_PAUSES)) - 1])

    def _read(self) -> None:
        """Read until journalctl ends or is to end. Raises `OSError`."""
        self._last = self._spool.position()
        self._known = self._spool.after(self._last)
        self._cursor = cursor = self._last.cursor
        is_same = self._last.asked == self._asked
        environment = {**os.environ, "SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"}
        with subprocess.Popen(  # noqa: S603 - arguments as a list, matches of the settings
            self.command(cursor, inclusive=is_same),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        ) as child:
            try:
                said = self._follow(child, expects=cursor if is_same else "")
            finally:
                child.terminate()
                with suppress(subprocess.TimeoutExpired):
                    child.wait(2)
                if child.poll() is None:
                    child.kill()
                self._sync()
        if not self._stop.is_set():
            self._ended(said, cursor)

    def _ended(self, said: str, cursor: str) -> None:
        """It ended by itself: say why, and give a cursor up that it cannot go to."""
        why = f": {said}" if said else ""
        self._problem = f"journalctl, which reads {self._source.label}, ended{why}."
        if cursor and "cursor" in said.lower():
            self._miss(0)
            self._spool.forget()

    def _follow(self, child: subprocess.Popen[bytes], *, expects: str) -> str:
        """Take what it prints, until its end; what it said about errors."""
        assert child.stdout is not None  # noqa: S101 - it was asked for
        assert child.stderr is not None  # noqa: S101 - likewise
        said, rest, synced = b"", b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            for each in (child.stdout, child.stderr, self._wake):
                selector.register(each, selectors.EVENT_READ)
            while not self._stop.is_set():
                ready = [key.fileobj for key, _ in selector.select(_SYNC)]
                if child.stderr in ready:
                    told = _taken(child.stderr)
                    said = (said + told)[-_SAID:]
                    if not told:
                        selector.unregister(child.stderr)
                if child.stdout in ready:
                    data = _taken(child.stdout)
                    if not data:
                        break
                    *whole, rest = (rest + data).split(b"\n")
                    rest = rest[: _LONGEST + 1]
                    expects = self._take(whole, expects)
                if time.monotonic() - synced >= _SYNC:
                    synced = time.monotonic()
                    self._sync()
        return said.decode("utf-8", "backslashreplace").strip().rstrip(".")

    def _take(self, entries: list[bytes], expects: str) -> str:
        """Write entries down; the cursor that is still expected first, if it is."""
        lines = []
        for each in entries:
            try:
                entry = _decode(each)
            except (msgspec.DecodeError, RecursionError):
                self._counts.cut += bool(each)
                continue
            if expects:
                known, expects = entry.cursor == expects, ""
                if known:
                    self._last_at = _number(entry.at)
                    continue
                self._miss(_number(entry.at))
            self._cursor = entry.cursor or self._cursor
            self._last_at = _number(entry.at) or self._last_at
            lines.append(self._line(entry))
        if lines:
            self._append(lines)
            self._problem = ""
        return expects

    def _append(self, lines: list[str]) -> None:
        now = time.time_ns() // 1000
        new = []
        for line in lines:
            data = line.encode("utf-8", "backslashreplace") + b"\n"
            if self._known:
                if self._known.startswith(data):
                    self._known = self._known[len(data) :]
                    continue
                self._known = b""
            new.append(data)
        self._counts.received += len(new)
        self._counts.last_at = now
        # The journal keeps what finds no room: wait for it, and do not move on.
        while new and not self._spool.append(b"".join(new)):
            if self._stop.wait(_SYNC):
                self._cursor = ""
                return

    def _sync(self) -> None:
        """Put what was written on the disk, with the cursor of the last entry."""
        cursor = self._cursor
        if cursor and not self._known and cursor != self._last.cursor:
            self._last = self._spool.settle(cursor, asked=self._asked, at=self._last_at)

    def _miss(self, until: int) -> None:
        """The last entry that was read is gone, and with it perhaps others behind it."""
        since = self._last_at or self._last.at
        self._counts.unresumed = [
            *self._counts.unresumed[-9:],
            Lapse(since=since, until=until or time.time_ns() // 1000),
        ]

    def _line(self, entry: _Entry) -> str:
        """The entry as a line."""
        host = self._source.host or _text(entry.host) or self._host
        tag = _text(entry.tag) or _text(entry.command)
        pid = _text(entry.pid) or _text(entry.own_pid)
        text = _text(entry.message)
        if tag:
            text = f"{tag}[{pid}]: {text}" if pid.isdecimal() else f"{tag}: {text}"
        return syslog.line(_number(entry.at), host.replace(" ", "_"), text)


def _taken(stream: IO[bytes]) -> bytes:
    """What there is to read now; empty at the end."""
    return os.read(stream.fileno(), _PIECE)


def _text(value: object) -> str:
    """A field's value: text, octets, or the first of several; empty if it was left out."""
    if isinstance(value, str):
        return value[:_KEPT].rstrip("\n")
    if not isinstance(value, list) or not value:
        return ""
    if not all(isinstance(part, int) for part in value):
        return _text(value[0])
    octets = bytes(part for part in value[:_KEPT] if isinstance(part, int) and 0 <= part <= _OCTET)
    return octets.decode("utf-8", "backslashreplace").rstrip("\n")


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else 0  # noqa: PLR2004
