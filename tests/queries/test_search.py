"""Searching: versions, cursors, periods; against the real engine."""

import msgspec
import pytest
from tests.queries import world
from tests.store.rows import DAY, NOON, SECOND, batch, delivery

from postroad import queries
from postroad.errors import SearchError
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Status

EVERYTHING = Scope.everything()


def test_a_party_that_is_no_more_one(store):
    """A viewer who is no longer a party of a delivery's newest version sees it no more."""
    row = world.SHOPPING
    store.write(world.batch(row))
    assert queries.detail(store, world.SHOP, row.id) is not None
    less = msgspec.structs.replace(row, origins=["other"], version=row.version + 1)
    store.write(world.batch(less))
    assert queries.search(store, world.SHOP, Search()).deliveries == []
    assert queries.detail(store, world.SHOP, row.id) is None


def test_the_newest_version_is_found(store):
    """A delivery is found as its newest version says, and no more as an older one said."""
    row = delivery(status=Status.DEFERRED)
    store.write(batch(row))
    store.write(batch(msgspec.structs.replace(row, status=Status.DELIVERED, version=8)))
    deferred = Search(statuses=frozenset({Status.DEFERRED}))
    assert queries.search(store, EVERYTHING, deferred).deliveries == []
    assert queries.counts(store, EVERYTHING, Search()) == {Status.DELIVERED: 1}
    found = queries.search(store, EVERYTHING, Search()).deliveries
    assert [each.version for each in found] == [8]


def test_a_delivery_in_several_weeks_of_its_life(store):
    """A delivery retried into another week is one delivery."""
    row = delivery(status=Status.DEFERRED)
    store.write(batch(row))
    later = msgspec.structs.replace(row, last_attempt_at=NOON + 9 * DAY, version=9)
    store.write(batch(later))
    assert queries.counts(store, EVERYTHING, Search()) == {Status.DEFERRED: 1}


@pytest.mark.parametrize(
    ("since", "until", "is_found"),
    [
        (0, 0, True),
        (NOON, 0, True),
        (NOON + DAY, 0, True),
        (NOON + DAY + 1, 0, False),
        (0, NOON, False),
        (0, NOON + 1, True),
        (NOON + 5, NOON + 6, True),
        (NOON - 9, NOON, False),
    ],
)
@pytest.mark.parametrize("subject", ["", "hello"])
def test_periods(store, since, until, is_found, subject):
    """A period finds what was on its way in it: from its arrival to its last attempt."""
    store.write(batch(delivery(last_attempt_at=NOON + DAY, subject="Hello")))
    search = Search(since=since, until=until, subject=subject)
    assert bool(queries.search(store, EVERYTHING, search).deliveries) == is_found
    assert bool(queries.counts(store, EVERYTHING, search)) == is_found


def test_pages_go_on_over_equal_times(store):
    """Deliveries that arrived at the same moment are each on exactly one page."""
    rows = [delivery(f"u{number}@example.net") for number in range(25)]
    store.write(batch(*rows))
    found, cursor = [], None
    for _ in range(4):
        page = queries.search(store, EVERYTHING, Search(), limit=7, cursor=cursor)
        found += [each.id for each in page.deliveries]
        cursor = page.next_cursor
    assert cursor is None
    assert sorted(found) == sorted(row.id for row in rows)


def test_new_mail_does_not_shift_a_page(store):
    """What arrives while somebody turns pages is not on a later page."""
    rows = [delivery(f"u{number}@example.net", at=NOON + number) for number in range(6)]
    store.write(batch(*rows))
    first = queries.search(store, EVERYTHING, Search(), limit=3)
    store.write(batch(delivery("new@example.net", at=NOON + DAY)))
    second = queries.search(store, EVERYTHING, Search(), limit=3, cursor=first.next_cursor)
    assert [each.recipient for each in second.deliveries] == [
        f"u{number}@example.net" for number in (2, 1, 0)
    ]
    assert second.next_cursor is None


@pytest.mark.parametrize(
    "cursor",
    ["x", "=", "é", "AAAA", "LTE3", "MS4w", "' OR 1=1", "a" * 5_000, "LTE.", "MTI.MzQ", "\0"],
)
def test_cursors_that_are_none(store, cursor):
    """What is not a cursor is refused in words."""
    with pytest.raises(SearchError) as caught:
        queries.search(store, EVERYTHING, Search(), cursor=cursor)
    assert caught.value.field == "cursor"


