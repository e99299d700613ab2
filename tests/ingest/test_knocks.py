"""Greylisted refusals and the message let in after them, whichever log is read first."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ingest.world import differences

from postroad import queries
from postroad.model.scope import Scope
from postroad.model.search import Search

EVERYTHING = Scope.everything()
KNOCKS = "".join(
    f"2026-11-02T10:0{minute}:00.000000+00:00 mx1 postfix/smtpd[10]: NOQUEUE: reject: RCPT from "
    f"out{minute}.example.org[192.0.2.{minute + 1}]: 450 4.2.0 <ann@example.com>: Recipient address "
    "rejected: Greylisted, see http://postgrey.example/help; from=<x@example.org> "
    f"to=<ann@example.com> proto=ESMTP helo=<out{minute}.example.org>\n"
    for minute in (0, 1)
)
LET_IN = """\
2026-11-02T10:07:00.000000+00:00 mx1 postfix/smtpd[10]: 4fPbYX0hV4z6l6M: client=out3.example.org[192.0.2.4]
2026-11-02T10:07:00.100000+00:00 mx1 postfix/cleanup[11]: 4fPbYX0hV4z6l6M: message-id=<1@example.org>
2026-11-02T10:07:00.200000+00:00 mx1 postfix/qmgr[12]: 4fPbYX0hV4z6l6M: from=<x@example.org>, size=900, nrcpt=1 (queue active)
2026-11-02T10:07:02.000000+00:00 mx1 postfix/virtual[13]: 4fPbYX0hV4z6l6M: to=<ann@example.com>, relay=virtual, delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (delivered to maildir)
2026-11-02T10:07:02.200000+00:00 mx1 postfix/qmgr[12]: 4fPbYX0hV4z6l6M: removed
"""


def _told(world) -> dict[str, list[dict]]:
    """Deliveries, whatever the number of their versions, with what they rest on."""
    held = world.everything()
    for row in held["deliveries"]:
        del row["version"]
    return {name: held[name] for name in ("deliveries", "attempts", "lines")}


@pytest.mark.parametrize("order", [("knocks", "let in"), ("let in", "knocks"), ("both",)])
def test_one_story(order: tuple[str, ...], make_world, tmp_path: Path):
    """One row says how often it was refused and since when; its detail has all lines."""
    logs = {"knocks": KNOCKS, "let in": LET_IN, "both": KNOCKS + LET_IN}
    world, whole = make_world("parts"), make_world("whole")
    for name in order:
        (tmp_path / name).write_text(logs[name])
        world.load(tmp_path / name)
    (tmp_path / "both").write_text(logs["both"])
    whole.load(tmp_path / "both")

    [row] = queries.search(world.store, EVERYTHING, Search()).deliveries
    assert (row.knocks, row.first_at - row.knocked_at) == (2, 7 * 60_000_000)
    found = queries.detail(world.store, EVERYTHING, row.id)
    assert len(found.log_lines) == 7
    assert sum(queries.counts(world.store, EVERYTHING, Search()).values()) == 1
    assert differences(_told(whole), _told(world)) == []
    before = _told(world)
    (tmp_path / "again").write_text("\n" + logs["both"])
    world.load(tmp_path / "again")
    assert differences(before, _told(world)) == []


def test_the_way_to_a_knock_leads_to_the_message(make_world, tmp_path: Path):
    """A link to a refusal, made while it was all there was, leads to what it became part of."""
    world = make_world("one")
    (tmp_path / "log").write_text(KNOCKS)
    world.load(tmp_path / "log")
    knocks = queries.search(world.store, EVERYTHING, Search()).deliveries
    (tmp_path / "log").write_text(KNOCKS + LET_IN)
    world.load(tmp_path / "log")

    [row] = queries.search(world.store, EVERYTHING, Search()).deliveries
    for each in knocks:
        assert queries.detail(world.store, EVERYTHING, each.id).delivery.id == row.id
        stranger = Scope.of(addresses={"bob@example.com"})
        assert queries.detail(world.store, stranger, each.id) is None
