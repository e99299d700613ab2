"""Every viewer sees exactly their mail, in every function of `queries`."""

import importlib
import inspect
import pkgutil

import msgspec
import pytest
from tests.queries import world
from tests.queries.world import SEEN, SHOWN

from postroad import queries
from postroad.errors import AccessError
from postroad.model.scope import Scope
from postroad.model.search import Search
from postroad.model.status import Direction, Status
from postroad.store import Store

VIEWERS = pytest.mark.parametrize(("scope", "mail"), SEEN.values(), ids=SEEN)


@pytest.fixture
def store(world):
    """The mail of two tenants."""
    return world


def ids(rows):
    """The ids of deliveries, sorted."""
    return sorted(row.id for row in rows)


def test_no_query_without_a_scope():
    """Every public function that takes the store takes a scope after it, without a default."""
    functions = [getattr(queries, name) for name in queries.__all__]
    asking = [
        each
        for each in functions
        if inspect.isfunction(each) and "store" in inspect.signature(each).parameters
    ]
    assert len(asking) >= 10
    for function in asking:
        first, second, *_ = inspect.signature(function, eval_str=True).parameters.values()
        assert (first.name, first.annotation) == ("store", Store), function
        assert (second.name, second.annotation) == ("scope", Scope), function
        assert second.default is inspect.Parameter.empty, function


