"""One followed source: its logs, opened, read, and let go when they were taken away.

Where lines are missing, as far as that can be noticed here, is told as a `Gap`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from postroad import parsers
from postroad.config import Source
from postroad.errors import SourceError
from postroad.ingest.feed import Feed
from postroad.ingest.pipeline import Pipeline
from postroad.ingest.positions import open_at
from postroad.ingest.presence import Change, Key, Past, Present
from postroad.ingest.status import LogStatus, Status
from postroad.ingest.tally import Carried
from postroad.model import when
from postroad.model.coverage import Gap, GapKind
from postroad.sources import rotation
from postroad.sources.find import Found, below, matches
from postroad.sources.look import Look, in_order, look
from postroad.sources.reading import Chunk
from postroad.sources.tail import Tail
from postroad.state import State, marks
from postroad.state.marks import Mark

#: Seconds without a new line after which a log that was taken away is let go, and after which one
#: that is still there is closed until it grows again.
_LET_GO = 60.0
_SLEEP = 900.0
#: Logs that are kept open although nothing comes.
_MOST_OPEN = 50
#: Lines of a chunk that tell whose log it is.
_TELLING = 200
#: Chunks read of one log before the others have their turn.
_TURN = 64


#: Logs of a pattern whose older parts are looked for.
_MOST_OLDER = 100


class _Log:
    """A log that is open."""

    def __init__(self, feed: Feed, key: Key, first_at: int) -> None:
        self.feed = feed
        self.tail = Tail(feed.reading)
        self.key = key
        #: The first time in it.
        self.first_at = first_at
        self._was_empty = self.tail.grows and not self.tail.state()[0]
        #: It is no longer what the source's path or pattern leads to.
        self.is_gone = False
        self.grown_at = time.monotonic()

    def begins(self) -> bool:
        """Whether the first lines of a log that was empty are there; said once."""
        begins = self._was_empty and self.tail.state()[0] > 0
        self._was_empty = self._was_empty and not begins
        return begins

    def quiet(self) -> float:
        """Seconds since a line came."""
        return time.monotonic() - self.grown_at


class Followed:
    """Reads one source. Used by one thread, but for `status()`."""

    def __init__(
        self,
        source: Source,
        *,
        state: State,
        host: str,
        zone: ZoneInfo,
        told: Callable[[Gap], None] = lambda _: None,
    ) -> None:
        """Nothing is opened before the first `look()`. `told` is called with every gap."""
        self.name = source.label
        self._path = source.path
        self._server = "" if source.mta == "auto" else source.mta
        self._state = state
        self._host = host
        self._zone = zone
        self._told = told
        self._logs: list[_Log] = []
        #: Files that need not be opened until they change.
        self._settled: dict[Key, Change] = {}
        self._problems: dict[str, str] = {}
        self._notes: list[str] = []
        self._past: Past | None = None
        #: Mail servers whose logs these are, by what the parts of each have in common.
        self._servers: dict[str, str] = {}
        #: The server whose log was closed last.
        self._was_of = ""
        #: Its path names one log, and neither a directory nor several.
        self._is_one = False

    def status(self) -> Status:
        """How it goes."""
        logs = [_status_of(log) for log in list(self._logs)]
        return Status(
            name=self.name,
            path=self._path,
            host=self._host,
            zone=self._zone.key,
            server=", ".join(sorted({log.server for log in logs if log.server}))
            or self._server
            or self._was_of,
            logs=logs,
            behind=sum(log.size - log.read for log in logs),
            problems=list(self._problems.values()),
            notes=list(self._notes),
        )

    def close(self) -> None:
        """Close every log. What was not committed is read again after the next `look()`."""
        for log in self._logs:
            log.feed.close()
        self._logs = []
        self._settled.clear()
        self._past = None

    def look(self, pipeline: Pipeline) -> None:
        """Find logs that are new, and those that were taken away."""
        past = self._past
        if past is None:
            past = self._past = Past(self._state, self.name)
        present = self._present(past)
        for log in self._logs:
            log.is_gone = log.key not in present or present[log.key].is_older
        paths = {str(each.found.path) for each in present.values()}
        self._problems = {
            path: said for path, said in self._problems.items() if path in {"", *paths}
        }
        new = [
            each.found
            for key, each in present.items()
            if self._settled.get(key) != each.state and all(log.key != key for log in self._logs)
        ]
        if not new:
            return
        with pipeline.lock:
            # A copy of what is being read is known by its mark.
            pipeline.commit()
        for seen in in_order(map(self._look_at, new)):
            self._open(seen, pipeline, past)
        self._tell_lost(past)

    def read(self, pipeline: Pipeline, stop: threading.Event) -> int:
        """Read what was added; how many chunks there were."""
        taken = 0
        for log in list(self._logs):
            try:
                if log.begins():
                    # It may have been copied and cut before anything of it was read.
                    self._look_back(pipeline)
                    break
                if log.tail.was_cut():
                    self._begin_anew(log, pipeline)
                    continue
                taken += self._read(log, pipeline, stop)
            except (SourceError, OSError) as error:
                self._problems[log.feed.path] = str(error)
                self._drop(log)
        return taken

    def _tell_lost(self, past: Past) -> None:
        """Tell of logs that were rotated, and whose older part is not there."""
        live = [log for log in self._logs if not log.is_gone]
        if not self._is_one:
            # Of the parts of a log, the oldest one is removed when its time has come.
            live = [log for log in live if not rotation.is_older_name(Path(log.feed.path))]
        for mark in past.lost(log.feed.path for log in live):
            self._note(
                f"{mark.path} was rotated while it was not followed, and the part that was being "
                f"read is not beside it. Lines after {when.rfc3339(mark.newest)} may be missing: "
                "import them."
            )
            begins = [log.first_at for log in live if log.feed.path == mark.path]
            self._tell(GapKind.ROTATED, mark.newest, max(begins, default=0))

    def _tell(self, kind: GapKind, since: int, until: int, lost: int = 0) -> None:
        now = time.time_ns() // 1000
        gap = Gap(
            source=self.name,
            host=self._host,
            kind=kind,
            since=since or until or now,
            until=max(since, until) or now,
            lost=lost,
            seen_at=now,
        )
        self._told(gap)

    def _read(self, log: _Log, pipeline: Pipeline, stop: threading.Event) -> int:
        taken = 0
        while not stop.is_set():
            with pipeline.lock:
                chunk = log.tail.chunk()
                if chunk is None:
                    break
                if self._was_mistaken(log, chunk):
                    self._begin_as(log, pipeline)
                    return taken + 1
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
        elif log.quiet() > _SLEEP and len(self._logs) > _MOST_OPEN:
            self._drop(log)
        return taken

    def _was_mistaken(self, log: _Log, chunk: Chunk) -> bool:
        """Whether a log that was a neighbour's alone turns out to be a mail server's, too.

        A log that is read from its first line on may begin with lines of Dovecot alone.
        """
        if self._server or log.feed.server not in parsers.NEIGHBOURS:
            return False
        found = parsers.detect(chunk.lines[:_TELLING])
        if found not in parsers.MAIL_SERVERS:
            return False
        self._servers[rotation.family(log.feed.path)] = found
        return True

    def _begin_as(self, log: _Log, pipeline: Pipeline) -> None:
        """Go on with this log behind what was committed, as the log of another server."""
        pipeline.commit()
        self._drop(log)
        self._settled.pop(log.key, None)
        self._look_back(pipeline)

    def _server_of(self, seen: Look) -> str:
        """Whose log it is: a part that tells of neighbours alone belongs to those before it."""
        family = rotation.family(str(seen.found.path))
        if seen.server in parsers.MAIL_SERVERS:
            self._servers[family] = seen.server
        return self._servers.get(family, seen.server)

    def _present(self, past: Past) -> dict[Key, Present]:
        """The files that the source's path or pattern leads to now, and older parts of a log."""
        problems: list[str] = []
        found = matches(self._path)
        directory = str(found[0]) if len(found) == 1 and found[0].is_dir() else ""
        if directory:
            found = list(below(Path(directory), problems))
        present: dict[Key, Present] = {}
        for path in found:
            try:
                each = Present(path, directory)
            except FileNotFoundError:
                problems.append(f"{path} does not exist yet.")
                continue
            except OSError as error:
                problems.append(f"{path} cannot be read: {error.strerror}.")
                continue
            if path.is_file():
                present[each.key] = each
        if not present and not problems:
            problems.append(f"No file matches {self._path} yet.")
        self._problems.pop("", None)
        if problems:
            self._problems[""] = " ".join(problems)
        self._is_one = not directory and found == [Path(self._path)]
        if not directory and len(found) <= _MOST_OLDER:
            for older in past.older(found, present):
                present.setdefault(older.key, older)
        return present

    def _look_at(self, found: Found) -> Look:
        return look(
            found,
            server=self._server,
            host=self._host,
            zone=self._zone,
            now=time.time_ns() // 1000,
        )

    def _open(self, seen: Look, pipeline: Pipeline, past: Past) -> None:
        """Open a log at its place."""
        path = seen.found.path
        self._problems.pop(str(path), None)
        if seen.problem and not seen.found.directory:
            self._problems[str(path)] = seen.problem
            return
        try:
            present = Present(path)
            if seen.problem or (seen.found.directory and not seen.server):
                self._settled[present.key] = present.state
                return
            if any(log.key == present.key for log in self._logs):
                return
            opened = open_at(seen.found, self._state, self._host)
        except (OSError, SourceError) as error:
            self._problems[str(path)] = str(error)
            return
        feed = Feed(
            opened.reading,
            name=opened.name,
            host=self._host,
            zone=self._zone,
            server=self._server_of(seen),
            newest=seen.newest,
            first_year=seen.first_year,
            source=self.name,
            before=opened.mark,
        )
        if opened.mark is None:
            marks.begin(self._state, _beginning(feed, present.key), at=time.time_ns() // 1000)
        if opened.mark is not None:
            past.resumed.add(opened.mark.head)
        log = _Log(feed, present.key, seen.first_at)
        log.is_gone = seen.found.is_older
        with pipeline.lock:
            pipeline.begin(feed)
        # Older parts are read before what goes on from them.
        place = sum(each.is_gone for each in self._logs) if log.is_gone else len(self._logs)
        self._logs.insert(place, log)

    def _begin_anew(self, log: _Log, pipeline: Pipeline) -> None:
        """The log was cut short: read on in a copy of it, then the log from its start."""
        with pipeline.lock:
            pipeline.commit()
        self._drop(log)
        self._settled.pop(log.key, None)
        if not any(map(self._continues(log), rotation.older(Path(log.feed.path)))):
            self._note(
                f"{log.feed.path} was cut short after {log.feed.reading.offset} bytes of it were "
                "read, and no copy of it was found. Lines written just before may be missing."
            )
            self._tell(GapKind.CUT, log.feed.newest, time.time_ns() // 1000)
        self._look_back(pipeline)

    def _look_back(self, pipeline: Pipeline) -> None:
        """Look for logs, and for older parts of a log at once."""
        if self._past:
            self._past.looked = 0.0
        self.look(pipeline)

    def _continues(self, log: _Log) -> Callable[[Path], bool]:
        """Whether a file holds what was read of this log."""

        def check(path: Path) -> bool:
            try:
                opened = open_at(Found(path=path), self._state, self._host)
            except (OSError, SourceError):
                return False
            opened.reading.content.close()
            return opened.mark is not None and opened.mark.reading == log.feed.name

        return check

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
        self._was_of = log.feed.server or self._was_of
        log.feed.close()

    def _note(self, note: str) -> None:
        self._notes = [*self._notes[-19:], note]


def _beginning(feed: Feed, key: Key) -> Mark:
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


def _status_of(log: _Log) -> LogStatus:
    feed = log.feed
    content = feed.reading.content
    size = content.size
    if log.tail.grows:
        with suppress(OSError, ValueError):  # closed meanwhile, by the thread that reads
            size = log.tail.state()[0]
    return LogStatus(
        path=feed.path,
        server=feed.server,
        read=content.taken,
        size=max(size, content.taken),
        newest=feed.newest,
        lines=feed.lines,
        understood=feed.understood,
        unknown=feed.unknown,
    )
