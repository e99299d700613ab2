"""Every parser carries lines that it must understand; here they are all read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from postroad import parsers
from postroad.parsers import exim

NEWEST = 1_780_000_000_000_000


def read(server: str, line: str) -> object:
    """Read one line as the first of a log."""
    reader = parsers.reader(server, host="mx1", zone=ZoneInfo("UTC"), newest=NEWEST)
    return reader.read(line)


@pytest.mark.parametrize(("line", "kind", "held"), exim.SAMPLES)
def test_exim_samples_are_understood(line: str, kind: type, held: dict[str, object]) -> None:
    """Every line that the Exim reader claims to understand yields what it claims."""
    event = read("exim", line)

    assert type(event) is kind
    assert {name: getattr(event, name) for name in held} == held


@pytest.mark.parametrize("line", [line for line, _, _ in exim.SAMPLES])
def test_exim_samples_cut_anywhere_do_no_harm(line: str) -> None:
    """A line cut anywhere, as at a rotation, is read or left."""
    reader = parsers.reader("exim", host="mx1", zone=ZoneInfo("UTC"), newest=NEWEST)
    for cut in range(len(line)):
        reader.read(line[:cut])
        reader.read(line[cut:])


def test_exim_is_detected() -> None:
    """Exim's lines are told from other servers' lines, in files and through syslog."""
    own = [line for line, _, _ in exim.SAMPLES]

    assert parsers.detect(own) == "exim"
    for line in own:
        assert parsers.detect([line]) in {"exim", None}


def test_what_nobody_wrote_is_not_detected() -> None:
    """Other text belongs to no server."""
    assert parsers.detect(["", "hello", "Mar  4 08:09:12 mx1 kernel: out of memory"]) is None


def test_an_unknown_server_is_refused_by_name() -> None:
    """Asking for a parser that there is none of says which ones there are."""
    with pytest.raises(ValueError, match="exim, postfix"):
        parsers.reader("uucp", host="mx1", zone=ZoneInfo("UTC"), newest=NEWEST)
