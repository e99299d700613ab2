"""What `bench.run` measures, each in a process of its own, so that memory is that of one thing.

    python -m bench.child import FOLDER LOG...     import into FOLDER, print seconds and sizes
    python -m bench.child stages KIND LOG          read it thrice, doing more each time
    python -m bench.child idle FOLDER              open what is there, ask once, wait
    python -m bench.child follow FOLDER            write lines to a followed log, time each row

One JSON object goes to standard output.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench import logs
from postroad import parsers
from postroad.config import Source
from postroad.correlate import Correlator
from postroad.ingest import Follower, Importer
from postroad.model.event import NOISE
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.queries import find
from postroad.sources.archives import open_content
from postroad.sources.reading import Reading
from postroad.state import State
from postroad.store import Store

#: Rows that are waited for, one after the other, and the longest wait.
_ROWS = 40
#: Bytes of log between two drains of a correlator, as an import makes them.
_CHECKPOINT = 8 << 20
_PATIENCE = 20.0


def main() -> None:
    """Do one of them."""
    what, folder, *rest = sys.argv[1:]
    if what == "stages":
        print(json.dumps(_stages(folder, Path(rest[0]))))
        return
    with _opened(Path(folder)) as (store, state):
        match what:
            case "import":
                told = _import(store, state, rest)
            case "idle":
                told = _idle(store)
            case "follow":
                told = _follow(store, state, Path(folder))
            case _:
                raise SystemExit(__doc__)
    print(json.dumps(told))


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Store, State]]:
    folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(f"chdb://{folder / 'store'}", retention_days=36_500)
    state = State.open(folder / "state.db")
    try:
        yield store, state
    finally:
        state.close()
        store.close()


def _import(store: Store, state: State, names: list[str]) -> dict[str, Any]:
    importer = Importer(store, state, host="mx1", zone=ZoneInfo(logs.ZONE))
    result = importer.run(names)
    return {
        "seconds": result.seconds,
        "bytes": result.bytes,
        "lines": result.lines,
        "deliveries": result.deliveries,
        "problems": result.problems,
    }


def _stages(kind: str, path: Path) -> dict[str, float]:
    """Processor seconds to read a log, to parse it as well, and to correlate it as well."""
    told = {}
    began = time.process_time()
    for _ in _chunks(path):
        pass
    told["read"] = time.process_time() - began
    began = time.process_time()
    reader = _reader(kind)
    for lines in _chunks(path):
        for line in lines:
            reader.read(line)
    told["parse"] = time.process_time() - began
    began = time.process_time()
    reader, correlator = _reader(kind), Correlator()
    fed = 0
    for lines in _chunks(path):
        for line in lines:
            event = reader.read(line)
            if event is not None and event is not NOISE:
                correlator.feed(event, line)  # type: ignore[arg-type]
            fed += len(line)
        if fed > _CHECKPOINT:
            correlator.flagged()
            correlator.drain()
            fed = 0
    correlator.drain()
    told["correlate"] = time.process_time() - began
    return told


def _chunks(path: Path) -> Iterator[list[str]]:
    with open_content(path) as content:
        reading = Reading(content)
        while chunk := reading.chunk():
            yield chunk.lines


def _reader(kind: str) -> parsers.Reader:
    return parsers.reader(
        kind.partition("-")[0],
        host="mx1",
        zone=ZoneInfo(logs.ZONE),
        newest=int((logs.START + 40 * 86_400) * 1_000_000),
    )


def _idle(store: Store) -> dict[str, Any]:
    page = find.search(store, Scope.everything(), Search())
    time.sleep(8)
    return {"deliveries": len(page.deliveries)}


def _follow(store: Store, state: State, folder: Path) -> dict[str, Any]:
    """Write a message's lines, then ask until its row is there."""
    log = folder / "followed.log"
    log.touch()
    stop = threading.Event()
    follower = Follower(
        store,
        state,
        [Source(path=str(log), mta="exim")],
        host="mx9",
        zone=ZoneInfo("UTC"),
    )
    thread = threading.Thread(target=follower.run, args=(stop,))
    thread.start()
    waits = []
    try:
        time.sleep(2)
        for number in range(_ROWS):
            to = f"row{number}@follow.example"
            stamp = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
            name = f"1vAAAA-{number:011d}-0001"
            with log.open("a", encoding="utf-8") as file:
                file.write(
                    f"{stamp} {name} <= a@example.com U=a P=local S=500 for {to}\n"
                    f"{stamp} {name} => {to} R=dnslookup T=remote_smtp H=mx.follow.example "
                    '[192.0.2.9] C="250 OK"\n'
                    f"{stamp} {name} Completed\n"
                )
            waits.append(_until_visible(store, to))
            time.sleep(0.137)
    finally:
        stop.set()
        thread.join()
    waits.sort()
    return {
        "rows": len(waits),
        "median": statistics.median(waits),
        "p95": waits[int(len(waits) * 0.95)],
        "worst": waits[-1],
    }


def _until_visible(store: Store, to: str) -> float:
    began = time.monotonic()
    while time.monotonic() - began < _PATIENCE:
        if find.search(store, Scope.everything(), Search(recipient=to)).deliveries:
            break
        time.sleep(0.01)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
