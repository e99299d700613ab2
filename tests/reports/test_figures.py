"""A report's figures, each against the same counted delivery by delivery."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import pytest
from tests.reports import traffic
from tests.reports.traffic import OCTOBER, OURS, THEIRS
from tests.store.rows import batch, delivery

from postroad.model.coverage import Coverage, Gap, GapKind
from postroad.model.scope import Scope
from postroad.model.status import Direction, Status
from postroad.model.when import DAY, HOUR, MINUTE
from postroad.queries import period as of_period
from postroad.queries.period import Figures, figures
from postroad.reports import calendar
from postroad.reports.calendar import Span
from postroad.reports.contents import Kind, Whose, collect
from postroad.store import Store

SERVER = Whose(kind=Kind.SERVER, name="mx1.example.com")
VIEWS = {
    "everything": (Scope.everything(), None),
    "owner": (Scope.of(domains={"example.com"}), OURS),
    "rival": (Scope.of(domains={"example.net"}), THEIRS),
    "mailbox": (Scope.of(addresses={"anna@example.com"}), OURS[:1]),
    "two": (Scope.of(addresses={"anna@example.com", "carl@example.net"}), (OURS[0], THEIRS[0])),
    "nobody": (Scope(), ()),
}


def of(store, scope, period=OCTOBER) -> Figures:
    """The figures of a period."""
    return figures(store, scope, starts=period.starts, until=period.until)


@pytest.mark.parametrize("held", [2_000_000, 0])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("span", Span)
def test_every_figure_is_true(month, view, span, held, monkeypatch):
    """By status, by step, by reason, by address and by provider: as counted one by one.

    Also where a scope is too large to be held as a set.
    """
    monkeypatch.setattr(of_period, "_HELD", held)
    store, mail = month
    scope, parties = VIEWS[view]
    period = calendar.at(span, OCTOBER.since + 24 * DAY, traffic.ZONE)
    found = of(store, scope, period)
    truth = mail.of(parties, period.since, period.until)

    assert found.counts == truth.by_status(truth.all)
    for side, rows in ((found.sent, truth.sent), (found.received, truth.received)):
        assert side.counts == truth.by_status(rows)
        assert side.steps == truth.by_step(rows, period.starts, period.until)
        assert {each.reason: each.counts for each in side.causes} == truth.why(rows)
        assert listed(side.senders) == truth.top(rows, "sender")
        assert listed(side.recipients) == truth.top(rows, "recipient")
    providers = truth.providers()
    assert len(found.postponers) == min(10, len(providers))
    for each in found.postponers:
        said = (each.total, each.delayed, each.tries, each.waiting, each.failed)
        assert said == providers[each.name], each.name


def listed(parties):
    """Names and figures of a list."""
    return [(each.name, each.total, each.undelivered) for each in parties]


@pytest.mark.parametrize("view", ["everything", "owner", "mailbox"])
def test_reasons_name_those_they_met_most(month, view):
    """Each reason has up to three addresses at the other end, the most frequent first."""
    store, mail = month
    scope, parties = VIEWS[view]
    truth = mail.of(parties)
    found = of(store, scope)
    fine = (Status.DELIVERED, Status.IN_PROGRESS)

    for side, rows, end in (
        (found.sent, truth.sent, "recipient"),
        (found.received, truth.received, "sender"),
    ):
        assert side.causes
        for each in side.causes:
            wrong = [r for r in rows if r.status not in fine and r.reason == each.reason]
            named = [(party.name, party.total) for party in each.parties]
            assert named == [(name, count) for name, count, _ in truth.top(wrong, end, 3)]


def test_what_is_on_neither_side(store):
    """Mail that only passes through is in the total, and told apart for administrators."""
    ways = [*Direction, Direction.INTERNAL]
    rows = [
        delivery(queue_id=f"q{n}", at=OCTOBER.since + n, direction=way)
        for n, way in enumerate(ways)
    ]
    store.write(batch(*rows))
    found = of(store, Scope.everything())

    assert found.counts == {Status.DELIVERED: 6}
    assert found.passing == {Status.DELIVERED: 2}
    assert found.sent.counts == {Status.DELIVERED: 3}
    assert found.received.counts == {Status.DELIVERED: 3}


def test_the_borders_of_a_period(store):
    """The first microsecond is in it, the last is, and the one behind is not."""
    edges = (OCTOBER.since - 1, OCTOBER.since, OCTOBER.until - 1, OCTOBER.until)
    store.write(
        batch(
            *(
                delivery(queue_id=f"q{n}", at=at, origins=["anna@example.com"])
                for n, at in enumerate(edges)
            )
        )
    )
    for scope in (Scope.of(addresses={"anna@example.com"}), Scope.of(domains={"example.com"})):
        found = of(store, scope)
        assert found.counts == {Status.DELIVERED: 2}
        assert found.sent.steps[0] == found.sent.steps[-1] == {Status.DELIVERED: 1}


def test_the_period_before_is_compared(month):
    """September is beside October, if it is kept from its beginning."""
    store, mail = month
    made = collect(store, Scope.everything(), SERVER, OCTOBER, now=traffic.MORNING)
    before = calendar.before(OCTOBER)
    truth = mail.of(None, before.since, before.until)

    assert made.before
    assert made.before.period == before
    assert made.before.sent == truth.by_status(truth.sent)
    assert made.before.received == truth.by_status(truth.received)


@pytest.mark.parametrize(
    ("since", "until", "complete", "compared"),
    [
        (OCTOBER.since - 40 * DAY, OCTOBER.until + HOUR, True, True),
        (OCTOBER.since, OCTOBER.until + HOUR, True, False),
        (OCTOBER.since + DAY, OCTOBER.until + HOUR, False, False),
        (OCTOBER.since - 40 * DAY, OCTOBER.until - HOUR, False, True),
        (OCTOBER.since - 40 * DAY, OCTOBER.since - DAY, False, True),
    ],
)
def test_how_complete_it_is(store, since, until, complete, compared):
    """A report says whether the log of its whole time was read."""
    traffic.read(store, since=since, until=until)
    made = collect(store, Scope.everything(), SERVER, OCTOBER, now=traffic.MORNING)

    assert made.coverage.is_complete(OCTOBER) is complete
    assert bool(made.before) is compared


def test_a_hole_in_one_log(store):
    """Lines that are missing of one server are told, with the server and the time."""
    hole = (OCTOBER.since + 2 * DAY, OCTOBER.since + 2 * DAY + 5 * HOUR)
    traffic.read(store, hole=hole)
    lost = Gap(
        source="mainlog",
        host=traffic.HOSTS[0],
        kind=GapKind.ROTATED,
        since=OCTOBER.since + 9 * DAY,
        until=OCTOBER.since + 9 * DAY + MINUTE,
        seen_at=traffic.MORNING,
    )
    store.write_gaps([lost])
    made = collect(store, Scope.of(domains={"example.com"}), SERVER, OCTOBER, now=traffic.MORNING)

    assert not made.coverage.is_complete(OCTOBER)
    found = {(each.host, each.kind) for each in made.coverage.gaps}
    assert found == {(traffic.HOSTS[1], GapKind.SILENT), (traffic.HOSTS[0], GapKind.ROTATED)}
    silent = next(each for each in made.coverage.gaps if each.kind is GapKind.SILENT)
    assert abs(silent.since - hole[0]) <= 10 * MINUTE
    assert abs(silent.until - hole[1]) <= 10 * MINUTE


def test_a_period_that_is_not_over(store):
    """The month that it is now has figures up to now."""
    traffic.read(store, until=OCTOBER.since + DAY)
    now = OCTOBER.since + DAY
    made = collect(store, Scope.everything(), SERVER, OCTOBER, now=now)

    assert not made.coverage.is_over
    assert not made.coverage.is_complete(OCTOBER)
    assert not made.coverage.gaps


#: Deliveries of the large month: a million failures and some that went well.
_MILLION, _FINE, _PIECE = 1_000_000, 24_000, 65_536


@pytest.fixture(scope="module")
def million(engine):
    """A store with a month of a million failures, written by the store itself."""
    with Store.open(engine, database="million") as opened:
        run = opened._engine.command
        # What leads to a delivery by other keys than these is not asked for here.
        run("DROP VIEW deliveries_by_key_view")
        total = _MILLION + _FINE
        step = (OCTOBER.until - OCTOBER.since) // total
        values = (
            f"FROM (SELECT number AS n, concat(lower(hex(sipHash64(number))), "
            f"lower(leftPad(hex(number), 8, '0'))) AS name, if(number < {_FINE}, 'delivered', "
            f"'failed') AS state, toInt64({OCTOBER.since} + number * {step}) AS at "
            f"FROM numbers({total}))"
        )
        limits = (
            f"SETTINGS max_block_size = {_PIECE}, min_insert_block_size_rows = {_PIECE}, "
            "min_insert_block_size_bytes = 0"
        )
        run(
            "INSERT INTO deliveries (id, message_key, host, queue_id, version, status, direction, "
            "sender, recipient, attempts, remote_host, reason, first_at, sent_at, last_at) SELECT "
            "name, substring(name, 1, 16), 'mx1.example.com', name, 1, state, 'outbound', "
            "concat('u', toString(n % 100), '@example.com'), concat('r', toString(n % 300000), "
            "'@d', toString(n % 5000), '.test'), 2, concat('mx.d', toString(n % 5000), '.test'), "
            f"if(state = 'failed', 'mailbox_unknown', ''), at, at, at {values} {limits}"
        )
        for key, side in (("", 0), ("@example.com", 2)):
            run(
                "INSERT INTO deliveries_by_key (key, ago, id, sides, version, shown, status, "
                f"direction, host, active_at) SELECT '{key}', -at, name, {side}, 1, true, state, "
                f"'outbound', 'mx1.example.com', at {values} {limits}"
            )
        run(
            "INSERT INTO attempts (delivery_id, message_key, at, outcome, counted, remote_host, "
            "reason) SELECT name, substring(name, 1, 16), at, 'deferred', true, concat('mx.d', "
            f"toString(n % 5000), '.test'), 'greylisted' {values} {limits}"
        )
        yield opened


@pytest.mark.parametrize("scope", [Scope.everything(), Scope.of(domains={"example.com"})])
def test_a_month_with_a_million_failures(million, scope):
    """All of them are counted, in seconds, and what is put out stays short."""
    begun = time.monotonic()
    found = of(million, scope)
    took = time.monotonic() - begun

    assert found.sent.counts == {Status.DELIVERED: _FINE, Status.FAILED: _MILLION}
    assert sum(sum(each.values()) for each in found.sent.steps) == _MILLION + _FINE
    (cause,) = found.sent.causes
    assert (cause.reason, cause.counts) == ("mailbox_unknown", {Status.FAILED: _MILLION})
    assert [each.total for each in found.sent.recipients] == [4] * 10
    assert len(found.sent.senders) == 10
    assert {each.total for each in found.sent.senders} == {(_MILLION + _FINE) // 100}
    assert [each.tries for each in found.postponers] == [each.delayed for each in found.postponers]
    assert {each.reason for each in found.postponers} == {"greylisted"}
    assert found.postponers[0].delayed == 205
    # Two cores that others work on too.
    assert took < 40


def test_zones_have_their_own_days(store):
    """One delivery shortly after midnight in Berlin is of the day before in New York."""
    at = OCTOBER.since + HOUR
    store.write(batch(delivery(at=at, origins=["anna@example.com"])))
    scope = Scope.of(addresses={"anna@example.com"})
    for name, day in (("Europe/Berlin", "2026-10-01"), ("America/New_York", "2026-09-30")):
        period = calendar.at(Span.DAY, at, ZoneInfo(name))
        assert period.name == day
        assert of(store, scope, period).counts == {Status.DELIVERED: 1}
        assert of(store, scope, calendar.before(period)).counts == {}


def test_coverage_of_a_source_without_host(store):
    """Lines that name no host count for how far the logs were read."""
    store.write_coverage(
        [
            Coverage(source="x", host="", minute=at, chunk="1", lines=1)
            for at in range(OCTOBER.since // MINUTE * MINUTE, OCTOBER.until + HOUR, HOUR)
        ]
    )
    made = collect(store, Scope.everything(), SERVER, OCTOBER, now=traffic.MORNING)

    assert made.coverage.extent.first_at == OCTOBER.since
    assert made.coverage.extent.is_within
