"""Lines of qmail among the logs that other projects test themselves with are understood.

The logs stand beside the repository; where they are absent, these tests are skipped.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from postroad.correlate import Correlator
from postroad.model.event import NOISE, Attempted, Rejected
from postroad.model.status import Outcome
from postroad.parsers import detect
from postroad.parsers.clock import Clock
from postroad.parsers.qmail import Reader

NEWEST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def logs(request):
    """Find the folder with the logs."""
    if elsewhere := os.environ.get("POSTROAD_CORPORA"):
        return Path(elsewhere)
    return request.getfixturevalue("corpora")


def lines_of(path):
    """Give a log's lines."""
    return path.read_text().splitlines()


def small(logs):
    """Give the interleaved messages of qmail-send, as one log in its order."""
    folder = logs / "qmail-small"
    paths = [folder / "one.log", folder / "two.log", folder / "three" / "three.log"]
    return [line for path in paths for line in lines_of(path)]


def test_no_line_is_unknown(logs):
    """Every line of qmail-send is understood, and detected as qmail's."""
    reader = Reader("mail.example.com", Clock(UTC_ZONE, NEWEST))
    lines = small(logs)

    assert detect(lines) == "qmail"
    assert [line for line in lines if reader.read(line) is None] == []


def test_deliveries_between_each_other(logs):
    """Each result belongs to the message that its delivery was started for, across files."""
    reader = Reader("mail.example.com", Clock(UTC_ZONE, NEWEST))
    results = [event for event in map(reader.read, small(logs)) if isinstance(event, Attempted)]

    assert ["93869", "869", "12345", "987"] == [event.queue_id for event in results]
    assert {Outcome.DELIVERED} == {event.outcome for event in results}
    assert {250} == {event.smtp_code for event in results}
    assert all(event.reply.startswith(f"{event.remote_ip} accepted message.") for event in results)
    assert all(event.remote_ip for event in results)


def test_messages_between_each_other(logs):
    """Every message has one delivery, whatever stands between its lines."""
    reader, correlator = Reader("mail.example.com", Clock(UTC_ZONE, NEWEST)), Correlator()
    for line in small(logs):
        event = reader.read(line)
        if event is not NOISE:
            correlator.feed(event, line)
    rows = correlator.drain().deliveries

    assert {"93869", "869", "12345", "987"} == {row.queue_id for row in rows}
    assert {"delivered"} == {row.status.word for row in rows}
    assert len(rows) == 4


def test_refusals_name_the_client(logs):
    """Refused clients are those that the project that keeps the log expects."""
    lines = [line for line in lines_of(logs / "fail2ban" / "qmail") if line]
    checked = 0
    for remark, line in pairwise(lines):
        if not remark.startswith("# failJSON: "):
            continue
        fields = json.loads(remark.removeprefix("# failJSON: "))
        event = Reader("mail.example.com", Clock(UTC_ZONE, NEWEST)).read(line)
        assert isinstance(event, Rejected), line
        assert fields["host"] == event.client_ip, line
        checked += 1
    assert checked == 4
