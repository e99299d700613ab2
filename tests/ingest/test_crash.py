"""A crash between any two of the things that one checkpoint writes: reading again repairs it."""

from __future__ import annotations

import random

import msgspec
import pytest
from tests.ingest import logs
from tests.ingest.world import differences

from postroad.ingest import writer


class Crash(Exception):
    """The process ends here."""


def crash_nowhere(_world, batch, real):
    """Everything is written and committed."""
    real(batch)


def crash_before_the_commit(_world, batch, real):
    """The store has acknowledged; the positions are not written."""
    real(batch)
    raise Crash


def crash_between_the_tables(_world, batch, real):
    """Lines and half of the attempts are there, and no deliveries."""
    half = batch.attempts[: len(batch.attempts) // 2]
    real(msgspec.structs.replace(batch, attempts=half, links=[], deliveries=[]))
    raise Crash


def crash_before_the_index(world, batch, real):
    """The deliveries are there, but not yet in the table by which they are found."""
    real(batch)
    if batch.deliveries:
        written = ", ".join(f"'{row.id}'" for row in batch.deliveries)
        world.store._engine.command(f"DELETE FROM deliveries_by_key WHERE id IN ({written})")
    raise Crash


CRASHES = (
    crash_nowhere,
    crash_before_the_commit,
    crash_between_the_tables,
    crash_before_the_index,
    crash_before_the_index,
)


@pytest.mark.parametrize("server", ["exim", "postfix"])
@pytest.mark.parametrize("seed", [0, 1])
def test_whatever_a_crash_left_is_repaired_by_reading_on(
    server, seed, make_world, tmp_path, monkeypatch
):
    """A log is read as it grows, each time up to another crash, and in the end without one."""
    rng = random.Random(seed)
    lines = getattr(logs, server)(120, seed=seed)
    (tmp_path / "whole").write_bytes(logs.data(lines))
    calm, crashed = make_world("calm"), make_world("crashed")
    calm.load(tmp_path / "whole")
    cuts = [*sorted(rng.sample(range(1, len(lines)), 10)), len(lines)]
    ways = [*rng.choices(CRASHES, k=10), crash_nowhere]
    real = crashed.store.write
    for start, end, way in zip([0, *cuts], cuts, ways, strict=False):
        with (tmp_path / "log").open("ab") as log:
            log.write(logs.data(lines[start:end]))
        monkeypatch.setattr(
            crashed.store, "write", lambda batch, way=way: way(crashed, batch, real)
        )
        if way is crash_nowhere:
            crashed.load(tmp_path / "log")
        else:
            with pytest.raises(Crash):
                crashed.load(tmp_path / "log")
    found = differences(calm.everything(), crashed.everything())
    assert found == [], f"seed {seed}: {[way.__name__ for way in ways]} at {cuts}"


def test_a_context_of_another_version_is_no_hindrance(world, tmp_path):
    """What the correlator carried over and cannot be read any more is left behind."""
    (tmp_path / "log").write_bytes(logs.data(logs.postfix(20)))
    writer.marks.commit(world.state, [], name="ingest", context=b'{"sessions": 5}', at=1)
    assert world.load(tmp_path / "log").problems == []
