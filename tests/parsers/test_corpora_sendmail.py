"""Logs that other projects test themselves with: what sendmail wrote is understood.

The logs stand beside the repository; where they are absent, these tests are skipped.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from postroad.model.event import NOISE, Described, Rejected
from postroad.parsers.clock import Clock
from postroad.parsers.sendmail import Reader

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
LOGS = ("sendmail-auth", "sendmail-reject")


@pytest.fixture(scope="module")
def logs(request):
    """Find the folder with the logs."""
    if elsewhere := os.environ.get("POSTROAD_CORPORA"):
        return Path(elsewhere) / "fail2ban"
    return request.getfixturevalue("corpora") / "fail2ban"


def events(path):
    """Give each line with what is expected of it, if anything, and what it says."""
    reader = Reader("log.example.com", Clock(ZoneInfo("UTC"), NEWEST))
    expected = {}
    for line in path.read_bytes().decode("utf-8", "backslashreplace").splitlines():
        if line.startswith("# failJSON:"):
            expected = json.loads(line.partition(":")[2])
        elif line and not line.startswith("#"):
            yield line, expected, reader.read(line)


@pytest.mark.parametrize("name", LOGS)
def test_every_line_is_understood(logs, name):
    """No line is unknown, of whatever version and with whatever prefix."""
    assert [] == [line for line, _, event in events(logs / name) if event is None]


@pytest.mark.parametrize("name", LOGS)
def test_clients_are_those_that_are_expected(logs, name):
    """The address of a refused client is the one that the collection names."""
    checked = 0
    for line, expected, event in events(logs / name):
        if isinstance(event, (Rejected, Described)) and expected.get("match") and event.client_ip:
            assert expected["host"] == event.client_ip, line
            checked += 1
    assert checked > 20 or name == "sendmail-auth"


def test_refusals_are_refusals(logs):
    """Whatever a rule rejected is no noise."""
    for line, _, event in events(logs / "sendmail-reject"):
        assert (", reject=" in line) <= isinstance(event, Rejected), line


def test_failed_logins_are_noise(logs):
    """A login that failed is of no message."""
    assert {True} == {event is NOISE for _, _, event in events(logs / "sendmail-auth")}