@pytest.mark.parametrize(("limit", "found"), [(-5, 1), (0, 1), (1, 1), (2, 2), (10**9, 3)])
def test_limits_are_taken_as_the_nearest_possible(store, limit, found):
    """A page holds at least one delivery and at most the maximum."""
    store.write(batch(*(delivery(f"u{number}@example.net") for number in range(3))))
    page = queries.search(store, EVERYTHING, Search(), limit=limit)
    assert len(page.deliveries) == found
    assert (page.next_cursor is None) == (found == 3)


@pytest.mark.parametrize(
    "text",
    ["' OR 1=1 --", "{p0:String}", "%s", "\\", "a'b", "`", ";", "\n", "%", "_", "*", "?", "$1"],
)
def test_values_are_never_sql(store, text):
    """Whatever is asked for is looked for as it is, in every field."""
    odd = delivery(f"{text}@example.net", queue_id=f"q{text}", subject=f"a{text}b", sender=text)
    store.write(batch(odd, delivery()))
    for search in (
        Search(recipient=f"{text}@example.net"),
        Search(sender=text),
        Search(address=text),
        Search(id=f"q{text}"),
        Search(subject=text),
    ):
        found = queries.search(store, EVERYTHING, search).deliveries
        assert [each.id for each in found] == [odd.id], search
        assert queries.counts(store, EVERYTHING, search) == {Status.DELIVERED: 1}
    scope = Scope.of(domains={text}, addresses={f"{text}@example.net"}, logins={text})
    assert [each.id for each in queries.search(store, scope, Search()).deliveries] == [odd.id]
    assert queries.search(store, EVERYTHING, Search(host=text)).deliveries == []


def test_recipients_that_are_no_address(store):
    """A local name is found by itself, as recipient and as mailbox, but gives nobody a view."""
    local = delivery("root", queue_id="a", targets=[])
    mailbox = delivery("web@example.com", to="wwwdata", queue_id="b")
    store.write(batch(local, mailbox))
    for name, row in (("ROOT", local), ("wwwdata", mailbox)):
        found = queries.search(store, EVERYTHING, Search(recipient=name)).deliveries
        assert [each.id for each in found] == [row.id]
    assert queries.search(store, Scope.of(logins={"root"}), Search()).deliveries == []


def test_the_null_sender(store):
    """Bounces are found by `<>`, their sender."""
    bounce = delivery(sender="", queue_id="b")
    store.write(batch(bounce, delivery()))
    found = queries.search(store, EVERYTHING, Search(sender="<>")).deliveries
    assert [each.id for each in found] == [bounce.id]


def test_hops_find_the_delivery(store):
    """A delivery is found by the queue id of each of its hops."""
    row = delivery(hops=["HOP1", "HOP2"])
    store.write(batch(row))
    for queue_id in ("HOP1", "HOP2", row.queue_id):
        found = queries.search(store, EVERYTHING, Search(id=queue_id)).deliveries
        assert [each.id for each in found] == [row.id]


def test_ids_in_capitals(store):
    """A delivery id or message key is found however it is written."""
    row = delivery()
    store.write(batch(row, delivery("carol@example.net")))
    for name, number in ((row.id, 1), (row.message_key, 2)):
        assert len(queries.search(store, EVERYTHING, Search(id=name.upper())).deliveries) == number


def test_statistics_in_the_readers_zone(store):
    """A day begins at midnight of the reader's zone."""
    from zoneinfo import ZoneInfo

    late = NOON + 13 * 3600 * SECOND + 1800 * SECOND
    store.write(batch(delivery(at=late)))
    assert [day.day for day in queries.statistics(store, EVERYTHING, Search())] == ["2026-03-02"]
    zone = ZoneInfo("Europe/Berlin")
    days = queries.statistics(store, EVERYTHING, Search(), zone=zone)
    assert [day.day for day in days] == ["2026-03-03"]


def test_public_fields():
    """The public fields are words, RFC 3339 times and null where nothing is known."""
    shown = queries.public(delivery(last_attempt_at=0, spam_score=1.5))
    assert shown["status"] == "delivered"
    assert shown["direction"] == "unknown"
    assert shown["sent_at"] == "2026-03-02T10:00:00.000000Z"
    assert shown["last_attempt_at"] is None
    assert list(shown)[:4] == ["id", "host", "queue_id", "message_id"]
    assert len(shown) == 34
