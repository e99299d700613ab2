"""Exim's own test suite and other projects' sample logs, read where they are at hand.

They are not part of this repository. They are looked for beside it, or where `POSTROAD_CORPORA`
says.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from postroad.model.event import (
    Arrived,
    Attempted,
    Described,
    Ended,
    EndKind,
    Event,
    Noise,
    Rejected,
)
from postroad.model.status import Outcome
from postroad.parsers.clock import Clock
from postroad.parsers.exim import Reader

CORPORA = Path(os.environ.get("POSTROAD_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
pytestmark = pytest.mark.skipif(
    not (CORPORA / "exim-testsuite").is_dir(), reason=f"there are no sample logs in {CORPORA}"
)

NEWEST = 1_780_000_000_000_000
STAMPED = re.compile(r"(?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2} [ \d]\d) ")
WITH_ID = re.compile(
    r"(?:^|[ :])[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})(?: |$)"
)
#: Exim's test suite has its configurations write into the log (`logwrite`): so many lines at most.
WRITTEN_BY_TESTS = 800


def files() -> list[Path]:
    """All logs of Exim's."""
    suite = CORPORA / "exim-testsuite"
    return [
        *sorted((suite / "log").iterdir()),
        *sorted((suite / "rejectlog").iterdir()),
        *sorted((suite / "paniclog").iterdir()),
        *(CORPORA / "exim-exporter" / name for name in ("mainlog", "rejectlog", "paniclog")),
        *sorted(CORPORA.glob("crowdsec/exim*/*.log")),
        *sorted(CORPORA.glob("fail2ban/exim*")),
    ]


def events(path: Path) -> Iterator[tuple[str, Event | Noise | None]]:
    """The lines of one log, each with what it says; comments of the collectors left out."""
    reader = Reader("host", Clock(ZoneInfo("UTC"), NEWEST))
    text = path.read_text(encoding="utf-8", errors="backslashreplace")
    for line in text.split("\n"):
        if not line.startswith("# "):
            yield line, reader.read(line.rstrip("\r"))


def test_every_line_of_a_message_is_understood() -> None:
    """No line that bears a message id is left unknown."""
    unknown = [
        f"{path.name}: {line}"
        for path in files()
        for line, event in events(path)
        if event is None and WITH_ID.search(line[:80])
    ]

    assert unknown == []


def test_few_other_lines_are_not_understood() -> None:
    """Of lines without an id, only those are unknown that the suite's configurations wrote."""
    counts: Counter[str] = Counter()
    for path in files():
        for line, event in events(path):
            if STAMPED.match(line) and not WITH_ID.search(line[:80]):
                counts["unknown" if event is None else "understood"] += 1

    assert counts["understood"] > 1700
    assert counts["unknown"] < WRITTEN_BY_TESTS


def test_real_logs_are_understood_line_for_line() -> None:
    """In logs that were not made by a test suite, no line at all is unknown."""
    unknown = [
        f"{path.name}: {line}"
        for path in files()
        if "exim-testsuite" not in path.parts
        for line, event in events(path)
        if event is None and line
    ]

    assert unknown == []


def test_what_entries_of_reject_logs_show_is_told() -> None:
    """Each envelope recipient, and each Message-ID, is told of the message that was refused."""
    shown: Counter[str] = Counter()
    for path in sorted((CORPORA / "exim-testsuite" / "rejectlog").iterdir()):
        first = ""
        for line, event in events(path):
            if STAMPED.match(line):
                first = line
            found = WITH_ID.search(first[:80])
            queue_id = found[0].strip(" :") if found else ""
            if line.startswith(("Envelope-", "    <", "I Message-I")):
                assert isinstance(event, Described | Rejected), (path.name, line)
                assert event.queue_id == queue_id
                value = line.partition(": ")[2] if ": " in line else line.strip()
                if line.startswith("I "):
                    assert event.message_id == value.strip("<>"), (path.name, line)
                elif not line.startswith("Envelope-from"):
                    got = event.recipients[-1] if isinstance(event, Rejected) else event.recipient
                    assert got == value.strip("<>"), (path.name, line)
                shown[line[:10]] += 1

    assert shown["Envelope-t"] > 40
    assert shown["I Message-"] > 20


def test_what_was_delivered_is_told_as_delivered() -> None:
    """Each message that Exim's test suite found in a mailbox has a delivery in the log."""
    missing = []
    checked = 0
    for mailbox in sorted((CORPORA / "exim-testsuite" / "mail").rglob("*")):
        log = (
            CORPORA
            / "exim-testsuite"
            / "log"
            / mailbox.relative_to(CORPORA / "exim-testsuite" / "mail").parts[0][:4]
        )
        if not mailbox.is_file() or not log.is_file():
            continue
        delivered = {
            event.queue_id
            for _, event in events(log)
            if isinstance(event, Attempted) and event.outcome is Outcome.DELIVERED
        }
        text = mailbox.read_text(encoding="utf-8", errors="backslashreplace")
        for message in re.split(r"^From [^ ]+ .*\n", text, flags=re.MULTILINE):
            first = re.search(r"\bid (10Hm[0-9A-Za-z]{2}-[0-9A-Za-z]+-[0-9A-Za-z]+)", message)
            if first:
                checked += 1
                if first[1] not in delivered:
                    missing.append(f"{mailbox.name}: {first[1]}")

    assert checked > 400
    assert missing == []


def test_flags_and_events_agree() -> None:
    """As many arrivals, attempts and completions come out as flags stand in the logs."""
    flag = re.compile(rf"{WITH_ID.pattern}(<=|\(=|=>|->|>>|\*>|\*\*|==|Completed)(?: |$)")
    for path in files():
        expected: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for line, event in events(path):
            if match := flag.search(line[:90]):
                expected[
                    "arrived"
                    if match[1] in {"<=", "(="}
                    else "ended"
                    if match[1] == "Completed"
                    else "attempted"
                ] += 1
                if isinstance(event, Arrived):
                    found["arrived"] += 1
                elif isinstance(event, Attempted):
                    found["attempted"] += 1
                elif isinstance(event, Ended):
                    discarded = event.kind is EndKind.DISCARDED
                    found["attempted" if discarded else "ended"] += 1

        assert found == expected, path
