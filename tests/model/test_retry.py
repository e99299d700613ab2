"""Retry rules: when a server tries again and when it gives up, by its own configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.errors import ConfigError
from postroad.model import retry, when

#: 2026-03-02 10:00:00 UTC.
T0 = 1_772_445_600_000_000
#: What Debian's Exim and many others have.
EXIM = "F,2h,15m; G,16h,1h,1.5; F,4d,6h"
POSTFIX = "minimal_backoff_time=300s maximal_backoff_time=4000s maximal_queue_lifetime=5d"


@pytest.mark.parametrize(
    ("tries", "next_at"),
    [
        ([0], 15),
        ([0, 15], 30),
        ([0, 15, 30, 119], 134),
        # From two hours on first an hour, then half as long again each time.
        ([0, 121], 181),
        ([0, 121, 181], 271),
        ([0, 121, 181, 271], 406),
        # From sixteen hours on every six hours, and so after the last limit.
        ([0, 961], 961 + 360),
        ([0, 4 * 1440], 4 * 1440 + 360),
    ],
)
def test_exim(tries: list[int], next_at: int):
    """Exim's rules count from the first failure; minutes here."""
    said = retry.expect(EXIM, arrived=T0 - 1, tries=[T0 + each * when.MINUTE for each in tries])

    assert said == retry.Retry(
        next_at=T0 + next_at * when.MINUTE, gives_up_at=T0 + 4 * when.DAY, rule=EXIM
    )


def test_exim_of_a_day_at_most():
    """Times of `G` grow to a day and no further; those of several units are sums."""
    rule = "G,30d,1d12h,50"
    first = retry.expect(rule, arrived=T0, tries=[T0])
    second = retry.expect(rule, arrived=T0, tries=[T0, T0 + 1])

    assert first.next_at == T0 + 36 * when.HOUR
    assert second.next_at == T0 + 1 + 36 * when.HOUR
    assert retry.expect("H,9d,1h,100", arrived=T0, tries=[T0, T0 + 1]).next_at == T0 + 1 + when.DAY


@pytest.mark.parametrize(
    ("tries", "next_at"),
    [([1], 301), ([1, 301], 602), ([1, 700], 1400), ([90_000], 94_000), ([5000], 9000)],
)
def test_postfix(tries: list[int], next_at: int):
    """Postfix waits as long as the message is old, within its limits; seconds here."""
    said = retry.expect(POSTFIX, arrived=T0, tries=[T0 + each * when.SECOND for each in tries])

    assert said == retry.Retry(
        next_at=T0 + next_at * when.SECOND, gives_up_at=T0 + 5 * when.DAY, rule=POSTFIX
    )


def test_postfix_own_values_and_units():
    """What is not given is as Postfix has it; a number alone has the setting's unit."""
    said = retry.expect("maximal_queue_lifetime=2", arrived=T0, tries=[T0 + 1])

    assert said.gives_up_at == T0 + 2 * when.DAY
    assert said.next_at == T0 + 1 + 300 * when.SECOND
    seconds = retry.expect("minimal_backoff_time=60", arrived=T0, tries=[T0])
    assert seconds.next_at == T0 + 60 * when.SECOND


def test_without_a_try_nothing_is_known():
    """Before the first failure Exim has no times, and Postfix the end only."""
    assert retry.expect(EXIM, arrived=T0, tries=[]).next_at == 0
    assert retry.expect(EXIM, arrived=T0, tries=[0]).gives_up_at == 0
    assert retry.expect(POSTFIX, arrived=T0, tries=[]).gives_up_at == T0 + 5 * when.DAY
    assert retry.expect(POSTFIX, arrived=0, tries=[T0]).gives_up_at == 0


@pytest.mark.parametrize(
    "rule",
    [
        "",
        ";",
        "F,2h",
        "F,2h,15m,3",
        "G,2h,15m",
        "X,2h,15m",
        "F,2,15m",
        "F,2h,15x",
        "G,2h,15m,no",
        "G,2h,15m,0.5",
        "G,2h,15m,nan",
        "* * F,2h,15m",
        "backoff=3s",
        "minimal_backoff_time=soon",
        "minimal_backoff_time=",
        "minimal_backoff_time=1y",
    ],
)
def test_rules_that_cannot_be_read(rule: str):
    """A rule that is none is a sentence that shows how to write one."""
    with pytest.raises(ConfigError, match=r"retry rule"):
        retry.check(rule)


@given(st.text(max_size=80), st.lists(st.integers(0, 2**62), max_size=5))
def test_any_rule_is_times_or_a_sentence(rule: str, tries: list[int]):
    """No text breaks it."""
    try:
        said = retry.expect(rule, arrived=T0, tries=tries)
    except ConfigError:
        return
    assert said.next_at >= 0
