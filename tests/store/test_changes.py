"""What was written since a moment, whatever time it speaks of."""

from __future__ import annotations

import pytest
from tests.store.rows import DAY, NOON, delivery
from tests.store.rows import batch as rows

from postroad.store import Store, migrate
from postroad.store.changes import Wanted, Writing

ALL = Wanted(senders=["@example.com"])


def changes(store, since, wanted=ALL, *, active=0, until=0, limit=100, after=(0, 0, "")):
    """The changes since a moment up to now."""
    until = until or store.settled()
    return store.changes(wanted, since=since, until=until, active=active, limit=limit, after=after)


def test_a_row_is_a_change_once(store):
    """It comes in the stretch in which it was written, and again when it was written again."""
    begin = store.settled()
    store.write(rows(delivery(queue_id="one", at=NOON - 5 * DAY)))
    middle = store.settled()
    store.write(rows(delivery(queue_id="two")))
    store.write(rows(delivery(queue_id="one", at=NOON - 5 * DAY, version=9)))
    first, second = changes(store, begin, until=middle), changes(store, middle)
    assert [each.first_at for each in first] == [NOON - 5 * DAY]
    assert [each.first_at for each in second] == [NOON, NOON - 5 * DAY]
    assert changes(store, store.settled()) == []
    assert len(changes(store, begin, active=NOON)) == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(senders=["anna@example.com"]), True),
        (Wanted(senders=["@example.com"]), True),
        (Wanted(senders=["@ample.com", "nna@example.com"]), False),
        (Wanted(recipients=["bob@example.net"]), True),
        (Wanted(recipients=["@example.net"]), True),
        (Wanted(recipients=["zoe@example.org"]), True),
        (Wanted(recipients=["@example.com"]), False),
        (Wanted(subjects=["grüße"]), True),
        (Wanted(subjects=["%"]), False),
        (Wanted(), False),
    ],
)
def test_what_is_wanted_is_found(store, wanted, found):
    """By sender, recipient or part of the subject, in any case."""
    begin = store.settled()
    row = delivery("Bob@Example.net", to="zoe@example.org", sender="Anna@Example.com")
    row.subject = "Viele GRÜSSE und Grüße"
    store.write(rows(row))
    assert bool(changes(store, begin, wanted)) is found


def test_pages_hold_every_change_once(store):
    """However many of them were written in one block."""
    begin = store.settled()
    store.write(rows(*(delivery(queue_id=f"q{n}", at=NOON + n % 7) for n in range(50))))
    until, found, after = store.settled(), [], (0, 0, "")
    while page := changes(store, begin, until=until, limit=7, after=after):
        found += [each.id for each in page]
        after = page[-1].place
    assert len(found) == len(set(found)) == 50


def test_withdrawn_and_folded_rows_are_no_news(store):
    """Nobody is told of them."""
    begin = store.settled()
    store.write(rows(delivery(queue_id="hop", folded=True), delivery(queue_id="x", deleted=True)))
    assert changes(store, begin) == []


def test_what_is_being_written_is_not_settled():
    """The moment waits for the block that began first."""
    clock = iter([10, 20, 30, 40, 50, 60])
    writing = Writing(lambda: next(clock))
    with writing.block():
        with writing.block():
            assert writing.settled() == 10
        assert writing.settled() == 10
    assert writing.settled() == 50


def test_what_stood_before_there_were_changes_is_none(engine, monkeypatch):
    """A store of an older version is given the moment of its migration, once for all."""
    files = migrate._files()
    monkeypatch.setattr(migrate, "_files", lambda: {n: files[n] for n in files if n < 3})
    with Store.open(engine, database="older") as store:
        store.write(rows(*(delivery(queue_id=f"q{n}") for n in range(10))))
    monkeypatch.setattr(migrate, "_files", lambda: files)
    with Store.open(engine, database="older") as store:
        migrated = store.settled()
        assert changes(store, migrated) == []
        assert len(changes(store, 0)) == 10
