"""Imports that were asked for: one at a time, in a thread, followed step by step.

What is read goes into the pipeline of the process, so that it and what is followed at the same
time tell one story. How an import ended is kept in the state.
"""

from __future__ import annotations

import asyncio
import io
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec

from postroad import config
from postroad.config import Settings
from postroad.errors import AccountError, PostroadError
from postroad.ingest import Importer, Pipeline, Progress, Result
from postroad.state import State, jobs
from postroad.store import Store

_log = logging.getLogger(__name__)

#: Pieces of a streamed log that may wait to be read.
_WAITING = 64
#: Seconds between two looks whether there is room for another.
_PAUSE = 0.005


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be imported, and how it is to be read."""

    #: Files, directories, patterns; `-` for the stream that comes with the order.
    paths: tuple[str, ...]
    #: `exim`, `postfix`, or `auto` to look at the lines.
    mta: str = "auto"
    #: For lines that name no host, or no zone; the settings' unless given.
    host: str = ""
    timezone: str = ""


class Body(io.RawIOBase):
    """A log that comes in pieces: filled in the event loop, read in the import's thread."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: queue.Queue[bytes] = queue.Queue(_WAITING)
        self._rest = b""
        self._is_over = False
        #: Whether all of it came; otherwise the sender went away.
        self.is_complete = True

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Wait for what comes next; 0 at the end."""
        if not self._rest and not self._is_over:
            self._rest = self._pieces.get()
            self._is_over = not self._rest
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    async def fill(self, pieces: AsyncIterator[bytes], job: Import) -> None:
        """Take all pieces in, or as many as the import wants."""
        try:
            async for piece in pieces:
                if piece and not await self._put(piece, job):
                    return
        except BaseException:
            self.is_complete = False
            raise
        finally:
            await self._put(b"", job)

    async def _put(self, piece: bytes, job: Import) -> bool:
        while not job.has_ended:
            try:
                self._pieces.put_nowait(piece)
            except queue.Full:
                await asyncio.sleep(_PAUSE)
            else:
                return True
        return False


class Import:
    """One import, as whoever asked for it sees it. Made in the event loop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._progress: Progress | None = None
        self._end: Result | PostroadError | None = None

    @property
    def has_ended(self) -> bool:
        """Whether no more is read."""
        return self._end is not None

    async def steps(self) -> AsyncIterator[dict[str, Any]]:
        """`progress` now and then, and at the end `result`, or `error` and `exit_status`.

        Who stops listening stops the import; what was read is kept.
        """
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                if (progress := self._progress) is not None:
                    self._progress = None
                    yield {"progress": progress}
                if isinstance(self._end, PostroadError):
                    yield {"error": str(self._end), "exit_status": self._end.exit_status}
                    return
                if self._end is not None:
                    yield {"result": self._end}
                    return
        finally:
            self.stop.set()

    def tell(self, progress: Progress) -> None:
        """Say from the import's thread how far it is. Only the latest is kept."""
        self._progress = msgspec.structs.replace(progress)
        self._wake()

    def end(self, end: Result | PostroadError) -> None:
        """Say from the import's thread how it ended."""
        self._end = end
        self._wake()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop has ended before the import
            self._loop.call_soon_threadsafe(self._news.set)


class Imports:
    """The imports of this process."""

    def __init__(self, settings: Settings, store: Store, state: State, pipeline: Pipeline) -> None:
        """Imports that still count as running in the state are called interrupted."""
        self._settings = settings
        self._store = store
        self._state = state
        self._pipeline = pipeline
        self._guard = threading.Lock()
        self._running: tuple[Import, threading.Thread] | None = None
        jobs.interrupt(state, at=_now())

    def start(self, order: Order, body: Body | None = None) -> Import:
        """Begin an import. Raises `ConfigError`, and `AccountError` (a conflict) if one runs."""
        settings = self._settings
        zone = config.zone(order.timezone, "`timezone`") if order.timezone else settings.zone
        importer = Importer(
            self._store,
            self._state,
            host=order.host or settings.host,
            zone=zone,
            server="" if order.mta == "auto" else order.mta,
            pipeline=self._pipeline,
        )
        with self._guard:
            if self._running and self._running[1].is_alive():
                message = "Another import is running. Start this one when it has ended."
                raise AccountError(message, "conflict")
            job = Import()
            thread = threading.Thread(
                target=self._run, args=(importer, order, body, job), name="import"
            )
            self._running = job, thread
            thread.start()
        return job

    def latest(self) -> list[jobs.Job]:
        """The imports begun last, the newest first."""
        return jobs.latest(self._state)

    def stop(self) -> None:
        """Tell what runs to stop after the piece in hand."""
        if self._running:
            self._running[0].stop.set()

    def close(self) -> None:
        """Stop, and wait for the end."""
        self.stop()
        if self._running:
            self._running[1].join()

    def _run(self, importer: Importer, order: Order, body: Body | None, job: Import) -> None:
        kept = None
        try:
            what = ", ".join(order.paths)
            kept = jobs.begin(self._state, kind="import", what=what, at=_now())
            result = importer.run(order.paths, stdin=body, progress=job.tell, stop=job.stop)
            if body is not None and not body.is_complete:
                result.problems.append("The log broke off: its sender went away.")
            status = "interrupted" if result.stopped else "done"
            self._keep(kept, status, result)
            job.end(result)
        except PostroadError as error:
            self._keep(kept, "failed", {"problems": [str(error)]})
            job.end(error)
        except Exception as error:  # noqa: BLE001 - whoever listens must hear of the end
            _log.exception("An import failed")
            self._keep(kept, "failed", {"problems": [repr(error)]})
            message = "The import failed. The reason is in the log of the server."
            job.end(PostroadError(message))

    def _keep(self, kept: jobs.Job | None, status: str, result: object) -> None:
        if kept is None:
            return
        text = msgspec.json.encode(result).decode()
        try:
            jobs.end(self._state, kept.id, status=status, result=text, at=_now())
        except PostroadError as error:
            _log.warning("How an import ended could not be kept: %s", error)


def _now() -> int:
    return time.time_ns() // 1000
