"""Where lines are missing: stretches without any, judged by what is usual, and what was noticed."""

from __future__ import annotations

import random

import pytest
from tests.store.rows import DAY, HOST, NOON, SECOND

from postroad import queries
from postroad.errors import AccessError
from postroad.model.coverage import Coverage, Gap, GapKind
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.queries import missing

EVERYTHING = Scope.everything()
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
MIDNIGHT = NOON - NOON % DAY


def covered(minutes, source="main", host=HOST):
    """Coverage of these minutes after midnight."""
    return [
        Coverage(source=source, host=host, minute=MIDNIGHT + each * MINUTE, chunk="1", lines=3)
        for each in minutes
    ]


def silent(store, **asked):
    """Gaps in minutes after midnight."""
    asked = {"since": 0, "until": 0} | asked
    return [
        ((gap.since - MIDNIGHT) // MINUTE, (gap.until - MIDNIGHT) // MINUTE)
        for gap in missing._silences(store, **asked)
    ]


def days(count, hole=(), seed=1):
    """Minutes of so many days: busy by day, quiet by night, random; without those of the hole."""
    rng = random.Random(seed)
    for minute in range(count * 1440):
        hour = minute // 60 % 24
        share = 0.9 if 8 <= hour < 20 else 0.05
        if rng.random() < share and minute not in hole:
            yield minute


def test_quiet_nights_are_no_gaps(store):
    """Two weeks of busy days and quiet nights have none."""
    store.write_coverage(covered(days(14)))
    assert silent(store) == []


@pytest.mark.parametrize("length", [45, 300])
def test_a_hole_at_noon(store, length):
    """The same silence that is nothing at night is a gap by day."""
    noon = 6 * 1440 + 12 * 60
    store.write_coverage(covered(days(14, range(noon, noon + length))))
    [(start, end)] = silent(store)
    assert (abs(start - noon) < 4, abs(end - noon - length) < 4) == (True, True)
    night = 9 * 1440 + 2 * 60
    store.write_coverage(covered(days(14, range(night, night + length)), host="mx2"))
    assert silent(store, host="mx2") == []


def test_a_day_and_a_night_without_lines(store):
    """A gap that goes over quiet hours, too, is one."""
    store.write_coverage(covered(days(10, range(5 * 1440, 6 * 1440))))
    [(start, end)] = silent(store)
    assert end - start > 1400


def test_few_lines_prove_nothing(store):
    """Where there is next to nothing, nothing is judged."""
    store.write_coverage(covered([0, 1, 2, 3, 900, 901]))
    assert silent(store) == []


def test_a_source_that_fell_silent(store):
    """One of two logs of a host stopped: the host has no gap, the source has one."""
    minutes = list(days(3))
    store.write_coverage(covered(minutes))
    store.write_coverage(
        covered([each for each in minutes if not 2200 < each < 2400], source="filter")
    )
    assert silent(store) == []
    [gap] = queries.gaps(store, EVERYTHING, since=0, until=0)
    assert (gap.source, gap.host, gap.kind) == ("filter", HOST, GapKind.SILENT)
    assert "The log of filter has no lines between" in queries.in_words(gap, gap.source)


def test_nothing_came_since(store):
    """A followed source of which nothing came for long is silent up to now; an import is not."""
    store.write_coverage(covered(range(600)))
    now = MIDNIGHT + 700 * MINUTE
    asked = {"since": 0, "until": 0, "now": now}
    [gap] = queries.gaps(store, EVERYTHING, alive=["main"], **asked)
    assert (gap.since, gap.until) == (MIDNIGHT + 600 * MINUTE, now)
    assert queries.gaps(store, EVERYTHING, **asked) == []


def test_what_was_noticed(store):
    """It is told in its period, also where the lines name another host; the last count counts."""
    store.write_coverage(covered(range(5)))
    gap = {"source": "main", "host": "fallback", "since": NOON, "until": NOON + HOUR}
    store.write_gaps([Gap(kind=GapKind.ROTATED, seen_at=1, **gap)])
    store.write_gaps([Gap(kind=GapKind.DROPPED, seen_at=1, lost=7, **gap)])
    store.write_gaps([Gap(kind=GapKind.DROPPED, seen_at=2, lost=9, **gap)])
    store.write_gaps([Gap(kind=GapKind.CUT, seen_at=1, **gap)])
    store.write_gaps([Gap(kind=GapKind.UNRESUMED, seen_at=1, **gap)])
    found = missing._noticed(store, since=NOON, until=NOON + 1, host=HOST)
    assert sorted((each.kind.value, each.lost) for each in found) == [
        ("cut", 0),
        ("dropped", 9),
        ("rotated", 0),
        ("unresumed", 0),
    ]
    assert missing._noticed(store, since=NOON + 2 * HOUR, until=0) == []
    assert missing._noticed(store, since=0, until=NOON) == []
    assert missing._noticed(store, since=0, until=0, host="mx9") == []
    notes = queries.search(store, EVERYTHING, Search(since=NOON, until=NOON + HOUR)).notes
    told = {note["cause"]: note["text"] for note in notes if note["kind"] == "gap"}
    assert set(told) == {"cut", "dropped", "rotated", "unresumed"}
    assert "9 lines" in told["dropped"]


def test_only_administrators_see_sources(store):
    """Others are not told how the logs are read."""
    with pytest.raises(AccessError):
        queries.gaps(store, Scope.of(domains={"example.com"}), since=0, until=0)


def test_what_is_too_old_is_dropped(store):
    """Gaps go with the mail of their time."""
    gap = {"source": "main", "host": HOST, "kind": GapKind.CUT}
    store.write_gaps([Gap(since=NOON, until=NOON, **gap)])
    store.write_gaps([Gap(since=NOON + 30 * DAY, until=NOON + 30 * DAY, **gap)])
    store.drop_before(NOON + 20 * DAY)
    assert len(missing._noticed(store, since=0, until=0)) == 1
