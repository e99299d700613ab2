"""The engine: clients of ClickHouse, one per thread, and its errors as sentences.

Comes in: SQL with named parameters, rows as JSON. Goes out: rows as structs. The only module that
knows clickhouse-connect. A client does one thing at a time, hence one for each thread; clients of
threads that ended are closed when they are collected.
"""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from postroad.errors import StoreError, StoreFull
from postroad.store import lock
from postroad.store.address import Address

Row = TypeVar("Row")

_MB = 1024 * 1024
#: Limits of the embedded engine, which shares its process with everything else of postroad.
#: Its own defaults are for a machine that does nothing but this.
_EMBEDDED = {
    "mark_cache_size": 32 * _MB,
    "index_mark_cache_size": 8 * _MB,
    "primary_index_cache_size": 32 * _MB,
    "query_condition_cache_size": 4 * _MB,
    "compiled_expression_cache_size": 8 * _MB,
    "mmap_cache_size": 64,
    "background_pool_size": 2,
    "merges_mutations_memory_usage_soft_limit": 300 * _MB,
    "max_thread_pool_size": 200,
    "max_thread_pool_free_size": 4,
    "max_io_thread_pool_size": 8,
}
#: Settings of every session. JSON numbers stay numbers, and unknown fields are not for us.
_SESSION: dict[str, Any] = {
    "max_threads": min(4, os.cpu_count() or 1),
    "max_insert_threads": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "input_format_skip_unknown_fields": 1,
    "input_format_parallel_parsing": 0,
    "max_partitions_per_insert_block": 0,
    "optimize_on_insert": 0,
    # What a single question may take before it is worked out on disk, and before it is refused.
    "max_bytes_before_external_group_by": 200 * _MB,
    "max_bytes_before_external_sort": 200 * _MB,
    "max_memory_usage": 1000 * _MB,
    "do_not_merge_across_partitions_select_final": 1,
}
#: Settings that an older server may not know.
_EMBEDDED_SESSION: dict[str, Any] = {
    # The one index that versions of a row can differ in is on a time that only grows, so a row
    # that it passes over has no older version that it does not pass over.
    "use_skip_indexes_if_final_exact_mode": 0,
}
#: How what reads little is read: by one thread, in blocks of about a page.
_SMALL = " SETTINGS max_threads = 1, max_block_size = 1024"
#: Octets that are taken out of a stream at once.
_PIECE = 1 << 18
#: ClickHouse's number for NOT_ENOUGH_SPACE.
_NOT_ENOUGH_SPACE = 243


class Engine:
    """An open store as ClickHouse sees it. Thread-safe."""

    def __init__(self, address: Address) -> None:
        """Open it. Raises `StoreInUse` or `StoreError` where that is not possible."""
        self.address = address
        self._local = threading.local()
        self._clients: weakref.WeakSet[Client] = weakref.WeakSet()
        self._guard = threading.Lock()
        self._is_closed = False
        if address.is_embedded:
            lock.acquire(address.path)
        try:
            #: Keeps the embedded engine alive while no thread has a client.
            self._anchor = self._connect(database=None)
            self.command(f"CREATE DATABASE IF NOT EXISTS {address.database}", self._anchor)
        except BaseException:
            if address.is_embedded:
                lock.release(address.path)
            raise

    def close(self) -> None:
        """Close all clients; an embedded engine ends with the last."""
        with self._guard:
            if self._is_closed:
                return
            self._is_closed = True
            clients = list(self._clients)
        for client in clients:
            client.close()
        if self.address.is_embedded:
            lock.release(self.address.path)

    def command(self, sql: str, client: Client | None = None) -> None:
        """Run a statement that returns nothing."""
        try:
            (client or self._client()).command(sql)
        except (ClickHouseError, OSError) as error:
            raise _sentence(error, self.address) from error

    def read(
        self, sql: str, parameters: Mapping[str, Any], row: type[Row], *, is_small: bool = False
    ) -> list[Row]:
        """The rows a query yields. Values are bound by name: `{since:Int64}`.

        `is_small`: it reads little, in the order of a key, so that the time goes to what is got
        ready for more.
        """
        sql += _SMALL if is_small else ""
        try:
            data = self._client().raw_query(sql, parameters=dict(parameters), fmt="JSONEachRow")
        except (ClickHouseError, OSError) as error:
            raise _sentence(error, self.address) from error
        return msgspec.json.Decoder(row).decode_lines(data)

    def stream(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[bytes]:
        """What a query yields as `RowBinary`, in pieces, without holding all of it in memory.

        To be taken to its end by one thread, which asks nothing else meanwhile.
        """
        try:
            with self._client().raw_stream(
                sql,
                parameters=dict(parameters),
                fmt="RowBinary",
                # A server begins to answer when nothing can go wrong on the way any more.
                settings={"wait_end_of_query": "1"},
            ) as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except (ClickHouseError, OSError) as error:
            raise _sentence(error, self.address) from error

    def insert(self, table: str, pieces: Sequence[bytes]) -> None:
        """Add rows, one JSON object per line, as one block. Returns when they are kept."""
        try:
            self._client().raw_insert(table, insert_block=_joined(pieces), fmt="JSONEachRow")
        except (ClickHouseError, OSError) as error:
            raise _sentence(error, self.address) from error

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._connect(self.address.database)
            self._local.client = client
        return client

    def _connect(self, database: str | None) -> Client:
        with self._guard:
            if self._is_closed:
                raise StoreError("The store was closed while it was asked.")
            try:
                client = self._open(database)
            except (ClickHouseError, OSError) as error:
                raise _sentence(error, self.address) from error
            self._clients.add(client)
        return client

    def _open(self, database: str | None) -> Client:
        address = self.address
        if address.is_embedded:
            return clickhouse_connect.get_client(
                interface="chdb",
                path=address.path,
                database=database,
                settings=_SESSION | _EMBEDDED_SESSION,
                chdb_options=_EMBEDDED,
                tz_mode="aware",
            )
        return clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user or None,
            password=address.password,
            secure=address.is_secure,
            database=database,
            settings=_SESSION,
            tz_mode="aware",
            # Threads of one process must not share a session: it serves one query at a time.
            autogenerate_session_id=False,
        )


def _joined(pieces: Sequence[bytes]) -> Any:
    """The rows in the form the client takes without copying them together."""
    return pieces[0] if len(pieces) == 1 else _iterate(pieces)


def _iterate(pieces: Iterable[bytes]) -> Iterable[bytes]:
    yield from pieces


def _sentence(error: Exception, address: Address) -> StoreError:
    text = str(error)
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if (
        is_full
        or getattr(error, "code", None) == _NOT_ENOUGH_SPACE
        or "No space left on device" in text
        or "errno: 28" in text
    ):
        temporary = f" or for temporary files ({tempfile.gettempdir()})" if is_full else ""
        return StoreFull(
            f"No space is left where the store is kept ({address}){temporary}. What was not stored "
            "will be read again. Free some space, or keep fewer days."
        )
    if address.is_embedded:
        return StoreError(f"The store {address} failed: {_short(text)}")
    return StoreError(
        f"The ClickHouse server of {address} failed or does not answer: {_short(text)}"
    )


def _short(text: str) -> str:
    """ClickHouse's own words without the stack of repetitions and the version."""
    text = text.split("(version ", 1)[0].split(" In scope ", 1)[0].strip()
    head, _, tail = text.partition("DB::Exception: ")
    return (tail.rpartition("DB::Exception: ")[2] or head).strip()[:500] or "it gave no reason."
