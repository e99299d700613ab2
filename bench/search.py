"""How long searches take in a large store, and what writing one costs.

    python -m bench.search [--deliveries 10000000] [--store FOLDER] [--json]

Fills a store with realistic deliveries (`bench.generate`), makes one part of each week but the
last, as the store itself does ten minutes after a week was written to, and asks everything that
people ask. Prints a table, or with `--json` an object with `results`, `report` (lines of
Markdown) and `budgets`. With `--store` the folder is kept, and used again if it is there.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench import crowd, generate
from postroad import queries
from postroad.model.delivery import Attempt, Batch, Delivery, LogLine
from postroad.model.scope import Scope
from postroad.model.search import Match, Search
from postroad.model.status import Status
from postroad.store import Store, columns
from postroad.store.address import parse
from postroad.store.engine import Engine

#: 2025-10-09 in microseconds UTC; how long the mail comes in; rows made at once.
_START = 1_760_000_000_000_000
_SPAN = 30 * generate.DAY
_STEP = 100_000
#: How many different questions of a kind are asked.
_TIMES = 40
_EVERYTHING = Scope.everything()
_TROUBLE = frozenset({Status.FAILED, Status.BLOCKED, Status.REJECTED})
#: Mail of a batch, and batches, for the cost of writing.
_BATCH, _BATCHES = 12_000, 15


class Result(msgspec.Struct):
    """One kind of question."""

    name: str
    #: Milliseconds at the 95th percentile that it may take; 0 if it has no budget.
    budget: int
    #: Milliseconds.
    median: float
    p95: float
    #: Milliseconds of processor time, all threads, on average.
    cpu: float
    count: int


class Writing(msgspec.Struct):
    """What writing costs: deliveries with their attempts and log lines."""

    deliveries: int
    seconds: float
    #: Microseconds of processor time a delivery: all threads, and the writing thread alone while
    #: it holds Python's lock.
    cpu: float
    encoding: float
    #: Most of its own memory, in bytes.
    memory: int


def main() -> None:
    """Fill, ask, tell."""
    parser = argparse.ArgumentParser(description="Measure searches in a large store.")
    parser.add_argument("--deliveries", type=int, default=10_000_000)
    parser.add_argument("--store", type=Path, help="folder to keep the store in")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="postroad-bench-") as folder:
        place = (asked.store or Path(folder)).resolve() / "store"
        with Store.open(f"chdb://{place}") as store:
            _fill(store, Engine(parse(f"chdb://{place}")), asked.deliveries)
            opened = _memory()
            results = [_measured(*each) for each in _questions(store)]
            results += [_told(*each) for each in crowd.measured(store, _START, _START + _SPAN)]
            memory = _memory()
            sizes = _sizes(store)
        with Store.open(f"chdb://{place}", database="writing") as store:
            engine = Engine(parse(f"chdb://{place}", "writing"))
            writing = _write(store, engine)
            engine.command("DROP DATABASE writing SYNC")
            engine.close()
    if asked.json:
        told = {
            "results": results,
            "writing": writing,
            "report": list(_report(asked.deliveries, results, opened, memory, sizes, writing)),
            "budgets": list(_budgets(results)),
        }
        print(msgspec.json.encode(told).decode())
    else:
        print("\n".join(_report(asked.deliveries, results, opened, memory, sizes, writing)))


def _fill(store: Store, engine: Engine, deliveries: int) -> None:
    """Make the deliveries, unless they are there; then one part of each week but the last."""
    if store.read("SELECT count() AS n FROM deliveries", {}, dict)[0]["n"] < deliveries:
        for make in (generate.deliveries, generate.attempts, generate.lines):
            began = time.monotonic()
            for first in range(0, deliveries, _STEP):
                count = min(_STEP, deliveries - first)
                engine.command(make(_START, _SPAN, deliveries, first, count))
            _talk(f"{make.__name__} of {deliveries:,}: {time.monotonic() - began:.0f} s")
    for table in ("deliveries", "deliveries_by_key", "attempts", "log_lines", "entries"):
        weeks = store.read(
            "SELECT partition_id AS week, count() AS parts FROM system.parts WHERE active "
            "AND database = currentDatabase() AND table = {table:String} "
            "GROUP BY week ORDER BY toInt64(week)",
            {"table": table},
            dict,
        )
        for week in weeks[:-1]:
            if week["parts"] > 1:
                engine.command(f"OPTIMIZE TABLE {table} PARTITION ID '{week['week']}' FINAL")
    while store.read("SELECT count() AS n FROM system.merges", {}, dict)[0]["n"]:
        time.sleep(1)
    engine.close()


def _questions(store: Store) -> Iterator[tuple[str, int, list[Callable[[], object]]]]:
    """Name, budget, and the questions themselves."""

    def search(scope: Scope, **fields: Any) -> Callable[[], object]:
        return lambda: queries.search(store, scope, Search(**fields))

    some = store.read(
        "SELECT id, queue_id, message_id, sender, recipient FROM deliveries "
        f"WHERE first_at < {_START + generate.DAY} AND recipient NOT LIKE '%@big.example' "
        f"ORDER BY cityHash64(id) LIMIT {_TIMES}",
        {},
        dict,
    )
    big = store.read(
        "SELECT recipient FROM deliveries WHERE recipient LIKE '%@big.example' "
        f"AND first_at < {_START + generate.DAY} ORDER BY cityHash64(id) LIMIT {_TIMES}",
        {},
        dict,
    )
    owners = [
        Scope.of(domains={f"tenant{number}.example"})
        for number in (0, 1, 2, 5, 20, 50, 200, 500, 1500, 2500)
    ]
    whale = Scope.of(domains={generate.BIG_DOMAIN})
    yield "by recipient", 100, [search(_EVERYTHING, recipient=each["recipient"]) for each in some]
    yield "by sender", 100, [search(_EVERYTHING, sender=each["sender"]) for each in some]
    yield (
        "by domain of the sender",
        100,
        [search(_EVERYTHING, sender="@" + each["sender"].rpartition("@")[2]) for each in some],
    )
    yield "by queue id", 100, [search(_EVERYTHING, id=each["queue_id"]) for each in some]
    yield (
        "by Message-ID",
        100,
        [search(_EVERYTHING, message_id=each["message_id"]) for each in some],
    )
    yield (
        "by recipient in a domain of a million",
        100,
        [search(_EVERYTHING, recipient=each["recipient"]) for each in big],
    )
    yield "owner: first page", 100, [search(owner) for owner in owners] * 3
    yield "owner: failed and blocked", 100, [search(o, statuses=_TROUBLE) for o in owners] * 3
    yield (
        "owner: by a sender elsewhere",
        100,
        [search(o, sender=each["sender"]) for o, each in zip(owners * 4, some, strict=True)],
    )
    yield (
        "owner of two domains: first page",
        100,
        [search(Scope.of(domains={"tenant5.example", "tenant50.example"}))] * 20,
    )
    yield "owner of a million: first page", 100, [search(whale)] * 20
    yield "owner of a million: failed and blocked", 100, [search(whale, statuses=_TROUBLE)] * 20
    yield (
        "owner of a million: by own recipient",
        100,
        [search(whale, recipient=each["recipient"]) for each in big],
    )
    yield (
        "owner of a million: to the largest domain",
        0,
        [search(whale, recipient="@other0.example")] * 10,
    )
    yield (
        "mailbox: first page",
        100,
        [search(Scope.of(addresses={each["recipient"]})) for each in big],
    )
    yield "everything: first page", 150, [search(_EVERYTHING)] * 20
    yield "everything: failed and blocked", 150, [search(_EVERYTHING, statuses=_TROUBLE)] * 20
    day = _START + 20 * generate.DAY
    yield (
        "everything: one day",
        150,
        [search(_EVERYTHING, since=day, until=day + generate.DAY)] * 20,
    )
    yield "by part of the subject", 0, [search(_EVERYTHING, subject="order 4711 of")] * 5
    ids = [each["id"] for each in some]
    yield "detail", 0, [lambda i=i: queries.detail(store, _EVERYTHING, i) for i in ids]  # type: ignore[misc]
    yield from _figures(store, owners, whale)
    yield from _looked_through(store, owners, whale)


def _looked_through(
    store: Store, owners: list[Scope], whale: Scope
) -> Iterator[tuple[str, int, list[Callable[[], object]]]]:
    """Questions that no key answers: rows of the scope and the period are looked through."""

    def search(scope: Scope, **fields: Any) -> Callable[[], object]:
        return lambda: queries.search(store, scope, Search(**fields), limit=50)

    week = _START + 23 * generate.DAY
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("recipient begins with, rare", {"recipient": "person4711", "match": Match.BEGINS}),
        ("recipient begins with, frequent", {"recipient": "user1", "match": Match.BEGINS}),
        ("recipient contains, rare", {"recipient": "rson4711@", "match": Match.CONTAINS}),
        ("recipient contains, frequent", {"recipient": "user1", "match": Match.CONTAINS}),
        ("by IP address", {"ip": "198.18.7.7"}),
        ("by IP address, last week", {"ip": "198.18.7.7", "since": week}),
        ("by network", {"ip": "203.0.113.0/28"}),
        ("by reason", {"reason": "greylisted"}),
        ("by remote host", {"remote_host": "mx0.other7.example"}),
        ("largest first", {"sort": "-size"}),
        ("largest first, last week", {"sort": "-size", "since": week}),
        ("by recipient's name", {"sort": "recipient"}),
    )
    for name, scopes in (
        ("everything", [_EVERYTHING] * 3),
        ("owner of a million", [whale] * 3),
        ("owner", owners[2:6]),
    ):
        for words, fields in kinds:
            yield f"{name}: {words}", 0, [search(scope, **fields) for scope in scopes]


def _figures(
    store: Store, owners: list[Scope], whale: Scope
) -> Iterator[tuple[str, int, list[Callable[[], object]]]]:
    month = Search(since=_START)
    for name, scopes in (
        ("everything", [_EVERYTHING] * 10),
        ("owner of a million", [whale] * 10),
        ("owner", owners * 2),
    ):
        yield (
            f"{name}: counts by status",
            500,
            [lambda s=s: queries.counts(store, s, Search()) for s in scopes],  # type: ignore[misc]
        )
        yield (
            f"{name}: overview of 30 days",
            500,
            [
                lambda s=s: queries.overview(store, s, month, now=_START + _SPAN)  # type: ignore[misc]
                for s in scopes
            ],
        )
        yield (
            f"{name}: how mail entered",
            500,
            [
                lambda s=s: queries.entered(store, s, now=_START + _SPAN, limit=500)  # type: ignore[misc]
                for s in scopes
            ],
        )
        yield (
            f"{name}: statistics of 30 days",
            500,
            [lambda s=s: queries.statistics(store, s, month) for s in scopes],  # type: ignore[misc]
        )


def _measured(name: str, budget: int, calls: list[Callable[[], object]]) -> Result:
    calls[0]()
    times = []
    cpu = _cpu()
    for call in calls:
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    return _told(name, budget, times, 1000 * (_cpu() - cpu) / len(calls))


def _told(name: str, budget: int, times: list[float], used: float) -> Result:
    times.sort()
    p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
    _talk(f"{name}: {statistics.median(times):.0f} ms, {p95:.0f} ms at p95, {used:.0f} ms CPU")
    return Result(name, budget, statistics.median(times), p95, used, len(times))


def _write(store: Store, engine: Engine) -> Writing:
    """Write batches of the size that an import has between two checkpoints, into an empty store."""
    whole = _BATCH * _BATCHES
    memory = 0
    cpu = seconds = encoding = 0.0
    for batch in _batches(store, engine, whole):
        held = time.thread_time()
        for rows in (batch.deliveries, batch.attempts, batch.lines):
            msgspec.json.Encoder().encode_lines(rows)
        encoding += time.thread_time() - held
        began, used = time.perf_counter(), _cpu()
        store.write(batch)
        seconds += time.perf_counter() - began
        cpu += _cpu() - used
        memory = max(memory, _memory())
    used = _cpu()
    while store.read("SELECT count() AS n FROM system.merges", {}, dict)[0]["n"]:
        time.sleep(0.2)
    cpu += _cpu() - used
    return Writing(whole, seconds, 1e6 * cpu / whole, 1e6 * encoding / whole, memory)


def _batches(store: Store, engine: Engine, whole: int) -> Iterator[Batch]:
    """Batches of realistic rows: made in a table of memory, taken out as an import has them."""
    for table in ("deliveries", "attempts", "log_lines"):
        engine.command(f"CREATE TABLE made_{table} AS {table} ENGINE = Memory")
    for first in range(0, whole, _BATCH):
        for make in (generate.deliveries, generate.attempts, generate.lines):
            sql = make(_START, _SPAN, 10_000_000, first, _BATCH)
            engine.command(sql.replace("INSERT INTO ", "INSERT INTO made_", 1))
        yield Batch(
            deliveries=store.read(
                f"SELECT {columns.DELIVERY} FROM (SELECT * FROM made_deliveries)", {}, Delivery
            ),
            attempts=store.read(
                f"SELECT {columns.ATTEMPT} FROM (SELECT * FROM made_attempts)", {}, Attempt
            ),
            lines=store.read(
                f"SELECT {columns.LOG_LINE} FROM (SELECT * FROM made_log_lines)", {}, LogLine
            ),
        )
        for table in ("deliveries", "attempts", "log_lines"):
            engine.command(f"TRUNCATE TABLE made_{table}")


def _report(
    deliveries: int,
    results: list[Result],
    opened: int,
    memory: int,
    sizes: dict[str, int],
    writing: Writing,
) -> Iterator[str]:
    yield f"In a store of {deliveries:,} deliveries over 30 days (made up: a few large domains and"
    yield "many small ones, one of them with a tenth of everything), in one process, one question"
    yield "after the other. A page is 100 deliveries. Milliseconds."
    yield ""
    yield "| question | median | 95th percentile | processor | budget |"
    yield "|---|---:|---:|---:|---:|"
    for each in results:
        budget = f"{each.budget}" if each.budget else ""
        yield f"| {each.name} | {each.median:.0f} | {each.p95:.0f} | {each.cpu:.0f} | {budget} |"
    yield ""
    yield f"Own memory after opening {opened / 2**20:.0f} MiB, after all of this"
    yield f"{memory / 2**20:.0f} MiB. On disk, a delivery:"
    yield (
        ", ".join(f"{table} {size / deliveries:.0f} bytes" for table, size in sizes.items()) + "."
    )
    yield ""
    yield f"Writing {writing.deliveries:,} deliveries, each with its attempts and three log lines,"
    yield f"in batches of {_BATCH:,}: {writing.deliveries / writing.seconds:,.0f} deliveries/s;"
    yield f"{writing.cpu:.0f} µs of processor time a delivery, merging included, of which"
    yield f"{writing.encoding:.1f} µs hold Python's lock. Own memory at most"
    yield f"{writing.memory / 2**20:.0f} MiB."


def _budgets(results: list[Result]) -> Iterator[tuple[str, str, bool]]:
    with_budget = sorted((r for r in results if r.budget), key=lambda r: r.budget)
    names = {
        100: "search by recipient, sender, id or domain: 100 ms at the 95th percentile",
        150: "first page of everything: 150 ms",
        500: "statistics and overview over 30 days: 500 ms",
    }
    for budget, group in itertools.groupby(with_budget, key=lambda r: r.budget):
        slowest = max(group, key=lambda r: r.p95)
        yield names[budget], f"at most {slowest.p95:.0f} ms ({slowest.name})", slowest.p95 <= budget


def _sizes(store: Store) -> dict[str, int]:
    """Bytes on disk of the large tables."""
    rows = store.read(
        "SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active "
        "AND database = currentDatabase() GROUP BY table HAVING bytes > 1000000 ORDER BY table",
        {},
        dict,
    )
    return {row["table"]: row["bytes"] for row in rows}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> int:
    """The process's own memory in bytes: without pages of files, which the kernel can drop."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def _talk(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
