"""The store: opened once in a process, used by all of its threads."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from postroad.model.coverage import Coverage, Gap, UnknownLine
from postroad.model.delivery import Batch, Delivery, Link, LogLine
from postroad.model.event import ASIDES
from postroad.model.receipt import Kept
from postroad.store import address as addresses
from postroad.store import columns, retention, writer
from postroad.store.changes import CHANGES, SLOWEST, Change, Wanted, Writing
from postroad.store.engine import Engine
from postroad.store.known import Known
from postroad.store.migrate import migrate
from postroad.store.samples import Samples

#: Host, instance, queue id: what names a message while its server has it.
QueueKey = tuple[str, str, str]

Row = TypeVar("Row")

#: Queue ids that are asked for, and the same with host and instance.
_IDS = "{ids:Array(String)}"
_QUEUES = "arrayZip({ids:Array(String)}, {hosts:Array(String)}, {instances:Array(String)})"

#: What a Message-ID is to a delivery, among the sides of its keys.
_IDENTIFIER = 8

#: Keys that one statement asks for.
_KEYS = 1_000


class _KnownRow(msgspec.Struct):
    host: str
    instance: str
    queue_id: str
    id: str
    version: int
    message_key: str
    first_at: int
    sent_at: int


class _Queue(msgspec.Struct):
    host: str
    instance: str
    queue_id: str


class _Newest(msgspec.Struct):
    at: int


class Store:
    """Deliveries, their evidence and what was read, in ClickHouse. Thread-safe.

    Every method raises `StoreError` where ClickHouse fails, `StoreFull` where no space is left.
    """

    def __init__(self, engine: Engine, *, retention_days: int) -> None:
        """Use an engine whose schema is up to date; see `open()`."""
        self._engine = engine
        self._samples = Samples(engine)
        self._withdrawing = threading.Lock()
        self._writing = Writing()
        self.retention_days = retention_days

    @classmethod
    def open(cls, url: str, *, retention_days: int = 30, database: str = "") -> Self:
        """Open the store at this address and bring its schema up to date.

        `chdb:///path` is embedded in this process and can be open in one process at a time,
        `clickhouse(s)://[user:password@]host[:port]/database` is a server. Raises `ConfigError`
        for any other address, `StoreInUse`, `StoreTooNew`, `StoreError`.
        """
        engine = Engine(addresses.parse(url, database))
        try:
            migrate(engine)
            return cls(engine, retention_days=retention_days)
        except BaseException:
            engine.close()
            raise

    def close(self) -> None:
        """Close it for all threads. What was acknowledged is kept."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, batch: Batch) -> None:
        """Keep a batch: acknowledged on return. The same batch again changes nothing.

        The lines go first, because everything else can be rebuilt from them. A delivery with
        `deleted` set withdraws what stands under its `id` and `first_at`; of its other fields only
        `version` counts.
        """
        writer.write(self._engine, "log_lines", batch.lines)
        writer.write(self._engine, "attempts", batch.attempts)
        writer.write(self._engine, "links", batch.links)
        deliveries = self._with_withdrawn(batch.deliveries)
        with self._writing.block():
            writer.write(self._engine, "deliveries", deliveries)

    def write_coverage(self, rows: Sequence[Coverage]) -> None:
        """Keep what was read; a row replaces the one of the same source, host, minute, chunk."""
        writer.write(self._engine, "coverage", rows)

    def write_unknown(self, rows: Sequence[UnknownLine]) -> None:
        """Keep a bounded sample of lines that were not understood."""
        self._samples.write(rows)

    def write_gaps(self, rows: Sequence[Gap]) -> None:
        """Keep where lines are missing; a later row of the same beginning replaces it."""
        writer.write(self._engine, "gaps", rows)

    def write_receipts(self, rows: Sequence[Kept]) -> None:
        """Keep what came back about messages. The same again changes nothing."""
        writer.write(self._engine, "receipts", rows)

    def lines_of(self, keys: Iterable[QueueKey]) -> dict[QueueKey, list[LogLine]]:
        """The stored lines of these queue ids in the order of their times, each once.

        A refusal without a queue id has its lines under the message key instead.
        """
        found: dict[QueueKey, list[LogLine]] = {}
        for lines in self._each(
            f"SELECT {columns.LOG_LINE} FROM log_lines FINAL WHERE queue_id IN {_IDS} "
            f"AND (queue_id, host, instance) IN {_QUEUES} ORDER BY at, text",
            keys,
            LogLine,
        ):
            for line in lines:
                found.setdefault((line.host, line.instance, line.queue_id), []).append(line)
        return found

    def said_of(
        self, keys: Iterable[QueueKey], *, since: int, until: int, most: int
    ) -> dict[QueueKey, list[LogLine]]:
        """Like `lines_of()`, of a period and up to so many of each; the latest if there are more.

        What is said under a Message-ID has no end: anybody can use one again.
        """
        found: dict[QueueKey, list[LogLine]] = {}
        for lines in self._each(
            f"SELECT {columns.LOG_LINE} FROM log_lines FINAL WHERE queue_id IN {_IDS} "
            f"AND (queue_id, host, instance) IN {_QUEUES} "
            "AND at BETWEEN {since:Int64} AND {until:Int64} "
            "ORDER BY at DESC, text DESC LIMIT {most:UInt32} BY queue_id, host, instance",
            keys,
            LogLine,
            {"since": since, "until": until, "most": most},
        ):
            for line in reversed(lines):
                found.setdefault((line.host, line.instance, line.queue_id), []).append(line)
        return found

    def queues_named(
        self, message_ids: Iterable[str], *, since: int, until: int, most: int
    ) -> list[QueueKey]:
        """The queue ids of stored messages that bear one of these Message-IDs.

        Of those that came in the period, up to so many deliveries of each; the latest if there are
        more.
        """
        found: dict[QueueKey, None] = {}
        names = sorted({each.strip("<>") for each in message_ids} - {""})
        for start in range(0, len(names), _KEYS):
            for row in self.read(
                "SELECT DISTINCT host, instance, queue_id FROM deliveries WHERE (ago, id) IN "
                "(SELECT ago, id FROM deliveries_by_key WHERE key IN {names:Array(String)} "
                "AND bitAnd(sides, {side:UInt8}) != 0 "
                "AND ago BETWEEN -{until:Int64} AND -{since:Int64} "
                "ORDER BY key, ago LIMIT {most:UInt32} BY key)",
                {
                    "names": names[start : start + _KEYS],
                    "side": _IDENTIFIER,
                    "since": since,
                    "until": until,
                    "most": most,
                },
                _Queue,
            ):
                if row.queue_id and row.instance not in ASIDES:
                    found[row.host, row.instance, row.queue_id] = None
        return list(found)

    def asides(self) -> list[tuple[str, str]]:
        """Hosts, and programs (`ASIDES`) of theirs of which lines are kept."""
        rows = self.read(
            "SELECT DISTINCT host, instance, '' AS queue_id FROM log_lines "
            "WHERE instance IN {programs:Array(String)}",
            {"programs": sorted(ASIDES)},
            _Queue,
        )
        return sorted((row.host, row.instance) for row in rows)

    def received(
        self,
        recipients: Iterable[str],
        *,
        since: int,
        until: int,
        reason: str = "",
        senders: Iterable[str] = (),
    ) -> list[Delivery]:
        """The stored deliveries to these addresses that came in the period, both ends included.

        With a `reason`, those that were refused for it, folded or not; else those that were let
        in. With `senders`, lower case, of these only. Times are microseconds UTC.
        """
        found: list[Delivery] = []
        names = sorted({each.lower() for each in recipients} - {""})
        asked = "reason = {reason:String}" if reason else "NOT folded AND queue_id != ''"
        writers = sorted(set(senders))
        if writers:
            asked += " AND lowerUTF8(sender) IN {senders:Array(String)}"
        for start in range(0, len(names), _KEYS):
            found += self.read(
                f"SELECT {columns.DELIVERY} FROM (SELECT * FROM deliveries FINAL WHERE NOT deleted "
                f"AND {asked} AND client_ip != '' AND (ago, id) IN (SELECT ago, id FROM "
                "deliveries_by_key WHERE key IN {names:Array(String)} "
                "AND ago BETWEEN -{until:Int64} AND -{since:Int64}))",
                {
                    "names": names[start : start + _KEYS],
                    "since": since,
                    "until": until,
                    "reason": reason,
                    "senders": writers,
                },
                Delivery,
            )
        return found

    def refused(self, reason: str, *, since: int, limit: int) -> list[Delivery]:
        """The last stored refusals for this reason, folded or not; times in microseconds UTC."""
        return self.read(
            f"SELECT {columns.DELIVERY} FROM (SELECT * FROM deliveries FINAL WHERE NOT deleted "
            "AND reason = {reason:String} AND status = 'rejected' AND ago <= -{since:Int64} "
            "ORDER BY ago LIMIT {limit:UInt32})",
            {"reason": reason, "since": since, "limit": limit},
            Delivery,
        )

    def delivery_versions(self, keys: Iterable[QueueKey]) -> dict[QueueKey, dict[str, Known]]:
        """The stored deliveries of these queue ids that are not withdrawn, by delivery id.

        They are found by the times of their lines, too, which were written before them: the
        table of keys is filled after a delivery, and a crash may have come between.
        """
        found: dict[QueueKey, dict[str, Known]] = {}
        for rows in self._each(
            "SELECT host, instance, queue_id, id, version, message_key, first_at, sent_at "
            "FROM deliveries FINAL WHERE NOT deleted AND ago IN (SELECT -at FROM log_lines "
            f"WHERE queue_id IN {_IDS} AND (queue_id, host, instance) IN {_QUEUES} UNION ALL "
            f"SELECT ago FROM deliveries_by_key WHERE key IN {_IDS} AND bitAnd(sides, 8) != 0) "
            f"AND (queue_id, host, instance) IN {_QUEUES} ORDER BY version",
            keys,
            _KnownRow,
        ):
            for row in rows:
                known = Known(row.version, row.message_key, row.first_at, row.sent_at)
                found.setdefault((row.host, row.instance, row.queue_id), {})[row.id] = known
        return found

    def links_of(self, keys: Iterable[QueueKey]) -> list[Link]:
        """The links that name one of these queue ids on either side."""
        found: dict[tuple[object, ...], Link] = {}
        for links in self._each(
            f"SELECT {columns.LINK} FROM (SELECT * FROM links FINAL "
            f"WHERE (queue_id IN {_IDS} AND (queue_id, host, instance) IN {_QUEUES}) "
            f"OR (other IN {_IDS} AND (other, host, instance) IN {_QUEUES})) ORDER BY at",
            keys,
            Link,
        ):
            for link in links:
                found[msgspec.structs.astuple(link)] = link
        return list(found.values())

    def newest(self, host: str) -> int:
        """The time of the newest stored line of this host, 0 if there is none."""
        sql = "SELECT max(at) AS at FROM newest_lines WHERE host = {host:String}"
        return self.read(sql, {"host": host}, _Newest)[0].at

    def settled(self) -> int:
        """Before which moment every change can be read; microseconds UTC of the engine's clock."""
        if self._engine.address.is_embedded:
            return self._writing.settled()
        sql = "SELECT toUnixTimestamp64Micro(now64(6)) AS at"
        return self.read(sql, {}, _Newest)[0].at - SLOWEST

    def changes(
        self,
        wanted: Wanted,
        *,
        since: int,
        until: int,
        active: int,
        after: tuple[int, int, str] = (0, 0, ""),
        limit: int,
    ) -> list[Change]:
        """The first changes behind a place, written from `since` to before `until`.

        Of mail that came or was tried at `active` or later. A delivery may come several times, as
        often as it changed. They are for nobody to see: who is told looks them up in their scope.
        """
        written, ago, identity = after
        parameters = msgspec.structs.asdict(wanted) | {
            "since": since,
            "until": until,
            "active": active,
            "written": written,
            "ago": ago,
            "id": identity,
            "limit": limit,
        }
        return self.read(CHANGES, parameters, Change)

    def drop_before(self, at: int) -> int:
        """Drop what is from before this time; how many weeks of tables lost something."""
        dropped = retention.drop_before(self._engine, at)
        if dropped:
            self._samples.forget()
        return dropped

    def drop_expired(self, now: int) -> int:
        """Drop what is older than it is to be kept; how many weeks of tables lost something."""
        return self.drop_before(now - self.retention_days * 24 * 3600 * 1_000_000)

    def read(
        self, sql: str, parameters: Mapping[str, Any], row: type[Row], *, is_small: bool = False
    ) -> list[Row]:
        """For `queries`: the rows of a query whose values are bound by name.

        `is_small`: it reads little, in the order of a key.
        """
        return self._engine.read(sql, parameters, row, is_small=is_small)

    def stream(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[bytes]:
        """For `queries`: the same as `RowBinary`, in pieces, of which memory holds one at a time.

        To be taken to its end by one thread, which asks nothing else meanwhile.
        """
        return self._engine.stream(sql, parameters)

    def _each(
        self,
        sql: str,
        keys: Iterable[QueueKey],
        row: type[Row],
        more: Mapping[str, Any] | None = None,
    ) -> Iterator[list[Row]]:
        unique = list(dict.fromkeys(keys))
        for start in range(0, len(unique), _KEYS):
            hosts, instances, ids = zip(*unique[start : start + _KEYS], strict=True)
            parameters = {"ids": list(ids), "hosts": list(hosts), "instances": list(instances)}
            yield self.read(sql, parameters | dict(more or {}), row)

    def _with_withdrawn(self, deliveries: list[Delivery]) -> list[Delivery]:
        """The rows to write: withdrawn ones first, complete, so that every key of theirs ends."""
        withdrawn = [each for each in deliveries if each.deleted]
        if not withdrawn:
            return deliveries
        stored: dict[tuple[int, str], Delivery] = {}
        for start in range(0, len(withdrawn), _KEYS):
            chunk = withdrawn[start : start + _KEYS]
            parameters = {"agos": [-each.first_at for each in chunk], "ids": [e.id for e in chunk]}
            for row in self.read(
                f"SELECT {columns.DELIVERY} FROM (SELECT * FROM deliveries FINAL WHERE (ago, id) "
                "IN arrayZip({agos:Array(Int64)}, {ids:Array(String)}))",
                parameters,
                Delivery,
            ):
                stored[row.first_at, row.id] = row
        complete = [
            msgspec.structs.replace(
                stored.get((each.first_at, each.id), each),
                deleted=True,
                version=max(each.version, stored.get((each.first_at, each.id), each).version),
            )
            for each in withdrawn
        ]
        return complete + [each for each in deliveries if not each.deleted]
