"""Twenty people at once: as they look for mail, and all at the very same moment.

Comes in: a filled store. Goes out: for each kind of question its name, its budget, how long each
person waited, and the processor time of one, in milliseconds.

People read what they get: each of the twenty asks for a list, a delivery, counts or an overview,
and again some seconds after the answer. Harder, and without a budget: all press the button in the
same moment, several times.
"""

from __future__ import annotations

import random
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
#: Seconds that somebody reads before asking again, and for how long they do.
_READING, _AT_WORK = (3.0, 7.0), 60.0
#: Of ten questions, what they are.
_ASKED = ("first page",) * 4 + ("detail",) * 3 + ("counts of a week",) * 2 + ("overview of a week",)
#: Milliseconds that one may take at the 95th percentile: as for one person alone.
_BUDGETS = {"first page": 150, "detail": 150, "counts of a week": 500, "overview of a week": 500}


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
    for name, waited in _reading(asked).items():
        yield f"20 people who read for 3 to 7 s: {name}", _BUDGETS[name], waited, 0.0
    for name, ask in asked.items():
        times, used = _crowd([ask] * _PEOPLE)
        yield f"20 people in the same moment: {name}", 0, times, used
    mixed = [list(asked.values())[number % len(asked)] for number in range(_PEOPLE)]
    times, used = _crowd(mixed)
    yield "20 people in the same moment, each something else", 0, times, used


def _reading(asked: dict[str, Callable[[int, Overviews], object]]) -> dict[str, list[float]]:
    """How long each question took whom, by its kind, while all were at work."""
    waited: dict[str, list[float]] = {name: [] for name in asked}
    kept = Overviews()
    end = time.monotonic() + _AT_WORK

    def person(number: int) -> None:
        chance = random.Random(number)
        time.sleep(chance.uniform(0, _READING[1]))
        while time.monotonic() < end:
            name = chance.choice(_ASKED)
            began = time.perf_counter()
            asked[name](number, kept)
            waited[name].append(1000 * (time.perf_counter() - began))
            time.sleep(chance.uniform(*_READING))

    people = [threading.Thread(target=person, args=(n,)) for n in range(_PEOPLE)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    return waited


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
