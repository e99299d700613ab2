"""Exports made in the background: whole or not at all, for their owner, and not for ever."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from tests.exports.conftest import UTC, Office, opened

from postroad import queries
from postroad.accounts import Draft, Kind, local_administrator
from postroad.accounts.wording import unpacked
from postroad.errors import AccessError, AccountError, SearchError
from postroad.model.search import Search
from postroad.model.when import DAY
from postroad.services.exporting import MOST
from postroad.services.exports import Order
from postroad.services.making import KEPT_FOR
from postroad.state import exports, outbox
from postroad.state.outbox import Letter

ROOT = Path(__file__).resolve().parents[2]


def expected(office, name, **values):
    """The ids that a search of everything finds for somebody."""
    found = office.services.search(office.viewer(name), values, zone=UTC, limit=1000)
    return [row.id for row in found.page.deliveries]


@pytest.mark.parametrize("name", ["root", "com", "net", "anna@example.com"])
def test_a_file_is_what_its_owner_may_see(office, name):
    """It is what a search finds for them, masked alike."""
    made = office.order(name)
    office.work()
    rows = [json.loads(line) for line in office.fetch(name, made).splitlines()]
    found = office.services.search(office.viewer(name), {}, zone=UTC, limit=1000)

    assert rows == [queries.public(each) for each in found.page.deliveries]
    export = office.get(made)
    assert (export.status, export.rows, export.total) == ("fetched", len(rows), len(rows))
    assert export.octets == (office.folder / made).stat().st_size


def test_a_file_is_its_owners_alone(office):
    """Nobody else on the machine may read it, and no other account; its name says nothing."""
    made = office.order("com", to="anna@example.com")
    office.work()

    assert office.files() == [made]
    assert stat.S_IMODE((office.folder / made).stat().st_mode) == 0o600
    assert stat.S_IMODE(office.folder.stat().st_mode) == 0o700
    for name in ("root", "net", "anna@example.com"):
        with pytest.raises(AccountError, match="There is no such export of yours"):
            office.fetch(name, made)
        with pytest.raises(AccountError, match="There is no such export of yours"):
            office.exporting.remove(office.viewer(name), made)
        assert office.exporting.mine(office.viewer(name)) == []


def test_who_sees_less_than_before_gets_nothing(office):
    """The file of an account that lost a domain is refused, and removed."""
    directory = office.services.accounts.directory
    directory.add(Draft(name="both", kind=Kind.OWNER, domains=("example.com", "example.net")))
    made = office.order("both")
    office.work()
    directory.change("both", Draft(name="both", kind=Kind.OWNER, domains=("example.com",)))

    with pytest.raises(AccessError, match="You may see less than when this export was made"):
        office.fetch("both", made)
    assert office.files() == []
    assert office.get(made) is None


def test_who_sees_more_than_before_still_gets_it(office):
    """Rights that grew take nothing away."""
    made = office.order("com")
    office.work()
    more = Draft(name="com", kind=Kind.OWNER, domains=("example.com", "more.example"))
    office.services.accounts.directory.change("com", more)

    assert office.fetch("com", made)


def test_an_export_is_written_for_who_its_account_is_then(office):
    """Rights that were lost while it waited are lost for it."""
    directory = office.services.accounts.directory
    directory.add(Draft(name="both", kind=Kind.OWNER, domains=("example.com", "example.net")))
    made = office.order("both")
    directory.change("both", Draft(name="both", kind=Kind.OWNER, domains=("example.com",)))
    office.work()

    rows = [json.loads(line)["id"] for line in office.fetch("both", made).splitlines()]
    assert rows == expected(office, "com")


def test_an_account_that_is_switched_off_gets_no_file(office):
    """Nothing is written for whoever may not sign in any more."""
    made = office.order("com")
    draft = Draft(name="com", kind=Kind.OWNER, domains=("example.com",))
    office.services.accounts.directory.change("com", draft, disabled=True)
    office.work()

    export = office.get(made)
    assert export.status == "failed"
    assert unpacked(export.said) == "Its account may not be used any more."
    assert office.files() == []


def test_an_account_that_is_removed_takes_its_files_along(office):
    """At the next start no file is left of it."""
    made = office.order("com")
    office.work()
    assert office.files() == [made]
    office.services.accounts.directory.remove("com")
    fresh = type(office.exporting)(
        office.services.settings,
        office.services.store,
        office.services.state,
        office.services.accounts,
        office.services.subscribing,
        ask=office.services._ask,
        note=office.services._note,
        now=office.services.now,
        wake=lambda: None,
    )
    fresh.making.look(office.services.now())

    assert office.files() == []


def test_it_is_removed_after_seven_days(office):
    """Until its time it can be fetched; then row and file are gone."""
    made = office.order("com")
    office.work()
    ended = office.get(made).ended_at
    assert KEPT_FOR == 7 * DAY
    office.making.look(ended + KEPT_FOR - 1)
    assert office.fetch("com", made)
    office.making.look(ended + KEPT_FOR)

    assert office.get(made) is None
    assert office.files() == []


def test_one_that_waits_can_be_stopped(office):
    """What was stopped is not made; it stays on the list until it is removed."""
    made = office.order("com")
    office.exporting.stop(office.viewer("com"), made)
    office.work()
    assert [each.export.status for each in office.exporting.mine(office.viewer("com"))] == [
        "stopped"
    ]
    with pytest.raises(AccountError):
        office.fetch("com", made)
    office.exporting.remove(office.viewer("com"), made)

    assert office.exporting.mine(office.viewer("com")) == []
    assert office.files() == []


@pytest.mark.parametrize("how", ["stop", "remove"])
def test_one_that_is_written_can_be_stopped(office, monkeypatch, how):
    """It ends within a moment, and leaves no file."""
    chunks = queries.Listing.chunks

    def slowly(listing):
        for rows in chunks(listing, 1):
            time.sleep(0.2)
            yield rows

    monkeypatch.setattr(queries.Listing, "chunks", slowly)
    monkeypatch.setattr("postroad.services.making._EVERY", 0.0)
    made = office.order("root")
    office.making.look(office.services.now())
    _wait(lambda: office.get(made).rows > 1)
    assert 1 < office.get(made).rows < office.get(made).total
    getattr(office.exporting, how)(office.viewer("root"), made)
    _wait(lambda: not office.making._running)

    assert office.files() == []
    left = office.get(made)
    assert (left.status if left else "gone") == ("stopped" if how == "stop" else "gone")


def _wait(is_so, seconds=20):
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_progress_rises_to_the_total(office, monkeypatch):
    """While it is written its rows grow, up to how many there are."""
    seen = []
    monkeypatch.setattr("postroad.services.making._EVERY", 0.0)
    monkeypatch.setattr("postroad.queries.listing.CHUNK", 3)
    change = exports.change

    def watched(state, export_id, **values):
        done = change(state, export_id, **values)
        seen.append((exports.get(state, export_id).rows, exports.get(state, export_id).total))
        return done

    chunks = queries.Listing.chunks
    monkeypatch.setattr(queries.Listing, "chunks", lambda listing: chunks(listing, 3))
    monkeypatch.setattr(exports, "change", watched)
    office.order("root")
    office.work()

    rows = [each for each, _ in seen]
    total = len(expected(office, "root"))
    assert rows == sorted(rows)
    assert len(set(rows)) > 3
    assert seen[-1] == (total, total)


def test_two_are_written_at_a_time_and_one_of_an_account(office, monkeypatch):
    """Others wait for their turn, so that nobody takes all there is."""
    chunks = queries.Listing.chunks
    gate = []

    def held(listing):
        while not gate:
            time.sleep(0.01)
        yield from chunks(listing)

    monkeypatch.setattr(queries.Listing, "chunks", held)
    made = [office.order(name) for name in ("root", "root", "com", "net")]
    for _ in range(3):
        office.making.look(office.services.now())
    _wait(lambda: sum(office.get(each).status == "running" for each in made) == 2)
    assert [office.get(each).status for each in made] == [
        "running",
        "waiting",
        "running",
        "waiting",
    ]
    gate.append(True)
    office.work()
    assert {office.get(each).status for each in made} == {"done"}


def test_what_takes_too_much_room_fails_and_says_so(office, monkeypatch):
    """Nobody's exports take more than their part, and all together no more than is allowed."""
    monkeypatch.setattr("postroad.services.making._MEGABYTE", 3)
    first = office.order("root", host="nowhere")
    office.work()
    assert office.get(first).status == "done"
    made = [office.order("root"), office.order("com")]
    office.work()
    said = [unpacked(office.get(each).said) for each in made]

    assert "`exports_megabytes`" in said[0]
    assert "the most for one account" in said[1]
    assert office.files() == [first]


