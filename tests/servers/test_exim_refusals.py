"""Real Exim: what it refuses, as its three logs and syslog tell it, against what clients were told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postroad.model.delivery import Delivery
from postroad.model.status import Status

from . import names, yard
from .reading import Book, Rows, read, words

FILES = ("mainlog", "rejectlog", "paniclog")
#: Server, and the logs of it that are read together, in this order.
LOGS = [
    ("exim", FILES),
    ("exim", FILES[::-1]),
    ("exim-full", FILES),
    ("exim-full", ("rfc3164.log",)),
    ("exim-full", ("rfc3339.log",)),
    ("exim-full", ("rfc5424.log",)),
]

RowsOf = Callable[[str, tuple[str, ...]], Rows]

every_log = pytest.mark.parametrize(
    ("server", "logs"), LOGS, ids=lambda each: each if isinstance(each, str) else "-".join(each)
)


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The logs and the truth of one run."""
    if reason := yard.why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("refusals")
    return Book(folder, yard.run(folder, "tests.servers.refusals"))


@pytest.fixture(scope="module")
def rows_of(refusals: Book, tmp_path_factory: pytest.TempPathFactory) -> RowsOf:
    """Import logs together, once, and give their rows."""
    known: dict[tuple[str, tuple[str, ...]], Rows] = {}

    def rows(server: str, logs: tuple[str, ...]) -> Rows:
        if (server, logs) not in known:
            folder: Path = tmp_path_factory.mktemp("store")
            truth = refusals.server(server)
            files = [refusals.folder / server / name for name in logs]
            known[server, logs] = read(folder, files, host=truth["host"], zone=truth["zone"])
        return known[server, logs]

    return rows


@every_log
def test_every_line_is_understood(server: str, logs: tuple[str, ...], rows_of: RowsOf) -> None:
    """Nothing that Exim wrote is unknown, headers of strangers and cut lines included."""
    rows = rows_of(server, logs)

    assert [] == rows.unknown
    assert (0, []) == (rows.result.unknown, rows.result.problems)


@every_log
def test_each_refusal_is_one_delivery_to_each_recipient(
    server: str, logs: tuple[str, ...], refusals: Book, rows_of: RowsOf
) -> None:
    """Each recipient that was refused has one row, and nobody else has any."""
    expected = sorted(
        (sent["sender"], recipient, _status(sent))
        for sent in refusals.server(server)["sent"]
        for recipient in sent["told"]
    )
    got = sorted(
        (row.sender, row.recipient, row.status.word) for row in _of_people(rows_of, server, logs)
    )

    assert expected == got


@every_log
def test_what_was_refused_after_the_message_is_known_by_its_headers(
    server: str, logs: tuple[str, ...], refusals: Book, rows_of: RowsOf
) -> None:
    """Message-ID and subject of a message that never got in, whole and decoded; and the words."""
    rows = _of_people(rows_of, server, logs)
    for sent in refusals.server(server)["sent"]:
        if sent["name"] not in {"after the message", "one of two", "for now", "script"}:
            continue
        found = [row for row in rows if row.message_id == sent["message_id"].strip("<>")]
        refused = set(sent["told"]) - set(sent["refused"])

        assert {row.recipient for row in found} == refused, sent["name"]
        assert {row.subject for row in found} == {sent["subject"]}
        assert all(row.queue_id for row in found)
        if sent["reply"]:
            assert {words(row.result) for row in found} == {words(sent["reply"]).partition(" ")[2]}


@every_log
def test_what_panics_is_tried_once(server: str, logs: tuple[str, ...], rows_of: RowsOf) -> None:
    """A delivery that main log and panic log tell of is one attempt."""
    rows = rows_of(server, logs)
    [row] = [each for each in rows.deliveries if each.recipient == "careless@customer.example"]

    assert (row.status, row.attempts, len(rows.counted(row))) == (Status.DEFERRED, 1, 1)
    assert "Tainted" in row.result


@every_log
def test_hosts_are_those_that_logged(
    server: str, logs: tuple[str, ...], refusals: Book, rows_of: RowsOf
) -> None:
    """Files are of the server they were read for, lines in syslog of the host that they name."""
    host = refusals.server(server)["host"] if logs[0] in FILES else names.SYSLOG_HOST

    assert {row.host for row in rows_of(server, logs).deliveries} == {host}


def _of_people(rows_of: RowsOf, server: str, logs: tuple[str, ...]) -> list[Delivery]:
    """The rows of what was sent: notifications have no sender."""
    return [row for row in rows_of(server, logs).deliveries if row.sender]


def _status(sent: dict[str, Any]) -> str:
    if sent["name"] == "script":
        return "blocked"
    if sent["name"] == "panic":
        return "deferred"
    return "delivered" if sent["accepted"] else "rejected"
