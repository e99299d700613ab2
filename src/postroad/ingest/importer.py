"""Import: history out of files, directories, patterns and standard input.

Files are read one after the other in the order in which they were written. What was read before,
under whatever name, is skipped. A file that cannot be read is a sentence in the result, and the
others are read; what stops all of it (the store is full) is raised, and the next import goes on
where this one had committed.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from postroad import parsers
from postroad.errors import ConfigError, SourceError
from postroad.ingest.feed import Feed
from postroad.ingest.pipeline import Pipeline
from postroad.ingest.positions import open_at
from postroad.ingest.result import Changed, Progress, Result
from postroad.sources.archives import Content, Raw
from postroad.sources.find import Found, find
from postroad.sources.look import Look, in_order, look
from postroad.sources.reading import Chunk, Reading
from postroad.state import State
from postroad.store import Store

#: Seconds between two calls of the progress callback.
_EVERY = 0.2
#: Seconds without a change after which the last line of a file counts as whole.
_QUIET = 1.0
#: Name of standard input, as an argument and in messages.
STDIN = "-"


class Importer:
    """Imports logs of one host."""

    def __init__(
        self,
        store: Store,
        state: State,
        *,
        host: str,
        zone: ZoneInfo,
        server: str = "",
        pipeline: Pipeline | None = None,
    ) -> None:
        """`host` and `zone` are for lines that name none; `server` is one of `parsers.SERVERS`.

        An empty `server` lets each file tell. `pipeline` is that of the process, if it has one.
        Raises `ConfigError` for a server that is not known.
        """
        if server not in ("", *parsers.SERVERS):
            raise ConfigError(
                f"postroad reads logs of {', '.join(parsers.SERVERS)}; {server!r} is none of them."
            )
        self._store = store
        self._state = state
        self._host = host
        self._zone = zone
        self._server = server
        self._shared = pipeline

    def run(
        self,
        names: Iterable[str],
        *,
        stdin: Raw | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Result:
        """Import what these names mean. `-` is `stdin`. `stop` ends it after the chunk in hand.

        Raises `StoreError` and `StateError`; what was committed until then stays.
        """
        pipeline = self._shared or Pipeline(self._store, self._state)
        try:
            with _less_collecting():
                run = _Run(self, pipeline, progress, stop or threading.Event())
                return run.go(list(dict.fromkeys(names)), stdin)
        finally:
            if pipeline is not self._shared:
                pipeline.close()

    def look(self, found: Found, content: Content | None, now: int) -> Look:
        """Look at a file with what is known of this import."""
        return look(
            found,
            server=self._server,
            host=self._host,
            zone=self._zone,
            now=now,
            content=content,
        )

    def feed(self, seen: Look) -> Feed:
        """Open a file where reading it stopped. Raises `SourceError`."""
        opened = open_at(seen.found, self._state, self._host, seen.content)
        return Feed(
            opened.reading,
            name=opened.name,
            host=self._host,
            zone=self._zone,
            server=seen.server,
            newest=seen.newest,
            first_year=seen.first_year,
            before=opened.mark,
        )


class _Run:
    """One run of an importer."""

    def __init__(
        self,
        importer: Importer,
        pipeline: Pipeline,
        progress: Callable[[Progress], None] | None,
        stop: threading.Event,
    ) -> None:
        self._importer = importer
        self._pipeline = pipeline
        self._report = progress
        self._stop = stop
        self._result = Result()
        self._progress = Progress()
        self._changed = Changed()
        self._began = time.monotonic()
        self._reported = 0.0

    def go(self, names: list[str], stdin: Raw | None) -> Result:
        """Find, order and read."""
        with self._pipeline.lock:
            self._pipeline.revive()
            self._pipeline.meet_the_past()
            self._pipeline.watchers.append(self._changed.add)
        try:
            for seen in self._looks(names, stdin):
                if self._stop.is_set():
                    break
                self._read(seen)
            with self._pipeline.lock:
                self._pipeline.commit()
        finally:
            with self._pipeline.lock:
                self._pipeline.watchers.remove(self._changed.add)
        self._tell(final=True)
        result = self._result
        result.stopped = self._stop.is_set()
        result.messages, result.deliveries = self._changed.messages, self._changed.deliveries
        result.seconds = time.monotonic() - self._began
        return result

    def _looks(self, names: list[str], stdin: Raw | None) -> list[Look]:
        """What is to be read, in order; sentences for what is not."""
        now = time.time_ns() // 1000
        findings = find(name for name in names if name != STDIN)
        self._result.problems += findings.problems
        candidates: list[tuple[Found, Content | None]] = [(found, None) for found in findings.files]
        if STDIN in names and stdin is not None:
            content = Content(stdin, "standard input")
            candidates.append((Found(path=Path(STDIN), is_regular=False), content))
        looks = [self._importer.look(found, content, now) for found, content in candidates]
        chosen = [seen for seen in looks if self._is_wanted(seen)]
        used = {seen.found.directory for seen in chosen}
        for name in names:
            if name != STDIN and Path(name).is_dir() and str(Path(name)) not in used:
                self._result.problems.append(
                    f"No log of a mail server ({', '.join(parsers.SERVERS)}) was found in {name}."
                )
        self._progress.total = sum(seen.found.size for seen in chosen)
        return in_order(chosen)

    def _is_wanted(self, seen: Look) -> bool:
        if seen.found.directory:
            return bool(seen.server) and not seen.problem
        if seen.problem:
            self._result.problems.append(seen.problem)
        elif seen.found.is_regular and not seen.found.size:
            self._result.notes.append(f"{seen.found.path} is empty.")
        return not seen.problem

    def _read(self, seen: Look) -> None:
        """Read one file to its end."""
        try:
            feed = self._importer.feed(seen)
        except SourceError as error:
            self._result.problems.append(str(error))
            return
        start = feed.reading.offset
        self._result.skipped += start
        self._progress.path = feed.path
        before = self._progress.done
        try:
            self._read_all(feed, before)
        except SourceError as error:
            self._result.problems.append(str(error))
        finally:
            feed.close()
        self._progress.done = before + seen.found.size
        self._count(feed, start)

    def _read_all(self, feed: Feed, before: int) -> None:
        pipeline, content, progress = self._pipeline, feed.reading.content, self._progress
        with pipeline.lock:
            pipeline.begin(feed)
        for chunk in _chunks(feed.reading, self._stop):
            with pipeline.lock:
                pipeline.take(feed, chunk)
                if pipeline.is_due():
                    pipeline.checkpoint()
            progress.done = before + content.taken
            progress.bytes += chunk.end - chunk.offset
            progress.lines += len(chunk.lines)
            if self._report:
                self._tell()

    def _count(self, feed: Feed, start: int) -> None:
        result, content = self._result, feed.reading.content
        read = feed.reading.offset - start
        result.bytes += read
        result.lines += feed.lines
        result.understood += feed.understood
        result.noise += feed.noise
        result.unknown += feed.unknown
        result.newest = max(result.newest, feed.newest)
        result.notes += content.notes + feed.notes
        if feed.lines:
            result.files += 1
        elif start:
            result.known += 1
        if feed.reading.cut:
            result.notes.append(
                f"{feed.path} has {feed.reading.cut} lines longer than 64 KiB. Their beginnings "
                "were read."
            )
        if feed.lines and not feed.understood and (not feed.server or feed.unknown > feed.noise):
            result.problems.append(
                f"{feed.path}: none of its {feed.lines} lines is one that "
                f"{feed.server or ' or '.join(parsers.SERVERS)} writes. Is it a mail log?"
            )
        if hint := feed.zone_hint:
            result.notes.append(
                f"The times in {feed.path} seem to be {hint / 3600:+g} hours off the server's own "
                "clock. If they are shown wrong, import it anew with --timezone."
            )

    def _tell(self, *, final: bool = False) -> None:
        if self._report is None:
            return
        now = time.monotonic()
        if now - self._reported < _EVERY and not final:
            return
        self._reported = now
        progress = self._progress
        progress.seconds = now - self._began
        progress.messages = self._changed.messages
        if 0 < progress.done <= progress.total:
            progress.left = progress.seconds * (progress.total / progress.done - 1)
        self._report(progress)


def _chunks(reading: Reading, stop: threading.Event) -> Iterator[Chunk]:
    """The chunks of a reading, to its end.

    A last line without newline is one if nobody is about to write the rest of it: not in packed
    data that was cut off, nor while the file still grows.
    """
    content = reading.content
    has_waited = False
    while not stop.is_set():
        chunk = reading.chunk()
        if chunk is None and reading.has_begun_line and not content.notes:
            if not content.is_quiet(_QUIET):
                if has_waited:
                    return
                has_waited = True
                stop.wait(_QUIET)
                continue
            chunk = reading.chunk(final=True)
        if chunk is None:
            return
        yield chunk


@contextmanager
def _less_collecting() -> Iterator[None]:
    """Look for cycles of garbage less often: of what an import makes, next to nothing is in one."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
