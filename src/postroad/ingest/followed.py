"""One followed source: its logs, opened, read, and let go when they were taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from postroad.config import Source
from postroad.errors import SourceError
from postroad.ingest.feed import Feed
from postroad.ingest.pipeline import Pipeline
from postroad.ingest.positions import open_at
from postroad.ingest.tally import Carried
from postroad.model import when
from postroad.model.when import DAY
from postroad.sources import rotation
from postroad.sources.find import Found, below, matches
from postroad.sources.look import Look, in_order, look
from postroad.sources.tail import Tail
from postroad.state import State, marks
from postroad.state.marks import Mark

#: Seconds without a new line after which a log that was taken away is let go, and after which one
#: that is still there is closed until it grows again.
_LET_GO = 60.0
_SLEEP = 900.0
#: Chunks read of one log before the others have their turn.
_TURN = 64

#: Device and inode; size and time of the last change.
_Key = tuple[int, int]
_State = tuple[int, int]


class LogStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One log of a source that is being read."""

    path: str
    server: str
    #: Bytes read and, where it is known, there are.
    read: int
    size: int
    #: Latest time read, microseconds UTC.
    newest: int
    lines: int
    understood: int
    unknown: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How one source is doing."""

    name: str
    path: str
    logs: list[LogStatus] = []
    #: What hinders reading it now, as sentences.
    problems: list[str] = []
    #: What happened to it: rotations that may have cost lines, damage, clocks. The latest last.
    notes: list[str] = []


class _Log:
    """A log that is open."""

    def __init__(self, feed: Feed, key: _Key) -> None:
        self.feed = feed
        self.tail = Tail(feed.reading)
        self.key = key
        #: It is no longer what the source's path or pattern leads to.
        self.is_gone = False
        self.grown_at = time.monotonic()

    def quiet(self) -> float:
        """Seconds since a line came."""
        return time.monotonic() - self.grown_at


class Followed:
    """Reads one source. Used by one thread, but for `status()`."""

    def __init__(self, source: Source, *, state: State, host: str, zone: ZoneInfo) -> None:
        """Nothing is opened before the first `look()`."""
        self.name = source.name or source.path
        self._path = source.path
        self._server = "" if source.mta == "auto" else source.mta
        self._state = state
        self._host = host
        self._zone = zone
        self._logs: list[_Log] = []
        #: Files that need not be opened until they change.
        self._settled: dict[_Key, _State] = {}
        self._problems: dict[str, str] = {}
        self._notes: list[str] = []
        self._has_begun = False

    def status(self) -> Status:
        """How it goes."""
        return Status(
            name=self.name,
            path=self._path,
            logs=[_status_of(log) for log in list(self._logs)],
            problems=list(self._problems.values()),
            notes=list(self._notes),
        )

    def close(self) -> None:
        """Close every log. What was not committed is read again after the next `look()`."""
        for log in self._logs:
            log.feed.close()
        self._logs = []
        self._settled.clear()
        self._has_begun = False

    def look(self, pipeline: Pipeline) -> None:
        """Find logs that are new, and those that were taken away."""
        present = self._present()
        for log in self._logs:
            log.is_gone = log.key not in present
        new = [
            found
            for key, (found, state) in present.items()
            if self._settled.get(key) != state and all(log.key != key for log in self._logs)
        ]
        if not self._has_begun:
            self._has_begun = True
            self._open_older(pipeline)
            opened = {log.key for log in self._logs}
            new = [found for found in new if _key(found.path)[0] not in opened]
        if new:
            with pipeline.lock:
                # A copy of what is being read is known by its mark.
                pipeline.commit()
            for seen in in_order(self._look_at(found) for found in new):
                self._open(seen, pipeline)

    def read(self, pipeline: Pipeline, stop: threading.Event) -> int:
        """Read what was added; how many chunks there were."""
        taken = 0
        for log in list(self._logs):
            try:
                if log.tail.was_cut():
                    self._begin_anew(log, pipeline)
                    continue
                taken += self._read(log, pipeline, stop)
            except (SourceError, OSError) as error:
                self._problems[log.feed.path] = str(error)
                self._drop(log)
        return taken

    def _read(self, log: _Log, pipeline: Pipeline, stop: threading.Event) -> int:
        taken = 0
        while not stop.is_set():
            with pipeline.lock:
                chunk = log.tail.chunk()
                if chunk is None:
                    break
                log.feed.grows_until(time.time_ns() // 1000)
                pipeline.take(log.feed, chunk)
                if pipeline.is_due():
                    pipeline.checkpoint()
            log.grown_at = time.monotonic()
            taken += 1
            if taken >= _TURN and not log.is_gone:
                return taken
        if not log.tail.grows or (log.is_gone and log.quiet() > _LET_GO):
            self._finish(log, pipeline)
        elif log.quiet() > _SLEEP:
            self._drop(log)
        return taken

    def _present(self) -> dict[_Key, tuple[Found, _State]]:
        """The files that the source's path or pattern leads to now."""
        present: dict[_Key, tuple[Found, _State]] = {}
        problems: list[str] = []
        paths = [(path, "") for path in matches(self._path)]
        if len(paths) == 1 and paths[0][0].is_dir():
            named = paths[0][0]
            paths = [(path, str(named)) for path in below(named, problems)]
        for path, directory in paths:
            try:
                key, state = _key(path)
            except OSError as error:
                problems.append(f"{path} cannot be read: {error.strerror}.")
                continue
            if path.is_file():
                present[key] = (Found(path=path, directory=directory, size=state[0]), state)
        if not present and not problems:
            problems.append(f"No file matches {self._path} yet.")
        self._problems.pop("", None)
        if problems:
            self._problems[""] = " ".join(problems)
        return present

    def _look_at(self, found: Found) -> Look:
        return look(
            found,
            server=self._server,
            host=self._host,
            zone=self._zone,
            now=time.time_ns() // 1000,
        )

    def _open(self, seen: Look, pipeline: Pipeline, *, is_gone: bool = False) -> _Log | None:
        """Open a log at its place; None if there is nothing (more) to read in it."""
        path = seen.found.path
        self._problems.pop(str(path), None)
        if seen.problem and not seen.found.directory:
            self._problems[str(path)] = seen.problem
            return None
        try:
            key, state = _key(path)
            if seen.problem or (seen.found.directory and not seen.server):
                self._settled[key] = state
                return None
            if any(log.key == key for log in self._logs):
                return None
            opened = open_at(seen.found, self._state, self._host)
        except (OSError, SourceError) as error:
            self._problems[str(path)] = str(error)
            return None
        feed = Feed(
            opened.reading,
            name=opened.name,
            host=self._host,
            zone=self._zone,
            server=seen.server,
            newest=seen.newest,
            first_year=seen.first_year,
            source=self.name,
            before=opened.mark,
        )
        if opened.mark is None:
            marks.begin(self._state, _beginning(feed, key), at=time.time_ns() // 1000)
        log = _Log(feed, key)
        log.is_gone = is_gone
        pipeline.begin(feed)
        self._logs.append(log)
        return log

    def _open_older(self, pipeline: Pipeline) -> None:
        """After a restart: open what was being read and has been rotated away since."""
        before = marks.of_source(self._state, self.name)
        path = Path(self._path)
        if not before or path.is_dir():
            return
        readings = {mark.reading for mark in before}
        newest = max(mark.newest for mark in before)
        # As long as nothing was committed, all that was written since is missing.
        since = before[0].read_at - 2 * DAY if newest else before[-1].read_at
        was_read = not newest
        for seen in in_order(map(self._look_at, _changed_since(since, path))):
            was_read = was_read or self._reading_of(seen.found) in readings
            if was_read or newest < seen.first_at:
                self._open(seen, pipeline, is_gone=True)
        if not was_read and path.is_file() and self._reading_of(Found(path=path)) not in readings:
            self._note(
                f"{path} was rotated while it was not followed, and the part that was being read "
                f"is not beside it. Lines after {when.rfc3339(newest)} may be missing: import them."
            )

    def _reading_of(self, found: Found) -> str:
        """The name of the reading that a file's content belongs to; empty for a new one."""
        try:
            opened = open_at(found, self._state, self._host)
        except (OSError, SourceError):
            return ""
        opened.reading.content.close()
        return opened.mark.reading if opened.mark else ""

    def _begin_anew(self, log: _Log, pipeline: Pipeline) -> None:
        """The log was cut short: read on in a copy of it, then the log from its start."""
        with pipeline.lock:
            pipeline.commit()
        self._drop(log)
        if not self._open_copy(log, pipeline):
            self._note(
                f"{log.feed.path} was cut short after {log.feed.reading.offset} bytes of it were "
                "read, and no copy of it was found. Lines written just before may be missing."
            )
        self._settled.pop(log.key, None)
        self._open(self._look_at(Found(path=Path(log.feed.path))), pipeline)

    def _open_copy(self, log: _Log, pipeline: Pipeline) -> bool:
        for path in rotation.older(Path(log.feed.path)):
            found = Found(path=path)
            if self._reading_of(found) == log.feed.name:
                self._open(self._look_at(found), pipeline, is_gone=True)
                return True
        return False

    def _finish(self, log: _Log, pipeline: Pipeline) -> None:
        """Nothing more will come: take a last line that has no end, and close the log."""
        with pipeline.lock:
            # Of packed data that was cut off, the last line is no line.
            chunk = log.tail.chunk(final=not log.feed.reading.content.notes)
            if chunk is not None:
                pipeline.take(log.feed, chunk)
        self._drop(log)

    def _drop(self, log: _Log) -> None:
        if log in self._logs:
            self._logs.remove(log)
        for note in (*log.feed.reading.content.notes, *log.feed.notes):
            self._note(note)
        self._settled[log.key] = log.tail.state()
        log.feed.close()

    def _note(self, note: str) -> None:
        self._notes = [*self._notes[-19:], note]


def _key(path: Path) -> tuple[_Key, _State]:
    found = path.stat()
    return (found.st_dev, found.st_ino), (found.st_size, found.st_mtime_ns)


def _beginning(feed: Feed, key: _Key) -> Mark:
    """The mark of a reading at its start."""
    chain = feed.reading.chain
    return Mark(
        reading=feed.name,
        host=feed.host,
        head=feed.reading.head,
        length=0,
        digest=chain.digest(),
        chain=chain.base,
        lines=0,
        source=feed.source,
        path=feed.path,
        device=key[0],
        inode=key[1],
        tally=msgspec.msgpack.encode(Carried(source=feed.source)),
    )


def _changed_since(since: int, path: Path) -> Iterator[Found]:
    """Older parts of a log that were written to after this time, in microseconds UTC."""
    for each in rotation.older(path):
        try:
            if each.stat().st_mtime_ns // 1000 >= since:
                yield Found(path=each)
        except OSError:
            continue


def _status_of(log: _Log) -> LogStatus:
    feed = log.feed
    content = feed.reading.content
    return LogStatus(
        path=feed.path,
        server=feed.server,
        read=content.taken,
        size=max(content.size, content.taken),
        newest=feed.newest,
        lines=feed.lines,
        understood=feed.understood,
        unknown=feed.unknown,
    )
