"""Facts, parts of addresses and orders: what a viewer asks by, and never by what is masked.

Expected answers are worked out here from what `View` shows, row by row.
"""

from __future__ import annotations

import ipaddress

import msgspec
import pytest
from tests.queries import world
from tests.queries.world import SEEN, SHOWN

from postroad import queries
from postroad.errors import SearchError
from postroad.model.search import SORTABLE, Flow, Goal, Match, Search
from postroad.model.status import Direction
from postroad.queries.masks import MASK
from postroad.queries.public import FIELDS
from postroad.queries.view import View

VIEWERS = pytest.mark.parametrize(("scope", "mail"), SEEN.values(), ids=SEEN)
#: Everything that somebody may ask for: of parties, parts of them, and parts of masks.
NAMES = sorted(
    {
        text.lower()
        for row in SHOWN
        for text in (row.sender, row.recipient, row.delivered_to, row.user, *row.origins)
        if text
    }
)
PARTS = sorted({name[start:end] for name in NAMES for start, end in ((0, 3), (2, 6), (-6, None))})


@pytest.fixture
def store(world):
    """The mail of two tenants."""
    return world


def ids(rows):
    """The ids of deliveries, sorted."""
    return sorted(row.id for row in rows)


def shown(scope, row):
    """A row as the viewer sees it, with what is masked empty."""
    seen = View(scope, row).delivery()
    gone = {name: "" for name in ("delivered_to", "user", "domain") if getattr(seen, name) == MASK}
    return msgspec.structs.replace(seen, **gone)


def recipients(scope, row):
    """The recipient's addresses that the viewer sees."""
    seen = shown(scope, row)
    return {each.lower() for each in (seen.recipient, seen.delivered_to)} - {""}


def senders(scope, row):
    """The sender's addresses and logins that the viewer sees."""
    is_origin = scope.is_everything or any(scope.holds(each) for each in row.origins)
    return {row.sender.lower(), *(row.origins if is_origin else ())} - {""}


def begins(part, names):
    """Whether a name, or its domain, begins so."""
    return any(
        name.startswith(part) or (f"@{name.rpartition('@')[2]}".startswith(part) and "@" in name)
        for name in names
    )


def contains(part, names):
    """Whether a name contains it."""
    return any(part in name for name in names)


@VIEWERS
@pytest.mark.parametrize(("match", "test"), [(Match.BEGINS, begins), (Match.CONTAINS, contains)])
@pytest.mark.parametrize("few", [0, 10**9])
def test_parts_of_addresses(store, scope, mail, match, test, few, monkeypatch):
    """A part of an address finds what shows it, by keys and by rows, and nothing that hides it."""
    monkeypatch.setattr("postroad.queries.plan._FEW", few)
    for part in ["@exam", "@", "x" * 100, "%", "secret", *PARTS[:: 2 if few else 5]]:
        to = [row for row in mail if test(part, recipients(scope, row))]
        sender = [row for row in mail if test(part, senders(scope, row))]
        either = {row.id for row in (*to, *sender)}
        for search, expected in (
            (Search(recipient=part.upper(), match=match), ids(to)),
            (Search(sender=part, match=match), ids(sender)),
            (Search(address=part, match=match), sorted(either)),
        ):
            page = queries.search(store, scope, search, count=True)
            assert ids(page.deliveries) == expected, search
            assert page.total == len(expected), search


@VIEWERS
@pytest.mark.parametrize("field", ["user", "domain", "client_host", "router", "reason"])
def test_whole_values(store, scope, mail, field):
    """A value finds the rows that show it; a value that is masked in a row does not find it."""
    for value in {getattr(row, field) for row in SHOWN} - {""}:
        expected = [row for row in mail if getattr(shown(scope, row), field) == value]
        search = Search(**{field: value.upper()})
        assert ids(queries.search(store, scope, search).deliveries) == ids(expected), search
        assert sum(queries.counts(store, scope, search).values()) == len(expected)


@VIEWERS
@pytest.mark.parametrize("field", ["remote_host", "transport"])
def test_other_whole_values(store, scope, mail, field):
    """Values that everybody sees who sees the row."""
    for value in {getattr(row, field) for row in SHOWN} - {""}:
        expected = [row for row in mail if getattr(row, field) == value]
        search = Search(**{field: value})
        assert ids(queries.search(store, scope, search).deliveries) == ids(expected), search


@VIEWERS
@pytest.mark.parametrize(
    "asked",
    [
        "192.0.2.25", "198.51.100.0/24", "203.0.113.9", "0.0.0.0/0", "2001:db8::9", "2001:db8::/32",
        "::/0", "192.0.2.26", "203.0.113.8/31",
    ],
)  # fmt: skip
def test_ip_addresses(store, scope, mail, asked):
    """An address or network finds both ends, of its own version of IP."""
    network = ipaddress.ip_network(asked)

    def is_in(text):
        address = ipaddress.ip_address(text) if text else None
        # In ::/0 lie all addresses, also those of version 4 as version 6 writes them.
        return bool(address) and (
            asked == "::/0" or (address.version == network.version and address in network)
        )

    expected = [row for row in mail if is_in(row.client_ip) or is_in(row.remote_ip)]
    found = queries.search(store, scope, Search(ip=asked)).deliveries
    assert ids(found) == ids(expected)


