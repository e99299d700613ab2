"""Which rows an export has: those of its beginning, each once, whatever comes in meanwhile."""

from __future__ import annotations

import resource

import pytest
from tests.queries import world
from tests.store.rows import NOON, SECOND, batch, delivery

from postroad import queries
from postroad.errors import StoreFull
from postroad.model.search import Search
from postroad.model.status import Status
from postroad.queries import Listing


def mail(number, at=None, **fields):
    """One of many deliveries, a second apart."""
    return delivery(queue_id=f"q{number:04d}", at=at or NOON + number * SECOND, **fields)


def ids(rows):
    """Their ids, in order."""
    return [row.id for row in rows]


ORDERS = ("-sent_at", "sent_at", "recipient", "-size", "status", "-result")


@pytest.mark.parametrize(
    "scope", [world.EVERYTHING, world.COM, world.ANNA, world.BOTH, world.SHOP, world.NOBODY]
)
def test_a_listing_is_the_pages_put_together(store, scope):
    """In every order and for everybody it has the rows of the pages, as the pages have them."""
    world.fill(store)
    for search in (Search(sort=each) for each in ORDERS):
        pages, cursor = [], ""
        while cursor is not None:
            page = queries.search(store, scope, search, limit=3, cursor=cursor)
            pages += page.deliveries
            cursor = page.next_cursor
        with Listing(store, scope, search) as listing:
            assert listing.total == len(pages)
            for size in (1, 3, 1000):
                assert [row for rows in listing.chunks(size) for row in rows] == pages


def test_it_ends_while_mail_comes_in(store):
    """What comes while it is read is not on it, wherever in time it belongs."""
    first = [mail(number) for number in range(40)]
    store.write(batch(*first))
    with Listing(store, world.EVERYTHING, Search()) as listing:
        found = []
        for turn, rows in enumerate(listing.chunks(4)):
            found += rows
            late = mail(1000 + turn, at=NOON - turn * SECOND)
            store.write(batch(mail(2000 + turn), late))
            assert len(found) <= 40

    assert ids(found) == ids(sorted(first, key=lambda row: -row.first_at))


def test_a_row_that_moves_comes_once(store):
    """A message whose earlier line is read late moves back in time: it is found there, once."""
    store.write(batch(*(mail(number) for number in range(10))))
    old = mail(2)
    with Listing(store, world.EVERYTHING, Search()) as listing:
        chunks = listing.chunks(4)
        found = list(next(chunks))
        moved = mail(2, at=NOON - 100 * SECOND, subject="moved", version=4)
        gone = mail(2, deleted=True, version=4)
        store.write(batch(gone, moved))
        found += [row for rows in chunks for row in rows]

    assert len(found) == len(set(ids(found))) == 10
    assert [row.subject for row in found if row.id == old.id] == ["moved"]


def test_a_row_that_changes_says_what_is_known_when_it_is_read(store):
    """A message that was delivered meanwhile is told as delivered, in its place."""
    store.write(batch(*(mail(number, status=Status.DEFERRED) for number in range(4))))
    with Listing(store, world.EVERYTHING, Search(statuses=frozenset({Status.DEFERRED}))) as listing:
        store.write(batch(mail(1, status=Status.DELIVERED, version=5)))
        found = [row for rows in listing.chunks() for row in rows]

    assert [row.status for row in found] == [
        Status.DEFERRED,
        Status.DEFERRED,
        Status.DELIVERED,
        Status.DEFERRED,
    ]


def test_a_row_that_was_withdrawn_is_left_out(store):
    """What turned out not to exist is not written."""
    store.write(batch(*(mail(number) for number in range(4))))
    with Listing(store, world.EVERYTHING, Search()) as listing:
        store.write(batch(mail(1, deleted=True, version=5)))
        found = [row for rows in listing.chunks() for row in rows]

    assert listing.total == 4
    assert ids(found) == ids([mail(3), mail(2), mail(0)])


def test_it_can_be_read_again_and_leaves_nothing(store, tmp_path):
    """The list is a file without a name: read as often as wanted, and gone when it is closed."""
    store.write(batch(*(mail(number) for number in range(10))))
    folder = tmp_path / "keys"
    folder.mkdir()
    with Listing(store, world.EVERYTHING, Search(), folder=folder) as listing:
        assert len(list(listing.chunks(5))) == len(list(listing.chunks(5))) == 2
        assert list(folder.iterdir()) == []
    with pytest.raises(ValueError, match="closed"):
        next(listing.chunks())


def test_a_list_that_finds_no_space_is_refused(store, tmp_path, monkeypatch):
    """Where the disk is full, it is said in a sentence."""
    monkeypatch.setattr("postroad.queries.listing._IN_MEMORY", 1)
    store.write(batch(*(mail(number) for number in range(1000))))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Less than the 32 octets of each delivery; the engine writes nothing to answer a question.
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(StoreFull, match="The list cannot be written below"):
            Listing(store, world.EVERYTHING, Search(), folder=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
