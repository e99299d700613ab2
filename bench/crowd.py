"""Twenty people at once: each asks for a list, a delivery and an overview, at the same moment.

Comes in: a filled store. Goes out: for each kind of question its name, its budget, how long each
person waited, and the processor time of one, in milliseconds.
"""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator

from bench import generate
from postroad import queries
from postroad.model import when
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.services.overviews import Overviews
from postroad.store import Store

_PEOPLE, _ROUNDS = 20, 3


def measured(store: Store, since: int, until: int) -> Iterator[tuple[str, int, list[float], float]]:
    """Let them ask, kind by kind, and then everything at once."""
    day = since + generate.DAY
    rows = store.read(
        f"SELECT id FROM deliveries WHERE first_at < {day} ORDER BY cityHash64(id) LIMIT {_PEOPLE}",
        {},
        dict,
    )
    ids = [row["id"] for row in rows]
    everything = Scope.everything()
    # Administrators, the owner of a tenth of everything, and owners of large and small domains.
    scopes = [everything, everything, Scope.of(domains={generate.BIG_DOMAIN})]
    scopes += [Scope.of(domains={f"tenant{number**2}.example"}) for number in range(17)]
    week = Search(since=until - 7 * generate.DAY, ago=7 * generate.DAY)

    def page(number: int, _: Overviews) -> object:
        return queries.search(store, scopes[number], Search(), limit=50)

    def counts(number: int, _: Overviews) -> object:
        return queries.counts(store, scopes[number], week)

    def detail(number: int, _: Overviews) -> object:
        return queries.detail(store, everything, ids[number])

    def overview(number: int, kept: Overviews) -> object:
        return kept.get(store, scopes[number], week, now=until, zone=when.UTC_ZONE)

    asked: dict[str, Callable[[int, Overviews], object]] = {
        "first page": page,
        "counts of a week": counts,
        "detail": detail,
        "overview of a week": overview,
    }
    for name, ask in asked.items():
        times, used = _crowd([ask] * _PEOPLE)
        yield f"20 people at once: {name}", 0, times, used
    mixed = [list(asked.values())[number % len(asked)] for number in range(_PEOPLE)]
    times, used = _crowd(mixed)
    yield "20 people at once, each something else", 0, times, used


def _crowd(asks: list[Callable[[int, Overviews], object]]) -> tuple[list[float], float]:
    """How long each of them waits for an answer, in several rounds, and the processor time."""
    times: list[float] = []
    before = _cpu()
    for _ in range(_ROUNDS):
        kept, gate = Overviews(), threading.Barrier(len(asks))

        def person(number: int, kept: Overviews = kept, gate: threading.Barrier = gate) -> None:
            gate.wait()
            began = time.perf_counter()
            asks[number](number, kept)
            times.append(1000 * (time.perf_counter() - began))

        people = [threading.Thread(target=person, args=(n,)) for n in range(len(asks))]
        for each in people:
            each.start()
        for each in people:
            each.join()
    return times, 1000 * (_cpu() - before) / len(times)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