def test_all_modules_are_walked():
    """No module of the room has a public function that takes the store and no scope."""
    for module in pkgutil.iter_modules(queries.__path__):
        loaded = importlib.import_module(f"postroad.queries.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters)
            if not name.startswith("_") and "store" in parameters:
                assert parameters[:2] == ["store", "scope"], f"{module.name}.{name}"


@VIEWERS
def test_search(store, scope, mail):
    """A search for everything finds what the viewer may see, the newest first, counted."""
    page = queries.search(store, scope, Search(), count=True)
    assert ids(page.deliveries) == ids(mail)
    assert [row.first_at for row in page.deliveries] == sorted(
        (row.first_at for row in mail), reverse=True
    )
    assert page.total == len(mail)
    assert page.next_cursor is None


@VIEWERS
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages(store, scope, mail, limit):
    """Page by page, whatever their size, a viewer sees the same as at once."""
    found, cursor = [], None
    while True:
        page = queries.search(store, scope, Search(), limit=limit, cursor=cursor)
        found += page.deliveries
        assert len(page.deliveries) <= limit
        cursor = page.next_cursor
        if cursor is None:
            break
    assert ids(found) == ids(mail)
    assert ids(queries.iterate(store, scope, Search(), page=limit)) == ids(mail)


def questions():
    """Questions that lead to other people's mail, each with a test of whether a row matches."""
    texts = {
        text for row in SHOWN for text in (row.sender, row.recipient, row.delivered_to) if text
    } | {"@example.com", "@example.net", "@secret.test", "@outside.test", "shop"}
    for text in sorted({each.lower() for each in texts}):
        yield Search(recipient=text), lambda row, t=text: _is(t, *row.targets)
        yield (
            Search(sender=text.upper()),
            lambda row, t=text: _is(t, row.sender.lower(), *row.origins),
        )
        yield (
            Search(address=text),
            lambda row, t=text: _is(t, row.sender.lower(), *row.origins, *row.targets),
        )
    for row in SHOWN:
        yield Search(id=row.queue_id), lambda other, row=row: other.queue_id == row.queue_id
        yield Search(id=row.id), lambda other, row=row: other.id == row.id
        yield Search(id=row.message_key), lambda other, row=row: other.queue_id == row.queue_id
        yield (
            Search(message_id=f"<{row.message_id}>"),
            lambda other, row=row: other.message_id == row.message_id,
        )
    yield Search(subject="mESSAGE 3"), lambda row: row.subject == "Message 3"
    yield Search(subject="message"), bool
    for status in Status:
        yield Search(statuses=frozenset({status})), lambda row, s=status: row.status is s
    for way in Direction:
        yield Search(directions=frozenset({way})), lambda row, w=way: row.direction is w
    yield Search(host=world.HOST), bool
    yield Search(host="mx9"), lambda row: not row
    cut = SHOWN[4].first_at
    yield Search(since=cut), lambda row: max(row.first_at, row.last_attempt_at) >= cut
    yield Search(until=cut), lambda row: row.first_at < cut


def _is(asked, *parties):
    if asked.startswith("@"):
        return any(party.endswith(asked) and "@" in party for party in parties)
    return asked in parties


def visible(scope, row):
    """A row with the parties that this viewer is shown: no alias, no login of the other side."""
    own_target = any(scope.holds(each) for each in row.targets)
    own_origin = any(scope.holds(each) for each in row.origins)
    return msgspec.structs.replace(
        row,
        targets=[row.recipient.lower()]
        + ([*row.targets, row.delivered_to.lower()] if own_target or scope.is_everything else []),
        origins=row.origins if own_origin or scope.is_everything else [],
    )


@VIEWERS
def test_questions(store, scope, mail):
    """Every question finds what matches of the viewer's mail and nothing else."""
    for search, matches in questions():
        expected = [row for row in mail if matches(visible(scope, row))]
        assert ids(queries.search(store, scope, search).deliveries) == ids(expected), search


@VIEWERS
def test_counts(store, scope, mail):
    """Every question counts what matches of the viewer's mail, by status."""
    for search, matches in list(questions())[::4]:
        expected = [row for row in mail if matches(visible(scope, row))]
        assert queries.counts(store, scope, search) == {
            status: sum(row.status is status for row in expected)
            for status in sorted({row.status for row in expected})
        }, search


@VIEWERS
def test_questions_in_pairs(store, scope, mail):
    """Two limits at once leave what both leave."""
    asked = [
        (search, matches)
        for search, matches in questions()
        if not (search.id or search.message_id or search.host or search.directions)
    ][::5]
    for (one, is_one), (other, is_other) in zip(asked, asked[1:] + asked[:1], strict=True):
        fields = {
            name: getattr(one, name) or getattr(other, name) for name in Search.__struct_fields__
        }
        both = [n for n in fields if getattr(one, n) and getattr(other, n)]
        if both:
            continue
        shown = [visible(scope, row) for row in mail]
        expected = [row for row in shown if is_one(row) and is_other(row)]
        assert ids(queries.search(store, scope, Search(**fields)).deliveries) == ids(expected)


@VIEWERS
def test_statistics(store, scope, mail):
    """Statistics count the viewer's mail only."""
    days = queries.statistics(store, scope, Search())
    assert sum(sum(day.counts.values()) for day in days) == len(mail)


@VIEWERS
def test_hosts(store, scope, mail):
    """Hosts are named to those who have mail there."""
    assert [each.host for each in queries.hosts(store, scope)] == sorted({row.host for row in mail})


@VIEWERS
def test_detail(store, scope, mail):
    """One delivery is shown to those who may see it; to others it does not exist."""
    for row in SHOWN:
        found = queries.detail(store, scope, row.id)
        assert (found is not None) == (row in mail)


@VIEWERS
def test_family(store, scope, mail):
    """Only what the viewer may see is named as belonging together with a delivery."""
    seen = {row.id for row in mail}
    for row in mail:
        for relative in queries.detail(store, scope, row.id).family:
            assert relative["id"] in seen


@VIEWERS
def test_hidden_rows(store, scope, mail):
    """Hops and withdrawn deliveries are shown to nobody, not even by their id."""
    for row in (world.HOP, world.WITHDRAWN):
        assert queries.detail(store, scope, row.id) is None
        assert queries.search(store, scope, Search(id=row.id)).deliveries == []
        assert queries.search(store, scope, Search(id=row.queue_id)).deliveries == []


@VIEWERS
def test_health_is_for_administrators(store, scope, mail):
    """What was read, and what was not understood, is for administrators."""
    for function in (queries.coverage, queries.unknown, queries.sources):
        if scope.is_everything:
            assert function(store, scope) == []
        else:
            with pytest.raises(AccessError):
                function(store, scope)


def test_many_domains(store):
    """An owner of a hundred domains sees the same as one of the few that have mail."""
    many = Scope.of(domains={f"d{n}.test" for n in range(100)} | {"example.com", "example.net"})
    expected = SEEN["both"][1]
    page = queries.search(store, many, Search(), count=True, limit=3)
    assert page.total == len(expected)
    assert ids(queries.iterate(store, many, Search(), page=2)) == ids(expected)
