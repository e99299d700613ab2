"""Feeds the lines of one reading through a parser into the correlator, and counts them.

The loop in `Feed.take` runs once per line of every log: it is kept free of anything that could be
done once per chunk or per minute.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from postroad import parsers
from postroad.ingest.samples import Samples
from postroad.ingest.tally import Carried, Tally
from postroad.model import when
from postroad.model.coverage import Coverage, UnknownLine
from postroad.model.event import NOISE, Event
from postroad.model.when import DAY, MINUTE
from postroad.parsers import Reader, Remembering
from postroad.sources.reading import Chunk, Reading
from postroad.state.marks import Mark

#: A step back in time by more than this is none that the end of summer time makes.
_BACK = 90 * MINUTE


class Feed:
    """One reading on its way into the correlator."""

    def __init__(
        self,
        reading: Reading,
        *,
        name: str,
        host: str,
        zone: ZoneInfo,
        server: str,
        newest: int,
        source: str = "",
        first_year: int | None = None,
        before: Mark | None = None,
    ) -> None:
        """`name` is the reading's own; `before` the mark that it goes on from.

        `source` names a followed source; `server` is empty if the lines are to tell; `newest` and
        `first_year` are for the clock of year-less stamps.
        """
        self.reading = reading
        self.name = name
        self.host = host
        self.zone = zone
        self.source = source or (before.source if before else "")
        self.path = reading.content.path
        #: Set by the pipeline: which of its lives this belongs to.
        self.generation = 0
        self.understood = self.noise = self.unknown = 0
        #: Latest time that was read.
        self.newest = before.newest if before else 0
        #: Up to when each host was read, to the end of the minute.
        self.hosts: dict[str, int] = {}
        #: What is strange about its times, as sentences.
        self.notes: list[str] = []
        carried = msgspec.msgpack.decode(before.tally, type=Carried) if before else Carried()
        #: The beginning of a line that is read before it is whole.
        self.partial = carried.partial
        #: What the parser remembered of the lines before, and who read them in another file.
        self._remembered = carried.parser
        self._earlier: Feed | None = None
        self._tally = Tally(carried.minutes)
        self._counted_for = carried.source or source or self.path
        self._samples = Samples()
        self._latest = newest
        self._first_year = None if before else first_year
        self._server = ""
        self._reader: Reader | None = None
        #: The minute and host that lines are counted for; 0 before the first.
        self._low = self._high = 0
        self._seen = ""
        #: Noise and unknown lines before the first that has a time.
        self._pending = (0, 0)
        self._chain = reading.chain.copy()
        self._lines = reading.lines
        if server:
            self._read_as(server)

    @property
    def server(self) -> str:
        """The server whose log it is; empty while that is not known."""
        return self._server

    @property
    def lines(self) -> int:
        """Lines that went through."""
        return self.understood + self.noise + self.unknown

    @property
    def zone_hint(self) -> int | None:
        """By how many seconds the zone of the log's times seems to be wrong."""
        return self._reader.zone_hint if self._reader else None

    @property
    def remembered(self) -> bytes:
        """What its parser must be given to go on behind the last line; empty for most."""
        if self._earlier:
            return self._earlier.remembered
        if self._reader is None:
            return self._remembered
        return self._reader.carried if isinstance(self._reader, Remembering) else b""

    def goes_on(self, earlier: Feed) -> None:
        """It reads the next part of a log, of which `earlier` reads what comes before.

        Its parser takes over what that one remembers as soon as its own first lines come.
        """
        if not self._chain.length:
            self._earlier = earlier

    def _take_over(self, earlier: Feed) -> None:
        self._earlier = None
        if self._server == earlier.server and isinstance(self._reader, Remembering):
            self._reader.carry(earlier.remembered)

    def grows_until(self, now: int) -> None:
        """Let its year-less lines be as young as this: the log is growing."""
        self._latest = now
        if self._reader:
            self._reader.clock.newest = now

    def take(self, chunk: Chunk, feed: Callable[[Event, str], None]) -> None:
        """Feed the lines of a chunk of the reading."""
        if self._reader is None and not self._detect(chunk):
            self._pending = (self._pending[0] + len(chunk.lines), 0)
            self.noise += len(chunk.lines)
            self._settle(chunk)
            return
        assert self._reader is not None  # noqa: S101 - it was made above
        if self._earlier:
            self._take_over(self._earlier)
        read = self._reader.read
        low, high, host = self._low, self._high, self._seen
        noise, unknown = self._pending
        before, at, understood = chunk.number - noise - unknown, 0, 0
        self.noise -= noise
        self.unknown -= unknown
        for line in chunk.lines:
            event = read(line)
            if event is NOISE:
                noise += 1
            elif event is None:
                self._sample(line, before + understood + noise + unknown)
                unknown += 1
            else:
                at = event.at  # type: ignore[union-attr]
                if not low <= at < high or event.host != host:  # type: ignore[union-attr]
                    if high:
                        before += understood + noise + unknown
                        self._count(understood, noise, unknown)
                        understood = noise = unknown = 0
                        self._judge(at, low)
                    low = self._low = at - at % MINUTE
                    high = self._high = low + MINUTE
                    host = self._seen = event.host  # type: ignore[union-attr]
                understood += 1
                feed(event, line)  # type: ignore[arg-type]
        if high:
            self._count(understood, noise, unknown)
            self._pending = (0, 0)
            self.newest = max(self.newest, at, low)
        else:
            self.noise += noise
            self.unknown += unknown
            self._pending = (noise, unknown)
        self._settle(chunk)

    def mark(self) -> Mark | None:
        """How far it has come; None while there is nothing that should not be read again."""
        length = self._chain.length
        if not length or self._reader is None:
            return None
        content = self.reading.content
        carried = Carried(
            minutes=self._tally.carried(),
            partial=self.partial,
            source=self._counted_for,
            parser=self.remembered,
        )
        return Mark(
            reading=self.name,
            host=self.host,
            head=self.reading.head,
            length=length,
            digest=self._chain.digest(),
            chain=self._chain.base,
            lines=self._lines,
            source=self.source,
            path=self.path,
            device=content.device,
            inode=content.inode,
            newest=self.newest,
            tally=msgspec.msgpack.encode(carried),
        )

    def coverage(self) -> list[Coverage]:
        """The minutes whose counts changed since the last time."""
        return self._tally.take(self._counted_for, self.reading.head)

    def samples(self) -> list[UnknownLine]:
        """Lines that were not understood, since the last time."""
        return self._samples.take()

    def close(self) -> None:
        """Count what had no time at all for the time of the file, and close the file."""
        if self._reader and any(self._pending):
            self._tally.add(self._latest, self.host, 0, *self._pending)
            self._pending = (0, 0)
        self.reading.content.close()

    def _settle(self, chunk: Chunk) -> None:
        """What was fed is what a mark may speak of: not more, should a chunk be interrupted."""
        self._chain = self.reading.chain.copy()
        self._lines = self.reading.lines
        self.partial = chunk.lines[-1] if chunk.end == chunk.offset else ""

    def _count(self, understood: int, noise: int, unknown: int) -> None:
        if understood or noise or unknown:
            self.understood += understood
            self.noise += noise
            self.unknown += unknown
            self._tally.add(self._low, self._seen or self.host, understood, noise, unknown)
            self.hosts[self._seen] = max(self._high, self.hosts.get(self._seen, 0))

    def _sample(self, line: str, number: int) -> None:
        self._samples.add(
            line,
            source=self.source or self.path,
            host=self._seen or self.host,
            at=self._low or self._latest,
            position=f"{self.path}:{number}",
        )

    def _judge(self, at: int, before: int) -> None:
        """Remark once on a clock that was set back, and once on one that runs ahead."""
        if len(self.notes) > 1:
            return
        if at < before - _BACK and not any("back" in note for note in self.notes):
            self.notes.append(
                f"In {self.path} time goes back from {when.rfc3339(before)} to "
                f"{when.rfc3339(at)}: the server's clock was set, or files were joined. "
                "Deliveries are shown with the times that the log gives."
            )
        elif at > self._latest + DAY and not any("ahead" in note for note in self.notes):
            self.notes.append(
                f"{self.path} has lines that are dated {when.rfc3339(at)}, ahead of the time it "
                "was written: the server's clock was wrong then, or the zone is."
            )

    def _detect(self, chunk: Chunk) -> bool:
        server = parsers.detect(chunk.lines)
        if server:
            self._read_as(server)
        return bool(server)

    def _read_as(self, server: str) -> None:
        self._server = server
        self._reader = parsers.reader(
            server,
            host=self.host,
            zone=self.zone,
            newest=self._latest,
            first_year=self._first_year,
        )
        if self._remembered and isinstance(self._reader, Remembering):
            self._reader.carry(self._remembered)
        if self.newest:
            self._reader.clock.witness(self.newest)
