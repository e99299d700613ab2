"""Figures of the overview, and how outgoing mail came in: exact, scoped, and masked."""

from __future__ import annotations

import sys
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.queries import world
from tests.queries.world import SEEN
from tests.store.rows import DAY, NOON, SECOND, batch, delivery

from postroad import queries
from postroad.model import question, when
from postroad.model.search import Search
from postroad.model.status import Direction, Status
from postroad.queries import steps

VIEWERS = pytest.mark.parametrize(("scope", "mail"), SEEN.values(), ids=SEEN)
BERLIN = ZoneInfo("Europe/Berlin")
NOW = NOON + DAY


@pytest.fixture
def mail_of_two(world):
    """The mail of two tenants."""
    return world


def counted(values):
    """How often each value is there."""
    found = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


@VIEWERS
def test_figures_are_of_the_viewers_mail(mail_of_two, scope, mail):
    """Counts, groups and steps are those of what the viewer may see."""
    found = queries.overview(mail_of_two, scope, Search(), now=NOW)

    assert found.counts == counted(row.status for row in mail)
    assert sum(sum(each.counts.values()) for each in found.buckets) == len(mail)
    assert {each.key: each.total for each in found.senders} == counted(row.sender for row in mail)
    assert {each.key: each.total for each in found.recipients} == counted(
        row.recipient.lower() for row in mail
    )
    own = [
        row
        for row in mail
        if row.user and (scope.is_everything or any(map(scope.holds, row.origins)))
    ]
    assert {each.sender for each in found.spread} == {row.user for row in own}
    for each in found.spread:
        assert each.recipients == len({row.recipient for row in own if row.user == each.sender})
    remote = [row for row in mail if row.direction is Direction.OUTBOUND]
    assert sum(each.total for each in found.providers) == len(remote)
    assert not found.is_estimate
    assert found.failed_share is None or 0 <= found.failed_share <= 1


@VIEWERS
def test_every_group_leads_to_its_list(mail_of_two, scope, mail):
    """The values of a group ask for exactly what was counted in it."""
    found = queries.overview(mail_of_two, scope, Search(), now=NOW)

    groups = [
        *((each.values, each.total) for each in found.senders),
        *((each.values, each.total) for each in found.recipients),
        *((each.values, each.total) for each in found.providers),
        *((each.values, sum(each.counts.values())) for each in found.buckets[:1]),
    ]
    for values, total in groups:
        search = question.ask(values, now=NOW, zone=when.UTC_ZONE)
        counts = queries.counts(mail_of_two, scope, search)
        # An address that is asked for is also found where it is the final one.
        assert sum(counts.values()) >= total, values


def test_providers(store):
    """Mail to other servers is grouped by the domain of its hosts, trouble first."""
    fields = {"direction": Direction.OUTBOUND, "user": "a@example.com"}
    rows = [
        delivery("a@one.test", queue_id="1", remote_host="mx1.mail.big.test", **fields),
        delivery("b@two.test", queue_id="2", remote_host="MX2.big.test", **fields),
        delivery(
            "c@two.test",
            queue_id="3",
            remote_host="mx3.big.test",
            status=Status.DEFERRED,
            reason="greylisted",
            **fields,
        ),
        delivery("d@gone.test", queue_id="4", status=Status.FAILED, reason="expired", **fields),
        delivery("e@fine.test", queue_id="5", remote_host="192.0.2.1", **fields),
        delivery("f@example.com", queue_id="6", remote_host="x.big.test"),
    ]
    store.write(batch(*rows))
    found = queries.overview(store, world.EVERYTHING, Search(), now=NOW).providers

    assert [(each.key, each.total, each.deferred, each.failed, each.reason) for each in found] == [
        ("big.test", 3, 1, 0, "greylisted"),
        ("gone.test", 1, 0, 1, "expired"),
        ("192.0.2.1", 1, 0, 0, ""),
    ]
    search = question.ask(found[0].values, now=NOW, zone=when.UTC_ZONE)
    assert sum(queries.counts(store, world.EVERYTHING, search).values()) == 3


def test_a_sample_is_about_right(store, monkeypatch):
    """Of much mail groups are estimated, and what is counted over time stays exact."""
    rows = [
        delivery(
            f"u{number % 5}@example.net",
            queue_id=f"q{number}",
            at=NOON + number * 60 * SECOND,
            targets=[f"u{number % 5}@example.net"],
        )
        for number in range(2000)
    ]
    store.write(batch(*rows))
    module = sys.modules["postroad.queries.overview"]
    monkeypatch.setattr(module, "_LOOKED_THROUGH", 500)
    monkeypatch.setattr(module, "_HERE_AND_THERE", 500)
    monkeypatch.setattr(module, "_READ_TOGETHER", 1)
    search = Search(since=NOON, until=NOON + 2000 * 60 * SECOND)
    for scope in (world.EVERYTHING, world.NET):
        found = queries.overview(store, scope, search, now=NOW)
        assert found.is_estimate
        assert sum(found.counts.values()) == 2000
        assert {each.key for each in found.recipients} == {f"u{n}@example.net" for n in range(5)}
        assert all(300 < each.total < 500 for each in found.recipients)
        assert sum(each.total for each in found.recipients) == pytest.approx(2000, rel=0.1)


