"""What was read, what was not understood, and why a question found nothing."""

import pytest
from tests.store.rows import DAY, HOST, NOON, SECOND, batch, delivery

from postroad import queries
from postroad.model.coverage import Coverage, UnknownLine
from postroad.model.scope import Scope
from postroad.model.search import Goal, Search
from postroad.model.status import Status

EVERYTHING = Scope.everything()
NET = Scope.of(domains={"example.net"})
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def covered(minute, host=HOST, source="main", **counts):
    """A minute of a log that was read."""
    counts = {"lines": 10, "understood": 8, "noise": 1, "unknown": 1} | counts
    return Coverage(source=source, host=host, minute=minute, chunk="1", **counts)


def kinds(store, search, scope=EVERYTHING):
    """The kinds of notes that explain an empty answer."""
    page = queries.search(store, scope, search)
    assert page.deliveries == []
    for note in page.notes:
        assert note["text"].endswith(".")
    return [note["kind"] for note in page.notes]


def test_coverage_is_summed(store):
    """Coverage is summed over steps of time, and over everything for each source."""
    store.write_coverage(
        [
            covered(NOON),
            covered(NOON + MINUTE),
            covered(NOON + HOUR),
            covered(NOON, source="other", unknown=0),
        ]
    )
    rows = queries.coverage(store, EVERYTHING, step=HOUR)
    assert [(row.source, row.minute, row.lines, row.unknown) for row in rows] == [
        ("main", NOON, 20, 2),
        ("main", NOON + HOUR, 10, 1),
        ("other", NOON, 10, 0),
    ]
    assert len(queries.coverage(store, EVERYTHING, since=NOON + MINUTE, until=NOON + HOUR)) == 1
    sources = queries.sources(store, EVERYTHING)
    assert [(row.source, row.first_at, row.newest_at, row.lines) for row in sources] == [
        ("main", NOON, NOON + HOUR, 30),
        ("other", NOON, NOON, 10),
    ]


def test_unknown_lines_by_shape(store):
    """Lines that were not understood are told by shape, the newest first, with examples."""
    store.write_unknown(
        [
            UnknownLine(
                source="s", host=HOST, at=NOON + number, shape=shape, text=f"{shape} {number}",
                position="",
            )
            for shape in ("a", "b")
            for number in range(9)
        ]
    )  # fmt: skip
    shapes = queries.unknown(store, EVERYTHING, examples=2)
    assert {each.shape for each in shapes} == {"a", "b"}
    for each in shapes:
        assert [line.at for line in each.examples] == [NOON + 8, NOON + 7]


def test_nothing_was_read(store):
    """Where nothing was ever read, an empty answer says so."""
    assert kinds(store, Search()) == ["nothing_read"]
    store.write_coverage([covered(NOON)])
    assert "nothing_read" not in kinds(store, Search())
    assert kinds(store, Search(host="mx9")) == ["nothing_read"]


def test_an_answer_needs_no_explanation(store):
    """Where something is found there are no notes."""
    store.write(batch(delivery()))
    assert queries.search(store, EVERYTHING, Search()).notes == []


def test_in_another_period(store):
    """Mail outside the period asked for is named, with the time of the newest."""
    store.write(batch(delivery()))
    store.write_coverage([covered(NOON - DAY), covered(NOON)])
    search = Search(recipient="bob@example.net", since=NOON - DAY, until=NOON - HOUR)
    notes = queries.search(store, EVERYTHING, search).notes
    assert notes[0]["kind"] == "other_period"
    assert notes[0]["at"] == "2026-03-02T10:00:00.000000Z"
    assert "other_period" not in kinds(store, Search(recipient="no@example.net", since=NOON + DAY))


def test_with_another_status(store):
    """Mail with another status than those asked for is named."""
    store.write(batch(delivery()))
    search = Search(recipient="bob@example.net", statuses=frozenset({Status.FAILED}))
    assert "other_status" in kinds(store, search)
    assert "other_status" in kinds(store, Search(place=Goal.REMOTE, sort="size"))


def test_older_than_what_is_kept(store):
    """A period that begins before the oldest line that is kept says so."""
    store.write_coverage([covered(NOON)])
    assert "older_than_kept" in kinds(store, Search(since=NOON - DAY))
    assert "older_than_kept" not in kinds(store, Search(since=NOON))


def test_newer_than_what_was_read(store):
    """A period that ends after the newest line that was read says so."""
    store.write_coverage([covered(NOON)])
    assert "not_read_yet" in kinds(store, Search(since=NOON + HOUR))
    assert "not_read_yet" not in kinds(store, Search(until=NOON))


def test_a_hole_in_the_log(store):
    """A silence of a host within the period is named with its ends."""
    minutes = [*range(120), *range(200, 320)]
    store.write_coverage([covered(NOON + number * MINUTE) for number in minutes])
    search = Search(since=NOON, until=NOON + 5 * HOUR)
    notes = [n for n in queries.search(store, EVERYTHING, search).notes if n["kind"] == "gap"]
    assert [(note["host"], note["since"], note["until"]) for note in notes] == [
        (HOST, "2026-03-02T12:00:00.000000Z", "2026-03-02T13:20:00.000000Z")
    ]
    assert "gap" not in kinds(store, Search(since=NOON, until=NOON + HOUR))
    assert "gap" in kinds(store, Search())


def test_a_quiet_host_has_no_hole(store):
    """A host that logs once an hour is not silent between two of its lines."""
    store.write_coverage([covered(NOON + number * HOUR) for number in range(20)])
    assert "gap" not in kinds(store, Search(since=NOON, until=NOON + 19 * HOUR))


@pytest.mark.parametrize("asked", ["carol@example.org", "@example.org"])
def test_addresses_of_others(store, asked):
    """Who asks for an address that is not theirs is told so, the same whether it exists or not."""
    store.write_coverage([covered(NOON)])
    before = queries.search(store, NET, Search(recipient=asked)).notes
    store.write(batch(delivery("carol@example.org")))
    assert queries.search(store, NET, Search(recipient=asked)).notes == before
    assert before[0]["kind"] == "not_yours"
    assert "not_yours" not in kinds(store, Search(recipient="x@example.net"), NET)
    assert "not_yours" not in kinds(store, Search(recipient="x@example.org"))


def test_notes_tell_nothing_of_other_peoples_mail(store):
    """Mail that the viewer may not see is not hinted at by any note."""
    store.write_coverage([covered(NOON)])
    search = Search(since=NOON + HOUR, statuses=frozenset({Status.FAILED}))
    before = queries.search(store, NET, search).notes
    store.write(batch(delivery("carol@example.org", sender="bob@example.net")))
    assert queries.search(store, NET, search).notes == before
