"""Retry rules: when a server tries again, and when it gives up. Pure.

Comes in: the rules as the mail server's own configuration has them, when the message arrived and
when it was tried. Goes out: the earliest next try and the time after which it is given up.

Exim (specification, chapter 32): `F,2h,15m; G,16h,1h,1.5; F,4d,6h`: up to so long after the first
failure, so long between tries, for `G` each time so many times as long; `H` is `G` with chance in
it. Postfix (qmgr(8)): `minimal_backoff_time=300s maximal_backoff_time=4000s
maximal_queue_lifetime=5d`: as long between tries as the message is old, within both limits.

Limits: a server looks at its queue now and then, so that a try comes somewhat later; Exim keeps the
times of a host, which another message may have changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from postroad.errors import ConfigError
from postroad.model import when

_UNITS = {
    "s": when.SECOND,
    "m": when.MINUTE,
    "h": when.HOUR,
    "d": when.DAY,
    "w": 7 * when.DAY,
}
_LENGTH = re.compile(r"(?:\d{1,7}[smhdw])+", re.ASCII)
_PART = re.compile(r"(\d{1,7})([smhdw])", re.ASCII)
_PLAIN = re.compile(r"(\d{1,7})([smhdw]?)", re.ASCII)
#: Longest time between two tries that Exim makes of `G` (`retry_interval_max`).
_LONGEST = when.DAY
#: Postfix's own values and units where a setting is not given (postconf(5)).
_POSTFIX = {
    "minimal_backoff_time": ("300s", "s"),
    "maximal_backoff_time": ("4000s", "s"),
    "maximal_queue_lifetime": ("5d", "d"),
    "queue_run_delay": ("300s", "s"),
    "bounce_queue_lifetime": ("5d", "d"),
}


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say of one delivery; microseconds UTC, 0 where it cannot be told."""

    #: Not tried again before.
    next_at: int
    #: Given up at the first try that fails after this.
    gives_up_at: int
    #: The rules, as they were given.
    rule: str


class _Step(msgspec.Struct, frozen=True):
    """One rule of Exim's."""

    letter: str
    until: int
    length: int
    factor: float = 1.0


def check(rule: str) -> None:
    """Raise `ConfigError` for rules that cannot be read."""
    expect(rule, arrived=0, tries=())


def expect(rule: str, *, arrived: int, tries: Sequence[int]) -> Retry:
    """What the rules make of a message that arrived then and failed for now at these times.

    Raises `ConfigError` for rules that cannot be read.
    """
    tried = sorted(each for each in tries if each)
    if "=" in rule:
        next_at, gives_up_at = _postfix(rule, arrived, tried)
    else:
        next_at, gives_up_at = _exim(rule, tried)
    return Retry(next_at=next_at, gives_up_at=gives_up_at, rule=rule)


def _postfix(rule: str, arrived: int, tried: list[int]) -> tuple[int, int]:
    values = {name: _plain(value, unit) for name, (value, unit) in _POSTFIX.items()}
    for word in rule.replace(",", " ").split():
        name, _, value = word.partition("=")
        if name not in _POSTFIX:
            message = f"The retry rule names {when.shown(name)}. Known are: {', '.join(_POSTFIX)}."
            raise ConfigError(message)
        values[name] = _plain(value, _POSTFIX[name][1])
    gives_up_at = arrived + values["maximal_queue_lifetime"] if arrived else 0
    if not tried:
        return 0, gives_up_at
    age = tried[-1] - arrived if arrived else 0
    wait = max(values["minimal_backoff_time"], min(age, values["maximal_backoff_time"]))
    return tried[-1] + wait, gives_up_at


def _exim(rule: str, tried: list[int]) -> tuple[int, int]:
    steps = [_step(part) for part in re.split(r"[;:]", rule) if part.strip()]
    if not steps:
        raise _unreadable(rule)
    if not tried:
        return 0, 0
    first = tried[0]
    wait = 0
    for at in tried:
        step = next((each for each in steps if at - first < each.until), steps[-1])
        if step.letter == "F" or wait < step.length:
            wait = step.length
        else:
            wait = min(int(wait * step.factor), max(_LONGEST, step.length))
    return tried[-1] + wait, first + steps[-1].until


def _step(text: str) -> _Step:
    letter, *values = (each.strip() for each in text.split(","))
    wanted = {"F": 2, "G": 3, "H": 3}.get(letter)
    if wanted is None or len(values) != wanted:
        raise _unreadable(text)
    try:
        factor = float(values[2]) if wanted > 2 else 1.0  # noqa: PLR2004
    except ValueError as error:
        raise _unreadable(text) from error
    if not 1 <= factor <= 100:  # noqa: PLR2004
        raise _unreadable(text)
    return _Step(letter, _length(values[0]), _length(values[1]), factor)


def _length(text: str) -> int:
    """A length of time as Exim writes it: `4d6h`."""
    if not _LENGTH.fullmatch(text):
        raise _unreadable(text)
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _plain(text: str, unit: str) -> int:
    """A length of time as Postfix writes it: a number and a unit, or the setting's usual unit."""
    found = _PLAIN.fullmatch(text)
    if not found:
        raise _unreadable(text)
    return int(found[1]) * _UNITS[found[2] or unit]


def _unreadable(text: str) -> ConfigError:
    message = (
        f"The retry rule cannot be read at {when.shown(text.strip())}. Write it as Exim does "
        "(F,2h,15m; G,16h,1h,1.5; F,4d,6h) or as Postfix does (minimal_backoff_time=300s "
        "maximal_backoff_time=4000s maximal_queue_lifetime=5d)."
    )
    return ConfigError(message)
