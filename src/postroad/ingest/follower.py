"""Follow: the configured sources, as they grow, are rotated, appear and vanish.

A source is a file, a pattern or a directory. Every half second or so what was added is read and
written, so that a line is a visible row in under two seconds. A log that rotation has renamed is
read to its end beside the new one; one that was cut short is begun anew, and what was missed is
looked for in its copy. After a restart, reading goes on where it had stopped, with the older parts
first.

When the store or the state fails, following begins again from what was committed, after a pause:
until then the logs themselves keep what is to be read.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from postroad import config
from postroad.config import Source
from postroad.errors import PostroadError
from postroad.ingest.followed import Followed
from postroad.ingest.pipeline import Pipeline
from postroad.ingest.spooled import Spooled
from postroad.ingest.status import Status
from postroad.model.coverage import Gap
from postroad.sources.supply import Supplied, Supplier
from postroad.state import State
from postroad.store import Store

_log = logging.getLogger(__name__)

#: Seconds between two looks at the logs, between two looks for new files, and from the first line
#: taken to its checkpoint.
_POLL = 0.2
_LOOK = 1.0
_FLUSH = 0.4
#: Seconds to wait after an error before beginning again; the longer, the more often it failed.
_PAUSES = (1.0, 5.0, 15.0, 30.0)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How following is going."""

    sources: list[Status] = []
    #: Why nothing is being written, as a sentence; empty if all is well.
    problem: str = ""
    #: What hinders receiving, or is not received, as sentences.
    hindered: list[str] = []


class Follower:
    """Follows sources until it is told to stop."""

    def __init__(
        self,
        store: Store,
        state: State,
        sources: Sequence[Source],
        *,
        host: str,
        zone: ZoneInfo,
        pipeline: Pipeline | None = None,
        suppliers: Sequence[Supplier] = (),
        left: Sequence[Supplied] = (),
    ) -> None:
        """`host` and `zone` are for sources that name none. `pipeline` is that of the process.

        `suppliers` fill spools, which are read as they come to be; `left` are those that earlier
        runs left. Raises `ConfigError` for a zone that is not known.
        """
        self._store = store
        self._state = state
        self._shared = pipeline
        self._host = host
        self._zone = zone
        self._suppliers = suppliers
        self._spooled: dict[Path, Spooled] = {}
        self._followed: list[Followed] = [
            Followed(
                source,
                state=state,
                host=source.host or host,
                zone=config.zone(source.timezone, f"the source {source.label}")
                if source.timezone
                else zone,
                told=self._tell,
            )
            for source in sources
            if source.path and not source.journal
        ]
        for each in left:
            self._meet(each)
        #: How often it has looked for logs.
        self.looked = 0
        self._problem = ""
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Follow until `stop` is set; then commit what was read, and return.

        Raises nothing: errors are in `health()`, and following begins again.
        """
        while not stop.is_set():
            try:
                self._run(stop)
            except PostroadError as error:
                self._pause(str(error), stop)
            except Exception:  # noqa: BLE001 - following goes on, whatever a line did
                _log.exception("Following failed")
                self._pause("Following failed. The reason is in the log of the server.", stop)

    def health(self) -> Health:
        """How it goes, for `doctor` and the pages. May be asked from any thread."""
        hindered = [problem for each in self._suppliers for problem in each.problems()]
        return Health(
            sources=[followed.status() for followed in self._followed],
            problem=self._problem,
            hindered=hindered,
        )

    def _meet(self, supplied: Supplied) -> None:
        """Read this spool, too."""
        known = self._spooled.get(supplied.spool.directory)
        if known:
            known.supply(supplied)
            return
        source = supplied.source
        spooled = self._spooled[supplied.spool.directory] = Spooled(
            supplied,
            state=self._state,
            host=source.host or self._host,
            zone=config.zone(source.timezone, f"the source {source.label}")
            if source.timezone
            else self._zone,
            told=self._tell,
        )
        self._followed.append(spooled)

    def _tell(self, gap: Gap) -> None:
        self._store.write_gaps([gap])

    def _pause(self, problem: str, stop: threading.Event) -> None:
        self._problem = problem
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        stop.wait(pause)

    def _run(self, stop: threading.Event) -> None:
        pipeline = self._shared or Pipeline(self._store, self._state)
        try:
            with pipeline.lock:
                pipeline.revive()
            self._follow(pipeline, stop)
            with pipeline.lock:
                pipeline.commit()
            for spooled in self._spooled.values():
                spooled.tell_lost()
        finally:
            for followed in self._followed:
                followed.close()
            if pipeline is not self._shared:
                pipeline.close()

    def _follow(self, pipeline: Pipeline, stop: threading.Event) -> None:
        looked, commits = 0.0, pipeline.commits
        while not stop.is_set():
            is_time = time.monotonic() - looked >= _LOOK
            if is_time:
                looked = time.monotonic()
                for supplied in (each for one in self._suppliers for each in one.supplied()):
                    self._meet(supplied)
            taken = 0
            for followed in self._followed:
                if is_time:
                    followed.look(pipeline)
                taken += followed.read(pipeline, stop)
            with pipeline.lock:
                pipeline.check()
                if pipeline.is_due(seconds=_FLUSH):
                    pipeline.checkpoint()
            if pipeline.commits != commits:
                self._problem, self._failures = "", 0
            self.looked += is_time
            if not taken:
                stop.wait(_POLL)