@VIEWERS
def test_sides(store, scope, mail):
    """Sent is what one provably submitted, received what is for one's mailboxes."""
    for side, parties, ways in (
        (Flow.SENT, "origins", (Direction.OUTBOUND, Direction.INTERNAL)),
        (Flow.RECEIVED, "targets", (Direction.INBOUND, Direction.INTERNAL)),
    ):
        if scope.is_everything:
            expected = [row for row in mail if row.direction in ways]
        else:
            expected = [row for row in mail if any(map(scope.holds, getattr(row, parties)))]
        assert ids(queries.search(store, scope, Search(side=side)).deliveries) == ids(expected)
        for name in ("anna@example.com", "bob@example.net", "zoe@example.com", "shop"):
            search = Search(side=side, address=name)
            left = [row for row in expected if name in recipients(scope, row) | senders(scope, row)]
            assert ids(queries.search(store, scope, search).deliveries) == ids(left), search


@VIEWERS
def test_places(store, scope, mail):
    """Remote is what goes to another server, local what goes to a mailbox here."""
    for place, ways in (
        (Goal.REMOTE, {Direction.OUTBOUND, Direction.RELAYED}),
        (Goal.LOCAL, {Direction.INBOUND, Direction.INTERNAL}),
    ):
        expected = [row for row in mail if row.direction in ways]
        assert ids(queries.search(store, scope, Search(place=place)).deliveries) == ids(expected)


def compared(scope, row, field):
    """What an order by a field compares."""
    seen = shown(scope, row)
    value = getattr(seen, field)
    if field == "sent_at":
        return row.first_at
    if field == "spam_score":
        return -1e9 if value is None else value
    if field == "result" and not scope.is_everything:
        return f"{row.smtp_code:03d} {row.enhanced_code}"
    return value.lower() if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("viewer", "field"),
    [("com", field) for field in SORTABLE]
    + [("everything", field) for field in ("delivered_to", "result", "status", "sent_at")]
    + [("bob", field) for field in ("delivered_to", "user", "domain", "result", "recipient")]
    + [("shop", field) for field in ("delivered_to", "sent_at")],
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_orders(store, viewer, field, sign):
    """Every public field orders everything, at once and page by page, ties by time."""
    scope, mail = SEEN[viewer]
    newest = sorted(mail, key=lambda row: (-row.first_at, row.id))
    if field == "sent_at":
        expected = newest if sign else newest[::-1]
    else:
        expected = sorted(newest, key=lambda row: compared(scope, row, field), reverse=bool(sign))
    search = Search(sort=f"{sign}{field}")
    wanted = [row.id for row in expected]
    assert [row.id for row in queries.search(store, scope, search).deliveries] == wanted
    assert [row.id for row in queries.iterate(store, scope, search, page=4)] == wanted
    first = queries.search(store, scope, search, limit=1)
    second = queries.search(store, scope, search, limit=2, cursor=first.next_cursor)
    assert [row.id for row in (*first.deliveries, *second.deliveries)] == wanted[:3]


def test_every_public_field_is_an_order():
    """What is shown can be ordered by."""
    assert SORTABLE == FIELDS


def test_cursors_belong_to_their_order(store):
    """A cursor of one order is refused in another, and so is one that was tampered with."""
    first = queries.search(store, world.EVERYTHING, Search(sort="recipient"), limit=1)
    for sort in ("-recipient", "sender", "-sent_at", "size"):
        with pytest.raises(SearchError):
            queries.search(store, world.EVERYTHING, Search(sort=sort), cursor=first.next_cursor)
    for value in (5, "x"):
        field = "recipient" if isinstance(value, int) else "size"
        made = queries.cursor.write(queries.cursor.Place(-1, "a" * 24, field, value))
        with pytest.raises(SearchError):
            queries.search(store, world.EVERYTHING, Search(sort=field), cursor=made)


def test_conditions_hold_together(store):
    """Facts, keys, periods and orders narrow one another."""
    row = world.OPEN_COPY
    search = Search(
        recipient="bob@example.net",
        sender="anna",
        match=Match.BEGINS,
        ip="192.0.2.0/24",
        remote_host="MX.example.net",
        subject="message 3",
        statuses=frozenset({row.status}),
        since=row.first_at,
        until=row.first_at + 1,
        sort="-recipient",
    )
    for scope in (world.EVERYTHING, world.COM, world.NET):
        page = queries.search(store, scope, search, count=True)
        assert (ids(page.deliveries), page.total) == ([row.id], 1)
    assert queries.search(store, world.SHOP, search).deliveries == []