def test_no_mail_at_all(store):
    """Where nothing is, there are still steps, all of them empty."""
    found = queries.overview(store, world.COM, Search(), now=NOW, zone=BERLIN)

    assert (found.counts, found.senders, found.failed_share) == ({}, [], None)
    assert found.buckets
    assert not any(each.counts for each in found.buckets)


@given(
    st.integers(1, 4 * 10**15),
    st.integers(1, 10**16),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_steps_are_complete(since, length, zone):
    """Steps of any period follow one another, and there are no more than can be drawn."""
    step, starts = steps.steps(since, since + length, ZoneInfo(zone))

    assert starts[0] == since
    assert starts == sorted(set(starts))
    assert starts[-1] < since + length
    assert len(starts) <= 402
    day = 86_400 * SECOND
    # A clock change makes days an hour longer or shorter.
    assert all(
        after - before <= max(step, day) + when.HOUR * (step >= day) or step > day
        for before, after in pairwise(starts)
    )


def test_days_begin_at_midnight():
    """Steps of days are days of the reader's zone, also where the clock changes."""
    since = when.read("2026-03-27T12:00", now=0, zone=BERLIN)
    until = when.read("2026-04-20", now=0, zone=BERLIN)
    step, starts = steps.steps(since, until, BERLIN)

    assert step == when.DAY
    assert when.local(starts[0], BERLIN).endswith("12:00:00")
    assert all(when.local(each, BERLIN).endswith("00:00:00") for each in starts[1:])
    assert len(starts) == 24


def submitted(number, **fields):
    """A message that example.com provably submitted."""
    fields = {
        "user": "anna@example.com",
        "origins": ["anna@example.com"],
        "auth": "login",
        "protocol": "esmtpsa",
        "client_ip": "192.0.2.1",
        "direction": Direction.OUTBOUND,
    } | fields
    return delivery("x@far.test", queue_id=f"e{number}", **fields)


def test_entered(store):
    """Places are grouped; one that was first seen lately is new, if its login is older."""
    now = NOON + 20 * DAY
    rows = [
        submitted(1),
        submitted(2, at=NOON + DAY),
        submitted(3, at=now - DAY, client_ip="203.0.113.9", helo="evil"),
        submitted(4, at=now - DAY, user="new@example.com", origins=["new@example.com"]),
        submitted(5, at=now - DAY, user="shop", origins=["shop"], protocol="local", auth=""),
        delivery("anna@example.com", queue_id="in", client_ip="198.51.100.1"),
    ]
    twin = msgspec.structs.replace(rows[0], id=rows[0].id[:16] + "0" * 8, recipient="y@far.test")
    store.write(batch(*rows, twin))
    found = queries.entered(store, world.COM, now=now, limit=10)

    assert {(each.user, each.client_ip, each.messages, each.is_new) for each in found} == {
        ("anna@example.com", "192.0.2.1", 2, False),
        ("anna@example.com", "203.0.113.9", 1, True),
        ("new@example.com", "192.0.2.1", 1, False),
    }
    assert [each.is_new for each in queries.entered(store, world.COM, now=now, limit=1)] == [True]
    first = next(each for each in found if each.messages == 2)
    assert (first.first_at, first.last_at) == (NOON, NOON + DAY)
    search = question.ask(first.values, now=now, zone=when.UTC_ZONE)
    assert sum(queries.counts(store, world.COM, search).values()) == 3
    seen = queries.entered(store, world.EVERYTHING, now=now, limit=10)
    assert [(each.client_ip, each.is_new) for each in seen if each.helo == "evil"] == [
        ("203.0.113.9", True)
    ]
    assert len(seen) == 3
    assert [each.user for each in queries.entered(store, world.SHOP, now=now, limit=10)] == ["shop"]
    assert queries.entered(store, world.NOBODY, now=now, limit=10) == []


@VIEWERS
def test_entered_is_ones_own_side(mail_of_two, scope, mail):
    """Nobody is shown the logins of others."""
    shown = {each.user for each in queries.entered(mail_of_two, scope, now=NOW, limit=100)}
    own = {
        row.user
        for row in mail
        if row.user
        and (
            row.direction in (Direction.OUTBOUND, Direction.INTERNAL)
            if scope.is_everything
            else any(map(scope.holds, row.origins))
        )
    }
    assert shown == own
