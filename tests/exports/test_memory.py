"""What an export of much mail takes of memory and time, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.exports.conftest import COUNT

ROOT = Path(__file__).resolve().parents[2]

#: Prints rows, rows a second, and by how many octets the memory of its own grew at most.
MEASURE = """
import sys, threading, time
from postroad import queries
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.services.exports import Layout, parquet, written
from postroad.store import Store

def own():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith("RssAnon"))

most, is_over = 0, threading.Event()
def watch():
    global most
    while not is_over.wait(0.02):
        most = max(most, own())

with Store.open(f"chdb://{sys.argv[1]}") as store:
    queries.search(store, Scope.everything(), Search(), limit=100)
    before, began = own(), time.monotonic()
    watching = threading.Thread(target=watch)
    watching.start()
    rows = 0
    with queries.Listing(store, Scope.everything(), Search()) as listing:
        for piece in written(sys.argv[2], listing.chunks(), Layout.of_fields()):
            assert piece.rows >= rows
            rows = piece.rows
    took = time.monotonic() - began
    is_over.set()
    watching.join()
print(rows, rows / took, most - before)
"""


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_memory_stays_small_and_time_is_bounded(place, form):
    """A large answer takes as little memory as a small one, and thousands of rows go a second."""
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(place / "p" / "store"), form],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    rows, rate, grown = map(float, measured.stdout.split())

    assert rows == COUNT
    # What a million rows take, with room for a machine on which much else happens: about half is
    # the engine's caches, and a third of Parquet's the library that writes it.
    assert grown < (200e6 if form == "parquet" else 130e6)
    assert rate > 1_500