def test_a_disk_that_is_nearly_full_is_not_filled(office, monkeypatch):
    """Logs must still be read: an export leaves space, and says why it was not made."""
    monkeypatch.setattr("postroad.services.exports.shelf._SPARE", 2**62)
    made = office.order("root")
    office.work()

    assert "There is not enough space on the disk" in unpacked(office.get(made).said)
    assert office.files() == []


def test_a_file_that_cannot_be_written_leaves_none(office):
    """Where the system lets no more be written, the export fails with a sentence."""
    made = office.order("root")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    viewer, order = office.viewer("root"), msgspec.json.decode(office.get(made).what, type=Order)
    listing = queries.Listing(office.services.store, viewer.scope, Search())
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with (
            pytest.raises(Exception, match="There is not enough space on the disk"),
            office.exporting._shelf.writing(made) as file,
        ):
            office.making._write(office.get(made), order, listing, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        listing.close()

    assert office.files() == []


def test_who_has_no_account_is_refused_with_a_way_out(office):
    """Over the Unix socket there is nobody to keep a file for."""
    order = Order(values={}, clock="UTC")
    with pytest.raises(AccessError, match="`postroad export` writes a file of any size"):
        office.exporting.order(local_administrator(), order, word="csv")
    assert office.exporting.mine(local_administrator()) == []


@pytest.mark.parametrize(
    ("word", "values", "mail_to", "error"),
    [
        ("xlsx", {}, "", SearchError),
        ("csv", {"to": "a b"}, "", SearchError),
        ("csv", {"reason": "nonsense"}, "", SearchError),
        ("csv", {}, "stranger@elsewhere.test", AccountError),
        ("csv", {}, "anna@example.com\r\nBcc: eve@outside.test", AccountError),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(office, word, values, mail_to, error):
    """A question, a format or an address that cannot be is told before anything waits."""
    with pytest.raises(error):
        office.order("com", word, mail_to, **values)
    assert office.exporting.mine(office.viewer("com")) == []


def test_an_account_keeps_no_more_than_so_many(office):
    """The one too many is refused until one is removed."""
    made = [office.order("com") for _ in range(MOST)]
    with pytest.raises(AccountError, match="which is the most"):
        office.order("com")
    office.exporting.remove(office.viewer("com"), made[0])
    assert office.order("com")


def test_making_and_fetching_are_written_down(office):
    """The audit trail says who made and fetched a file, and about whom."""
    made = office.order("com", to="bob@example.net")
    office.work()
    office.fetch("com", made)
    entries = office.services.accounts.audit.read(limit=2)

    assert [(each.account, each.action, each.about) for each in entries] == [
        ("com", "export_fetch", ("bob@example.net",)),
        ("com", "export", ("bob@example.net",)),
    ]
    assert "bob@example.net" in entries[0].subject


def letters(office, name):
    """The letters to somebody's account."""
    return outbox.latest(office.services.state, office.viewer(name).account_id)


def test_a_letter_says_that_it_is_ready_and_no_more(office):
    """It has the link, for which one signs in; no address, question or row of the file."""
    made = office.order("com", mail_to="info@example.com", to="bob@example.net")
    office.work()
    [letter] = letters(office, "com")
    notice = office.exporting.compose(office.viewer("com"), letter)

    assert (letter.key, letter.kind, letter.target) == (
        f"export {made}",
        "export",
        "info@example.com",
    )
    assert notice.subject == "Your export is ready"
    assert "https://mail.test/exports" in notice.text
    assert f"{office.get(made).rows} rows" in notice.text
    assert "bob" not in notice.text
    assert notice.attachments == ()
    json.dumps(notice.data)


def test_a_letter_says_that_it_failed(office):
    """Who waits for a file hears that there will be none."""
    draft = Draft(name="com", kind=Kind.OWNER, domains=("example.com",))
    office.order("com", mail_to="info@example.com")
    office.services.accounts.directory.change("com", draft, disabled=True)
    office.work()
    office.services.accounts.directory.change("com", draft, disabled=False)
    [letter] = letters(office, "com")

    assert office.exporting.compose(office.viewer("com"), letter).subject == (
        "Your export could not be made"
    )


def test_a_letter_whose_reader_lost_the_address_is_not_written(office):
    """What may not be sent there any more is not, nor is one of a file that is gone."""
    made = office.order("com", mail_to="info@example.com")
    office.work()
    [letter] = letters(office, "com")
    assert office.exporting.compose(office.viewer("com"), letter)
    assert office.exporting.compose(office.viewer("net"), letter) is None
    other = Draft(name="com", kind=Kind.OWNER, domains=("other.example",))
    office.services.accounts.directory.change("com", other)
    assert office.exporting.compose(office.viewer("com"), letter) is None
    office.exporting.remove(office.viewer("com"), made)
    assert office.exporting.compose(office.viewer("com"), letter) is None
    forged = Letter(key="x", account_id=1, kind="export", channel="email", target="a@b.test")
    assert office.exporting.compose(office.viewer("com"), forged) is None


def test_times_are_those_of_when_it_was_asked(office):
    """Days ago are counted from when it was ordered, however long it waited."""
    made = office.order("root", since="2d")
    [listed] = office.exporting.mine(office.viewer("root"))
    assert "2 days" in str(listed.words)
    search = office.services._ask({"since": "2d"}, UTC, office.get(made).created_at)
    assert search.since == office.get(made).created_at - 2 * DAY


CHILD = """
import sys, time
from tests.exports.conftest import Office, opened, people
from tests.queries import world
from postroad import queries
chunks = queries.Listing.chunks
def slowly(listing):
    for rows in chunks(listing, 1):
        print("row", flush=True)
        time.sleep(0.1)
        yield rows
queries.Listing.chunks = slowly
with opened(sys.argv[1]) as services:
    world.fill(services.store)
    people(services)
    office = Office(services)
    print(office.order("com", mail_to="info@example.com"), flush=True)
    office.work()
"""


def test_killed_while_writing_it_is_made_anew(tmp_path):
    """After a kill nothing half is left; the next start makes the file, whole, and tells once."""
    home = tmp_path / "home"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    made = child.stdout.readline().strip()
    for _ in range(3):
        assert child.stdout.readline() == "row\n"
    child.kill()
    child.communicate(timeout=30)
    assert [path.name for path in (home / "exports").iterdir()] == [f"{made}.part"]

    with opened(home) as services:
        office = Office(services)
        assert office.get(made).status == "running"
        office.work()
        rows = [json.loads(line)["id"] for line in office.fetch("com", made).splitlines()]
        assert rows == expected(office, "com")
        assert office.files() == [made]
        assert len(letters(office, "com")) == 1


def test_closing_stops_what_is_written(office, monkeypatch):
    """The process does not wait for a long export, which begins anew another time."""
    chunks = queries.Listing.chunks

    def slowly(listing):
        for rows in chunks(listing, 1):
            time.sleep(0.1)
            yield rows

    monkeypatch.setattr(queries.Listing, "chunks", slowly)
    made = office.order("root")
    office.making.look(office.services.now())
    _wait(lambda: office.get(made).total)
    office.exporting.close()

    assert office.get(made).status == "waiting"
    assert office.get(made).rows == 0
    assert office.files() == []
