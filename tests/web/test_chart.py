"""Charts: where bars and lines stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from postroad.web.chart import BELOW, LEFT, columns, scale, share


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (3, (0, 1, 2, 3)),
        (9, (0, 5, 10)),
        (114, (0, 50, 100, 150)),
        (2_000_001, (0, 1_000_000, 2_000_000, 3_000_000)),
    ],
)
def test_scales_have_round_numbers(most: int, lines: tuple[int, ...]):
    """They begin at nothing and end at or above the most."""
    assert scale(most) == lines


@given(some.integers(0, 10**12))
def test_a_scale_holds_what_is_drawn(most: int):
    """Whatever is counted fits, with a few lines."""
    lines = scale(most)
    assert lines[0] == 0
    assert lines[-1] >= most
    assert 2 <= len(lines) <= 6


@given(
    some.lists(some.dictionaries(some.sampled_from("abc"), some.integers(0, 10**6)), max_size=200)
)
def test_bars_stand_on_the_ground_and_within_the_drawing(rows: list[dict[str, int]]):
    """Each part that is there is seen, on top of the one before."""
    drawn = columns(rows, "abc", width=900, height=260)

    assert len(drawn.bars) == len(rows)
    for row, bar in zip(rows, drawn.bars, strict=True):
        assert LEFT <= bar.x
        assert bar.x + bar.width <= 900.1
        assert bar.total == sum(row.values())
        ground = 260 - BELOW
        for part in bar.segments:
            assert part.number == row[part.key]
            assert part.height >= 1.5
            assert part.y >= 0
            assert abs(part.y + part.height - ground) < 0.1 or part.y == 0
            ground = part.y


def test_names_do_not_run_into_one_another():
    """Of many columns a few are named; of those that may be, if that is said."""
    rows = [{"a": 1}] * 100
    assert columns(rows, "a", names=8).named == tuple(range(0, 100, 13))
    assert columns(rows, "a", named=[3, 50, 97]).named == (3, 50, 97)
    assert columns(rows, "a", named=[0, 2, 50]).named == (2, 50)
    assert columns([], "a").named == ()


def test_shares_are_seen():
    """Nothing has no bar, little a small one, all the whole width."""
    assert [share(each, 1000) for each in (0, 1, 500, 1000, 2000)] == [0, 1.5, 50, 100, 100]
    assert share(1, 0) == 0
